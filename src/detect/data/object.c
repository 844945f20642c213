#include "detect/data/object.h"

#include <sys/mman.h>

#include "base/kernel.h"

#define DIRECTORY_FIRST 256u
#define QUARANTINE_COUNT 65536u
#define LOOKS 2u /* for an id that has rested enough: more than come in */

static struct sync_directory *make_directory(struct sync_table *table, uint64_t size)
{
	struct sync_directory *directory = arena_alloc(
		&table->arena, sizeof(*directory) + size * sizeof(struct sync_page_slot));

	if (directory)
		directory->mask = size - 1;
	return directory;
}

/* In place of the plane, if there is none: the address of no lock. */
static struct sync_object no_plane = {.address = UINTPTR_MAX};

static void make_plane(struct sync_table *table)
{
	table->plane = table->arena.pages(SYNC_PLANE_BYTES);
	if (!table->plane) {
		table->plane = (unsigned char *)&no_plane;
		return;
	}
	kernel_call3(SYS_madvise, table->plane, SYNC_PLANE_BYTES, MADV_DONTDUMP);
	table->plane_mask = (SYNC_PLANE_BYTES - 1) & -sizeof(struct sync_object);
}

bool sync_table_init(struct sync_table *table, page_source pages)
{
	*table = (struct sync_table){.next_id = 1};
	arena_init(&table->arena, pages);
	named_ids_init(&table->named, pages);
	make_plane(table);
	table->directory = make_directory(table, DIRECTORY_FIRST);
	return table->directory;
}

static void put_page(struct sync_directory *directory, uintptr_t page, struct sync_page *entries)
{
	uint64_t i = sync_hash_page(page) & directory->mask;

	while (directory->slots[i].page)
		i = (i + 1) & directory->mask;
	directory->slots[i].entries = entries;
	/* release: pairs with sync_page_find(). */
	store_release(&directory->slots[i].page, page);
	directory->count++;
}

/* At most half full.  The old directory stays: somebody may be reading it. */
static bool grow_directory(struct sync_table *table)
{
	struct sync_directory *old = table->directory;
	struct sync_directory *directory;

	if (old->count * 2 < old->mask)
		return true;
	directory = make_directory(table, (old->mask + 1) * 2);
	if (!directory)
		return old->count < old->mask;
	for (uint64_t i = 0; i <= old->mask; i++)
		if (old->slots[i].page)
			put_page(directory, old->slots[i].page, old->slots[i].entries);
	/* release: pairs with sync_page_find(). */
	store_release(&table->directory, directory);
	return true;
}

static struct sync_page *add_page(struct sync_table *table, uintptr_t address)
{
	struct sync_page *entries;

	if (!grow_directory(table))
		return NULL;
	entries = arena_alloc(&table->arena, sizeof(*entries));
	if (entries)
		put_page(table->directory, (address >> SYNC_PAGE_SHIFT) + 1, entries);
	return entries;
}

/* The place of @address in the plane, if that is to be used; else NULL. */
static struct sync_object *find_in_plane(struct sync_table *table, struct sync_page *page,
					 uintptr_t address)
{
	struct sync_object *object = sync_place(table, address);

	if (object->address)
		return NULL;
	if (page->is_in_plane)
		return object;
	if (table->plane_page_count >= SYNC_PLANE_SPARSE && !page->few[SYNC_FEW - 1].address)
		return NULL;
	table->plane_page_count++;
	/* release: pairs with visit_page(). */
	store_release(&page->is_in_plane, true);
	return object;
}

/* A free place for @address in @page's own entries, or NULL. */
static struct sync_object *find_place(struct sync_table *table, struct sync_page *page,
				      uintptr_t address)
{
	uint32_t start = (uint32_t)(address >> 5) % SYNC_BLOCK;

	for (uint32_t i = 0; i < SYNC_FEW; i++)
		if (!page->few[i].address)
			return &page->few[i];
	if (!page->block) {
		struct sync_object *block =
			arena_alloc(&table->arena, SYNC_BLOCK * sizeof(*block));

		/* release: pairs with sync_find(). */
		store_release(&page->block, block);
	}
	for (uint32_t i = 0; page->block && i < SYNC_BLOCK; i++) {
		struct sync_object *object = &page->block[(start + i) % SYNC_BLOCK];

		if (!object->address)
			return object;
	}
	return NULL;
}

static struct sync_object *add_object(struct sync_table *table, uintptr_t address)
{
	struct sync_page *page = sync_page_find(table, address);
	struct sync_object *object;

	if (!page)
		page = add_page(table, address);
	if (page)
		/* release: pairs with sync_page_lines(). */
		store_release(&page->lines,
			      page->lines | 1ull << (address >> SYNC_LINE_SHIFT & 63));
	object = page ? find_in_plane(table, page, address) : NULL;
	while (page) {
		if (!object)
			object = find_place(table, page, address);
		if (object) {
			/* release: pairs with sync_find(). */
			store_release(&object->address, address);
			return object;
		}
		if (!page->more)
			/* release: pairs with sync_find(). */
			store_release(&page->more, (struct sync_page *)arena_alloc(&table->arena,
										   sizeof(*page)));
		page = page->more;
	}
	return NULL;
}

static void enter_quarantine(struct sync_table *table, struct sync_info *info)
{
	info->next_free = NULL;
	if (table->quarantined_count++)
		table->newest_quarantined->next_free = info;
	else
		table->oldest_quarantined = info;
	table->newest_quarantined = info;
}

/* One that is not named any more, or that has rested for long. */
static struct sync_info *leave_quarantine(struct sync_table *table)
{
	for (unsigned i = 0; i < LOOKS && table->quarantined_count; i++) {
		struct sync_info *info = table->oldest_quarantined;
		bool is_full = table->quarantined_count == QUARANTINE_COUNT;

		table->oldest_quarantined = info->next_free;
		table->quarantined_count--;
		if (is_full || !named_ids_has(&table->named, info->id))
			return info;
		enter_quarantine(table, info);
	}
	return NULL;
}

static struct sync_info *make_info(struct sync_table *table)
{
	struct sync_info *info = arena_alloc(&table->arena, sizeof(*info));

	if (!info || !id_table_set(&table->infos, &table->arena, table->next_id, info))
		return NULL;
	info->id = table->next_id++;
	return info;
}

/* Whether a report names it, or may soon. */
static bool is_spoken_of(const struct sync_info *info)
{
	return info->is_described || info->is_kept;
}

static struct sync_info *take_free(struct sync_table *table)
{
	struct sync_info *info = table->free_infos;

	if (!info)
		return leave_quarantine(table);
	table->free_infos = info->next_free;
	return info;
}

static struct sync_info *take_info(struct sync_table *table)
{
	struct sync_info *info = take_free(table);

	/* Reports can be late: of accesses under locks that have ended since. */
	while (info && is_spoken_of(info))
		info = take_free(table);
	if (!info)
		info = make_info(table);
	if (info)
		*info = (struct sync_info){.id = info->id, .extra = info->extra};
	return info;
}

static void forget_notes(struct sync_table *table, const struct waker_note *notes)
{
	for (unsigned i = 0; i < WAKER_NOTE_MAX; i++)
		if (notes[i].lock)
			named_ids_drop(&table->named, notes[i].lock);
}

/* The extra part stays with the info, as a late reader may still look into it. */
static void empty_extra(struct sync_table *table, struct sync_info *info)
{
	struct sync_extra *extra = info->extra;

	if (!extra)
		return;
	snapshot_drop(extra->readers, &table->arena);
	snapshot_drop(extra->hand_over, &table->arena);
	for (uint32_t i = 0; i < extra->token_count; i++)
		snapshot_drop(extra->tokens[i], &table->arena);
	snapshot_drop(extra->structural, &table->arena);
	snapshot_drop(extra->arriving[0], &table->arena);
	snapshot_drop(extra->arriving[1], &table->arena);
	snapshot_drop(extra->arriving_structural, &table->arena);
	forget_notes(table, extra->kept);
	forget_notes(table, extra->brought);
	*extra = (struct sync_extra){0};
}

/*
 * An id that a finding names is not given out again.  One that is otherwise named, say as
 * a gate of old witnesses, is so only when it is not any more, or after many others.  The
 * latter may take a cycle for gated that is not; accepted because it is rare, and the
 * reverse cannot happen.
 */
static void drop_info(struct sync_table *table, struct sync_info *info)
{
	/* Whoever is late, say in leaving a wait, finds a clock whole or none. */
	bool is_taken = spin_lock(&info->busy);

	snapshot_drop(info->clock, &table->arena);
	info->clock = NULL;
	empty_extra(table, info);
	if (is_taken)
		spin_unlock(&info->busy);
	if (is_spoken_of(info))
		return;
	if (named_ids_has(&table->named, info->id)) {
		enter_quarantine(table, info);
		return;
	}
	info->next_free = table->free_infos;
	table->free_infos = info;
}

static void end_life(struct sync_table *table, struct sync_object *object)
{
	struct sync_info *info = object->info;

	if (!info)
		return;
	object->generation = (object->generation & ~SYNC_GENERATION_FLAGS) + 1;
	object->stamp = 0;
	object->owner = 0;
	store_release(&object->info, (struct sync_info *)NULL);
	drop_info(table, info);
}

static bool needs_extra(enum object_kind kind)
{
	return kind == OBJECT_RWLOCK || kind == OBJECT_SEMAPHORE || kind == OBJECT_CONDITION ||
	       kind == OBJECT_BARRIER || kind == OBJECT_ONCE || kind == OBJECT_FUTEX ||
	       kind == OBJECT_OWN;
}

static void begin_life(struct sync_table *table, struct sync_object *object, enum object_kind kind,
		       uint32_t attributes, stack_id first)
{
	struct sync_info *info = take_info(table);

	if (!info)
		return;
	if (needs_extra(kind) && !info->extra) {
		info->extra = arena_alloc(&table->arena, sizeof(*info->extra));
		if (!info->extra) {
			drop_info(table, info);
			return;
		}
	}
	info->kind = kind;
	info->attributes = attributes & ~(uint32_t)SYNC_INITIALISED;
	info->address = object->address;
	info->generation = object->generation;
	info->first = first;
	/* A system call, for what is asked only of locks that nobody has initialised. */
	info->first_signals =
		attributes & SYNC_INITIALISED ? ~0ull : runtime_lock_signals(&table->lock);
	store_relaxed(&info->life, ++table->life_count); /* relaxed: see lockset.c */
	/* release: a reader that finds the life finds it filled. */
	store_release(&object->info, info);
}

struct sync_object *sync_find_or_begin(struct sync_table *table, uintptr_t address,
				       enum object_kind kind, uint32_t attributes, stack_id first)
{
	struct sync_object *object = sync_find(table, address);

	if (object && load_acquire(&object->info) && object->info->kind == kind)
		return object;
	runtime_lock(&table->lock);
	object = sync_find(table, address);
	if (!object)
		object = add_object(table, address);
	if (object && object->info && object->info->kind != kind)
		end_life(table, object);
	if (object && !object->info)
		begin_life(table, object, kind, attributes, first);
	if (object && !object->info)
		object = NULL;
	runtime_unlock(&table->lock);
	return object;
}

void sync_end(struct sync_table *table, struct sync_object *object)
{
	runtime_lock(&table->lock);
	end_life(table, object);
	runtime_unlock(&table->lock);
}

static bool move_life(struct sync_table *table, struct sync_object *from, uintptr_t address)
{
	struct sync_object *to = sync_find(table, address);
	struct sync_info *info = from->info;

	if (!to)
		to = add_object(table, address);
	if (!to || to->info || !info || load_relaxed(&from->owner)) /* relaxed: as end_life() */
		return false;
	to->stamp = from->stamp;
	to->generation |= from->generation & SYNC_GENERATION_FLAGS;
	info->address = address;
	info->generation = to->generation & ~SYNC_GENERATION_FLAGS;
	store_release(&from->info, (struct sync_info *)NULL);
	from->generation = (from->generation & ~SYNC_GENERATION_FLAGS) + 1;
	from->stamp = 0;
	/* release: a reader that finds the life finds it filled. */
	store_release(&to->info, info);
	return true;
}

bool sync_move(struct sync_table *table, struct sync_object *object, uintptr_t address)
{
	bool is_moved;

	runtime_lock(&table->lock);
	is_moved = move_life(table, object, address);
	runtime_unlock(&table->lock);
	return is_moved;
}

bool sync_keep(struct sync_table *table, lock_id id, uint64_t life)
{
	struct sync_info *info = sync_info_by_id(table, id);
	bool is_same;

	if (!info)
		return false;
	runtime_lock(&table->lock);
	is_same = info->life == life;
	info->is_kept |= is_same;
	runtime_unlock(&table->lock);
	return is_same;
}

static void visit_object(struct sync_object *object, uintptr_t start, uintptr_t end,
			 void (*each)(void *context, struct sync_object *object), void *context)
{
	uintptr_t address = load_acquire(&object->address);

	if (address >= start && address < end)
		each(context, object);
}

/* The places of @lines in the plane; entries of other pages have other addresses. */
static void visit_plane(const struct sync_table *table, uintptr_t page_start, uint64_t lines,
			uintptr_t start, uintptr_t end,
			void (*each)(void *context, struct sync_object *object), void *context)
{
	for (; lines; lines &= lines - 1) {
		uintptr_t line = (uintptr_t)__builtin_ctzll(lines) << SYNC_LINE_SHIFT;
		struct sync_object *object = sync_place(table, page_start + line);

		for (unsigned i = 0; i < (1u << SYNC_LINE_SHIFT) / sizeof(*object); i++)
			visit_object(&object[i], start, end, each, context);
	}
}

static void visit_page(const struct sync_table *table, struct sync_page *page, uintptr_t number,
		       uintptr_t start, uintptr_t end,
		       void (*each)(void *context, struct sync_object *object), void *context)
{
	uintptr_t page_start = number << SYNC_PAGE_SHIFT;
	uint64_t lines = sync_page_lines(page, page_start, start, end);

	if (lines && load_acquire(&page->is_in_plane))
		visit_plane(table, page_start, lines, start, end, each, context);
	for (; lines && page; page = load_acquire(&page->more)) {
		struct sync_object *block = load_acquire(&page->block);

		for (uint32_t i = 0; i < SYNC_FEW; i++)
			visit_object(&page->few[i], start, end, each, context);
		for (uint32_t i = 0; block && i < SYNC_BLOCK; i++)
			visit_object(&block[i], start, end, each, context);
	}
}

void sync_each_place_in(struct sync_table *table, uintptr_t start, uintptr_t end,
			void (*each)(void *context, struct sync_object *object), void *context)
{
	const struct sync_directory *directory = load_acquire(&table->directory);
	uintptr_t first = start >> SYNC_PAGE_SHIFT;
	uintptr_t last = (end - 1) >> SYNC_PAGE_SHIFT;

	if (end <= start)
		return;
	if (last - first <= directory->mask) {
		for (uintptr_t page = first; page <= last; page++)
			visit_page(table, sync_page_find(table, page << SYNC_PAGE_SHIFT), page,
				   start, end, each, context);
		return;
	}
	for (uint64_t i = 0; i <= directory->mask; i++) {
		uintptr_t page = load_acquire(&directory->slots[i].page) - 1;

		if (page >= first && page <= last)
			visit_page(table, directory->slots[i].entries, page, start, end, each,
				   context);
	}
}

struct living_visit {
	void (*each)(void *context, struct sync_object *object);
	void *context;
};

static void visit_living(void *context, struct sync_object *object)
{
	const struct living_visit *visit = context;

	if (load_acquire(&object->info))
		visit->each(visit->context, object);
}

void sync_each_in(struct sync_table *table, uintptr_t start, uintptr_t end,
		  void (*each)(void *context, struct sync_object *object), void *context)
{
	struct living_visit visit = {each, context};

	sync_each_place_in(table, start, end, visit_living, &visit);
}

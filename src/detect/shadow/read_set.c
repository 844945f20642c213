#include "detect/shadow/read_set.h"

#include "base/hash.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/summary.h"

#define INDEX_BITS 26u
#define INDEX_MASK ((1ull << INDEX_BITS) - 1)
#define SERIAL_MASK ((1ull << (52 - INDEX_BITS)) - 1)
#define BUCKETS_FIRST 1024u
#define COLLECT_FIRST 65536u
#define BYTES_MASK ((uint64_t)SHADOW_ALL_BYTES)
#define ADDRESS_BITS 47u

struct read_set_table *read_set_table_create(struct arena *arena, page_source pages,
					     read_set_word_walk each_other_word)
{
	struct read_set_table *table = arena_alloc(arena, sizeof(*table));

	if (!table)
		return NULL;
	arena_init(&table->arena, pages);
	table->collect_at = COLLECT_FIRST;
	table->collection = 1;
	table->each_other_word = each_other_word;
	return table;
}

static uint64_t word_of(uint64_t number)
{
	return number << SHADOW_EPOCH_SHIFT | (uint64_t)SHADOW_SET << SHADOW_FORM_SHIFT;
}

/* The set that @word names; NULL if it was collected. */
static struct read_set *set_of(const struct detector *detector, uint64_t word)
{
	uint64_t number = shadow_number(word);
	struct read_set *set =
		id_table_get(&detector->read_sets->by_index, (uint32_t)(number & INDEX_MASK));

	/* acquire: pairs with the releases of 'number'. */
	return set && load_acquire(&set->number) == number ? set : NULL;
}

static inline bool covers_member(const struct thread *thread, uint64_t member)
{
	return vclock_get(&thread->clocks.full, shadow_slot(member)) >= shadow_epoch(member);
}

/* --- The table: under table->busy ------------------------------------------ */

static uint64_t hash_of(const uint64_t *members, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i++)
		hash = hash_mix(hash ^ members[i]);
	return hash;
}

static bool is_same(const struct read_set *set, const uint64_t *members, uint32_t count)
{
	if (set->count != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (set->members[i] != members[i])
			return false;
	return true;
}

static uint64_t hash_of_set(const void *set)
{
	return ((const struct read_set *)set)->hash;
}

static struct read_set *take_free(struct read_set_table *table)
{
	struct read_set *set = table->free_list;
	uint32_t index = table->by_index.last + 1;

	if (set) {
		table->free_list = set->next_free;
		return set;
	}
	if (index > INDEX_MASK)
		return NULL;
	set = arena_alloc(&table->arena, sizeof(*set));
	if (!set || !id_table_set(&table->by_index, &table->arena, index, set))
		return NULL;
	set->last_number = index;
	return set;
}

static void put_free(struct read_set_table *table, struct read_set *set)
{
	set->next_free = table->free_list;
	table->free_list = set;
}

static struct read_set *add_set(struct read_set_table *table, const uint64_t *members,
				uint32_t count, uint64_t hash)
{
	struct read_set *set = take_free(table);
	uint64_t serial;

	if (!set)
		return NULL;
	set->members = arena_alloc(&table->arena, count * sizeof(*members));
	if (!set->members) {
		put_free(table, set);
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++)
		set->members[i] = members[i];
	set->count = count;
	set->hash = hash;
	intern_add(&table->by_members, set, hash);
	serial = ((set->last_number >> INDEX_BITS) + 1) & SERIAL_MASK;
	set->last_number = serial << INDEX_BITS | (set->last_number & INDEX_MASK);
	store_release(&set->number, set->last_number); /* pairs with set_of() */
	return set;
}

static struct read_set *find_or_add(struct read_set_table *table, const uint64_t *members,
				    uint32_t count)
{
	uint64_t hash = hash_of(members, count);
	struct read_set *set;

	if (!intern_begin(&table->by_members, &table->arena, BUCKETS_FIRST))
		return NULL;
	intern_grow(&table->by_members, &table->arena, hash_of_set);
	set = intern_first(&table->by_members, hash);
	while (set && (set->hash != hash || !is_same(set, members, count)))
		set = intern_next(set);
	return set ? set : add_set(table, members, count, hash);
}

static void remove_set(struct read_set_table *table, struct read_set *set)
{
	uint32_t count = set->count;

	intern_remove(&table->by_members, set, set->hash);
	/* A reader of the members compares the number afterwards. */
	store_release(&set->number, 0);
	fence_full();
	arena_free(&table->arena, set->members, count * sizeof(*set->members));
	put_free(table, set);
}

/* --- Collecting ------------------------------------------------------------ */

void read_set_mark_slowly(struct detector *detector, uintptr_t address)
{
	struct read_set_table *table = detector->read_sets;
	uint32_t chunk = (uint32_t)(address >> READ_CHUNK_SHIFT);

	if (!spin_lock(&table->busy)) {
		detector_count(detector, LOST_READERS);
		return;
	}
	if (!table->chunk_marks)
		store_release(&table->chunk_marks,
			      (uint8_t *)detector->pages(1ul << (ADDRESS_BITS - READ_CHUNK_SHIFT)));
	if (table->chunk_count == table->chunk_capacity) {
		uint32_t more = table->chunk_capacity ? 2 * table->chunk_capacity : 64;
		uint32_t *chunks =
			arena_grow(&table->arena, table->chunks,
				   table->chunk_capacity * sizeof(*chunks), more * sizeof(*chunks));

		table->chunks = chunks ? chunks : table->chunks;
		table->chunk_capacity = chunks ? more : table->chunk_capacity;
	}
	if (table->chunk_marks && table->chunk_count < table->chunk_capacity &&
	    !table->chunk_marks[chunk]) {
		table->chunks[table->chunk_count++] = chunk;
		/* relaxed: a fence follows in who looks */
		store_relaxed(&table->chunk_marks[chunk], 1);
	}
	spin_unlock(&table->busy);
}

/* Returns whether @word names a set. */
static bool see_word(struct detector *detector, uint64_t word)
{
	struct read_set *set = shadow_form(word) == SHADOW_SET ? set_of(detector, word) : NULL;

	if (set)
		set->seen = detector->read_sets->collection;
	return set;
}

static void see_other_word(void *context, uint64_t word)
{
	(void)see_word(context, word);
}

static bool see_chunk(struct detector *detector, uint32_t chunk)
{
	uintptr_t start = (uintptr_t)chunk << READ_CHUNK_SHIFT;
	const uint64_t *words = shadow_of(start).read;
	bool has_some = false;

	for (size_t i = 0; i < (1u << READ_CHUNK_SHIFT) / sizeof(*words); i++)
		if (words[i] && see_word(detector, load_relaxed(&words[i])))
			has_some = true;
	return has_some;
}

/* Clears a chunk's mark before searching it, so that a word stored meanwhile marks it
 * again. */
static void see_chunks(struct detector *detector)
{
	struct read_set_table *table = detector->read_sets;

	for (uint32_t i = 0; i < table->chunk_count;) {
		uint32_t chunk = table->chunks[i];

		if (see_chunk(detector, chunk)) {
			i++;
			continue;
		}
		if (!spin_lock(&table->busy))
			return;
		store_relaxed(&table->chunk_marks[chunk], 0); /* relaxed: the fence orders it */
		table->chunks[i] = table->chunks[--table->chunk_count];
		spin_unlock(&table->busy);
		fence_full();
		if (see_chunk(detector, chunk))
			read_set_mark_slowly(detector, (uintptr_t)chunk << READ_CHUNK_SHIFT);
	}
}

/*
 * Sets that neither a word names nor a thread has joined for two collections.  When the next
 * collection comes depends on the sets that words name: were it on all that stay, of which
 * most are those made since the last one, each would come later than the one before.
 */
static void remove_unseen(struct read_set_table *table)
{
	uint32_t named_count = 0;

	for (uint32_t index = 1; index <= table->by_index.last; index++) {
		struct read_set *set = id_table_get(&table->by_index, index);

		if (!set || !set->number)
			continue;
		if (set->seen == table->collection)
			named_count++;
		else if (load_relaxed(&set->used) + 1 < table->collection)
			remove_set(table, set);
	}
	table->collection++;
	table->collect_at = table->by_members.count + named_count / 2 + COLLECT_FIRST;
}

static void collect_sets(struct detector *detector)
{
	struct read_set_table *table = detector->read_sets;

	if (exchange_acquire(&table->is_collecting, 1u))
		return;
	see_chunks(detector);
	cells_each_word(see_other_word, detector);
	read_lines_each_word(see_other_word, detector);
	table->each_other_word(detector, see_other_word, detector);
	if (spin_lock(&table->busy)) {
		remove_unseen(table);
		spin_unlock(&table->busy);
	}
	store_release(&table->is_collecting, 0); /* pairs with the exchange above */
}

/* --- Joining --------------------------------------------------------------- */

/* Room for @count members in the thread's own buffer; NULL without memory. */
static uint64_t *reserve_members(struct thread *thread, uint32_t count)
{
	struct shadow_cache *cache = thread->memory->shadow;
	uint32_t capacity = cache->reader_capacity ? cache->reader_capacity : 32;
	uint64_t *readers;

	if (count <= cache->reader_capacity)
		return cache->readers;
	while (capacity < count)
		capacity *= 2;
	readers =
		arena_grow(&thread->memory->arena, cache->readers,
			   cache->reader_capacity * sizeof(*readers), capacity * sizeof(*readers));
	if (!readers)
		return NULL;
	cache->readers = readers;
	cache->reader_capacity = capacity;
	return readers;
}

struct member_list {
	uint64_t *members;
	uint32_t count;
	bool has_mine; /* @thread's present epoch was among them */
};

static void add_mine(struct member_list *list, uint64_t mine)
{
	uint32_t at = list->count++;

	for (; at > 0 && list->members[at - 1] > mine; at--)
		list->members[at] = list->members[at - 1];
	list->members[at] = mine;
}

/* Copies the members of @word, with room for @more behind them.  False: the set was collected,
 * or no memory. */
static bool copy_members(struct detector *detector, struct thread *thread, uint64_t word,
			 uint32_t more, struct member_list *list)
{
	const struct read_set *set =
		shadow_form(word) == SHADOW_SET ? set_of(detector, word) : NULL;
	uint32_t count = set ? load_acquire(&set->count) : word != 0;
	const uint64_t *members = set ? load_acquire(&set->members) : &word;

	list->members = reserve_members(thread, count + more);
	list->count = 0;
	if (!list->members || (!set && shadow_form(word) == SHADOW_SET))
		return false;
	for (; list->count < count; list->count++)
		list->members[list->count] = load_relaxed(&members[list->count]) & ~BYTES_MASK;
	/* The members are valid if the set still has its number. */
	fence_acquire();
	return !set || set_of(detector, word) == set;
}

/* The members of @word that are unordered with @thread, and @mine.  False: they are lost. */
static bool list_members(struct detector *detector, struct thread *thread, uint64_t word,
			 uint64_t mine, struct member_list *list)
{
	uint32_t kept = 0;

	if (!copy_members(detector, thread, word, 1, list))
		return false;
	list->has_mine = false;
	for (uint32_t i = 0; i < list->count; i++) {
		uint64_t member = list->members[i];

		list->has_mine |= member == mine;
		if (!covers_member(thread, member))
			list->members[kept++] = member;
	}
	list->count = kept;
	add_mine(list, mine);
	return true;
}

static uint64_t intern_set(struct detector *detector, const struct member_list *list)
{
	struct read_set_table *table = detector->read_sets;
	struct read_set *set = NULL;
	uint64_t number = 0;

	if (!spin_lock(&table->busy))
		return 0;
	set = find_or_add(table, list->members, list->count);
	if (set) {
		store_relaxed(&set->used, table->collection); /* relaxed: a hint, under the lock */
		number = set->number;
	}
	spin_unlock(&table->busy);
	return number ? word_of(number) : 0;
}

static uint64_t join_slowly(struct detector *detector, struct thread *thread, uint64_t word,
			    uint64_t mine)
{
	struct member_list list;
	uint64_t joined;

	if (!list_members(detector, thread, word, mine, &list)) {
		detector_count(detector, LOST_READERS);
		return mine;
	}
	if (list.has_mine)
		return word;
	if (list.count == 1)
		return mine;
	joined = intern_set(detector, &list);
	if (!joined)
		detector_count(detector, LOST_READERS);
	thread->memory->shadow->new_sets++;
	/* relaxed: whether there are too many may be known a little later. */
	if (UNLIKELY(load_relaxed(&detector->read_sets->by_members.count) >=
		     load_relaxed(&detector->read_sets->collect_at)))
		collect_sets(detector);
	return joined ? joined : mine;
}

uint64_t read_set_merge(struct detector *detector, struct thread *thread, uint64_t word,
			read_set_reader reader, void *context)
{
	struct member_list before;
	struct member_list list = {.count = 0};
	/* relaxed: who has read got the slot before. */
	uint32_t slots = load_relaxed(&detector->next_slot);
	uint32_t next = 0;
	uint64_t merged;

	if (slots > SHADOW_SLOT_MAX + 1)
		slots = SHADOW_SLOT_MAX + 1;
	if (!copy_members(detector, thread, word, slots, &before)) {
		detector_count(detector, LOST_READERS);
		before.count = 0;
	}
	list.members = before.members + before.count;
	for (uint32_t slot = 0; before.members && slot < slots; slot++) {
		bool was_there = next < before.count && shadow_slot(before.members[next]) == slot;
		uint64_t read = reader(context, slot);

		if (read || was_there)
			list.members[list.count++] = read ? read : before.members[next];
		next += was_there;
	}
	if (list.count <= 1)
		return list.count ? list.members[0] : 0;
	merged = intern_set(detector, &list);
	if (!merged)
		detector_count(detector, LOST_READERS);
	return merged;
}

/* A remembered join is valid while its set exists. */
static bool is_still_there(struct detector *detector, uint64_t word)
{
	struct read_set *set;

	if (shadow_form(word) != SHADOW_SET)
		return true;
	set = set_of(detector, word);
	/* relaxed: a hint for the collection, as it is 'lately' that counts. */
	if (set && load_relaxed(&set->used) != load_relaxed(&detector->read_sets->collection))
		store_relaxed(&set->used, load_relaxed(&detector->read_sets->collection));
	return set;
}

uint64_t read_set_join(struct detector *detector, struct thread *thread, uint64_t word)
{
	uint64_t mine = *thread->clocks.current & ~BYTES_MASK;
	struct shadow_cache *cache = thread->memory->shadow;
	struct read_step *step;

	word &= ~BYTES_MASK;
	if (UNLIKELY(!cache->read_steps))
		cache->read_steps = arena_alloc(&thread->memory->arena,
						READ_STEPS * sizeof(*cache->read_steps));
	if (!cache->read_steps)
		return join_slowly(detector, thread, word, mine);
	step = &cache->read_steps[hash_mix(word) % READ_STEPS];
	if (LIKELY(step->from == word && step->mine == mine &&
		   is_still_there(detector, step->to))) {
		cache->quick_joins++;
		return step->to;
	}
	step->to = join_slowly(detector, thread, word, mine);
	step->from = word;
	step->mine = mine;
	return step->to;
}

uint64_t read_set_unordered(struct detector *detector, const struct thread *thread, uint64_t word,
			    uint32_t *next)
{
	const struct read_set *set = set_of(detector, word);
	uint32_t count = set ? load_acquire(&set->count) : 0;
	const uint64_t *members = set ? load_acquire(&set->members) : NULL;
	uint64_t found = 0;

	while (!found && *next < count) {
		uint64_t member = load_relaxed(&members[(*next)++]);

		if (!thread || !covers_member(thread, member))
			found = member;
	}
	fence_acquire();
	if (!set || set_of(detector, word) != set) {
		detector_count(detector, LOST_READERS);
		return 0;
	}
	return found;
}

void read_sets_forked(struct detector *detector)
{
	detector->read_sets->is_collecting = 0;
	summaries_forked();
}

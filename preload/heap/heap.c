#define _GNU_SOURCE
#include "preload/heap/heap.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "detect/base/thread.h"
#include "detect/race/access.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/summary.h"
#include "preload/guest/access_context.h"
#include "preload/heap/block_facts.h"
#include "preload/code/call_site.h"
#include "preload/guest/guest.h"
#include "preload/guest/modules.h"
#include "preload/guest/real.h"
#include "unwind/unwind.h"
#include "preload/heap/wrap_memory.h"

/* Of longer ranges only the pages are checked that have shadow; then their
 * shadow is unmapped. */
#define LARGE_BYTES (256u << 10)
#define PAGE_BYTES 4096u
#define WALK_PAGES 256u /* in one step */

enum heap_mode heap_mode;

/* Of a lone thread, after it has used up its whole stacks. */
struct heap_lone_site heap_lone_sites[HEAP_LONE_SITES];
static uint32_t whole_count;
static uint64_t fresh_count;

/* Blocks of glibc's malloc are at least 32 bytes apart. */
static bool is_glibc_malloc(void)
{
	struct dl_find_object allocator, libc;

	return _dl_find_object((void *)REAL(malloc), &allocator) == 0 &&
	       _dl_find_object((void *)REAL(gnu_get_libc_version), &libc) == 0 &&
	       allocator.dlfo_link_map == libc.dlfo_link_map;
}

void heap_begin(void)
{
	if (guest_options.races != RACES_FULL)
		return;
	if (is_glibc_malloc())
		block_lone_bytes = 0;
	heap_mode = HEAP_NOTED;
}

/* The loader's code.  What it frees is protected by its own lock, which is not
 * observed: readers of modules' names, in callbacks of dl_iterate_phdr, hold
 * it. */
static uintptr_t loader_start, loader_end;

extern void *__tls_get_addr(void *); /* a function of the loader */

void heap_observe(void)
{
	struct dl_find_object loader;

	if (_dl_find_object((void *)__tls_get_addr, &loader) == 0) {
		loader_start = (uintptr_t)loader.dlfo_map_start;
		loader_end = (uintptr_t)loader.dlfo_map_end;
	}
	block_map_all();
	heap_mode = HEAP_CHECKED;
	guest_detector.is_memory_observed = true;
}

void heap_stop(void)
{
	heap_mode = HEAP_OFF;
	guest_detector.is_memory_observed = false;
}

/* --- Long ranges ------------------------------------------------------------ */

/* One step through a long range. */
struct walk {
	uintptr_t start;
	uint32_t page_count;
	unsigned char has_shadow[WALK_PAGES]; /* by page */
};

static bool has_runs(uintptr_t plane_page)
{
	/* relaxed: whoever accesses the memory comes before. */
	return load_relaxed(claim_turn_of((const uint64_t *)plane_page)) & CLAIM_RUNS;
}

/* Notes for which pages @plane was touched; all of them if the kernel does not tell.
 * What shadows a page lies on two pages of the plane, at @words and behind. */
static void note_shadow(struct walk *walk, const uint64_t *words)
{
	unsigned char resident[WALK_PAGES + 1];
	uintptr_t plane = (uintptr_t)words & ~(uintptr_t)(PAGE_BYTES - 1);
	bool is_refused = kernel_call3(SYS_mincore, plane,
				       (walk->page_count + 1) * (size_t)PAGE_BYTES, resident) != 0;

	for (uint32_t i = 0; i < walk->page_count; i++)
		walk->has_shadow[i] |= is_refused || ((resident[i] | resident[i + 1]) & 1) ||
				       has_runs(plane + (uintptr_t)i * PAGE_BYTES) ||
				       has_runs(plane + (uintptr_t)(i + 1) * PAGE_BYTES);
}

static void check_step(struct guest_thread *self, const struct access *whole, struct walk *walk)
{
	uintptr_t end = whole->address + whole->size_bytes;
	struct shadow shadow = shadow_places(walk->start);
	struct access part = *whole;
	uint32_t first = 0;

	for (uint32_t i = 0; i < walk->page_count; i++)
		walk->has_shadow[i] = 0;
	note_shadow(walk, shadow.write);
	note_shadow(walk, shadow.read);
	while (first < walk->page_count) {
		uint32_t last = first;
		uintptr_t part_end;

		while (last < walk->page_count && walk->has_shadow[last] == walk->has_shadow[first])
			last++;
		part.address = walk->start + (uintptr_t)first * PAGE_BYTES;
		part_end = walk->start + (uintptr_t)last * PAGE_BYTES;
		if (part.address < whole->address)
			part.address = whole->address;
		part.size_bytes = (part_end < end ? part_end : end) - part.address;
		if (walk->has_shadow[first])
			access_memory_dropped(&guest_detector, self->thread, &part);
		first = last;
	}
}

static void check_large(struct guest_thread *self, const struct access *access)
{
	uintptr_t end = access->address + access->size_bytes;
	struct walk walk;

	walk.start = access->address & ~(uintptr_t)(PAGE_BYTES - 1);
	for (; walk.start < end; walk.start += (uintptr_t)WALK_PAGES * PAGE_BYTES) {
		size_t pages = (end - walk.start + PAGE_BYTES - 1) / PAGE_BYTES;

		walk.page_count = pages < WALK_PAGES ? (uint32_t)pages : WALK_PAGES;
		check_step(self, access, &walk);
	}
}

/* --- Lives ------------------------------------------------------------------ */

static inline bool covers_range(uintptr_t start, size_t size_bytes)
{
	return shadow_covers(start) && size_bytes < SHADOW_HIGH_END &&
	       shadow_covers(start + size_bytes - 1) &&
	       size_bytes <= SHADOW_LOW_END; /* then both ends are in one region */
}

static void begin_life(struct guest_thread *self, uintptr_t start, size_t size_bytes)
{
	uintptr_t end = start + size_bytes;
	uintptr_t first_page = (start + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
	uintptr_t last_page = end & ~(uintptr_t)(PAGE_BYTES - 1);

	if (!size_bytes || !covers_range(start, size_bytes))
		return;
	if (size_bytes < LARGE_BYTES) {
		access_memory_begins(&guest_detector, self->thread, start, size_bytes);
		return;
	}
	/* What it has pending there must not come after that. */
	memory_flush(&guest_detector, self->thread);
	memory_forget_ahead(self->thread);
	shadow_clear(first_page, last_page - first_page);
	if (first_page > start)
		access_memory_begins(&guest_detector, self->thread, start, first_page - start);
	if (end > last_page)
		access_memory_begins(&guest_detector, self->thread, last_page, end - last_page);
}

static void end_life(struct guest_thread *self, uintptr_t start, size_t size_bytes,
		     const struct unwind_start *at)
{
	struct access_context context = {.start = *at};
	struct access access = {
		.address = start,
		.size_bytes = size_bytes,
		.flags = SITE_WRITE | SITE_RANGE,
		.context = &context,
	};

	if (!size_bytes || !covers_range(start, size_bytes))
		return;
	access.site = call_site(at->return_address, SITE_WRITE);
	if (size_bytes < LARGE_BYTES) {
		access_memory_freed(&guest_detector, self->thread, &access);
		return;
	}
	check_large(self, &access);
	begin_life(self, start, size_bytes);
}

/* A thread that is not observed was given memory: clear the shadow of the life before. */
static void begin_unobserved(uintptr_t start, size_t size_bytes)
{
	if (!size_bytes || !covers_range(start, size_bytes))
		return;
	for (uintptr_t at = start; at < start + size_bytes; at += SHADOW_GRANULE) {
		struct shadow shadow = shadow_of(at);

		/* relaxed: nobody else has this memory. */
		store_relaxed(shadow.write, 0u);
		store_relaxed(shadow.read, 0u);
	}
	summary_clear(start, start + size_bytes);
}

/* --- What wrappers tell ----------------------------------------------------- */

static stack_id whole_stack(struct guest_thread *self, const struct unwind_start *at)
{
	uint64_t before = self->memo->miss_count;
	stack_id stack = guest_stack(self, at);

	fresh_count += self->memo->miss_count - before;
	whole_count++;
	return stack;
}

/* The distance from @at->sp to the return address into the caller's caller; 0
 * if not known.  It is the word with that value among those that the unwind has
 * read. */
static uint32_t caller_distance(struct guest_thread *self, const struct unwind_start *at)
{
	struct unwind_result *result = &self->memo->scratch;

	unwind(at, stack_memo_own_end(self->memo, at->sp), result);
	for (uint32_t i = 0; result->frame_count > 1 && i < result->word_count; i++)
		if (result->words[i].value == result->frames[1])
			return (uint32_t)(result->words[i].address - at->sp);
	return 0;
}

static stack_id keep_site(const uintptr_t *frames, uint32_t count)
{
	uintptr_t address = frames[count - 1];
	stack_id stack = stack_depot_intern(&guest_detector.stacks, frames, count,
					    guest_code_generation, STACK_INCOMPLETE, 0);

	*heap_lone_site(address) = (struct heap_lone_site){
		.address = address, .generation = guest_code_generation, .stack = stack};
	return stack;
}

/* A stack of the calling site alone. */
static stack_id lone_stack(struct guest_thread *self, const struct unwind_start *at)
{
	uintptr_t frames[2] = {at->return_address};
	uint32_t distance;

	distance = modules_is_relay(at->return_address) ? caller_distance(self, at) : 0;
	if (!distance)
		return keep_site(frames, 1);
	frames[1] = *(const uintptr_t *)(at->sp + distance);
	*heap_lone_site(frames[0]) = (struct heap_lone_site){
		.address = frames[0],
		.generation = guest_code_generation,
		.caller_distance = distance,
	};
	return keep_site(frames, 2);
}

/* The stack of an allocation.  While there is one thread, later allocations get
 * their calling site only: there may never be a second thread. */
static stack_id allocation_stack(struct guest_thread *self, const struct unwind_start *at)
{
	if (heap_mode == HEAP_NOTED &&
	    (whole_count >= HEAP_WHOLE_STACKS || fresh_count >= HEAP_FRESH_STACKS))
		return lone_stack(self, at);
	return whole_stack(self, at);
}

void heap_allocated(uintptr_t start, size_t size_bytes, size_t usable_bytes,
		    const struct unwind_start *at)
{
	struct guest_thread *self = memory_enter();

	if (UNLIKELY(!self)) {
		block_unknown(start);
		if (heap_mode == HEAP_CHECKED)
			begin_unobserved(start, usable_bytes);
		return;
	}
	block_allocated(start, size_bytes, allocation_stack(self, at), self->thread->id);
	if (heap_mode == HEAP_CHECKED)
		begin_life(self, start, usable_bytes);
	guest_leave(self);
}

/* Is it the loader that frees, or the C library on behalf of a thread that has ended?  It
 * reuses that thread's stack, and frees its thread-local storage: nobody uses it then. */
static bool is_of_libc(const struct guest_thread *self, const struct unwind_start *at)
{
	return at->return_address - loader_start < loader_end - loader_start ||
	       self->is_creating_or_joining;
}

void heap_freeing(uintptr_t start, size_t size_bytes, const struct unwind_start *at)
{
	struct guest_thread *self;

	block_freed(start);
	if (heap_mode != HEAP_CHECKED)
		return;
	self = memory_enter();
	if (!self)
		return;
	if (UNLIKELY(is_of_libc(self, at)))
		begin_life(self, start, size_bytes);
	else
		end_life(self, start, size_bytes, at);
	guest_leave(self);
}

void heap_mapping_begins(uintptr_t start, size_t size_bytes)
{
	struct guest_thread *self = heap_mode == HEAP_CHECKED ? memory_enter() : NULL;

	if (!self)
		return;
	begin_life(self, start, size_bytes);
	guest_leave(self);
}

void heap_stack_begins(uintptr_t start, uintptr_t end)
{
	uintptr_t first_page = (start + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
	uintptr_t last_page = end & ~(uintptr_t)(PAGE_BYTES - 1);
	struct guest_thread *self = heap_mode == HEAP_CHECKED ? memory_enter() : NULL;

	if (!self)
		return;
	/* Most of a stack is never touched: to clear its words would be the first to
	 * do so. */
	if (first_page < last_page && covers_range(start, end - start)) {
		cells_clear(self->thread, first_page, last_page);
		shadow_drop(first_page, last_page - first_page);
		begin_life(self, last_page, end - last_page);
	} else {
		begin_life(self, start, end - start);
	}
	guest_leave(self);
}

void heap_kept(uintptr_t start, size_t size_bytes)
{
	block_kept(start);
	heap_mapping_begins(start, size_bytes);
}

void heap_grown(uintptr_t start, size_t old_bytes, size_t size_bytes, size_t usable_bytes,
		const struct unwind_start *at)
{
	heap_allocated(start, size_bytes, 0, at);
	if (usable_bytes > old_bytes)
		heap_mapping_begins(start + old_bytes, usable_bytes - old_bytes);
}

void heap_mapping_ends(uintptr_t start, size_t size_bytes, const struct unwind_start *at)
{
	struct guest_thread *self = heap_mode == HEAP_CHECKED ? memory_enter() : NULL;

	if (!self)
		return;
	end_life(self, start, size_bytes, at);
	guest_leave(self);
}

bool heap_block_of(struct detector *detector, uintptr_t address, struct memory_block *block)
{
	struct stack *stack;

	if (!block_find(address, block))
		return false;
	/* The word has no room for this bit of the id. */
	stack = stack_depot_get(&detector->stacks, block->stack);
	if (stack && stack->flags & STACK_IN_HANDLER)
		block->stack |= STACK_ID_IN_HANDLER;
	return true;
}

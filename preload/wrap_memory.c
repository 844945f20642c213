/*
 * Memory that ends: free, realloc, munmap, mremap end the lives of the locks
 * inside.  C++ mutexes never call init or destroy, so this is how theirs end.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "preload/export.h"
#include "preload/guest.h"
#include "preload/real.h"

#define FEW_PAGES 4u
#define KEPT_MAX 32u

/* May locks live in [start, end)?  A look per page, for a few pages. */
static inline bool may_hold_locks(uintptr_t start, uintptr_t end)
{
	uintptr_t page = start >> SYNC_PAGE_SHIFT;
	uintptr_t last = (end - 1) >> SYNC_PAGE_SHIFT;

	if (last - page >= FEW_PAGES)
		return true;
	for (; page <= last; page++)
		if (sync_page_find(&guest_detector.objects, page << SYNC_PAGE_SHIFT))
			return true;
	return false;
}

/* An allocator that replaces free, but not malloc_usable_size, would have the C
 * library look for a size in memory that is none of its own. */
static bool sizes_are_known(void)
{
	static int answer; /* 1: yes, -1: no */
	struct dl_find_object freeing;
	struct dl_find_object sizing;

	/* relaxed: every thread finds the same. */
	if (LIKELY(load_relaxed(&answer)))
		return answer > 0;
	if (_dl_find_object((void *)REAL(free), &freeing) ||
	    _dl_find_object((void *)REAL(malloc_usable_size), &sizing))
		return false;
	store_relaxed(&answer, freeing.dlfo_link_map == sizing.dlfo_link_map ? 1 : -1);
	if (answer < 0)
		detector_count(&guest_detector, LOST_BLOCK_ENDS);
	return answer > 0;
}

/* The end of the heap block at @block. */
static uintptr_t block_end(void *block)
{
	uintptr_t start = (uintptr_t)block;

	return block && sizes_are_known() ? start + REAL(malloc_usable_size)(block) : start;
}

static void end_range(uintptr_t start, uintptr_t end)
{
	struct guest_thread *self;

	if (guest_state != GUEST_ON || end <= start || !may_hold_locks(start, end))
		return;
	self = guest_self ? guest_enter() : NULL;
	if (!self)
		return;
	lock_memory_ended(&guest_detector, start, end);
	guest_leave(self);
}

EXPORT void free(void *block)
{
	if (LIKELY(block && guest_state == GUEST_ON))
		end_range((uintptr_t)block, block_end(block));
	REAL(free)(block);
}

/* Lives that end if the call moves their memory.  They are ended after the call,
 * when others may already use the memory anew: so by generation. */
struct kept_lives {
	uint32_t count;
	struct sync_object *objects[KEPT_MAX];
	uint32_t generations[KEPT_MAX];
};

static void keep_life(void *context, struct sync_object *object)
{
	struct kept_lives *kept = context;

	if (kept->count == KEPT_MAX) {
		lock_ended(&guest_detector, object);
		return;
	}
	kept->objects[kept->count] = object;
	kept->generations[kept->count++] = object->generation;
}

static void keep_lives(struct kept_lives *kept, uintptr_t start, uintptr_t end)
{
	struct guest_thread *self;

	kept->count = 0;
	if (guest_state != GUEST_ON || end <= start || !may_hold_locks(start, end))
		return;
	self = guest_self ? guest_enter() : NULL;
	if (!self)
		return;
	sync_each_in(&guest_detector.objects, start, end, keep_life, kept);
	guest_leave(self);
}

static void end_kept(const struct kept_lives *kept)
{
	struct guest_thread *self = kept->count ? guest_enter() : NULL;

	if (!self)
		return;
	for (uint32_t i = 0; i < kept->count; i++)
		if (kept->objects[i]->generation == kept->generations[i])
			lock_ended(&guest_detector, kept->objects[i]);
	guest_leave(self);
}

EXPORT void *realloc(void *block, size_t size)
{
	struct kept_lives kept;
	void *moved;

	keep_lives(&kept, (uintptr_t)block, block_end(block));
	moved = REAL(realloc)(block, size);
	if (kept.count && moved != block && (moved || size == 0))
		end_kept(&kept);
	return moved;
}

EXPORT int munmap(void *start, size_t size)
{
	end_range((uintptr_t)start, (uintptr_t)start + size);
	return REAL(munmap)(start, size);
}

EXPORT void *mremap(void *old, size_t old_size, size_t new_size, int flags, ...)
{
	struct kept_lives kept;
	va_list rest;
	void *wanted;
	void *moved;

	va_start(rest, flags);
	wanted = va_arg(rest, void *);
	va_end(rest);
	keep_lives(&kept, (uintptr_t)old, (uintptr_t)old + old_size);
	moved = REAL(mremap)(old, old_size, new_size, flags, wanted);
	if (kept.count && moved != MAP_FAILED && moved != old)
		end_kept(&kept);
	return moved;
}

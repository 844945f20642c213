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

/*
 * A call that may move memory: the lives in it end before the call, since
 * afterwards others may have the place.  If it stays where it is, its locks
 * merely begin anew; but one that is held then stays what it is.
 */
static void end_unheld(void *context, struct sync_object *object)
{
	/* relaxed: the caller's own, or a misuse. */
	if (!load_relaxed(&object->owner))
		lock_ended(context, object);
}

static void end_if_moved(uintptr_t start, uintptr_t end)
{
	struct guest_thread *self;

	if (guest_state != GUEST_ON || end <= start || !may_hold_locks(start, end))
		return;
	self = guest_self ? guest_enter() : NULL;
	if (!self)
		return;
	sync_each_in(&guest_detector.objects, start, end, end_unheld, &guest_detector);
	guest_leave(self);
}

EXPORT void *realloc(void *block, size_t size)
{
	end_if_moved((uintptr_t)block, block_end(block));
	return REAL(realloc)(block, size);
}

EXPORT int munmap(void *start, size_t size)
{
	end_range((uintptr_t)start, (uintptr_t)start + size);
	return REAL(munmap)(start, size);
}

EXPORT void *mremap(void *old, size_t old_size, size_t new_size, int flags, ...)
{
	va_list rest;
	void *wanted;

	va_start(rest, flags);
	wanted = va_arg(rest, void *);
	va_end(rest);
	if (flags & MREMAP_MAYMOVE)
		end_if_moved((uintptr_t)old, (uintptr_t)old + old_size);
	return REAL(mremap)(old, old_size, new_size, flags, wanted);
}

/*
 * The malloc family: blocks begin and end their lives, and so do the locks in
 * them.  A C++ mutex calls neither init nor destroy: its life ends with its
 * memory.
 *
 * The C++ library's operators new and delete call malloc and free; an allocator
 * that replaces them replaces both.  These wrappers are called before our
 * constructor, and by the loader.  dlsym, which finds the real functions,
 * allocates nothing unless it fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "preload/guest/access_context.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/heap/heap.h"
#include "preload/guest/real.h"
#include "preload/heap/wrap_memory.h"

#define FEW_PAGES 4u

/* May there be locks in [start, end)?  Looks at each page if they are few. */
static inline bool may_hold_locks(uintptr_t start, uintptr_t end)
{
	uintptr_t page = start >> SYNC_PAGE_SHIFT;
	uintptr_t last = (end - 1) >> SYNC_PAGE_SHIFT;

	if (last - page >= FEW_PAGES)
		return true;
	for (; page <= last; page++) {
		uintptr_t page_start = page << SYNC_PAGE_SHIFT;

		if (sync_page_lines(sync_page_find(&guest_detector.objects, page_start),
				    page_start, start, end))
			return true;
	}
	return false;
}

/* Raises the guard if locks may end with [start, end); else NULL. */
static struct guest_thread *enter_for_locks(uintptr_t start, uintptr_t end)
{
	if (guest_state != GUEST_ON || end <= start || !may_hold_locks(start, end))
		return NULL;
	return memory_enter();
}

static void end_locks(uintptr_t start, uintptr_t end, bool may_stay, const struct unwind_start *at)
{
	struct guest_thread *self = enter_for_locks(start, end);
	struct access_context context = {.start = *at};

	if (!self)
		return;
	lock_memory_freed(&guest_detector, self->thread, start, end, may_stay, &context);
	guest_leave(self);
}

void memory_locks_end(uintptr_t start, uintptr_t end, const struct unwind_start *at)
{
	end_locks(start, end, false, at);
}

void memory_locks_may_end(uintptr_t start, uintptr_t end, const struct unwind_start *at)
{
	end_locks(start, end, true, at);
}

/* Do free and malloc_usable_size belong to the same allocator?  If not, the C
 * library would look for the size of a block that it has not allocated. */
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

/* The size of the heap block at @block; @otherwise if it is not known. */
static size_t block_bytes(void *block, size_t otherwise)
{
	return block && sizes_are_known() ? REAL(malloc_usable_size)(block) : otherwise;
}

static void note_block(void *block, size_t size, const struct unwind_start *start)
{
	if (!block)
		return;
	if (heap_mode == HEAP_NOTED && LIKELY(heap_noted_fast((uintptr_t)block, size, start)))
		return;
	heap_allocated((uintptr_t)block, size,
		       heap_mode == HEAP_CHECKED ? block_bytes(block, size) : size, start);
}

void memory_block_begins(void *block, size_t size, const struct unwind_start *at)
{
	if (heap_mode != HEAP_OFF)
		note_block(block, size, at);
}

void memory_block_is_forgotten(void *block, const struct unwind_start *at)
{
	size_t size_bytes;

	if (!block || guest_state != GUEST_ON)
		return;
	size_bytes = block_bytes(block, 0);
	memory_locks_end((uintptr_t)block, (uintptr_t)block + size_bytes, at);
	block_unknown((uintptr_t)block);
	heap_mapping_begins((uintptr_t)block, size_bytes);
}

/* An allocating function that returns the block. */
#define WRAP_ALLOCATOR(name, parameters, arguments, size)                                          \
	EXPORT void *name parameters                                                               \
	{                                                                                          \
		struct unwind_start start;                                                         \
		void *block;                                                                       \
                                                                                                   \
		if (LIKELY(heap_mode == HEAP_OFF))                                              \
			return REAL(name) arguments;                                               \
		start = unwind_start_here();                                                       \
		block = REAL(name) arguments;                                                      \
		note_block(block, (size), &start);                                                 \
		return block;                                                                      \
	}

WRAP_ALLOCATOR(malloc, (size_t size), (size), size)
WRAP_ALLOCATOR(calloc, (size_t count, size_t size), (count, size), count *size)
WRAP_ALLOCATOR(aligned_alloc, (size_t alignment, size_t size), (alignment, size), size)
WRAP_ALLOCATOR(memalign, (size_t alignment, size_t size), (alignment, size), size)
WRAP_ALLOCATOR(valloc, (size_t size), (size), size)
WRAP_ALLOCATOR(pvalloc, (size_t size), (size), size)

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
	struct unwind_start start = unwind_start_here();
	int result = REAL(posix_memalign)(block, alignment, size);

	if (heap_mode != HEAP_OFF && result == 0)
		note_block(*block, size, &start);
	return result;
}

static void end_block(void *block, const struct unwind_start *start)
{
	size_t size_bytes = block_bytes(block, 0);

	memory_locks_end((uintptr_t)block, (uintptr_t)block + size_bytes, start);
	if (heap_mode == HEAP_NOTED)
		block_freed((uintptr_t)block);
	else if (heap_mode == HEAP_CHECKED)
		heap_freeing((uintptr_t)block, size_bytes, start);
}

EXPORT void free(void *block)
{
	struct unwind_start start;

	if (LIKELY(block && guest_state == GUEST_ON)) {
		start = unwind_start_here();
		end_block(block, &start);
	}
	REAL(free)(block);
}

/*
 * Whether a block moves is known only after the call, when other threads may
 * have got its old memory.  So lives end before the call: those of locks that
 * are not held (a held lock keeps its life if the block stays), and that of the
 * memory.  The program must expect the block to move.
 *
 * A large block that grows often, by little, is taken to stay: else each call
 * would check all of it.
 */
#define GROWS_ALWAYS_BYTES 4096u

static bool is_small_step(size_t old_bytes, size_t size)
{
	return old_bytes > GROWS_ALWAYS_BYTES && size > old_bytes - old_bytes / 8 &&
	       size < old_bytes + old_bytes / 8;
}

static void *resize_block(void *block, size_t size, const struct unwind_start *start)
{
	size_t old_bytes = block_bytes(block, 0);
	bool may_stay = is_small_step(old_bytes, size);
	uintptr_t old = (uintptr_t)block;
	size_t usable;
	void *moved;

	memory_locks_may_end(old, old + old_bytes, start);
	if (heap_mode == HEAP_OFF)
		return REAL(realloc)(block, size);
	if (block)
		heap_freeing(old, may_stay ? 0 : old_bytes, start);
	moved = REAL(realloc)(block, size);
	if (!moved && (!size || !block))
		return moved;
	usable = block_bytes(moved, size);
	if (!moved)
		heap_kept(old, may_stay ? 0 : old_bytes); /* the call failed */
	else if (moved == block && may_stay)
		heap_grown(old, old_bytes, size, usable, start);
	else
		heap_allocated((uintptr_t)moved, size, usable, start);
	return moved;
}

EXPORT void *realloc(void *block, size_t size)
{
	struct unwind_start start = unwind_start_here();

	return resize_block(block, size, &start);
}

EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
	struct unwind_start start = unwind_start_here();
	size_t size_bytes;

	if (__builtin_mul_overflow(count, size, &size_bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return resize_block(block, size_bytes, &start);
}

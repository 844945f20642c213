/*
 * The heap: when blocks of memory begin and end their lives, which thread
 * allocated them and where.
 *
 * Blocks are noted from the start, as a race may be about one that was
 * allocated before the second thread was created.  Until then the first
 * allocations get their whole stack, later ones only their calling site, which
 * costs 2 ns.
 */
#ifndef PRELOAD_HEAP_HEAP_H
#define PRELOAD_HEAP_HEAP_H

#include "detect/base/detector.h"
#include "detect/base/memory_block.h"
#include "preload/heap/block_facts.h"
#include "preload/guest/guest.h"
#include "unwind/unwind.h"

/* While there is one thread: how many allocations get their whole stack, and
 * how many unwinds that may cost (0.1 ms).  There may never be a second
 * thread. */
#define HEAP_WHOLE_STACKS 1000u
#define HEAP_FRESH_STACKS 64u

enum heap_mode {
	HEAP_OFF,    /* not begun yet, or not wanted */
	HEAP_NOTED,  /* allocations are noted */
	HEAP_CHECKED /* accesses are checked, too: lives of memory begin and end */
};

extern enum heap_mode heap_mode;

/* Calling sites of a lone thread's allocations, by return address.  Where that
 * is in operator new of a C++ library, its caller's return address is taken,
 * which is always at the same distance up the stack. */
#define HEAP_LONE_SITES 1024u
#define HEAP_LONE_THREAD 1u /* the id of the first thread */

struct heap_lone_site {
	uintptr_t address;
	uint32_t generation;
	uint32_t caller_distance; /* from sp to the caller's return address, or 0 */
	stack_id stack;
};

extern struct heap_lone_site heap_lone_sites[HEAP_LONE_SITES];

static inline struct heap_lone_site *heap_lone_site(uintptr_t address)
{
	return &heap_lone_sites[(address ^ address >> 10) % HEAP_LONE_SITES];
}

static inline bool heap_is_site(const struct heap_lone_site *site, uintptr_t address)
{
	return LIKELY(site->address == address && site->generation == guest_code_generation);
}

/* Notes a lone thread's block.  False: heap_allocated() must do it. */
static inline bool heap_noted_fast(uintptr_t block, size_t size_bytes,
				   const struct unwind_start *at)
{
	const struct heap_lone_site *site = heap_lone_site(at->return_address);
	uintptr_t address = at->return_address;

	if (!heap_is_site(site, address))
		return false;
	if (site->caller_distance) {
		address = *(const uintptr_t *)(at->sp + site->caller_distance);
		site = heap_lone_site(address);
		if (!heap_is_site(site, address) || site->caller_distance)
			return false;
	}
	block_allocated(block, size_bytes, site->stack, HEAP_LONE_THREAD);
	return true;
}

/* The options are known: from now on blocks are noted if races are looked for. */
void heap_begin(void);

/* Accesses are checked from now on.  The process has one thread. */
void heap_observe(void);

/* Accesses cannot be checked: blocks are not noted any more. */
void heap_stop(void);

/* A detector_hooks.block_of: the block that @address is in, or was in last.
 * False if none is known. */
bool heap_block_of(struct detector *detector, uintptr_t address, struct memory_block *block);

/* The lives of [start, start + size_bytes), as wrappers tell them.  All keep
 * errno, and do nothing if memory or the calling thread is not observed. */

/* It was allocated, and has @usable_bytes.  To be called before another thread
 * can know its address. */
void heap_allocated(uintptr_t start, size_t size_bytes, size_t usable_bytes,
		    const struct unwind_start *at);

/* It is about to be freed. */
void heap_freeing(uintptr_t start, size_t size_bytes, const struct unwind_start *at);

/* After heap_freeing(): the call failed, the block stays as it is. */
void heap_kept(uintptr_t start, size_t size_bytes);

/* After heap_freeing() with size 0: it was resized in place to @size_bytes, and
 * has @usable_bytes instead of @old_bytes. */
void heap_grown(uintptr_t start, size_t old_bytes, size_t size_bytes, size_t usable_bytes,
		const struct unwind_start *at);

/* Mappings and stacks: memory that is no block. */
void heap_mapping_begins(uintptr_t start, size_t size_bytes);
void heap_stack_begins(uintptr_t start, uintptr_t end);
void heap_mapping_ends(uintptr_t start, size_t size_bytes, const struct unwind_start *at);

#endif

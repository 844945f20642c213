/*
 * The heap, as the race engine has to know it: when blocks of memory begin and
 * end their lives, who asked for them and where.
 *
 * Blocks are noted from the start, since a race may be about one that was
 * allocated long before the first thread.  A lone thread's first allocations get
 * their whole stack; later ones their calling site, which costs 2 ns.
 */
#ifndef PRELOAD_HEAP_HEAP_H
#define PRELOAD_HEAP_HEAP_H

#include "detect/base/detector.h"
#include "detect/base/memory_block.h"
#include "preload/heap/block_facts.h"
#include "preload/guest/guest.h"
#include "unwind/unwind.h"

/* A lone thread's allocations that get their whole stack, and the fresh unwinds
 * that it pays for them: 0.1 ms, as it may never have company. */
#define HEAP_WHOLE_STACKS 1000u
#define HEAP_FRESH_STACKS 64u

enum heap_mode {
	HEAP_UNSEEN, /* not begun yet, or not wanted */
	HEAP_NOTED,  /* allocations are remembered */
	HEAP_JUDGED  /* so are accesses: memory lives begin and end */
};

extern enum heap_mode heap_mode;

/*
 * Calling sites of a lone thread's allocations, by return address.  One that
 * belongs to the operator new of a C++ library says nothing: then its caller counts,
 * whose return address is always as far up the stack.
 */
#define HEAP_LONE_SITES 1024u
#define HEAP_LONE_THREAD 1u /* its id: it is the first */

struct heap_lone_site {
	uintptr_t address;
	uint32_t generation;
	uint32_t caller_distance; /* 0, or where from sp the caller's return address is */
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

/* Notes a lone thread's block.  False if that needs heap_allocated(). */
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

/* The options are known: blocks are noted from now on if races are wanted. */
void heap_begin(void);

/* Accesses are observed from now on; the process has one thread yet. */
void heap_observe(void);

/* There will be no observation of memory after all. */
void heap_stop(void);

/* A detector_hooks.block_of: the block that @address is in, or was in last.
 * False if none is known. */
bool heap_block_of(struct detector *detector, uintptr_t address, struct memory_block *block);

/*
 * The lives of [start, start + size_bytes), told by wrappers.  All keep errno and
 * do nothing when memory is not observed, or the calling thread is not.
 */

/* It was allocated, and has @usable_bytes: call before anybody can know it. */
void heap_allocated(uintptr_t start, size_t size_bytes, size_t usable_bytes,
		    const struct unwind_start *at);

/* It is about to be freed. */
void heap_freeing(uintptr_t start, size_t size_bytes, const struct unwind_start *at);

/* After heap_freeing(): it was not freed, and stays as it is. */
void heap_kept(uintptr_t start, size_t size_bytes);

/* After heap_freeing() without a size: it was not freed, but now is @size_bytes
 * long, and has @usable_bytes instead of @old_bytes. */
void heap_grown(uintptr_t start, size_t old_bytes, size_t size_bytes, size_t usable_bytes,
		const struct unwind_start *at);

/* Mappings and stacks: memory without an allocation of its own. */
void heap_mapping_begins(uintptr_t start, size_t size_bytes);
void heap_mapping_ends(uintptr_t start, size_t size_bytes, const struct unwind_start *at);

#endif

/*
 * For tests of the race engine: threads that access memory, and the bytes at which
 * races were found.
 *
 * Memory is addresses in the low region that are not mapped; their shadow is.
 */
#ifndef TESTS_UNIT_RACING_H
#define TESTS_UNIT_RACING_H

#include <check.h>

#include "detect/base/memory_block.h"
#include "detect/race/access.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/shadow.h"

#define MEMORY_AT ((uintptr_t)SHADOW_REPLAY_START + 0x10000000)
#define MEMORY_BYTES 65536u

extern struct detector judge;
extern struct thread *first;
extern uint8_t racing[MEMORY_BYTES]; /* by byte of the memory: findings about it */
extern unsigned finding_count;
extern unsigned held_back_count; /* not among these */
extern unsigned retracted_count, lowered_count;
extern unsigned beside_count; /* notes of plain accesses beside locked instructions: neither */
extern struct finding last_finding;

/* Called with each access of a finding, if it is set; racing[] is then left alone. */
extern void (*racing_each)(const struct finding_event *event);

/* Are stacks of accesses found?  Else their sites alone are known. */
extern bool racing_has_stacks;

/* Of how many accesses was the stack asked for? */
extern unsigned racing_stack_count;

/* The block that all memory is in; its start is 0: in none. */
extern struct memory_block racing_block;

/* Called once, while the next access is looked at, before it is recorded. */
extern void (*racing_meanwhile)(void);

/* How many granules does @thread keep pending? */
static inline uint32_t pending_count(const struct thread *thread)
{
	const struct pending_granule *pending = thread->accesses.pending[0];
	uint32_t count = 0;

	for (uint32_t i = 0; i < 2 * PENDING_GRANULES; i++)
		count += pending[i].granule != 0;
	return count;
}

/* Runs @tests, which is named after what it tests; the status to exit with.  77 (skipped) if
 * this machine refuses shadow memory. */
int racing_run(TCase *tests);

/* A new detector, with the main thread only, and shadow memory as new. */
void set_up_racing(void);

struct thread *racing_start(struct thread *parent);

/* A new place in the code. */
site_id racing_site(uint32_t flags, uint32_t size_bytes);

/* All that is accessed there, else what the first finding says. */
void racing_place(site_id site, uint32_t offset, uint32_t size_bytes);

/* The one that a finding's stack begins at. */
site_id racing_site_of(stack_id stack);

/* From now on new places count as old ones, whose accesses need no whole stack. */
void racing_sites_are_old(bool are_old);

/* Each is at a place of its own. */
void reads(struct thread *thread, uint32_t offset, uint32_t size_bytes);
void writes(struct thread *thread, uint32_t offset, uint32_t size_bytes);
void quick_access(struct thread *thread, site_id site, uint32_t offset, uint32_t size_bytes);

/* An access by @site, not yet made. */
struct access racing_access(site_id site, uint32_t offset, uint32_t size_bytes);

/* What stands at @place, if it belongs to @word; else 0. */
static inline origin_id racing_origin(const uint32_t *place, uint64_t word)
{
	origin_id origin = 0;

	return origin_find(place, word, &origin) ? origin : 0;
}

/* As a counted loop does it: the range first, then each granule, unless all is recorded. */
void loops_over(struct thread *thread, site_id site, uint32_t offset, uint32_t size_bytes);
void accesses_at(struct thread *thread, site_id site, uint32_t offset, uint32_t size_bytes);

#endif

/*
 * Parts of granules on their way to shadow memory; internal to the fast path.
 *
 * record_part.c puts a part among what its granule's word says; pending.c keeps granules in the
 * thread until they are whole, or have to be recorded.
 */
#ifndef DETECT_RACE_RECORD_PART_H
#define DETECT_RACE_RECORD_PART_H

#include "detect/race/race.h"
#include "detect/race/record_fast.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/origin.h"

/* Whether @word is none, or plain and covered by @thread's clock. */
static inline bool record_is_before(const struct thread *thread, uint64_t word)
{
	uint32_t slot = shadow_slot(word);

	if (word == 0)
		return true;
	if (shadow_form(word) != SHADOW_PLAIN)
		return false;
	return slot == thread->slot || vclock_get(&thread->clocks.full, slot) >= shadow_epoch(word);
}

/* The same for @bytes of it alone. */
static inline bool record_is_clear(const struct thread *thread, uint64_t word, uint32_t bytes)
{
	return record_is_before(thread, word) ||
	       (shadow_form(word) == SHADOW_PLAIN && !(shadow_bytes(word) & bytes));
}

/* The same for the cells of @word, read at @place. */
static inline bool record_is_all_clear(const struct thread *thread, const uint64_t *place,
				       uint64_t word, uint32_t bytes)
{
	return record_is_clear(thread, word, bytes) || record_are_clear(thread, place, word, bytes);
}

/* Records over @old.  False: it is not @old any more. */
static inline bool record_exchange(struct detector *detector, uint64_t *place,
				   uint32_t *origin_place, uint64_t old, uint64_t word,
				   origin_id origin)
{
	struct race_place both = {.word = place, .origin = origin_place};

	if (!race_exchange(detector, both, &old, word, origin))
		return false;
	origin_store(origin_place, origin, word);
	return true;
}

/* A granule, or a part of one, on its way to shadow memory. */
struct part {
	struct detector *detector;
	struct thread *thread;
	uintptr_t granule;
	uint32_t bytes;
	bool is_write;
	origin_id origin;
	uint64_t mine;	 /* the plain word of this access */
	uint64_t *place; /* where it goes */
	uint32_t *origin_place;
};

/* @thread's access to @bytes of @granule, whose shadow is @shadow. */
static inline struct part part_of(struct detector *detector, struct thread *thread,
				  uintptr_t granule, struct shadow shadow, uint32_t bytes,
				  bool is_write, origin_id origin)
{
	return (struct part){
		.detector = detector,
		.thread = thread,
		.granule = granule,
		.bytes = bytes,
		.is_write = is_write,
		.origin = origin,
		.mine = (*thread->clocks.current & ~(uint64_t)SHADOW_ALL_BYTES) | bytes,
		.place = is_write ? shadow.write : shadow.read,
		.origin_place = is_write ? &shadow.origins->write : &shadow.origins->read,
	};
}

/* Others have read it, too, in no order with this read. */
bool record_join(const struct part *part, uint64_t old);

/* False: it was not recorded, or is to be classified by the whole engine. */
bool record_part(const struct part *part);

/* What was accessed by itself before is replaced at once: it is a field that no other is beside,
 * as a rule.  So is what has cells: its bytes are accessed in no order.  False: it was left as it
 * is. */
bool record_at_once(const struct part *part, site_id site);

/* Passes the runs of bytes in @bytes, which were recorded, to the whole engine, each as an access
 * of its own. */
void record_runs_again(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint32_t bytes, bool is_write, site_id site, bool is_late);

/* --- pending.c ---------------------------------------------------------------- */

/* Records the access to @bytes of the granule of @address, and notes nothing.  False: it was left
 * as it is. */
bool record_not_pending(struct detector *detector, struct thread *thread, uintptr_t address,
			uint32_t bytes, bool is_write, site_id site);

/* Notes the access to @bytes of the granule of @address in the thread, or records it.  False: it
 * was left as it is. */
bool record_keep_pending(struct detector *detector, struct thread *thread, uintptr_t address,
			 uint32_t bytes, bool is_write, site_id site);

#endif

/*
 * Slots: the places of threads in vector clocks and shadow words.
 *
 * An ended thread's slot is used again, and its epochs go on.  A clock that covers
 * the later thread's epochs then covers the earlier one's as well.  For that to be
 * true a slot is only given to a thread whose creator's clock covers all that was
 * recorded in it.  May miss races with the earlier thread's accesses if there is no
 * such slot and no fresh one, as another one is taken then; accepted, and counted.
 *
 * All functions but slot_thread_id(), slot_marks() and slot_next_thread() are called with
 * detector.lock held.
 */
#ifndef DETECT_BASE_SLOT_H
#define DETECT_BASE_SLOT_H

#include "base/types.h"
#include "detect/data/shadow_word.h"

struct detector;
struct thread;

#define SLOT_LIVES 8u

/* From epoch 'first' on the slot was that thread's. */
struct slot_life {
	uint64_t first;
	thread_id thread;
};

struct slot {
	struct thread *thread; /* that has it now, or NULL */
	uint64_t above;	       /* epochs and versions go on above this */
	uint64_t recorded;     /* the last epoch in which something was recorded */
	uint64_t marked_from;  /* later epochs have marks (clock_mark_epochs()); 0: none */
	uint32_t life_count;
	struct slot_life lives[SLOT_LIVES]; /* the last ones, life n at n % SLOT_LIVES */
};

/* No word, cell or set has a later epoch of @number. */
uint64_t slot_last_epoch(const struct detector *detector, uint32_t number);

/* Gives @thread, which @creator creates (NULL: not known), a slot.  Returns the
 * first epoch that is its own there, 0 without memory. */
uint64_t slot_take(struct detector *detector, struct thread *thread, const struct thread *creator);

/* @thread has ended, having used epochs and versions up to @above. */
void slot_give(struct detector *detector, struct thread *thread, uint64_t above);

/* The epochs of @thread's slot that come after @epoch have marks, unless earlier ones have. */
void slot_begin_marks(struct detector *detector, struct thread *thread, uint64_t epoch);

/* Those of @epoch, 0: none.  Takes no lock. */
uint32_t slot_marks(const struct detector *detector, uint32_t number, uint64_t epoch);

struct thread *slot_thread(const struct detector *detector, uint32_t number);

/* The threads that are in slots (all that have not been buried) in turn, from *@next = 0
 * on; NULL after the last. */
struct thread *slot_next_thread(const struct detector *detector, uint32_t *next);

/* The thread that was there at @epoch; 0 if that is forgotten.  Takes no lock:
 * for reports. */
thread_id slot_thread_id(const struct detector *detector, uint32_t number, uint64_t epoch);

/* The same of the access that a plain word stands for. */
static inline thread_id slot_thread_id_of(const struct detector *detector, uint64_t word)
{
	return slot_thread_id(detector, shadow_slot(word), shadow_epoch(word));
}

#endif

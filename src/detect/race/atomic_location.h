/*
 * Atomic locations: memory that synchronises by itself.
 *
 * A location becomes atomic when a locked instruction (or xchg) first touches
 * it, or when it is known to be one (a futex word).  From then on a locked
 * instruction on it acquires and releases, a plain load acquires, a plain store
 * releases: on x86 that is what acquire and release operations compile to, so
 * nothing is asked of the program that its source may not say.  Its accesses are
 * never races among themselves.  But an update by other than a locked instruction
 * loses what others write in between, and the end of the memory's life is to come
 * after all: so each half keeps its last write, and whose it was.
 *
 * Both shadow words of its granule then have the form SHADOW_ATOMIC and the
 * location's number; what the granule's other bytes need is kept in words of
 * the location (atomic_access() says where).  The two halves of a granule have
 * clocks of their own; smaller neighbours share one, which may hide a race
 * but makes none.
 *
 * An acquire must come after its load, but accesses are observed before they are made,
 * and the checks of several may stand before the first of them.  So a load only notes
 * the location.  The join is made by the thread's next atomic_catch_up(): at its next
 * slow access, release or finding; nothing reads its clock before that.  As this may
 * still be before the load itself, the next few calls join again what is new.
 */
#ifndef DETECT_RACE_ATOMIC_LOCATION_H
#define DETECT_RACE_ATOMIC_LOCATION_H

#include "detect/base/thread.h"
#include "detect/data/site.h"
#include "detect/shadow/atomic_table.h"

struct access;
struct detector;
struct race_step;
struct thread;

/*
 * @step is an access, not by a locked instruction, to a granule whose shadow word
 * @word has the form SHADOW_ATOMIC.  Does what the atomic ones among its bytes need.
 * Returns the bytes that are left to classify, with *@inner telling where their
 * shadow is.
 */
uint32_t atomic_access(struct race_step *step, uint64_t word, struct shadow *inner);

/* Makes the @size_bytes at @address atomic.  NULL when out of memory. */
struct atomic_location *atomic_mark(struct detector *detector, struct thread *thread,
				    uintptr_t address, size_t size_bytes);

/* A wake and a wait of a futex word: release and acquire on its location. */
void atomic_release(struct detector *detector, struct thread *thread, uintptr_t address);
void atomic_acquire(struct detector *detector, struct thread *thread, uintptr_t address);

/* Makes the acquires of the thread's last atomic loads; to be called if
 * thread->accesses.acquire_count is not 0. */
void atomic_catch_up(struct detector *detector, struct thread *thread);

/*
 * Takes location->busy for a moment.  Who holds it is between two instructions, but may
 * have lost its processor for long on a busy machine; a lost edge could become a false
 * race.  False for the holder itself, in a signal handler, and if the holder never
 * comes back.
 */
bool atomic_take_busy(const struct thread *thread, struct atomic_location *location);

/* What is kept of it is kept in the half in which its bytes begin. */
static inline struct atomic_half *atomic_half_of(struct atomic_location *location, uint32_t bytes)
{
	return &location->halves[(uint32_t)__builtin_ctz(bytes) / ATOMIC_HALF_BYTES];
}

/* Is *@last what @thread would leave there now?  relaxed: another one is not its own. */
static inline bool atomic_is_last(const struct thread *thread, const struct cell *last,
				  uint32_t bytes)
{
	return load_relaxed(&last->word) ==
	       shadow_plain(thread->slot, vclock_get(&thread->clocks.full, thread->slot), bytes);
}

/* Whether @cell is another thread's write to exactly @bytes that is unordered with
 * @thread's present access. */
bool atomic_is_met(const struct thread *thread, const struct cell *cell, uint32_t bytes);

/* What the write @step leaves behind; word 0 if nothing can be recorded. */
struct cell atomic_make_last(struct race_step *step);

/* The same of @thread's locked instruction, @access of @bytes. */
struct cell atomic_make_locked(struct detector *detector, struct thread *thread,
			       const struct access *access, uint32_t bytes);

/* That instruction has met the end of the memory's life, *@met, which is cleared. */
void atomic_tell_freed(struct detector *detector, struct thread *thread,
		       const struct access *access, struct cell *met);

/* That instruction, of which @under_way was kept, has stored: tells of what was lost. */
void atomic_tell_locked(struct detector *detector, struct thread *thread,
			const struct access *access, bool has_lost,
			const struct atomic_location *under_way);

/*
 * @mine, of a store that is not locked, replaces *@last.  Returns what was there, if it is
 * met; else word 0.  Under location->busy.  What follows the thread's own locked instruction
 * or plain store, with nobody's in between, may be the release of a lock that it holds: who
 * comes after loses nothing.  And what took place some time ago is not the last.
 */
struct cell atomic_replace_by_store(const struct race_step *step, struct cell *last,
				    const struct cell *mine);

/* What @thread meets in bytes that become atomic, of whose granule @list has the writes:
 * perhaps that the memory was freed.  Word 0: nothing. */
struct cell atomic_find_met(struct detector *detector, const struct thread *thread,
			    const struct cell_list *list, uint32_t bytes);

/* True if none of @bytes of the granule whose word @word is are atomic; then *@inner tells
 * where their shadow is. */
bool atomic_find_rest(const struct detector *detector, uint64_t word, uint32_t bytes,
		      struct shadow *inner);

/* The last write to exactly these bytes of the granule whose word @word is; none has
 * word 0. */
struct cell atomic_last_write(struct detector *detector, const struct thread *thread,
			      uint64_t word, uint32_t bytes);

/* The granule of @step, whose word is @word, ends its life: compares that with its last
 * accesses. */
void atomic_compare_end(struct race_step *step, uint64_t word);

/* @bytes of the granule whose word @word is begin a new life. */
void atomic_forget(struct detector *detector, struct thread *thread, uint64_t word,
		   uint32_t bytes);

#endif

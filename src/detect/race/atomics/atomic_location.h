/*
 * Atomic locations: memory that synchronises by itself.
 *
 * A location becomes atomic when a locked instruction (or xchg) first touches
 * it, or when it is known to be one (a futex word).  From then on a locked
 * instruction on it acquires and releases, a plain load acquires, a plain store
 * releases: acquire and release operations compile to just these on x86.  Its
 * accesses never race with each other.  But an update that is no locked
 * instruction may lose another thread's write, and the memory must be freed after
 * all accesses.  So each half of a granule keeps its last write, with its thread.
 *
 * Both shadow words of its granule then have the form SHADOW_ATOMIC and the
 * location's number.  The granule's other bytes have their shadow words in the
 * location (atomic_access() says where).  Each half of a granule has a clock;
 * smaller neighbours share one, which may hide a race but makes none.
 *
 * An acquire must come after its load.  But a check runs before its access, and the
 * checks of several accesses may stand before the first of them.  So a load only notes
 * a pending acquire.  The thread joins at its next atomic_catch_up(): at its next slow
 * access, release or finding, before anything reads its clock.  As this may still be
 * before the load itself, it stays pending for as many slow accesses as checks stand before the
 * load (site.h), and what is new is joined at each.  A thread remembers which
 * version of a location it has acquired, as most loads find nothing new.
 *
 * Much that is atomic belongs to one thread for long: counters that others seldom read, or memory
 * that a collector once has marked.  Each store would end its epoch, and all that it touches then
 * be recorded anew.  So who has stored to a location thousands of times, with nobody else coming
 * there, owns it, and puts its releases off: what it has pending is recorded as ever, but its
 * epoch goes on.  The first other one makes the release, of the owner's epoch as of its last
 * store, and of all else that the owner knows by then.  What the owner did after that store, but
 * in the same epoch, is then taken to come before, and a race with it is missed: counted, and
 * accepted because somebody must have been alone there for so long.  What may be a lock, as it is
 * compared or exchanged, is never owned: what comes after its release is what races.
 *
 * Memory that a thread takes from a pool of its own stays atomic in its next lives, and each of
 * these may begin with an exchange.  So who has used a location alone for some time, with exchanges
 * or not, owns it between two of them for the stores of *unheard* sites: places in the code that
 * have stored thousands of times to such locations, with nobody coming for any.  The first
 * store after a locked instruction may release a lock, and is not put off.  What is missed is as
 * above, but once for a site only: if somebody comes for what it has put off, it never does so
 * again.
 *
 * What is owned may sleep, and cost no more than plain memory: asleep.h.
 */
#ifndef DETECT_RACE_ATOMIC_LOCATION_H
#define DETECT_RACE_ATOMIC_LOCATION_H

#include "detect/base/thread.h"
#include "detect/data/site.h"
#include "detect/shadow/atomic_table.h"

struct access;
struct detector;
struct race_step;
struct site;
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

/* The location of the granule of @address, with @bytes of it atomic.  If they become atomic by
 * this, *@met becomes the free or write before that is unordered with the thread. */
struct atomic_location *atomic_find_or_promote(struct detector *detector, struct thread *thread,
					       uintptr_t address, uint32_t bytes,
					       struct cell *met);

/*
 * A wake and a wait of a futex word: release and acquire on its location.  From then on who
 * loads from it what another thread has stored has that handed over (clock_learn()).
 * The wait tells the slot of the thread that has stored to the word last, if that is known and
 * not @thread itself; else CLOCK_ANY_SLOT.
 */
void atomic_release(struct detector *detector, struct thread *thread, uintptr_t address);
uint32_t atomic_acquire(struct detector *detector, struct thread *thread, uintptr_t address);

static inline bool atomic_is_owner(const struct thread *thread,
				   const struct atomic_location *location)
{
	/* relaxed: only the thread itself makes itself the owner; whoever disowns it just now makes
	 * the release that it puts off. */
	uint64_t owner = load_relaxed(&location->owner);

	return owner && shadow_slot(owner) == thread->slot;
}

/* @thread loads from @location.  False: it does not own it.  If others come there before the
 * load is made, it is told (is_disowned), and looks whether it still does. */
static inline bool atomic_load_owned(struct thread *thread, struct atomic_location *location)
{
	uint64_t *loads = thread->accesses.owned_loads;
	uint64_t word = atomic_word(location);

	if (!atomic_is_owner(thread, location))
		return false;
	if (loads[thread->accesses.owned_turn % OWNED_LOADS] != word)
		loads[++thread->accesses.owned_turn % OWNED_LOADS] = word;
	return true;
}

/* An access of @thread to @bytes of a granule whose write word is @word.  True: it owns the
 * location, and all is done, as it is a load, or not the first store in the epoch of the word
 * @current, with nothing late. */
bool atomic_pass_owned(const struct detector *detector, struct thread *thread, uint64_t word,
		       uint64_t current, uint32_t bytes, bool is_write);

/* @thread loads, at @site, from @bytes of a granule whose write word is @word.  False: not all of
 * them are atomic, or the load has to be told of. */
bool atomic_load(struct detector *detector, struct thread *thread, uint64_t word, uint32_t bytes,
		 const struct site *site);

/* The same of such a store: done if the thread owns the location. */
bool atomic_store_again(struct detector *detector, struct thread *thread, uint64_t word,
			uint32_t bytes, site_id site);

/* @thread is about to access @location, which another owns, or to change it otherwise than by a
 * store: makes the owner's release. */
void atomic_make_release(struct detector *detector, struct thread *thread,
			 struct atomic_location *location);

/* Another thread than who used @location alone comes there. */
void atomic_end_alone(struct atomic_location *location);

/* @thread comes to @location: nobody else uses it alone.  relaxed: hints */
static inline void atomic_come(const struct thread *thread, struct atomic_location *location)
{
	if (load_relaxed(&location->uses_alone) && load_relaxed(&location->storer) != thread->slot)
		atomic_end_alone(location);
}

/* @thread accesses @location.  relaxed: who becomes the owner now raises the version, which the
 * next look finds. */
static inline void atomic_disown(struct detector *detector, struct thread *thread,
				 struct atomic_location *location)
{
	uint64_t owner = load_relaxed(&location->owner);

	atomic_come(thread, location);
	if (UNLIKELY(owner && shadow_slot(owner) != thread->slot))
		atomic_make_release(detector, thread, location);
}

/* Under 'busy': @thread owns @location no more.  The halves that it has stored to, as a mask, for
 * the caller to release; 0: it did not own it. */
uint32_t atomic_end_owning(struct thread *thread, struct atomic_location *location);

/* @thread's store to @location is over, under 'busy': counts it.  It moved to @moved bytes, at
 * @site; 0 both: by a locked instruction. */
void atomic_count_store(struct thread *thread, struct atomic_location *location, uint32_t moved,
			site_id site);

/* The same of one that compares: it may be that of a lock. */
void atomic_count_compare(const struct thread *thread, struct atomic_location *location);

/* @thread stores to @bytes of @location at @site, under 'busy'.  True: it owns it from now on, and
 * puts this release off. */
bool atomic_begin_owning(struct thread *thread, struct atomic_location *location, uint32_t bytes,
			 site_id site);

/* @thread, the owner of @location, stores to @bytes of it, at @site; 0: by a locked instruction.
 * False: it is not any more, or they are new, or what this stores may be waited for. */
bool atomic_store_owned(struct detector *detector, struct thread *thread,
			struct atomic_location *location, uint32_t bytes, site_id site);

/*
 * Takes location->busy, which threads hold for a few instructions.  A holder may have lost
 * its processor, so this waits long: an edge that is lost here could become a false race.
 * False: the thread itself holds it (in a signal handler), or the holder never came back.
 */
bool atomic_take_busy(const struct thread *thread, struct atomic_location *location);

/* Which bytes of its granule an access of @size_bytes at @address has; those in the next one are
 * not looked at. */
static inline uint32_t atomic_bytes_at(uintptr_t address, size_t size_bytes)
{
	uint32_t offset = address % SHADOW_GRANULE;

	if (size_bytes >= SHADOW_GRANULE)
		return SHADOW_ALL_BYTES << offset & SHADOW_ALL_BYTES;
	return ((1u << size_bytes) - 1) << offset & SHADOW_ALL_BYTES;
}

/* The half that keeps the last write to @bytes: the one in which they begin. */
static inline struct atomic_half *atomic_half_of(struct atomic_location *location, uint32_t bytes)
{
	return &location->halves[(uint32_t)__builtin_ctz(bytes) / ATOMIC_HALF_BYTES];
}

/* Is *@last what a write of @thread to @bytes would leave?  relaxed: if another thread changes
 * it meanwhile, it is not, before or after. */
static inline bool atomic_is_last(const struct thread *thread, const struct cell *last,
				  uint32_t bytes)
{
	return load_relaxed(&last->word) ==
	       shadow_plain(thread->slot, vclock_get(&thread->clocks.full, thread->slot), bytes);
}

/* Whether @cell is another thread's write to exactly @bytes that is unordered with
 * @thread's present access. */
bool atomic_is_met(const struct thread *thread, const struct cell *cell, uint32_t bytes);

/* The record of the write @step, to be kept as the last one; word 0 if nothing can be
 * recorded. */
struct cell atomic_make_last(struct race_step *step);

/* The same for @thread's locked instruction @access of @bytes. */
struct cell atomic_make_locked(struct detector *detector, struct thread *thread,
			       const struct access *access, uint32_t bytes);

/* Reports that this instruction and the free *@met are unordered.  Clears *@met. */
void atomic_tell_freed(struct detector *detector, struct thread *thread,
		       const struct access *access, struct cell *met);

/* That instruction has stored.  Reports the write that it has overwritten, if @has_lost, and
 * compares it with the thread's stale reads.  @under_way is the location as it was then. */
void atomic_tell_locked(struct detector *detector, struct thread *thread,
			const struct access *access, bool has_lost,
			const struct atomic_location *under_way);

/* Makes @mine the last write to @location; @is_idle: a locked instruction that has stored what was
 * there.  Called with location->busy held. */
void atomic_keep_last(struct atomic_location *location, const struct cell *mine, bool is_idle);

/*
 * A store that is no locked instruction makes @mine the last write to @location.  Returns the one
 * before if that is unordered with the store, and not idle; else word 0.  Called with
 * location->busy held.  That one stays if it is the thread's own locked instruction or
 * plain store: this store may then release a lock that the thread holds, and the next owner
 * loses nothing.  It also stays if the access is late: then it took place some time ago, and
 * may not be the last.
 */
struct cell atomic_replace_by_store(const struct race_step *step, struct atomic_location *location,
				    const struct cell *mine);

/* @bytes become atomic; @list has the writes to their granule.  Returns the free, or the
 * write to exactly @bytes, that is unordered with @thread; word 0: there is none. */
struct cell atomic_find_met(struct detector *detector, const struct thread *thread,
			    const struct cell_list *list, uint32_t bytes);

/* Of those who have read @bytes, one that is unordered with @thread; word 0: there is none. */
struct cell atomic_find_reader(struct detector *detector, const struct thread *thread,
			       const struct cell_list *list, uint32_t bytes);

/* Is a read of @bytes at @site to be looked at, as the source may say that it is plain?  If it
 * meets another thread's last write, or is the first for others to meet. */
bool atomic_is_looked_at(const struct thread *thread, struct atomic_location *location,
			 uint32_t bytes, const struct site *site);

/* The step reads the atomic bytes @touched at @site, before it acquires. */
void atomic_look_beside(const struct race_step *step, struct atomic_location *location,
			uint32_t touched, struct site *site);

/* Where the code makes the access @step to the first of @bytes; 0 if that is not known. */
site_id atomic_site(const struct race_step *step, uint32_t bytes);

/* The same of a store; NULL if that is not known. */
const struct site *atomic_store_site(const struct race_step *step, uint32_t bytes);

/*
 * The bytes of the store @step that come before the release which it is by its atomic bytes; 0:
 * it is none.  A check may stand for stores of several places in the code, one after the other.
 */
uint32_t atomic_before_release(const struct race_step *step);

/* True if none of @bytes is atomic; then *@inner tells where their shadow words are.  @word
 * is the shadow word of their granule. */
bool atomic_find_rest(const struct detector *detector, uint64_t word, uint32_t bytes,
		      struct shadow *inner);

/* The last write to exactly @bytes of the granule with shadow word @word; word 0: none. */
struct cell atomic_last_write(struct detector *detector, const struct thread *thread,
			      uint64_t word, uint32_t bytes);

/* The granule of @step, whose shadow word is @word, is freed: compares that with the last
 * accesses to it. */
void atomic_compare_end(struct race_step *step, uint64_t word);

/* @bytes of the granule with shadow word @word begin a new life: forgets their last write. */
void atomic_forget(struct detector *detector, struct thread *thread, uint64_t word,
		   uint32_t bytes);

/* --- pending_acquire.c ------------------------------------------------------- */

/* Makes the acquires of the thread's last atomic loads; to be called if
 * thread->accesses.acquires_due is not 0.  They stay pending. */
void atomic_catch_up(struct detector *detector, struct thread *thread);

/* The same once for each slow access, which ends those of loads that have been made by then. */
void atomic_look(struct detector *detector, struct thread *thread);

/* Was anything released there since @pending was last acquired? */
static inline bool atomic_has_news(const struct pending_acquire *pending)
{
	const struct atomic_location *location = pending->location;

	/* acquire, in this order: who stores takes 'busy', then raises 'version', then lets
	 * go of 'busy'.  So a store whose value was loaded shows in one of the two. */
	return load_acquire(&location->busy.is_taken) ||
	       load_acquire(&location->version) != pending->version;
}

/* The usual look: the last one, at one load, and nothing is new.  Thunks do the same.  False: it
 * is another, and nothing was done. */
static inline bool atomic_look_last(struct thread *thread)
{
	const struct pending_acquire *pending = &thread->accesses.acquires[0];

	if (thread->accesses.acquires_due != 1 || pending->looks_left != 1 ||
	    atomic_has_news(pending))
		return false;
	thread->accesses.acquire_count = 0;
	return true;
}

/* A signal handler begins, perhaps between a check and its load: its slow accesses do not end
 * what is pending. */
void atomic_look_anew(struct thread *thread);

/* @thread has loaded from the granule with shadow word @word before it became atomic, but that
 * is only what the check of the load saw: acquires what was released there. */
void atomic_acquire_late(struct detector *detector, struct thread *thread, uint64_t word);

/* @thread loads from @halves of @location, at @site if that is known: acquires when it looks. */
void atomic_add_pending(struct thread *thread, struct atomic_location *location, uint32_t halves,
			const struct site *site);

/* Under location->busy: acquires from the half. */
void atomic_acquire_half(struct clock_joiner by, const struct atomic_half *half);

/* @thread has acquired from @halves of @location.  Under 'busy'. */
void atomic_note_acquired(struct thread *thread, const struct atomic_location *location,
			  uint32_t halves);

/* @thread has released to @location, which tells itself nothing.  Under 'busy'. */
void atomic_announce_release(struct thread *thread, struct atomic_location *location);

/* Of atomic_half.writers. */
static inline uint32_t atomic_writer_bit(const struct thread *thread)
{
	return 1u << thread->slot % 32;
}

#endif

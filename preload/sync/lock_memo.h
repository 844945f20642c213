/*
 * The lock memo: what a thread remembers of the lock calls that it makes time and again,
 * so that a pair of lock and unlock costs a few comparisons and stores.
 *
 * An entry is of one call: of this function, for this lock, from this return address and
 * stack, with these locks held.  It is made of a call that was recorded in full (wrap_lock.c),
 * when that comes for the second time.  A thread with a memo first makes the real call that
 * tries, and looks at the entry after that.  Why nothing is missed if it matches:
 *
 * - The stack: the entry has the frame of the wrapper and every word that the unwind
 *   depended on (stack_memo.h), and all are compared, but for those of the C library's
 *   frames that are entered once: those beyond its return address that the program's
 *   outermost function has.
 * - The order: the chain of what is held was the same when the call was recorded, so each
 *   edge from there to this lock has been added, in the same structural epoch.  As the
 *   lock was free, the thread has not waited, and need not have announced it before.
 * - The life of the lock: an object stays where it is, and its generation and flags are as
 *   then: it was not destroyed, freed, nor used by a first other thread in between.  If there
 *   are locks on the stack below this frame, they have ended: that is for the call in full.
 * - Happens-before: the lock has the stamp of this thread's clock, so whoever released it
 *   last knew what the thread knows, and nothing is to be joined.  If it has another's, that
 *   is joined, and nothing else is to be done: lock_memo_take_on().
 * - The owner: nobody, so the lock is neither held again nor taken from somebody.
 * - Code that was loaded or unloaded, orders that count anew, the end of observation: these
 *   change a number that each entry was made with (detector_forget_calls()).
 * - A later thread with the same memo: chains begin with the thread.  So they do after a fork.
 * - Signal handlers: they make no entries, and what they write over a hold that is being
 *   added is put back (held_locks_push()).  So the guard is neither looked at nor raised.
 *   Locks that handlers have taken, and robust mutexes, have no entries.
 *
 * A release is known if it gives up the last hold, which was taken once and exclusively, if
 * nothing of the thread's accesses waits for it, and the lock still has the stamp of the
 * thread's clock: recording and joining change that, so there is nothing to hand on.
 */
#ifndef PRELOAD_SYNC_LOCK_MEMO_H
#define PRELOAD_SYNC_LOCK_MEMO_H

#include <pthread.h>

#include "detect/deadlock/waker.h"
#include "detect/sync/semaphore.h"
#include "preload/guest/guest.h"
#include "preload/outside/lock_memory.h"

#define LOCK_MEMO_BITS 8u
#define LOCK_MEMO_ENTRY_SHIFT 7u
#define LOCK_MEMO_COUNT (1u << LOCK_MEMO_BITS)
#define LOCK_MEMO_WORDS 2u  /* of the stack, in the entry */
#define LOCK_MEMO_GROUP 4u  /* the others, at a time */
#define LOCK_MEMO_GROUPS 512u

/* A lock's address, plus what was called. */
enum lock_memo_call { LOCK_MEMO_ACQUIRE, LOCK_MEMO_TRY };

struct lock_memo_word {
	const stack_memo_word *at;
	uintptr_t value;
};

struct lock_memo_group {
	struct lock_memo_word words[LOCK_MEMO_GROUP];
	const struct lock_memo_group *next;
};

struct lock_memo_entry {
	uintptr_t call; /* the lock's address and the function; 0: none */
	const uintptr_t *frame; /* NULL: of the call site alone */
	uintptr_t return_address;
	uint64_t before; /* the chain of what is held, plus detector.calls_key */
	uint64_t life;	 /* the lock's, without an owner */
	struct sync_object *object;
	uint64_t chain; /* with this lock */
	stack_id stack;
	struct lock_memo_word words[LOCK_MEMO_WORDS]; /* filled up with the return address */
	const struct lock_memo_group *more;
} __attribute__((aligned(1 << LOCK_MEMO_ENTRY_SHIFT)));

struct lock_memo {
	struct lock_memo_entry entries[LOCK_MEMO_COUNT];
	uint64_t missed[LOCK_MEMO_COUNT]; /* the last call that had no entry there */
	uint32_t group_count;
	struct lock_memo_group groups[LOCK_MEMO_GROUPS];
};

/* The calling thread, @self, uses its memo from now on, if it may: there are other threads or it
 * has used up its whole stacks, and calls are neither perturbed nor noted one by one. */
void lock_memo_open(struct guest_thread *self);

/* @self's call for the lock at @address was recorded in full.  With the guard up. */
void lock_memo_learn(struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
		     const struct unwind_start *start);

/* The same of a lone thread's, without its stack.  There is room for that. */
void lock_memo_learn_site(struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
			  const struct unwind_start *start);

static inline struct lock_memo_entry *lock_memo_place(struct lock_memo *memo, uint64_t call,
						      uintptr_t return_address)
{
	/* No golden ratio: its multiples for neighbours are too much alike. */
	uint32_t hash = (uint32_t)(call + return_address) * 0x261b5841u;
	uint32_t offset = hash >> (32 - LOCK_MEMO_BITS - LOCK_MEMO_ENTRY_SHIFT) &
			  (LOCK_MEMO_COUNT - 1) << LOCK_MEMO_ENTRY_SHIFT;

	return (struct lock_memo_entry *)(void *)((char *)memo->entries + offset);
}

/* entry.before if @hold is to be the next one.  relaxed: detector_forget_calls() says why. */
static inline uint64_t lock_memo_before(const struct held_lock *hold)
{
	return hold[-1].chain + load_relaxed(&guest_detector.calls_key);
}

static inline bool lock_memo_holds(const struct lock_memo_word *word)
{
	return LIKELY(*word->at == word->value);
}

/* Are the words of the stack those of @entry?  In this order, as in stack_memo.h. */
static inline __attribute__((always_inline)) bool
lock_memo_is_stack(const struct lock_memo_entry *entry)
{
	const struct lock_memo_group *group;

	if (!lock_memo_holds(&entry->words[0]) || !lock_memo_holds(&entry->words[1]))
		return false;
	if (LIKELY(!entry->more))
		return true;
	for (group = entry->more; group; group = group->next)
		if (!lock_memo_holds(&group->words[0]) || !lock_memo_holds(&group->words[1]) ||
		    !lock_memo_holds(&group->words[2]) || !lock_memo_holds(&group->words[3]))
			return false;
	return true;
}

/* Is @object, the entry's, in the life that @entry knows, owned by nobody, and released last by who
 * knew all that @thread knows? */
static inline __attribute__((always_inline)) bool
lock_memo_is_life(const struct lock_memo_entry *entry, const struct sync_object *object,
		  const struct thread *thread)
{
	return LIKELY(load_relaxed(&object->life) == entry->life) &&
	       LIKELY(load_relaxed(&object->stamp) == thread->clocks.stamp);
}

/* Makes @hold, the next one of @thread, what @entry tells of @object. */
static inline __attribute__((always_inline)) void
lock_memo_add(const struct lock_memo_entry *entry, struct sync_object *object,
	      struct held_lock *hold, struct thread *thread)
{
	hold->object = object;
	hold->chain = entry->chain;
	hold->stack = entry->stack;
	held_locks_add(&thread->held);
	store_relaxed(&object->owner, thread->id); /* ordered by the guest's lock */
}

/* The entry of the calling thread's call for the lock at @address, by all but what @object, the
 * entry's, was through since.  NULL: there is none. */
static inline __attribute__((always_inline)) const struct lock_memo_entry *
lock_memo_find(const struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
	       const uintptr_t *frame)
{
	const struct thread *thread = self->thread;
	uintptr_t return_address = frame[1];
	const struct lock_memo_entry *entry =
		lock_memo_place(self->lock_memo, address + call, return_address);

	if (UNLIKELY(entry->call != address + call) ||
	    UNLIKELY(entry->return_address != return_address) || UNLIKELY(entry->frame != frame) ||
	    UNLIKELY(entry->before != lock_memo_before(thread->held.top)) ||
	    UNLIKELY(thread->held.lowest_on_stack < (uintptr_t)frame))
		return NULL;
	return entry;
}

/* Records that the calling thread, whose memo is open, has taken the lock at @address by
 * @call.  False: this is to be recorded in full. */
static inline __attribute__((always_inline)) bool
lock_memo_take(const struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
	       const uintptr_t *frame)
{
	struct thread *thread = self->thread;
	const struct lock_memo_entry *entry = lock_memo_find(self, call, address, frame);

	if (UNLIKELY(!entry) || UNLIKELY(!lock_memo_is_life(entry, entry->object, thread)) ||
	    UNLIKELY(!lock_memo_is_stack(entry)))
		return false;
	lock_memo_add(entry, entry->object, thread->held.top, thread);
	return true;
}

/* The same if others may have had the lock since, whose clocks are to be joined.  With the guard
 * up. */
bool lock_memo_take_on(struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
		       const struct unwind_start *start);

/* Records that the calling thread is about to release it.  False, as above. */
static inline __attribute__((always_inline)) bool lock_memo_give(const struct guest_thread *self,
								 uintptr_t address)
{
	struct thread *thread = self->thread;
	const struct held_lock *hold = thread->held.top - 1;
	struct sync_object *object = hold->object;

	if (UNLIKELY(object->address != address) ||
	    UNLIKELY(hold->how | thread->accesses.late_count) ||
	    UNLIKELY(load_relaxed(&object->stamp) != thread->clocks.stamp))
		return false;
	store_relaxed(&object->owner, 0u); /* ordered by the guest's lock */
	held_locks_drop(&thread->held);
	return true;
}

/*
 * --- Semaphores used as locks ---
 *
 * What is known of them beside what locks have: how many tokens there are, whether a post by
 * another thread has shown that it is no lock, under which locks it was taken last, and whom a
 * post may wake who holds what.  A stamp
 * of the thread's own tells that it has posted the semaphore as a lock before.  Where memory is
 * observed, each use is recorded, for what ends the semaphore.
 */

/* The same of a semaphore, of which the thread has got the token without waiting. */
static inline __attribute__((always_inline)) bool
lock_memo_take_token(const struct guest_thread *self, uintptr_t address, const uintptr_t *frame)
{
	struct thread *thread = self->thread;
	const struct lock_memo_entry *entry =
		lock_memo_find(self, LOCK_MEMO_TRY, address, frame);
	struct sync_info *info;

	if (UNLIKELY(!entry) || UNLIKELY(guest_detector.is_memory_observed) ||
	    UNLIKELY(!lock_memo_is_life(entry, entry->object, thread)))
		return false;
	info = entry->object->info;
	if (UNLIKELY(!semaphore_is_lock(info)) || UNLIKELY(!lock_memo_is_stack(entry)))
		return false;
	semaphore_note_held(thread, info);
	fetch_add_acq_rel(&info->extra->value, -1);
	lock_memo_add(entry, entry->object, thread->held.top, thread);
	return true;
}

/* Records that the calling thread is about to post it.  False, as above.  A handler may post,
 * even where the thread is about to record a hold. */
static inline __attribute__((always_inline)) bool lock_memo_post(const struct guest_thread *self,
								 uintptr_t address)
{
	const struct thread *thread = self->thread;
	const struct sync_object *object = thread->held.top[-1].object;
	const struct sync_info *info = object->info;

	if (UNLIKELY(object->address != address) || UNLIKELY(self->guard) ||
	    UNLIKELY(guest_detector.is_memory_observed) ||
	    UNLIKELY(!info) || UNLIKELY(info->kind != OBJECT_SEMAPHORE) ||
	    UNLIKELY(!semaphore_is_lock(info)) ||
	    (thread->held.count > 1 && UNLIKELY(!waker_knows_post(thread, object))) ||
	    UNLIKELY(!lock_memo_give(self, address)))
		return false;
	fetch_add_acq_rel(&info->extra->value, 1);
	return true;
}

/*
 * --- Mutexes of a lone thread ---
 *
 * Once it has used up its whole stacks (GUEST_FULL_STACKS), a lone thread's memo has entries of
 * call sites, without a frame or words of a stack.  What a memo's entry rests on beside the
 * stack, these rest on too.  They differ in this:
 *
 * - The real call comes first, and not the one that tries: a mutex that nobody has by its memory
 *   is not waited for while there is one thread, and glibc takes it without a locked instruction.
 * - A stack of one site does not say whether it is a signal handler's.  So the guard is up while
 *   a hold is added or dropped.
 */

/* The calling thread, if its memo is to be asked so; else NULL. */
static inline struct guest_thread *lock_memo_lone_thread(void)
{
	struct guest_thread *self = guest_self;

	if (!self || !self->lock_memo || self->guard || self->leaving || !guest_is_quick ||
	    !guest_wants_site_only(self))
		return NULL;
	return self;
}

/* The same, if the call for the mutex at @address will neither wait nor fail. */
static inline struct guest_thread *lock_memo_begin_alone(uintptr_t address)
{
	const pthread_mutex_t *mutex = (const pthread_mutex_t *)address;
	const int odd = LOCK_KIND_ROBUST | LOCK_KIND_INHERITS | LOCK_KIND_PROTECTS |
			LOCK_KIND_SHARED;

	if (mutex->__data.__lock || (mutex->__data.__kind & odd))
		return NULL;
	return lock_memo_lone_thread();
}

/* Records that @self has taken it by @call.  False: this is to be recorded in full. */
static inline bool lock_memo_take_alone(struct guest_thread *self, enum lock_memo_call call,
				   uintptr_t address, const struct unwind_start *start)
{
	struct thread *thread = self->thread;
	const struct lock_memo_entry *entry =
		lock_memo_place(self->lock_memo, address + call, start->return_address);
	struct held_lock *hold;

	if (UNLIKELY(entry->call != address + call) ||
	    UNLIKELY(entry->return_address != start->return_address) || UNLIKELY(entry->frame) ||
	    UNLIKELY(thread->held.lowest_on_stack < start->sp))
		return false;
	guest_raise(self);
	hold = thread->held.top;
	if (UNLIKELY(entry->before != lock_memo_before(hold)) ||
	    UNLIKELY(!lock_memo_is_life(entry, entry->object, thread))) {
		guest_leave(self);
		return false;
	}
	lock_memo_add(entry, entry->object, hold, thread);
	guest_leave(self);
	return true;
}

/* Records that the calling thread is about to release it.  False, as above. */
static inline bool lock_memo_give_alone(uintptr_t address)
{
	struct guest_thread *self = lock_memo_lone_thread();
	bool is_known;

	if (!self)
		return false;
	guest_raise(self);
	is_known = lock_memo_give(self, address);
	guest_leave(self);
	return is_known;
}

#endif

/*
 * Held locks: what a thread holds, in the order in which it was taken.
 *
 * A rolling hash of them, the chain, says in one number what is held and how:
 * base (thread and structural epoch), then each lock's address, generation and
 * mode.  lock_order/chain.h looks it up.  Each hold keeps the chain up to it; one below
 * the first stands for no locks and has the base, so that the last one always has the
 * chain of all that is held.
 */
#ifndef DETECT_BASE_HELD_LOCKS_H
#define DETECT_BASE_HELD_LOCKS_H

#include "base/hash.h"
#include "detect/data/lock_mode.h"
#include "detect/data/object.h"

struct detector;
struct thread;

/* One lock held by a thread. */
struct held_lock {
	struct sync_object *object;
	uint64_t chain; /* of the locks held, with this one */
	union {
		struct {
			uint8_t mode;	    /* enum lock_mode */
			bool is_in_handler; /* taken by a signal handler */
			bool is_again;	    /* has been taken once more */
			lock_id under;	    /* the lock of its class held when it was taken */
		};
		uint64_t how; /* all of these.  0: taken in the simplest way */
	};
	stack_id stack;
	uint32_t recursion; /* times taken beyond the first */
};

/* held_lock.how of a lock taken once.  One store of all: it is soon read so. */
static inline uint64_t held_locks_how(uint8_t mode, bool is_in_handler, lock_id under)
{
	return mode | (uint64_t)is_in_handler << 8 | (uint64_t)under << 32;
}

_Static_assert(offsetof(struct held_lock, is_in_handler) - offsetof(struct held_lock, how) == 1 &&
		       offsetof(struct held_lock, under) - offsetof(struct held_lock, how) == 4,
	       "held_locks_how() knows where they are");

/* Room for this many from the start, and one at each end. */
#define HELD_LOCKS_FIRST 62u

struct held_locks {
	struct held_lock *locks; /* behind the one that stands for none ... */
	/* Behind the last.  What is not in use has no 'how' and no 'recursion'. */
	struct held_lock *top;
	uint32_t count;
	uint32_t capacity;
	uint64_t *chain_cache; /* of validated chains: lock_order/chain.h */
	uint64_t operation_count;
	uintptr_t lowest_on_stack; /* lock on the thread's own stack; ~0: none */
	lock_id wanted_under;	   /* for the next held_lock.under: class.c */
};

/* The chain of @object taken in @mode under @chain. */
static inline uint64_t held_locks_extend(uint64_t chain, const struct sync_object *object,
				    enum lock_mode mode)
{
	/* SYNC_PUBLISHED is the top bit: from then on, orders are checked again. */
	return hash_append(chain, object->address ^ object->generation >> 31 ^
					  (uint64_t)object->generation << 48 ^
					  (uint64_t)mode << 62);
}

/* The chain of all that is held. */
static inline uint64_t held_locks_chain(const struct held_locks *held)
{
	return held->top[-1].chain;
}

/* Adds the hold that was written to *top, but for 'how' and 'recursion', which are 0. */
static inline void held_locks_add(struct held_locks *held)
{
	fence_signal();
	held->top++;
	held->count++;
	held->operation_count++;
}

/* Gives up the last one, whose 'how' is 0. */
static inline void held_locks_drop(struct held_locks *held)
{
	held->top--;
	held->count--;
}

/* The same for any.  What a signal handler has interrupted may be about to add a hold, so
 * what stands at *top is set aside by a handler's hold, and put back. */
static inline void held_locks_push(struct held_locks *held, struct sync_object *object,
				   uint64_t chain, uint64_t how, stack_id stack)
{
	struct held_lock *hold = held->top;

	if (UNLIKELY(stack & STACK_ID_IN_HANDLER))
		hold[1] = hold[0];
	hold->object = object;
	hold->chain = chain;
	hold->how = how;
	hold->stack = stack;
	hold->recursion = 0;
	held_locks_add(held);
}

static inline void held_locks_pop(struct held_locks *held)
{
	bool is_in_handler = held->top[-1].is_in_handler;

	held_locks_drop(held);
	fence_signal();
	if (UNLIKELY(is_in_handler))
		held->top[0] = held->top[1];
	held->top[0].how = 0;
	held->top[0].recursion = 0;
}

/* Where @object is held, or NULL. */
static inline struct held_lock *held_locks_find(const struct held_locks *held,
						const struct sync_object *object)
{
	for (uint32_t i = held->count; i > 0; i--)
		if (held->locks[i - 1].object == object)
			return &held->locks[i - 1];
	return NULL;
}

/* A semaphore that turned out to be no lock stays among the held locks until its thread's next call
 * on it.  So does a mutex that another thread has released. */
static inline bool held_locks_is_lock(const struct held_lock *held)
{
	const struct sync_info *info = held->object->info;

	return info && !info->is_not_a_lock && !(info->attributes & SYNC_OTHERS_RELEASE);
}

/*
 * Is @lock, one of @held, a semaphore that was taken under a lock which has been given back since?
 * Then what that lock guards may say who posts it, as the number of readers does of which the first
 * one waits and the last one posts: its thread may have nothing more to do with it.
 */
bool held_locks_is_passed_on(const struct held_locks *held, const struct held_lock *lock);

/* What the hold that stands for none is where there is no room at all. */
extern struct held_lock held_locks_none[1];

/* The thread has room for @capacity holds at @room, beside one at each end; or none at all. */
void held_locks_begin(struct held_locks *held, struct held_lock *room, uint32_t capacity);
void held_locks_end(struct held_locks *held);

/* Makes room for another one.  False without memory, which is counted. */
bool held_locks_reserve(struct detector *detector, struct thread *thread);

/* Takes the lock of @held, which its thread holds, once more. */
static inline void held_locks_repeat(struct held_lock *held)
{
	held->is_again = true;
	held->recursion++;
}

/* Removes one of them; NULL: none. */
void held_locks_remove(struct held_locks *held, const struct held_lock *lock);

/* Computes the chain anew, from @base. */
void held_locks_rehash(struct held_locks *held, uint64_t base);

#endif

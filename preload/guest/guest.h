/*
 * The guest: the context of each of its threads, and the guard.
 *
 * A wrapper enters, tells the detector what will happen, leaves, makes the real
 * call, and enters again to tell the outcome.  Between guest_enter() and
 * guest_leave() the guard is up: calls that a signal handler makes meanwhile
 * are not observed, but counted.  The guard is the stack pointer of the
 * function that raised it.  A jump out of that function leaves a stale guard;
 * it is recognised when the stack pointer is above it.  The guard is never up
 * during a real call, so cancellation and jumps out of real calls find it down.
 */
#ifndef PRELOAD_GUEST_GUEST_H
#define PRELOAD_GUEST_GUEST_H

#include <pthread.h>
#include <semaphore.h>
#include <sys/single_threaded.h>
#include <threads.h>

#include "detect/life/lock_lives.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/shared_registry.h"
#include "options/options.h"
#include "preload/arch/arch.h"
#include "unwind/stack_memo.h"
#include "unwind/unwind.h"

#define GUEST_PASSED 64u
#define GUEST_SITES 64u
#define GUEST_KEPT_CONTEXTS 8u
/* A lone thread's operations keep whole stacks up to so many of locks, or so many unwinds. */
#define GUEST_FULL_STACKS 10000u
#define GUEST_FRESH_STACKS 256u

/* The stack of a calling site alone. */
struct guest_site {
	uintptr_t address;
	uint32_t generation;
	stack_id stack;
};

/* The original registers of a context that was changed for a handler (handlers.h). */
struct kept_context {
	uintptr_t context; /* its address; 0: none */
	uintptr_t return_address; /* where its handler was to return to */
	uintptr_t guard; /* to be raised again then; 0: none */
	struct context_registers saved;
};

#define GUEST_PUT_OFF 40u /* the kernel has 33 numbers of real-time signals */
#define PUT_OFF_BYTES 48 /* of a siginfo_t: what the kernel passes on */

/* What a signal says that was put off (put_off.h). */
struct put_off {
	int signal;
	unsigned char rest[PUT_OFF_BYTES - sizeof(int)];
};

struct thread_notes;

/* What a perturbed run knows of a thread (perturb.h). */
struct perturbed_thread {
	uint64_t name;	 /* by its creator's: the same in each run with the seed */
	uint64_t moment; /* how far it is, on a clock that only calls and pauses move */
	uint64_t call_count;
	uint32_t child_count;
	uint32_t token_count; /* of semaphores, taken and not given back */
	bool is_pausing;      /* else it may be in the call that it has come to */
	bool is_away;	      /* others have waited for it long enough; until its next call */
};

/* The real functions that a thread calls whose lock memo is in use.  Where it is not, they say
 * that the lock is busy, or that it is not known whether a semaphore is. */
struct guest_known_calls {
	int (*pthread_mutex_trylock)(pthread_mutex_t *);
	int (*pthread_mutex_unlock)(pthread_mutex_t *);
	int (*pthread_rwlock_tryrdlock)(pthread_rwlock_t *);
	int (*pthread_rwlock_trywrlock)(pthread_rwlock_t *);
	int (*pthread_rwlock_unlock)(pthread_rwlock_t *);
	int (*pthread_spin_trylock)(pthread_spinlock_t *);
	int (*pthread_spin_unlock)(pthread_spinlock_t *);
	int (*mtx_trylock)(mtx_t *);
	int (*mtx_unlock)(mtx_t *);
	int (*sem_trywait)(sem_t *);
};

struct guest_thread {
	struct thread *thread;
	uintptr_t guard; /* 0: down */
	uint8_t leaving; /* what guest_leave() has to do: enum guest_leaving */
	uint64_t deferred_mask; /* of LEAVING_DEFERRED: the mask afterwards */
	struct thread_notes *notes; /* of events: results/timeline.c ... */
	thread_id noted_thread;	    /* ... about this thread; 0: about none */
	struct stack_memo *memo;
	struct lock_memo *lock_memo; /* sync/lock_memo.h; NULL: not needed yet */
	struct guest_known_calls known_calls;
	struct perturbed_thread perturbed;
	uint32_t slot;		     /* in the results file, from 1; 0: none yet */
	struct shared_ticket ticket; /* shared.h */
	uint64_t handle; /* pthread_t, once known: guest_set_handle() */
	struct guest_thread *next_by_handle;
	size_t stack_bytes;
	void *(*routine)(void *); /* of pthread_create */
	void *argument;
	int (*c11_routine)(void *); /* of thrd_create */
	void *c11_argument;
	bool is_creating_or_joining; /* in the real call (heap.c) */
	unsigned char *deep_block; /* stack of access_deeply(), made when first needed */
	bool is_deep;		   /* it is in use */
	/* The alternate stack that a handler has run on. */
	uintptr_t alternate_start;
	size_t alternate_bytes;
	struct atomic_location *locked; /* between access_synchronise_begin() and _end() ... */
	uintptr_t locked_sp;		/* ... by the instruction at this stack pointer */
	struct kept_context kept[GUEST_KEPT_CONTEXTS];
	uint32_t kept_next;
	struct put_off put_off[GUEST_PUT_OFF]; /* the oldest first */
	uint32_t put_off_count;
	volatile char *selector; /* are its system calls sent to a handler? (confinement.h) */
	struct once_call *once; /* calls whose body has not begun (wrap_once.c) */
	struct guest_site sites[GUEST_SITES];
	uint64_t passed[GUEST_PASSED]; /* lives of once objects already acquired, by hash */
	struct guest_thread *next;     /* in the list of living threads, or of free contexts */
	struct guest_thread *previous; /* in that of living threads */
};

_Static_assert(offsetof(struct guest_thread, guard) == offsetof(struct guest_head, guard),
	       "thunks find it there");
_Static_assert(offsetof(struct guest_thread, leaving) == offsetof(struct guest_head, leaving),
	       "and what to do when it goes down");

enum guest_state { GUEST_EARLY, GUEST_ON, GUEST_OFF };

extern __thread struct guest_thread *guest_self __attribute__((tls_model("initial-exec")));
/* The same, once the thread uses its lock memo; else one that holds nothing. */
extern __thread struct guest_thread *guest_known __attribute__((tls_model("initial-exec")));
extern struct detector guest_detector
	__attribute__((visibility("hidden"), aligned(DETECTOR_HEAD_BYTES)));
extern struct options guest_options;
extern enum guest_state guest_state;
extern bool guest_is_quick; /* observation is on, and calls are not perturbed (perturb.h) */
extern uint32_t guest_code_generation; /* changes as code is loaded and unloaded */
extern uint64_t guest_early_count; /* wrapper calls that came while observation began */
extern bool guest_keeps_events; /* with --timeline: results/timeline.h */
extern bool guest_observes_memory; /* accesses are checked: from the first thread creation on */

/* What guest.c calls of the parts above it.  Filled in by process/observation.c. */
struct guest_hooks {
	/* Begins observation, once. */
	void (*begin)(void);
	/* @self's thread has been adopted: nobody saw it being created. */
	void (*adopted)(struct guest_thread *self);
	/* @self's guard has gone down, and events are kept. */
	void (*left)(struct guest_thread *self);
};

extern const struct guest_hooks guest_hooks;

void guest_set_state(enum guest_state state);

/* The slow part of guest_enter(): begins observation, adopts threads, drops
 * stale guards, perturbs. */
struct guest_thread *guest_enter_slowly(uintptr_t sp);

/* The same, once observation has begun.  Calls nothing of the C library. */
struct guest_thread *guest_enter_begun(uintptr_t sp);

/* Raises the guard of a thread that has entered before. */
static inline __attribute__((always_inline)) void guest_raise(struct guest_thread *self)
{
	self->guard = (uintptr_t)__builtin_frame_address(0);
	fence_signal();
}

/* Raises the guard.  NULL: this call is not observed. */
static inline __attribute__((always_inline)) struct guest_thread *guest_enter(void)
{
	struct guest_thread *self = guest_self;
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	if (UNLIKELY(!self || self->guard || !guest_is_quick))
		return guest_enter_slowly(sp);
	guest_raise(self);
	return self;
}

/* Unblocks the signals that were deferred while the guard was up (handlers.c). */
void guest_send_deferred(struct guest_thread *self);

/* What guest_leave() has to do if its thread is LEAVING_.... */
void guest_leave_slowly(struct guest_thread *self);

static inline void guest_lower(struct guest_thread *self)
{
	fence_signal();
	self->guard = 0;
	fence_signal();
}

static inline void guest_leave(struct guest_thread *self)
{
	guest_lower(self);
	if (UNLIKELY(self->leaving))
		guest_leave_slowly(self);
}

/* The same after a check of an access, which takes no lock: nothing is to be noted. */
static inline void guest_leave_access(struct guest_thread *self)
{
	guest_lower(self);
	if (UNLIKELY(self->leaving & LEAVING_DEFERRED))
		guest_send_deferred(self);
}

/* Unblocks what was deferred while a thunk had the guard up: some thunks that lower it leave that
 * to the C code which they call next. */
static inline void guest_left_thunk(void)
{
	struct guest_thread *self = guest_self;

	if (UNLIKELY(self && self->leaving & LEAVING_DEFERRED) && !self->guard)
		guest_send_deferred(self);
}

/* Was the function that raised @self's guard left by a jump?  @sp is the stack
 * pointer now. */
bool guest_guard_is_stale(const struct guest_thread *self, uintptr_t sp);

/* May @sp be on an alternate stack for signals?  To the kernel that is empty as soon as the stack
 * pointer is elsewhere. */
bool guest_may_be_on_alternate(const struct guest_thread *self, uintptr_t sp);

/* A stack_intern (stack_memo.h). */
stack_id guest_intern(void *context, const struct unwind_result *result);

/* The same for one that was unwound to its end, by unwind_by_rules().  Calls nothing of libc. */
stack_id guest_intern_whole(void *context, const struct unwind_result *result);

/* A stack_extend (site_memo.h). */
stack_id guest_extend(void *context, stack_id outer, uintptr_t address);

/* The calling thread's stack, from @start on. */
static inline __attribute__((always_inline)) stack_id guest_stack(struct guest_thread *self,
								  const struct unwind_start *start)
{
	stack_id stack =
		stack_memo_find(self->memo, guest_code_generation, start, guest_intern, NULL);

	if (UNLIKELY(self->thread->held.lowest_on_stack < start->sp))
		lock_stack_left(&guest_detector, self->thread, start->sp);
	return stack;
}

/* A stack that has the calling site alone. */
stack_id guest_site_slowly(struct guest_thread *self, const struct unwind_start *start);

static inline stack_id guest_site(struct guest_thread *self, const struct unwind_start *start)
{
	const struct guest_site *site = &self->sites[(start->return_address >> 2) % GUEST_SITES];

	if (LIKELY(site->address == start->return_address &&
		   site->generation == guest_code_generation))
		return site->stack;
	return guest_site_slowly(self, start);
}

/* While a program has one thread, its locks order nothing (later threads are
 * ordered after their creation) and block nobody else.  After many such
 * acquisitions the calling site is enough, unless the call waits or an object begins its life. */
static inline bool guest_wants_site_only(const struct guest_thread *self)
{
	return __libc_single_threaded &&
	       (self->thread->held.operation_count >= GUEST_FULL_STACKS ||
		self->memo->miss_count >= GUEST_FRESH_STACKS);
}

/* The stack of an acquisition, post or signal. */
static inline __attribute__((always_inline)) stack_id
guest_lock_stack(struct guest_thread *self, const struct unwind_start *start)
{
	if (LIKELY(!guest_wants_site_only(self)))
		return guest_stack(self, start);
	if (UNLIKELY(self->thread->held.lowest_on_stack < start->sp))
		lock_stack_left(&guest_detector, self->thread, start->sp);
	return guest_site(self, start);
}

/* Has @self acquired from this life of the once object @object, whose clock
 * does not change any more?  Notes that it has now. */
static inline bool guest_has_passed(struct guest_thread *self, const struct sync_object *object)
{
	uint64_t *entry = &self->passed[(object->address >> 3) % GUEST_PASSED];
	uint64_t life = object->address ^ (uint64_t)object->generation << 48;
	bool has = *entry == life;

	*entry = life;
	return has;
}

/* Makes a context for the calling thread, whose creation was not observed.
 * NULL without memory.  The main thread's stack is not known yet; @sp is not
 * used then. */
struct guest_thread *guest_adopt(bool is_main, uintptr_t sp);

/* A context for @thread; NULL without memory. */
struct guest_thread *guest_make_thread(struct thread *thread);

/* The calling thread is @self's, with its stack ending at @stack_end. */
void guest_begin_thread(struct guest_thread *self, uintptr_t stack_end, size_t stack_bytes);

/* The calling thread is not observed any more. */
void guest_leave_thread(void);

/* @self's thread has ended: its context can be reused. */
void guest_free_thread(struct guest_thread *self);

/* The youngest living thread that @is_it with @context, or NULL.  With the guard up. */
struct guest_thread *guest_find(bool (*is_it)(struct guest_thread *, const void *context),
				const void *context);

/* 0: the thread has none any more. */
void guest_set_handle(struct guest_thread *self, uint64_t handle);

/* The living thread with that handle, or NULL. */
struct guest_thread *guest_find_thread(uint64_t handle);

/* Protects the list of contexts.  Inside detector.lock. */
extern struct runtime_lock guest_contexts_lock;

/* In a fork's child, with the lock taken: only the calling thread, @self, is left. */
void guest_forked(struct guest_thread *self);

#endif

#define _GNU_SOURCE
#include "preload/sync/wrap_lock.h"

#include <pthread.h>
#include <threads.h>

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/wait.h"
#include "detect/sync/barrier.h"
#include "detect/life/life.h"
#include "detect/deadlock/wait_graph.h"
#include "preload/guest/export.h"
#include "preload/guest/modules.h"
#include "preload/process/policy.h"
#include "preload/results/shared.h"
#include "preload/results/sink.h"
#include "preload/outside/lock_names.h"

static struct sync_object *begin_object(struct guest_thread *self, enum object_kind kind,
					uintptr_t address, uint32_t attributes, stack_id stack)
{
	struct sync_object *object;

	attributes |= lock_attributes(kind, address);
	object = lock_begin(&guest_detector, self->thread, shared_home(kind, address, attributes),
			    kind, attributes, stack);
	if (!object)
		return NULL;
	if (kind == OBJECT_BARRIER)
		barrier_initialised(object, lock_barrier_size(address));
	lock_names_begin(object);
	shared_note(object->info);
	return object;
}

struct sync_object *lock_object_begin(struct guest_thread *self, enum object_kind kind,
				      uintptr_t address, stack_id stack)
{
	return begin_object(self, kind, address, 0, stack);
}

struct sync_object *lock_object_make(struct guest_thread *self, enum object_kind kind,
				     uintptr_t address, stack_id stack)
{
	struct sync_object *object = begin_object(self, kind, address, SYNC_INITIALISED, stack);

	if (object && object->info)
		object->info->created = stack;
	return object;
}

void lock_wait_announced(struct guest_thread *self, bool is_deadlocked)
{
	sink_blocked(&guest_detector, self->thread, &self->slot);
	guest_leave(self);
	if (is_deadlocked)
		policy_deadlocked();
}

void lock_wait_ended(struct guest_thread *self)
{
	shared_unblocked(self);
	sink_unblocked(self->slot);
	guest_leave(self);
}

/* --- The slow ends of an attempt -------------------------------------------- */

static struct thread *find_by_kernel_id(uint32_t kernel_id)
{
	struct thread *thread;
	uint32_t slot = 0;

	while ((thread = slot_next_thread(&guest_detector, &slot)))
		if (thread->kernel_id == kernel_id)
			return thread;
	return NULL;
}

/* Does @holder sleep in a wait, *@wait, that neither releases @object nor
 * acquires it?  Then it has the same locks as before the wait. */
static bool sleeps_elsewhere(const struct thread *holder, const struct sync_object *object,
			     struct wait *wait)
{
	return wait_read(holder, wait) && wait->object != object && wait->mutex != object;
}

/* Does @holder hold a lock that @object could be a copy of? */
static bool holds_alike(const struct thread *holder, const struct sync_object *object)
{
	for (uint32_t i = 0; i < holder->held.count; i++) {
		const struct sync_info *info = holder->held.locks[i].object->info;

		if (info && info->kind == OBJECT_MUTEX &&
		    info->attributes == object->info->attributes)
			return true;
	}
	return false;
}

/* Is @object a copy of a held mutex?  Its memory says that a thread holds it
 * that never acquired it here; that thread sleeps elsewhere, so it is not about
 * to tell us. */
static void check_copied(struct guest_thread *self, struct sync_object *object, stack_id stack)
{
	const pthread_mutex_t *mutex = (const pthread_mutex_t *)object->address;
	uint32_t owner = (uint32_t)load_relaxed(&mutex->__data.__owner);
	struct thread *holder;
	struct wait before, after;

	/* A lock that was released here before is no copy. */
	if (!object->info || object->info->kind != OBJECT_MUTEX || object->owner || !owner ||
	    object->stamp || object->info->created ||
	    (object->info->attributes & SYNC_PROCESS_SHARED))
		return;
	holder = find_by_kernel_id(owner);
	if (!holder || holder == self->thread || !holds_alike(holder, object) ||
	    !sleeps_elsewhere(holder, object, &before))
		return;
	/* It may have released the lock before it slept: read the owner again. */
	owner = (uint32_t)load_acquire(&mutex->__data.__owner);
	if (owner == holder->kernel_id && holder->held.count &&
	    !held_locks_find(&holder->held, object) && sleeps_elsewhere(holder, object, &after) &&
	    after.version == before.version)
		misuse_copied(&guest_detector, self->thread, object, holder, stack);
}

struct lock_attempt lock_attempt_slowly(enum object_kind kind, enum lock_mode mode, bool can_block,
					bool is_timed, uintptr_t address, struct unwind_start start)
{
	struct lock_attempt attempt;

	if (lock_attempt_begin(&attempt, kind, mode, can_block, is_timed, address, &start))
		lock_memo_open(attempt.self);
	else
		attempt.self = NULL;
	return attempt;
}

/* Records an exclusive acquisition after it.  NULL: it is not observed. */
static struct guest_thread *record_taken(enum object_kind kind, enum lock_memo_call call,
					 uintptr_t address, const struct unwind_start *start)
{
	struct lock_attempt attempt;

	if (!lock_attempt_begin(&attempt, kind, LOCK_EXCLUSIVE, call == LOCK_MEMO_ACQUIRE, false,
				address, start))
		return NULL;
	lock_attempt_end(&attempt, kind, 0);
	return attempt.self;
}

static bool take_on(enum lock_memo_call call, uintptr_t address, const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	bool is_known;

	if (!self)
		return false;
	is_known = lock_memo_take_on(self, call, address, start);
	guest_leave(self);
	return is_known;
}

void lock_taken(enum object_kind kind, enum lock_memo_call call, uintptr_t address,
		struct unwind_start start)
{
	struct guest_thread *self;

	if (take_on(call, address, &start))
		return;
	self = record_taken(kind, call, address, &start);
	if (!self)
		return;
	guest_raise(self);
	lock_memo_learn(self, call, address, &start);
	guest_leave(self);
}

void lock_taken_alone(enum lock_memo_call call, uintptr_t address, struct unwind_start start)
{
	struct guest_thread *self = record_taken(OBJECT_MUTEX, call, address, &start);

	if (!self)
		return;
	guest_raise(self);
	lock_memo_learn_site(self, call, address, &start);
	guest_leave(self);
}

struct lock_attempt lock_attempt_block(struct lock_attempt attempt)
{
	struct unwind_start start = unwind_start_here();
	struct guest_thread *self = attempt.self;
	struct thread *thread = self->thread;
	struct sync_info *info = attempt.object->info;
	struct wait wait = {
		.kind = WAIT_LOCK,
		.mode = attempt.mode,
		.is_timed = attempt.is_timed,
		.object = attempt.object,
		.stack = attempt.stack,
	};
	bool is_deadlocked;

	attempt.is_announced = false;
	/* A call that returns EDEADLK does not wait. */
	if (!info ||
	    ((info->attributes & SYNC_CHECKED) && mutex_is_mine(thread, attempt.object)) ||
	    (info->kind == OBJECT_RWLOCK && mutex_is_mine(thread, attempt.object)))
		return attempt;
	guest_raise(self);
	attempt.is_announced = true;
	/* A wait always has a whole stack. */
	if (guest_wants_site_only(self))
		wait.stack = attempt.stack = guest_stack(self, &start);
	is_deadlocked = wait_begin(&guest_detector, thread, &wait);
	check_copied(self, attempt.object, attempt.stack);
	lock_wait_announced(self, is_deadlocked || shared_blocked(self));
	return attempt;
}

void lock_attempt_unblock(struct lock_attempt attempt)
{
	struct guest_thread *self = attempt.self;

	if (!attempt.is_announced)
		return;
	guest_raise(self);
	wait_end(&guest_detector, self->thread);
	lock_wait_ended(self);
}

void lock_attempt_unusual(struct lock_attempt attempt, int result)
{
	struct guest_thread *self = attempt.self;

	guest_raise(self);
	if (result == EDEADLK)
		misuse_refused(&guest_detector, self->thread, attempt.object, attempt.stack);
	else if (result == EINVAL && lock_is_destroyed_mutex(attempt.object))
		life_used_destroyed(&guest_detector, self->thread, attempt.object,
				    ACTION_ACQUIRE, attempt.stack);
	else if (result == EOWNERDEAD)
		mutex_inherited(self->thread, attempt.object);
	guest_leave(self);
}

/* A robust mutex is released that was not made consistent. */
static void release_abandoned(struct guest_thread *self, struct sync_object *object, stack_id stack)
{
	object->generation &= ~SYNC_ABANDONED;
	misuse_abandoned(&guest_detector, self->thread, object, stack);
}

/* A release of a lock that the thread does not hold, for us. */
static void release_unknown(struct guest_thread *self, struct sync_object *object,
			    enum object_kind kind, stack_id stack)
{
	struct sync_info *info = object->info;

	if (lock_is_destroyed_mutex(object)) {
		life_used_destroyed(&guest_detector, self->thread, object, ACTION_RELEASE, stack);
	} else if (info && info->kind == kind) {
		mutex_releasing_unheld(&guest_detector, self->thread, object, stack,
				       lock_real_state(object));
	}
}

void lock_release(enum object_kind kind, uintptr_t address, struct unwind_start start)
{
	struct guest_thread *self = guest_enter();
	struct thread *thread;
	struct sync_object *object;
	bool is_held = false;

	if (!self)
		return;
	thread = self->thread;
	object = lock_known(kind, address);
	if (object && (object->generation & SYNC_ABANDONED))
		release_abandoned(self, object, guest_stack(self, &start));
	if (object)
		is_held = kind == OBJECT_RWLOCK
				  ? rwlock_releasing(&guest_detector, thread, object)
				  : mutex_releasing(&guest_detector, thread, object);
	else
		object = lock_object(self, kind, address, 0);
	if (object && !is_held)
		release_unknown(self, object, kind, guest_stack(self, &start));
	guest_leave(self);
}

/* --- Beginnings and ends of lives ------------------------------------------- */

/* The object at @address if it is alive.  Not before guest_enter(): there may be no table. */
static struct sync_object *find_alive(enum object_kind kind, uintptr_t address)
{
	struct sync_object *object = lock_known(kind, address);

	return object && object->info ? object : NULL;
}

void lock_note_initialising(enum object_kind kind, uintptr_t address,
			    const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object = self ? find_alive(kind, address) : NULL;
	stack_id stack;

	if (object) {
		stack = guest_stack(self, start);
		misuse_initialising(&guest_detector, self->thread, object, kind, stack,
				    lock_real_state(object));
		/* Other memory may have been given out anew, without our notice. */
		if (object->info && object->info->kind == kind &&
		    modules_find(address, guest_code_generation))
			life_ends(&guest_detector, self->thread, object, ACTION_INIT, stack);
	}
	if (self)
		guest_leave(self);
}

void lock_note_init(enum object_kind kind, uintptr_t address, const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;

	if (!self)
		return;
	stack = guest_stack(self, start);
	object = lock_known(kind, address);
	if (object) {
		/* It is free, even if it was held: fork handlers do so in the child. */
		held_locks_remove(&self->thread->held,
				  held_locks_find(&self->thread->held, object));
		lock_ended(&guest_detector, object);
	}
	life_forget_end(&guest_detector, address);
	object = lock_object_make(self, kind, address, stack);
	if (object && object->info)
		life_initialised(&guest_detector, self->thread, object, stack);
	guest_leave(self);
}

/* @object is about to be destroyed.  True: its life ends with that. */
static bool check_destroy(struct guest_thread *self, struct sync_object *object,
			  enum object_kind kind, const struct unwind_start *start)
{
	enum real_state state = lock_real_state(object);
	stack_id stack;

	/* The object is an older one that was here. */
	if (object->info->kind != kind)
		return true;
	stack = guest_stack(self, start);
	misuse_destroyed(&guest_detector, self->thread, object, stack, state);
	if (state != REAL_FREE && state != REAL_UNKNOWN)
		return false;
	life_ends(&guest_detector, self->thread, object, ACTION_DESTROY, stack);
	return true;
}

/* The same of @object, which has no life.  Its memory says if it was destroyed before, and not
 * initialised since. */
static bool check_destroyed(struct guest_thread *self, struct sync_object *object,
			    enum object_kind kind, const struct unwind_start *start)
{
	stack_id stack;

	if (kind != OBJECT_MUTEX || !life_has_ended(&guest_detector, object->address) ||
	    !lock_is_destroyed_mutex(object))
		return false;
	stack = guest_stack(self, start);
	if (lock_object_begin(self, kind, object->address, stack))
		life_used_destroyed(&guest_detector, self->thread, object, ACTION_DESTROY, stack);
	return true;
}

bool lock_note_destroying(enum object_kind kind, uintptr_t address,
			  const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object = self ? lock_known(kind, address) : NULL;
	bool ends = object && (object->info ? check_destroy(self, object, kind, start)
					    : check_destroyed(self, object, kind, start));

	if (self)
		guest_leave(self);
	return ends;
}

void lock_note_end(enum object_kind kind, uintptr_t address)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object = self ? find_alive(kind, address) : NULL;

	if (object)
		lock_ended(&guest_detector, object);
	if (self)
		guest_leave(self);
}

#define WRAP_INIT(name, parameters, arguments, kind, object)                                       \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		int result;                                                                        \
                                                                                                   \
		lock_note_initialising(kind, (uintptr_t)(object), &start);                         \
		result = REAL(name) arguments;                                                     \
		if (result == 0)                                                                   \
			lock_note_init(kind, (uintptr_t)(object), &start);                         \
		return result;                                                                     \
	}

static void note_destroy(enum object_kind kind, uintptr_t address, const struct unwind_start *start)
{
	if (lock_note_destroying(kind, address, start))
		lock_note_end(kind, address);
}

#define WRAP_DESTROY(name, type, kind)                                                             \
	EXPORT int name(type *object)                                                              \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		note_destroy(kind, (uintptr_t)object, &start);                                     \
		return REAL(name)(object);                                                         \
	}

WRAP_INIT(pthread_mutex_init, (pthread_mutex_t * mutex, const pthread_mutexattr_t *attributes),
	  (mutex, attributes), OBJECT_MUTEX, mutex)
WRAP_INIT(pthread_rwlock_init,
	  (pthread_rwlock_t *restrict lock, const pthread_rwlockattr_t *restrict attributes),
	  (lock, attributes), OBJECT_RWLOCK, lock)
WRAP_INIT(mtx_init, (mtx_t * mutex, int type), (mutex, type), OBJECT_MUTEX, mutex)
WRAP_DESTROY(pthread_mutex_destroy, pthread_mutex_t, OBJECT_MUTEX)
WRAP_DESTROY(pthread_rwlock_destroy, pthread_rwlock_t, OBJECT_RWLOCK)

EXPORT int pthread_spin_init(pthread_spinlock_t *lock, int is_shared)
{
	struct unwind_start start = unwind_start_here();
	int result;

	lock_note_initialising(OBJECT_SPIN, (uintptr_t)lock, &start);
	result = REAL(pthread_spin_init)(lock, is_shared);
	if (is_shared == PTHREAD_PROCESS_SHARED)
		shared_homes_have_spins();
	if (result == 0)
		lock_note_init(OBJECT_SPIN, (uintptr_t)lock, &start);
	return result;
}

/* No WRAP_DESTROY(): the type of its parameter is volatile. */
EXPORT int pthread_spin_destroy(pthread_spinlock_t *lock)
{
	struct unwind_start start = unwind_start_here();

	note_destroy(OBJECT_SPIN, (uintptr_t)lock, &start);
	return REAL(pthread_spin_destroy)(lock);
}

EXPORT void mtx_destroy(mtx_t *mutex)
{
	struct unwind_start start = unwind_start_here();

	note_destroy(OBJECT_MUTEX, (uintptr_t)mutex, &start);
	REAL(mtx_destroy)(mutex);
}

EXPORT int pthread_mutex_consistent(pthread_mutex_t *mutex)
{
	int result = REAL(pthread_mutex_consistent)(mutex);
	struct guest_thread *self = result == 0 ? guest_enter() : NULL;
	struct sync_object *object;

	if (!self)
		return result;
	object = lock_known(OBJECT_MUTEX, (uintptr_t)mutex);
	if (object)
		object->generation &= ~SYNC_ABANDONED;
	guest_leave(self);
	return result;
}

/* --- Names that glibc exports too ---------------------------------------------- */

EXPORT_ALIAS(__pthread_mutex_init, pthread_mutex_init)
EXPORT_ALIAS(__pthread_mutex_destroy, pthread_mutex_destroy)
EXPORT_ALIAS(__pthread_rwlock_init, pthread_rwlock_init)
EXPORT_ALIAS(__pthread_rwlock_destroy, pthread_rwlock_destroy)

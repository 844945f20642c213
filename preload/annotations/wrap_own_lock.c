/*
 * Locks that the program makes itself and annotates: by <snarl.h>, or by what it calls for
 * ThreadSanitizer.  They have an order and a hold as any lock; what their memory says nobody
 * knows, so a wait for one is no part of a deadlock.
 *
 * A lock that is seen without that is left alone: programs annotate their classes of locks
 * whatever these are made of.
 */
#include "detect/sync/rwlock.h"
#include "preload/guest/export.h"
#include "preload/outside/lock_names.h"
#include "preload/sync/wrap_lock.h"

/* ThreadSanitizer's flags. */
#define TSAN_READ_LOCK 8u
#define TSAN_TRY_LOCK 16u
#define TSAN_TRY_FAILED 32u
#define TSAN_RECURSIVE_LOCK 64u
#define TSAN_RECURSIVE_UNLOCK 128u

static struct sync_object *find_own(uintptr_t address)
{
	struct sync_object *object = sync_find(&guest_detector.objects, address);

	return object && object->info && object->info->kind == OBJECT_OWN ? object : NULL;
}

/* NULL: it is not the program's own. */
static struct sync_object *find_or_begin(struct guest_thread *self, uintptr_t address,
					 stack_id stack)
{
	struct sync_object *object = sync_find(&guest_detector.objects, address);
	struct sync_info *info = object ? object->info : NULL;

	if (info && info->kind != OBJECT_OWN && info->kind != OBJECT_FUTEX)
		return NULL;
	return lock_object(self, OBJECT_OWN, address, stack);
}

/* A call that may block is about to take it, or has taken it. */
static void take(uintptr_t address, enum lock_mode mode, bool is_wanted, bool is_taken,
		 const struct unwind_start *start)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;

	if (!self)
		return;
	stack = guest_lock_stack(self, start);
	object = find_or_begin(self, address, stack);
	if (object && is_wanted)
		rwlock_wanted(&guest_detector, self->thread, object, mode, false, stack);
	if (object && is_taken)
		rwlock_acquired(&guest_detector, self->thread, object, mode, stack);
	guest_leave(self);
}

static void give(uintptr_t address)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object = self ? find_own(address) : NULL;

	if (object)
		(void)rwlock_releasing(&guest_detector, self->thread, object);
	if (self)
		guest_leave(self);
}

static void end(uintptr_t address)
{
	struct guest_thread *self = guest_enter();
	bool is_own = self && find_own(address);

	if (self)
		guest_leave(self);
	if (is_own)
		lock_note_end(OBJECT_OWN, address);
}

#define TAKE(lock, mode, is_wanted, is_taken)                                                      \
	do {                                                                                       \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		take((uintptr_t)(lock), mode, is_wanted, is_taken, &start);                        \
	} while (0)

EXPORT void snarl_lock_acquired(const volatile void *lock, int is_shared, int is_tried);
EXPORT void snarl_lock_released(const volatile void *lock);
EXPORT void snarl_lock_name(const volatile void *lock, const char *name);
EXPORT void AnnotateRWLockDestroy(const char *file, int line, const volatile void *lock);
EXPORT void AnnotateRWLockAcquired(const char *file, int line, const volatile void *lock,
				   long is_write);
EXPORT void AnnotateRWLockReleased(const char *file, int line, const volatile void *lock,
				   long is_write);
EXPORT void __tsan_mutex_destroy(void *lock, unsigned flags);
EXPORT void __tsan_mutex_pre_lock(void *lock, unsigned flags);
EXPORT void __tsan_mutex_post_lock(void *lock, unsigned flags, int recursion);
EXPORT int __tsan_mutex_pre_unlock(void *lock, unsigned flags);

EXPORT void snarl_lock_acquired(const volatile void *lock, int is_shared, int is_tried)
{
	TAKE(lock, is_shared ? LOCK_SHARED : LOCK_EXCLUSIVE, !is_tried, true);
}

EXPORT void snarl_lock_released(const volatile void *lock)
{
	give((uintptr_t)lock);
}

EXPORT void snarl_lock_name(const volatile void *lock, const char *name)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	lock_names_set((uintptr_t)lock, name);
	guest_leave(self);
}

EXPORT void AnnotateRWLockDestroy(const char *file, int line, const volatile void *lock)
{
	(void)file;
	(void)line;
	end((uintptr_t)lock);
}

EXPORT void AnnotateRWLockAcquired(const char *file, int line, const volatile void *lock,
				   long is_write)
{
	(void)file;
	(void)line;
	TAKE(lock, is_write ? LOCK_EXCLUSIVE : LOCK_SHARED, true, true);
}

EXPORT void AnnotateRWLockReleased(const char *file, int line, const volatile void *lock,
				   long is_write)
{
	(void)file;
	(void)line;
	(void)is_write;
	give((uintptr_t)lock);
}

EXPORT void __tsan_mutex_destroy(void *lock, unsigned flags)
{
	(void)flags;
	end((uintptr_t)lock);
}

EXPORT void __tsan_mutex_pre_lock(void *lock, unsigned flags)
{
	if (!(flags & TSAN_TRY_LOCK))
		TAKE(lock, flags & TSAN_READ_LOCK ? LOCK_SHARED : LOCK_EXCLUSIVE, true, false);
}

EXPORT void __tsan_mutex_post_lock(void *lock, unsigned flags, int recursion)
{
	if (flags & TSAN_TRY_FAILED)
		return;
	for (int i = 0; i < (flags & TSAN_RECURSIVE_LOCK ? recursion : 1); i++)
		TAKE(lock, flags & TSAN_READ_LOCK ? LOCK_SHARED : LOCK_EXCLUSIVE, false, true);
}

/* How often it was held, if all of that is given up. */
EXPORT int __tsan_mutex_pre_unlock(void *lock, unsigned flags)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object = self ? find_own((uintptr_t)lock) : NULL;
	int count = 0;

	while (object && rwlock_releasing(&guest_detector, self->thread, object) &&
	       ++count && flags & TSAN_RECURSIVE_UNLOCK)
		;
	if (self)
		guest_leave(self);
	return count;
}

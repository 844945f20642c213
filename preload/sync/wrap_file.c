/*
 * Locks of files and streams: flock, fcntl, lockf, flockfile.
 *
 * A file lock belongs to an open file, not to a thread, and close() releases
 * it; so it is not in the lock-order graph.  In the wait-for graph the thread
 * that took it last owns it; the kernel's refusal to give it to another one
 * proves that it is held.  What is opened and locked is a channel: who gives up
 * its lock, or closes it, gives to who locks the file next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kernel.h"
#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/misuse.h"
#include "detect/deadlock/wait.h"
#include "detect/sync/mutex.h"
#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/results/shared.h"
#include "preload/outside/shared_life.h"
#include "preload/results/sink.h"
#include "preload/sync/wrap_lock.h"

/* --- Streams: recursive, owned by a thread ------------------------------------ */

static struct sync_object *find_stream(struct guest_thread *self, FILE *stream, stack_id stack)
{
	return lock_find(&guest_detector, self->thread, (uintptr_t)stream, OBJECT_STREAM,
			 SYNC_RECURSIVE, stack);
}

static void begin_wait(struct guest_thread *self, struct sync_object *object, stack_id stack)
{
	struct wait wait = {.kind = WAIT_LOCK, .object = object, .stack = stack};
	bool is_deadlocked = wait_begin(&guest_detector, self->thread, &wait);

	lock_wait_announced(self, is_deadlocked || shared_blocked(self));
}

static void end_wait(struct guest_thread *self)
{
	guest_raise(self);
	wait_end(&guest_detector, self->thread);
	shared_unblocked(self);
	sink_unblocked(self->slot);
}

EXPORT void flockfile(FILE *stream)
{
	struct unwind_start start = unwind_start_here();
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;

	if (!self) {
		REAL(flockfile)(stream);
		return;
	}
	stack = guest_stack(self, &start);
	object = find_stream(self, stream, stack);
	if (object)
		mutex_wanted(&guest_detector, self->thread, object, false, stack);
	guest_leave(self);
	if (REAL(ftrylockfile)(stream) != 0) {
		guest_raise(self);
		if (object)
			begin_wait(self, object, stack);
		else
			guest_leave(self);
		REAL(flockfile)(stream);
		if (object)
			end_wait(self);
		guest_leave(self);
	}
	guest_raise(self);
	if (object)
		mutex_acquired(&guest_detector, self->thread, object, stack);
	guest_leave(self);
}

EXPORT int ftrylockfile(FILE *stream)
{
	struct unwind_start start = unwind_start_here();
	int result = REAL(ftrylockfile)(stream);
	struct guest_thread *self = result == 0 ? guest_enter() : NULL;
	struct sync_object *object;
	stack_id stack;

	if (!self)
		return result;
	stack = guest_stack(self, &start);
	object = find_stream(self, stream, stack);
	if (object)
		mutex_acquired(&guest_detector, self->thread, object, stack);
	guest_leave(self);
	return result;
}

EXPORT void funlockfile(FILE *stream)
{
	struct guest_thread *self = guest_enter();
	struct sync_object *object;

	if (self) {
		object = sync_find(&guest_detector.objects, (uintptr_t)stream);
		if (object && object->info)
			mutex_releasing(&guest_detector, self->thread, object);
		guest_leave(self);
	}
	REAL(funlockfile)(stream);
}

/* --- Files: owned by who took them last ---------------------------------------- */

/* A number for the file behind @descriptor, which is no valid address; 0 if it
 * is not known. */
static uintptr_t identify_file(int descriptor)
{
	struct stat status;

	if (kernel_call2(SYS_fstat, descriptor, &status) != 0)
		return 0;
	return file_identity(status.st_dev, status.st_ino);
}

static struct sync_object *find_file(struct guest_thread *self, int descriptor, stack_id stack)
{
	uintptr_t identity = identify_file(descriptor);

	return identity ? lock_find(&guest_detector, self->thread, identity, OBJECT_FILE_LOCK, 0,
				    stack)
			: NULL;
}

static void note_file_taken(struct sync_object *object, struct guest_thread *self, stack_id stack)
{
	if (!object->info)
		return;
	object->info->taken = stack;
	shared_note_file(object);
	store_relaxed(&object->owner, self->thread->id); /* a hint for the wait graph */
}

static void note_file_released(struct sync_object *object, struct guest_thread *self)
{
	/* relaxed: only this thread writes its own id there. */
	if (load_relaxed(&object->owner) == self->thread->id)
		store_relaxed(&object->owner, 0u);
}

static void note_locked(int descriptor)
{
	descriptor_is_locked(descriptor);
	descriptor_has_read(descriptor);
}

/* A call for a file lock; 'attempt' makes the real call, blocking or not. */
struct file_call {
	int descriptor;
	int operation; /* as given */
	bool is_release;
	bool is_shared;
	bool can_block;
	void *argument;
	int (*attempt)(const struct file_call *call, bool can_block);
};

static int make_file_call(const struct file_call *call, const struct unwind_start *start)
{
	int saved_errno = errno;
	struct guest_thread *self = guest_enter();
	struct sync_object *object;
	stack_id stack;
	int result;

	if (!self) {
		result = call->attempt(call, call->can_block);
		if (result == 0 && !call->is_release)
			descriptor_is_locked(call->descriptor);
		return result;
	}
	stack = guest_stack(self, start);
	object = find_file(self, call->descriptor, stack);
	if (object && call->is_release)
		note_file_released(object, self);
	guest_leave(self);
	if (call->is_release)
		descriptor_writes(call->descriptor);
	result = call->attempt(call, false);
	if (result != 0 && call->can_block && (errno == EWOULDBLOCK || errno == EACCES)) {
		errno = saved_errno;
		guest_raise(self);
		if (object)
			begin_wait(self, object, stack);
		else
			guest_leave(self);
		result = call->attempt(call, true);
		saved_errno = errno;
		if (object)
			end_wait(self);
		if (result != 0 && saved_errno == EDEADLK && object)
			misuse_refused(&guest_detector, self->thread, object, stack);
		guest_leave(self);
		errno = saved_errno;
	}
	if (result == 0 && !call->is_release)
		note_locked(call->descriptor);
	if (result == 0 && object && !call->is_release) {
		/* A shared lock has several owners: none is noted. */
		if (call->is_shared)
			note_file_released(object, self);
		else
			note_file_taken(object, self, stack);
		errno = saved_errno;
	}
	return result;
}

static int attempt_flock(const struct file_call *call, bool can_block)
{
	return REAL(flock)(call->descriptor, can_block ? call->operation
						       : call->operation | LOCK_NB);
}

EXPORT int flock(int descriptor, int operation)
{
	struct unwind_start start = unwind_start_here();
	struct file_call call = {
		.descriptor = descriptor,
		.operation = operation,
		.is_release = operation & LOCK_UN,
		.is_shared = operation & LOCK_SH,
		.can_block = !(operation & LOCK_NB),
		.attempt = attempt_flock,
	};

	return make_file_call(&call, &start);
}

/* Locks that belong to the process: its threads do not wait for each other
 * there, and the kernel refuses a wait that would deadlock processes. */
static void note_refused(int descriptor, int result, const struct unwind_start *start)
{
	int saved_errno = errno;
	struct guest_thread *self;
	struct sync_object *object;
	stack_id stack;

	if (result == 0 || saved_errno != EDEADLK)
		return;
	self = guest_enter();
	if (!self)
		return;
	stack = guest_stack(self, start);
	object = find_file(self, descriptor, stack);
	if (object)
		misuse_refused(&guest_detector, self->thread, object, stack);
	guest_leave(self);
	errno = saved_errno;
}

static int attempt_ofd(const struct file_call *call, bool can_block)
{
	return REAL(fcntl)(call->descriptor, can_block ? F_OFD_SETLKW : F_OFD_SETLK,
			   call->argument);
}

static int lock_by_fcntl(int descriptor, int command, void *argument,
			 const struct unwind_start *start)
{
	struct file_call call = {
		.descriptor = descriptor,
		.operation = command,
		.argument = argument,
		.is_release = command != F_SETLKW && argument &&
			      ((struct flock *)argument)->l_type == F_UNLCK,
		/* Locks of parts of a file: the owner of each part is not known. */
		.is_shared = true,
		.can_block = command != F_OFD_SETLK,
		.attempt = attempt_ofd,
	};
	int result;

	if (command == F_OFD_SETLKW || command == F_OFD_SETLK)
		return make_file_call(&call, start);
	result = REAL(fcntl)(descriptor, command, argument);
	note_refused(descriptor, result, start);
	return result;
}

EXPORT int fcntl(int descriptor, int command, ...)
{
	struct unwind_start start = unwind_start_here();
	va_list rest;
	void *argument;
	int result;

	va_start(rest, command);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (command == F_SETLKW || command == F_OFD_SETLKW || command == F_OFD_SETLK)
		return lock_by_fcntl(descriptor, command, argument, &start);
	result = REAL(fcntl)(descriptor, command, argument);
	if (result >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
		descriptor_copied(descriptor, result);
	return result;
}

EXPORT int lockf(int descriptor, int command, off_t length)
{
	struct unwind_start start = unwind_start_here();
	int result = REAL(lockf)(descriptor, command, length);

	note_refused(descriptor, result, &start);
	return result;
}

EXPORT_ALIAS(fcntl64, fcntl)
EXPORT_ALIAS(lockf64, lockf)

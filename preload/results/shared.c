#define _GNU_SOURCE
#include "preload/results/shared.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/shared_deadlock.h"
#include "finding/results.h"
#include "preload/results/bare.h"
#include "detect/sync/lock.h"
#include "preload/outside/lock_memory.h"
#include "preload/outside/shared_life.h"
#include "preload/results/sink.h"

_Static_assert(sizeof(struct shared_registry) <= RESULTS_REGISTRY_BYTES, "it lies there");

#define KEY_CACHE 512u
#define FILES_MAX 16u
#define END_PATIENCE_S 2

bool shared_is_used;

static struct shared_registry *find_registry(void)
{
	char *base = sink_base();

	return base ? (struct shared_registry *)(void *)(base + RESULTS_REGISTRY_OFFSET) : NULL;
}

/* --- Keys --------------------------------------------------------------------- */

/*
 * The two highest bits of a key tell what it belongs to.  A key of one process
 * is exact: the process's number and the object's.  If two processes had the
 * same key, each would be taken to wait for the other's lock.  Keys of shared
 * memory and files are hashes of the file and the offset there (shared_life.h);
 * their highest bit is 0.
 */
#define KEY_OF_THREAD (3ull << 62)
#define KEY_OF_PRIVATE (2ull << 62)

static uint64_t private_key(uint64_t kind, uint32_t number)
{
	return kind | (uint64_t)sink_process() << 32 | number;
}

/* A cache, by the life of the lock.  'check' is that life ^ key: a half written
 * entry does not match. */
static struct {
	uint64_t check;
	uint64_t key;
} keys[KEY_CACHE];

#define KEY_NONE 1u

uint64_t shared_lock_key(const struct sync_info *info)
{
	uint64_t life = hash_append(info->address, (uint64_t)info->generation << 32 | info->id);
	uint32_t place = life % KEY_CACHE;
	/* relaxed: see 'check'. */
	uint64_t key = load_relaxed(&keys[place].key);

	if (info->kind == OBJECT_FILE_LOCK)
		return shared_file_key(info->address);
	if ((load_relaxed(&keys[place].check) ^ key) != life || key == 0) {
		key = shared_memory_key(info->address);
		key = key ? key : KEY_NONE;
		store_relaxed(&keys[place].key, key);
		store_relaxed(&keys[place].check, life ^ key);
	}
	return key == KEY_NONE ? 0 : key;
}

static uint64_t thread_key(thread_id thread)
{
	return private_key(KEY_OF_THREAD, thread);
}

static uint64_t object_key(const struct sync_info *info, uint32_t *is_shared)
{
	uint64_t key = 0;

	if (info->kind == OBJECT_FILE_LOCK ||
	    ((info->attributes & SYNC_PROCESS_SHARED) && !(info->attributes & SYNC_NAMED)))
		key = shared_lock_key(info);
	*is_shared = key != 0;
	return key ? key : private_key(KEY_OF_PRIVATE, info->id);
}

/* --- Publishing ----------------------------------------------------------------- */

/* Another process may have released the lock: check its memory where that tells. */
static bool is_really_held(const struct sync_object *object, const struct sync_info *info,
			   const struct held_lock *held)
{
	if (info->kind == OBJECT_SEMAPHORE)
		return info->extra->has_been_unlocked && !info->is_not_a_lock;
	if (info->kind != OBJECT_MUTEX && info->kind != OBJECT_RWLOCK)
		return true;
	return lock_real_state(object) ==
	       (held->mode == LOCK_EXCLUSIVE ? REAL_HELD_BY_CALLER : REAL_HELD);
}

/* If there are too many locks, the innermost ones. */
static void fill_holds(struct shared_wait *entry, const struct thread *thread)
{
	uint32_t count = 0;

	for (uint32_t i = thread->held.count; i > 0 && count < SHARED_HOLDS; i--) {
		const struct held_lock *held = &thread->held.locks[i - 1];
		const struct sync_info *info = held->object->info;
		uint32_t is_shared;

		if (!info || !is_really_held(held->object, info, held))
			continue;
		entry->holds[count++] = (struct shared_hold){
			.key = object_key(info, &is_shared),
			.lock = info->id,
			.stack = held->stack & ~STACK_ID_IN_HANDLER,
			.mode = held->mode,
		};
	}
	entry->hold_count = count;
}

/* Locked files are in no thread's list of held locks: these are all that were
 * ever locked. */
static struct sync_object *files[FILES_MAX];

void shared_note_file(struct sync_object *object)
{
	store_relaxed(&shared_is_used, true); /* relaxed: see shared_note() */
	for (uint32_t i = 0; i < FILES_MAX; i++) {
		struct sync_object *expected = NULL;

		if (load_acquire(&files[i]) == object ||
		    compare_exchange_acq_rel(&files[i], &expected, object) || expected == object)
			return;
	}
}

static void fill_files(struct shared_wait *entry, const struct thread *thread)
{
	for (uint32_t i = 0; i < FILES_MAX && entry->hold_count < SHARED_HOLDS; i++) {
		const struct sync_object *object = load_acquire(&files[i]);
		const struct sync_info *info = object ? object->info : NULL;

		/* relaxed: only this thread writes its own id there. */
		if (!info || load_relaxed(&object->owner) != thread->id)
			continue;
		sink_describe(&guest_detector, info->id, info->taken);
		entry->holds[entry->hold_count++] = (struct shared_hold){
			.key = shared_file_key(info->address),
			.lock = info->id,
			.stack = info->taken & ~STACK_ID_IN_HANDLER,
			.mode = LOCK_EXCLUSIVE,
			.is_file = 1,
		};
	}
}

static uint64_t own_life(void)
{
	static uint64_t life;
	static uint32_t life_pid;
	uint32_t pid = (uint32_t)kernel_call0(SYS_getpid);

	/* relaxed: every thread reads the same from the kernel. */
	if (load_relaxed(&life_pid) != pid) {
		store_relaxed(&life, shared_process_life(pid));
		store_release(&life_pid, pid);
	}
	return load_relaxed(&life);
}

/* False if the wait cannot be part of a deadlock of processes. */
static bool fill_entry(struct shared_wait *entry, const struct thread *thread)
{
	const struct wait *wait = &thread->waiting.wait;
	const struct sync_info *info = wait->object ? wait->object->info : NULL;

	if (wait->is_timed)
		return false;
	if (wait->kind == WAIT_JOIN)
		entry->key = thread_key(wait->target);
	else if ((wait->kind == WAIT_LOCK || wait->kind == WAIT_TOKEN) && info)
		entry->key = object_key(info, &entry->is_shared);
	else
		return false;
	entry->own_key = thread_key(thread->id);
	entry->pid = (uint32_t)kernel_call0(SYS_getpid);
	entry->life = own_life();
	entry->process = sink_process();
	entry->kernel_id = thread->kernel_id;
	entry->thread = thread->id;
	entry->lock = wait->kind == WAIT_JOIN ? 0 : info->id;
	entry->target = wait->target;
	entry->stack = wait->stack & ~STACK_ID_IN_HANDLER;
	entry->mode = wait->kind == WAIT_LOCK ? wait->mode : LOCK_EXCLUSIVE;
	fill_holds(entry, thread);
	fill_files(entry, thread);
	return true;
}

static bool is_there(const struct shared_wait *wait)
{
	return kernel_call3(SYS_tgkill, wait->pid, wait->kernel_id, 0) == 0 &&
	       shared_process_life(wait->pid) == wait->life;
}

/* --- Ending the others ------------------------------------------------------------ */

/* Waits for its end, so that the process that reports ends last. */
static void end_process(const struct shared_wait *wait, int signal)
{
	struct timespec patience = {.tv_sec = END_PATIENCE_S};
	long descriptor = kernel_call2(SYS_pidfd_open, wait->pid, 0);
	struct pollfd end = {.fd = (int)descriptor, .events = POLLIN};

	if (descriptor < 0)
		return;
	/* The pid may have been reused before the descriptor was opened. */
	if (shared_process_life(wait->pid) == wait->life) {
		kernel_call4(SYS_pidfd_send_signal, descriptor, signal, 0, 0);
		kernel_call6(SYS_ppoll, (long)&end, 1, (long)&patience, 0, 0, 0);
	}
	kernel_call1(SYS_close, descriptor);
}

/* The next step, from @step on, that is the first one of another process;
 * cycle->count if there is none. */
static uint32_t next_other(const struct shared_cycle *cycle, uint32_t step)
{
	for (; step < cycle->count; step++) {
		uint32_t process = shared_step_wait(cycle, step)->process;
		bool is_seen = process == sink_process();

		for (uint32_t i = 0; i < step; i++)
			is_seen |= shared_step_wait(cycle, i)->process == process;
		if (!is_seen)
			break;
	}
	return step;
}

/* Ends the other processes, which would wait for ever for locks of this one.
 * Their ends are recorded first, as the command waits for all of them. */
static void end_others(const struct shared_cycle *cycle)
{
	struct results_header *header = sink_base();
	bool is_exit = guest_options.on_deadlock == ON_DEADLOCK_EXIT;
	uint32_t status = is_exit ? (uint32_t)guest_options.exit_code : SIGABRT;
	int signal = is_exit ? SIGKILL : SIGABRT;
	bool is_reporter_ended = false;

	if (!is_exit && guest_options.on_deadlock != ON_DEADLOCK_ABORT)
		return;
	sink_end_other(sink_process(), status);
	for (uint32_t i = next_other(cycle, 0); i < cycle->count; i = next_other(cycle, i + 1)) {
		sink_end_other(shared_step_wait(cycle, i)->process, (uint32_t)signal);
		is_reporter_ended |= bare_is_reporter_pid(shared_step_wait(cycle, i)->pid);
	}
	store_release(&header->is_ended_by_us, 1u); /* read after the program's end */
	if (is_reporter_ended)
		bare_report((int)status);
	for (uint32_t i = next_other(cycle, 0); i < cycle->count; i = next_other(cycle, i + 1))
		end_process(shared_step_wait(cycle, i), signal);
}

/* --- Blocking ------------------------------------------------------------------------ */

/* close() unlocks a file, too, which is not observed: ask the kernel. */
static bool are_files_locked(const struct shared_cycle *cycle)
{
	for (uint32_t i = 0; i < cycle->count; i++) {
		const struct shared_wait *wait = shared_step_wait(cycle, i);
		uint32_t hold = cycle->steps[i].hold;

		if (hold < SHARED_HOLDS && wait->holds[hold].is_file &&
		    !shared_file_is_locked_by(wait->holds[hold].key, wait->pid))
			return false;
	}
	return true;
}

static bool find_deadlock(struct guest_thread *self)
{
	struct shared_cycle cycle;

	if (!shared_find_cycle(find_registry(), &self->ticket, is_there, &cycle) ||
	    !are_files_locked(&cycle) ||
	    !shared_deadlock_report(&guest_detector, self->thread, &cycle, sink_process()))
		return false;
	end_others(&cycle);
	return true;
}

bool shared_blocked(struct guest_thread *self)
{
	struct shared_wait entry;

	shared_unblocked(self); /* of a wait that was left by a jump */
	/* relaxed: this thread's own locks have set it. */
	if (!load_relaxed(&shared_is_used) || !find_registry())
		return false;
	memset(&entry, 0, offsetof(struct shared_wait, holds));
	if (!fill_entry(&entry, self->thread))
		return false;
	if (!shared_wait_begin(find_registry(), &entry, &self->ticket)) {
		detector_count(&guest_detector, LOST_MEMORY);
		return false;
	}
	return find_deadlock(self);
}

void shared_unblocked(struct guest_thread *self)
{
	if (UNLIKELY(self->ticket.version != 0))
		shared_wait_end(find_registry(), &self->ticket);
}

void shared_posted(struct guest_thread *self, struct sync_object *object)
{
	const struct sync_info *info = object->info;
	uint64_t key;

	if (!info || !(info->attributes & SYNC_PROCESS_SHARED) || (info->attributes & SYNC_NAMED) ||
	    held_locks_find(&self->thread->held, object))
		return;
	key = shared_lock_key(info);
	if (key && find_registry())
		shared_token_posted(find_registry(), key);
}

void shared_process_begins(struct guest_thread *self)
{
	if (self)
		self->ticket = (struct shared_ticket){0};
	if (find_registry())
		shared_process_began(find_registry(), (uint32_t)kernel_call0(SYS_getpid));
}

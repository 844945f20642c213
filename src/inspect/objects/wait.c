#include "inspect/objects/wait.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>

#include "inspect/objects/functions.h"

typedef bool (*wait_decoder)(const struct wait_question *question, struct wait *wait);

static const wait_decoder decoders[OBJECT_KIND_COUNT] = {
	[OBJECT_MUTEX] = wait_for_mutex,	 [OBJECT_RWLOCK] = wait_for_rwlock,
	[OBJECT_SEMAPHORE] = wait_for_semaphore, [OBJECT_CONDITION] = wait_for_condition,
	[OBJECT_BARRIER] = wait_for_barrier,	 [OBJECT_ONCE] = wait_for_once,
	[OBJECT_THREAD] = wait_for_join,	 [OBJECT_FUTEX] = wait_for_word,
};

/* A wait with a time-out that was interrupted goes on by another call, with the same
 * arguments in its registers. */
static bool waits_at_futex(const struct target_thread *thread)
{
	uint64_t operation = thread->arguments[1] & FUTEX_CMD_MASK;

	return (thread->call == SYS_futex || thread->call == SYS_restart_syscall) &&
	       (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
		operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2 ||
		operation == FUTEX_WAIT_REQUEUE_PI);
}

static bool is_shared_memory(const struct target *target, uint64_t address)
{
	const struct target_range *range = target_find_range(target, address);

	return !range || range->is_shared;
}

static void decode(const struct wait_question *question, const struct wait_function *function,
		   struct wait *wait)
{
	enum object_kind kind = function ? function->kind : OBJECT_FUTEX;

	wait->kind = kind;
	wait->mode = function ? function->mode : HOLD_EXCLUSIVE;
	if (decoders[kind](question, wait))
		return;
	wait->kind = OBJECT_FUTEX;
	wait->mode = HOLD_EXCLUSIVE;
	(void)wait_for_word(question, wait);
}

void wait_find(struct target *target, const struct target_thread *thread, struct wait *wait)
{
	struct wait_question question = {.target = target, .thread = thread};
	const struct wait_function *function;

	*wait = (struct wait){.kind = OBJECT_KIND_COUNT};
	wait->is_blocked = thread->call != STATE_RUNS;
	if (!waits_at_futex(thread))
		return;
	function = functions_of_thread(target, thread, &question.frame);
	if (thread->call == SYS_restart_syscall && !function)
		return;
	question.futex = thread->arguments[0];
	question.expected = (uint32_t)thread->arguments[2];
	wait->is_timed = thread->arguments[3] != 0;
	wait->is_shared = !(thread->arguments[1] & FUTEX_PRIVATE_FLAG) &&
			  is_shared_memory(target, question.futex);
	wait->first_frame = function ? question.frame : 0;
	decode(&question, function, wait);
}

/*
 * pthread_once_t says that its routine runs, not in which thread.  That one has the function
 * in its stack, below the routine, and in its frame the address, for the clean-up.
 */
#include "inspect/objects/functions.h"
#include "inspect/objects/wait.h"

static bool has_word(struct target *target, uint64_t start, uint64_t end, uint64_t wanted)
{
	uint64_t word;

	for (uint64_t at = start & ~(uint64_t)7; at < end; at += sizeof(word))
		if (target_read_word(target, at, &word) && word == wanted)
			return true;
	return false;
}

/* Frame 0 is where it waits, not where it runs the routine. */
static bool runs_routine(struct target *target, const struct target_thread *thread,
			 const struct wait_question *question)
{
	uint32_t first = thread == question->thread ? question->frame + 1 : 1;

	for (uint32_t i = first; i + 1 < thread->frame_count; i++) {
		const struct wait_function *function =
			functions_find(target, thread->frames[i].code);

		if (function && function->kind == OBJECT_ONCE &&
		    has_word(target, thread->frames[i].sp, thread->frames[i + 1].sp,
			     question->futex))
			return true;
	}
	return false;
}

bool wait_for_once(const struct wait_question *question, struct wait *wait)
{
	struct target *target = question->target;

	wait->object = question->futex;
	wait->state.is_held = true;
	for (size_t i = 0; i < target->thread_count; i++)
		if (runs_routine(target, &target->threads[i], question))
			wait->state.holder = target->threads[i].inner_id;
	return true;
}

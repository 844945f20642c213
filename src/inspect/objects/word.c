/*
 * A futex of unknown use.  The kernel defines what the word of a PI futex holds; of others
 * that hold the id of a thread of the process, and no less, we say that it may be the holder.
 */
#include <linux/futex.h>
#include <stdio.h>

#include "inspect/objects/wait.h"

static bool is_inheriting(const struct target_thread *thread)
{
	uint64_t operation = thread->arguments[1] & FUTEX_CMD_MASK;

	return operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
}

bool wait_for_word(const struct wait_question *question, struct wait *wait)
{
	uint32_t word;
	uint32_t id;

	wait->object = question->futex;
	if (!target_read(question->target, question->futex, &word, sizeof(word)))
		return false;
	id = word & FUTEX_TID_MASK;
	if (is_inheriting(question->thread)) {
		wait->state.is_held = id != 0;
		wait->state.holder = id;
	} else if (id != question->thread->inner_id && target_find_thread(question->target, id)) {
		wait->state.is_held = true;
		wait->state.holder = id;
		(void)snprintf(wait->note, sizeof(wait->note), "by the value of its word");
	}
	return true;
}

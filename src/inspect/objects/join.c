/*
 * struct pthread has the thread's id, which the kernel clears at its end: who joins waits at
 * that word.
 */
#include "inspect/objects/wait.h"

bool wait_for_join(const struct wait_question *question, struct wait *wait)
{
	uint32_t id;

	if (!target_read(question->target, question->futex, &id, sizeof(id)) || !id)
		return false;
	wait->object = id;
	wait->state.is_held = true;
	wait->state.holder = id;
	return true;
}

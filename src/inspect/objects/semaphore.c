/* struct new_sem: the value, and in the next word how many wait.  Who will post is not in it. */
#include "inspect/objects/wait.h"

struct semaphore {
	uint32_t value, waiter_count;
	int32_t private; /* or the bit that says shared */
};

bool wait_for_semaphore(const struct wait_question *question, struct wait *wait)
{
	struct semaphore semaphore;

	wait->object = question->futex;
	return target_read(question->target, question->futex, &semaphore, sizeof(semaphore));
}

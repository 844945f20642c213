/*
 * A semaphore in freed memory, which says by now that it is shared with other processes.
 *
 * snarl-expect: status=66 kinds=lock-destroyed
 */
#include <semaphore.h>

#include "../guest.h"

#define BLOCK_BYTES 4096

static char *block;
static sem_t *tokens;
static sem_t is_freed;

static void *take_freed(void *unused)
{
	CHECK_IS(sem_wait(&is_freed), 0);
	CHECK_IS(sem_trywait(tokens), 0);
	return unused;
}

int main(void)
{
	pthread_t taker;

	CHECK_IS(sem_init(&is_freed, 0, 0), 0);
	block = malloc(BLOCK_BYTES);
	tokens = (sem_t *)(block + BLOCK_BYTES / 2);
	CHECK_IS(sem_init(tokens, 0, 1), 0);
	CHECK_IS(sem_wait(tokens), 0);
	taker = guest_start(take_freed, NULL);
	CHECK_IS(sem_destroy(tokens), 0);
	memset(block, 0xff, BLOCK_BYTES);
	__asm__ volatile("" : : "r"(block) : "memory"); /* who frees it reads it */
	free(block);
	CHECK_IS(sem_post(&is_freed), 0);
	guest_join(taker);
	return guest_passed();
}

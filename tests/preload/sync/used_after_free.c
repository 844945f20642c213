/*
 * Conditions in memory that has been freed: used by a thread that knows of the free, and
 * by one that does not.  A signal does not harm such memory.
 *
 * A condition in the same place that has been allocated again is another one.
 *
 * snarl-expect: status=66 kinds=lock-destroyed,data-race
 */
#include <semaphore.h>

#include "../guest.h"

static pthread_cond_t *condition;
static sem_t is_freed;
static sem_t is_allocated;

static pthread_cond_t *make_condition(void)
{
	pthread_cond_t *made = malloc(sizeof(*made));

	*made = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	CHECK_IS(pthread_cond_signal(made), 0);
	return made;
}

static void *signal_freed_in_order(void *unused)
{
	CHECK_IS(sem_wait(&is_freed), 0);
	CHECK_IS(pthread_cond_signal(condition), 0);
	return unused;
}

static void *signal_allocated_again(void *unused)
{
	CHECK_IS(sem_wait(&is_allocated), 0);
	CHECK_IS(pthread_cond_signal(condition), 0);
	return unused;
}

static void *signal_freed(void *unused)
{
	CHECK_IS(pthread_cond_signal(condition), 0);
	return unused;
}

static void *free_and_allocate(void *unused)
{
	free(condition);
	condition = make_condition();
	CHECK_IS(sem_post(&is_allocated), 0);
	return unused;
}

int main(void)
{
	pthread_t first, second;

	CHECK_IS(sem_init(&is_freed, 0, 0), 0);
	CHECK_IS(sem_init(&is_allocated, 0, 0), 0);
	condition = make_condition();
	first = guest_start(signal_allocated_again, NULL);
	second = guest_start(free_and_allocate, NULL);
	guest_join(first);
	guest_join(second);

	first = guest_start(signal_freed_in_order, NULL);
	free(condition);
	CHECK_IS(sem_post(&is_freed), 0);
	guest_join(first);

	condition = make_condition();
	first = guest_start(signal_freed, NULL);
	free(condition);
	guest_join(first);
	return guest_passed();
}

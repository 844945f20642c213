/*
 * RULES, 'Condition variables': a wake-up with which the predicate does not hold, for who
 * waits once and for who looks again.
 *
 * Each case has two waiters; once both wait, one is given what both are woken for.
 */
#include "cases.h"

#include <stdbool.h>

struct place {
	pthread_mutex_t lock;
	pthread_cond_t changed, arrived;
	int waiters;
	long count, other;
	bool is_open;
};

#define PLACE(name)                                                                                \
	static struct place name##_place = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,   \
					    PTHREAD_COND_INITIALIZER, 0, 0, 0, false}

static void arrive_at(struct place *place)
{
	place->waiters++;
	pthread_cond_signal(&place->arrived);
}

/* Gives @count once both have come, and wakes both. */
static void give_word(struct place *place, long count)
{
	pthread_mutex_lock(&place->lock);
	while (place->waiters < 2)
		pthread_cond_wait(&place->arrived, &place->lock);
	place->count += count;
	pthread_cond_broadcast(&place->changed);
	pthread_mutex_unlock(&place->lock);
}

#define RUN(name, first, second)                                                                   \
	static void name##_case(void)                                                              \
	{                                                                                          \
		pthread_t threads[2];                                                              \
                                                                                                   \
		for (int i = 0; i < 2; i++)                                                        \
			MUST(pthread_create(&threads[i], NULL, name##_waiter, NULL) == 0);         \
		give_word(&name##_place, first);                                                   \
		give_word(&name##_place, second);                                                  \
		pthread_join(threads[0], NULL);                                                    \
		pthread_join(threads[1], NULL);                                                    \
	}

PLACE(wait_once);

static void *wait_once_waiter(void *unused)
{
	pthread_mutex_lock(&wait_once_place.lock);
	arrive_at(&wait_once_place);
	if (wait_once_place.count == 0)
		pthread_cond_wait(&wait_once_place.changed, &wait_once_place.lock);
	wait_once_place.count--;
	pthread_mutex_unlock(&wait_once_place.lock);
	return unused;
}

RUN(wait_once, 1, 0)

/* By a pointer. */
PLACE(wait_at);

static NOINLINE void wait_at_given(struct place *place)
{
	pthread_mutex_lock(&place->lock);
	arrive_at(place);
	if (!place->count)
		pthread_cond_wait(&place->changed, &place->lock);
	place->count -= 1;
	pthread_mutex_unlock(&place->lock);
}

static void *wait_at_waiter(void *unused)
{
	wait_at_given(&wait_at_place);
	return unused;
}

RUN(wait_at, 1, 0)

/* Both are given one. */
PLACE(wait_once_met);

static void *wait_once_met_waiter(void *unused)
{
	pthread_mutex_lock(&wait_once_met_place.lock);
	arrive_at(&wait_once_met_place);
	if (wait_once_met_place.count == 0)
		pthread_cond_wait(&wait_once_met_place.changed, &wait_once_met_place.lock);
	wait_once_met_place.count--;
	pthread_mutex_unlock(&wait_once_met_place.lock);
	return unused;
}

RUN(wait_once_met, 2, 0)

PLACE(wait_in_loop);

static void *wait_in_loop_waiter(void *unused)
{
	pthread_mutex_lock(&wait_in_loop_place.lock);
	arrive_at(&wait_in_loop_place);
	while (wait_in_loop_place.count == 0)
		pthread_cond_wait(&wait_in_loop_place.changed, &wait_in_loop_place.lock);
	wait_in_loop_place.count--;
	pthread_mutex_unlock(&wait_in_loop_place.lock);
	return unused;
}

RUN(wait_in_loop, 1, 1)

/* Whoever was woken for nothing goes away. */
PLACE(wait_and_look);

static void *wait_and_look_waiter(void *unused)
{
	pthread_mutex_lock(&wait_and_look_place.lock);
	arrive_at(&wait_and_look_place);
	if (wait_and_look_place.count == 0)
		pthread_cond_wait(&wait_and_look_place.changed, &wait_and_look_place.lock);
	if (wait_and_look_place.count > 0)
		wait_and_look_place.count--;
	pthread_mutex_unlock(&wait_and_look_place.lock);
	return unused;
}

RUN(wait_and_look, 1, 0)

/* ... or starts anew. */
PLACE(wait_anew);

static void *wait_anew_waiter(void *unused)
{
	bool is_served = false;

	pthread_mutex_lock(&wait_anew_place.lock);
	arrive_at(&wait_anew_place);
	pthread_mutex_unlock(&wait_anew_place.lock);
	while (!is_served) {
		pthread_mutex_lock(&wait_anew_place.lock);
		if (wait_anew_place.count == 0) {
			pthread_cond_wait(&wait_anew_place.changed, &wait_anew_place.lock);
			pthread_mutex_unlock(&wait_anew_place.lock);
			continue;
		}
		wait_anew_place.count--;
		is_served = true;
		pthread_mutex_unlock(&wait_anew_place.lock);
	}
	return unused;
}

RUN(wait_anew, 1, 1)

/* Woken for another reason than the count, which each looks at. */
PLACE(wait_for_two);

static void *wait_for_two_waiter(void *unused)
{
	pthread_mutex_lock(&wait_for_two_place.lock);
	arrive_at(&wait_for_two_place);
	if (!wait_for_two_place.is_open && wait_for_two_place.count == 0)
		pthread_cond_wait(&wait_for_two_place.changed, &wait_for_two_place.lock);
	wait_for_two_place.count--;
	pthread_mutex_unlock(&wait_for_two_place.lock);
	return unused;
}

static void wait_for_two_case(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		MUST(pthread_create(&threads[i], NULL, wait_for_two_waiter, NULL) == 0);
	pthread_mutex_lock(&wait_for_two_place.lock);
	while (wait_for_two_place.waiters < 2)
		pthread_cond_wait(&wait_for_two_place.arrived, &wait_for_two_place.lock);
	wait_for_two_place.is_open = true;
	pthread_cond_broadcast(&wait_for_two_place.changed);
	pthread_mutex_unlock(&wait_for_two_place.lock);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* The other word of the comparison has changed. */
PLACE(wait_for_other);

static void *wait_for_other_waiter(void *unused)
{
	pthread_mutex_lock(&wait_for_other_place.lock);
	arrive_at(&wait_for_other_place);
	if (wait_for_other_place.other == wait_for_other_place.count)
		pthread_cond_wait(&wait_for_other_place.changed, &wait_for_other_place.lock);
	wait_for_other_place.count++;
	pthread_mutex_unlock(&wait_for_other_place.lock);
	return unused;
}

static void wait_for_other_case(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		MUST(pthread_create(&threads[i], NULL, wait_for_other_waiter, NULL) == 0);
	pthread_mutex_lock(&wait_for_other_place.lock);
	while (wait_for_other_place.waiters < 2)
		pthread_cond_wait(&wait_for_other_place.arrived, &wait_for_other_place.lock);
	wait_for_other_place.other = 2;
	pthread_cond_broadcast(&wait_for_other_place.changed);
	pthread_mutex_unlock(&wait_for_other_place.lock);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* A number that the waiter gives back has nothing to do with what it is woken for. */
PLACE(wait_idle);

static void *wait_idle_waiter(void *unused)
{
	pthread_mutex_lock(&wait_idle_place.lock);
	arrive_at(&wait_idle_place);
	if (wait_idle_place.other < 8) {
		wait_idle_place.other++;
		pthread_cond_wait(&wait_idle_place.changed, &wait_idle_place.lock);
		wait_idle_place.other--;
	}
	pthread_mutex_unlock(&wait_idle_place.lock);
	return unused;
}

RUN(wait_idle, 1, 0)

/* Who was woken adds to what was too little: a decision that may be too old, no more. */
PLACE(wait_and_add);

static void *wait_and_add_waiter(void *unused)
{
	pthread_mutex_lock(&wait_and_add_place.lock);
	arrive_at(&wait_and_add_place);
	if (wait_and_add_place.count < 2) {
		pthread_cond_wait(&wait_and_add_place.changed, &wait_and_add_place.lock);
		wait_and_add_place.count += wait_and_add_place.waiters;
	}
	pthread_mutex_unlock(&wait_and_add_place.lock);
	return unused;
}

RUN(wait_and_add, 0, 0)

/* A flag that is set aside. */
PLACE(wait_and_reset);

static void *wait_and_reset_waiter(void *unused)
{
	pthread_mutex_lock(&wait_and_reset_place.lock);
	arrive_at(&wait_and_reset_place);
	if (!wait_and_reset_place.count)
		pthread_cond_wait(&wait_and_reset_place.changed, &wait_and_reset_place.lock);
	wait_and_reset_place.count = 0;
	pthread_mutex_unlock(&wait_and_reset_place.lock);
	return unused;
}

RUN(wait_and_reset, 1, 0)

static const struct race_case cases[] = {
	CASE(wait_once, "wait-without-loop:warning"),
	CASE(wait_at, "wait-without-loop:warning"),
	CASE(wait_once_met, "silent"),
	CASE(wait_in_loop, "silent"),
	CASE(wait_and_look, "silent"),
	CASE(wait_anew, "silent"),
	CASE(wait_for_two, "silent"),
	CASE(wait_for_other, "silent"),
	CASE(wait_idle, "silent"),
	CASE(wait_and_add, "check-then-act:warning"),
	CASE(wait_and_reset, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

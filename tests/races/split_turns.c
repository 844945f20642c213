/*
 * RULES, 'Lost updates': read in one critical section and written in another, where
 * the threads take turns, so that what comes in between is known.
 */
#include <sched.h>
#include <semaphore.h>

#include "cases.h"

static sem_t turn_of_first, turn_of_second;

static void pass_turn(sem_t *next)
{
	sem_post(next);
}

static void await_turn(sem_t *own)
{
	while (sem_wait(own) != 0)
		continue;
}

/* The write in between stores what was there already. */
static pthread_mutex_t split_equal_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_equal_data = 5;

static void *split_equal_first(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_equal_lock);
	old = split_equal_data;
	pthread_mutex_unlock(&split_equal_lock);
	pass_turn(&turn_of_second);
	await_turn(&turn_of_first);
	pthread_mutex_lock(&split_equal_lock);
	split_equal_data = old + 1;
	pthread_mutex_unlock(&split_equal_lock);
	return NULL;
}

static void *split_equal_second(void *unused)
{
	(void)unused;
	await_turn(&turn_of_second);
	pthread_mutex_lock(&split_equal_lock);
	split_equal_data = 5;
	pthread_mutex_unlock(&split_equal_lock);
	pass_turn(&turn_of_first);
	return NULL;
}

static void split_equal_case(void)
{
	run_both(split_equal_first, split_equal_second, NULL);
	KEEP(split_equal_data);
}

/* The counterpart: it stores another value, which is overwritten. */
static pthread_mutex_t split_unequal_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_unequal_data = 5;

static void *split_unequal_first(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_unequal_lock);
	old = split_unequal_data;
	pthread_mutex_unlock(&split_unequal_lock);
	pass_turn(&turn_of_second);
	await_turn(&turn_of_first);
	pthread_mutex_lock(&split_unequal_lock);
	split_unequal_data = old + 1;
	pthread_mutex_unlock(&split_unequal_lock);
	return NULL;
}

static void *split_unequal_second(void *unused)
{
	(void)unused;
	await_turn(&turn_of_second);
	pthread_mutex_lock(&split_unequal_lock);
	split_unequal_data = 9;
	pthread_mutex_unlock(&split_unequal_lock);
	pass_turn(&turn_of_first);
	return NULL;
}

static void split_unequal_case(void)
{
	run_both(split_unequal_first, split_unequal_second, NULL);
	KEEP(split_unequal_data);
}

/* The place has been freed and given out again: another life, another datum. */
static pthread_mutex_t split_lifetime_lock = PTHREAD_MUTEX_INITIALIZER;
static long *split_lifetime_block;

static void *split_lifetime_first(void *unused)
{
	long old;

	(void)unused;
	pthread_mutex_lock(&split_lifetime_lock);
	old = *split_lifetime_block;
	free(split_lifetime_block);
	split_lifetime_block = malloc(sizeof *split_lifetime_block);
	pthread_mutex_unlock(&split_lifetime_lock);
	pass_turn(&turn_of_second);
	await_turn(&turn_of_first);
	pthread_mutex_lock(&split_lifetime_lock);
	*split_lifetime_block = old + 1;
	pthread_mutex_unlock(&split_lifetime_lock);
	return NULL;
}

static void *split_lifetime_second(void *unused)
{
	(void)unused;
	await_turn(&turn_of_second);
	pthread_mutex_lock(&split_lifetime_lock);
	*split_lifetime_block = 9;
	pthread_mutex_unlock(&split_lifetime_lock);
	pass_turn(&turn_of_first);
	return NULL;
}

static void split_lifetime_case(void)
{
	split_lifetime_block = malloc(sizeof *split_lifetime_block);
	MUST(split_lifetime_block);
	*split_lifetime_block = 1;
	run_both(split_lifetime_first, split_lifetime_second, NULL);
	free(split_lifetime_block);
}

/* Only one thread writes, so nobody else's write can be lost. */
static pthread_mutex_t split_single_writer_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_single_writer_data;
static volatile long split_single_writer_seen;

static void *split_single_writer_counts(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		long old;

		pthread_mutex_lock(&split_single_writer_lock);
		old = split_single_writer_data;
		pthread_mutex_unlock(&split_single_writer_lock);
		sched_yield();
		pthread_mutex_lock(&split_single_writer_lock);
		split_single_writer_data = old + 1;
		pthread_mutex_unlock(&split_single_writer_lock);
	}
	return NULL;
}

static void *split_single_writer_looks(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		pthread_mutex_lock(&split_single_writer_lock);
		split_single_writer_seen = split_single_writer_data;
		pthread_mutex_unlock(&split_single_writer_lock);
		sched_yield();
	}
	return NULL;
}

static void split_single_writer_case(void)
{
	run_both(split_single_writer_counts, split_single_writer_looks, NULL);
	KEEP(split_single_writer_data);
}

/* The datum belongs to whoever's turn it is: nobody writes in between. */
static pthread_mutex_t split_handed_over_lock = PTHREAD_MUTEX_INITIALIZER;
static long split_handed_over_data;

static NOINLINE void split_handed_over_update(void)
{
	long old;

	pthread_mutex_lock(&split_handed_over_lock);
	old = split_handed_over_data;
	pthread_mutex_unlock(&split_handed_over_lock);
	pthread_mutex_lock(&split_handed_over_lock);
	split_handed_over_data = old + 1;
	pthread_mutex_unlock(&split_handed_over_lock);
}

static void *split_handed_over_first(void *unused)
{
	(void)unused;
	split_handed_over_update();
	pass_turn(&turn_of_second);
	await_turn(&turn_of_first);
	split_handed_over_update();
	return NULL;
}

static void *split_handed_over_second(void *unused)
{
	(void)unused;
	await_turn(&turn_of_second);
	split_handed_over_update();
	pass_turn(&turn_of_first);
	return NULL;
}

static void split_handed_over_case(void)
{
	run_both(split_handed_over_first, split_handed_over_second, NULL);
	KEEP(split_handed_over_data);
}

/* The highest value is kept: compared in one section, stored in another. */
struct split_highest {
	pthread_mutex_t lock;
	long highest, mine, others;
};

static NOINLINE void split_highest_note(struct split_highest *datum)
{
	long mine = datum->mine;
	long highest;

	pthread_mutex_lock(&datum->lock);
	highest = datum->highest;
	pthread_mutex_unlock(&datum->lock);
	if (mine > highest) {
		pass_turn(&turn_of_second);
		await_turn(&turn_of_first);
		pthread_mutex_lock(&datum->lock);
		datum->highest = mine;
		pthread_mutex_unlock(&datum->lock);
	}
}

static NOINLINE void split_highest_set(struct split_highest *datum)
{
	await_turn(&turn_of_second);
	pthread_mutex_lock(&datum->lock);
	datum->highest = datum->others;
	pthread_mutex_unlock(&datum->lock);
	pass_turn(&turn_of_first);
}

#define SPLIT_HIGHEST(name, mine, others)                                                          \
	static struct split_highest name##_datum = {PTHREAD_MUTEX_INITIALIZER, 10, mine, others};  \
	static void *name##_first(void *unused)                                                    \
	{                                                                                          \
		(void)unused;                                                                      \
		split_highest_note(&name##_datum);                                                 \
		return NULL;                                                                       \
	}                                                                                          \
	static void *name##_second(void *unused)                                                   \
	{                                                                                          \
		(void)unused;                                                                      \
		split_highest_set(&name##_datum);                                                  \
		return NULL;                                                                       \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_first, name##_second, NULL);                                       \
		KEEP(name##_datum);                                                                \
	}

/* What is there is looked at in one section, and replaced in another: an owner's number.  That
 * of a third thread or of none in between is as good; the thread's own is not. */
struct split_owner {
	pthread_mutex_t lock;
	long owner, mine, others;
};

static NOINLINE void split_owner_note(struct split_owner *datum)
{
	long mine = datum->mine;
	long owner;

	pthread_mutex_lock(&datum->lock);
	owner = datum->owner;
	pthread_mutex_unlock(&datum->lock);
	if (mine != owner) {
		pass_turn(&turn_of_second);
		await_turn(&turn_of_first);
		pthread_mutex_lock(&datum->lock);
		datum->owner = mine;
		pthread_mutex_unlock(&datum->lock);
	}
}

static NOINLINE void split_owner_set(struct split_owner *datum)
{
	await_turn(&turn_of_second);
	pthread_mutex_lock(&datum->lock);
	datum->owner = datum->others;
	pthread_mutex_unlock(&datum->lock);
	pass_turn(&turn_of_first);
}

#define SPLIT_OWNER(name, mine, others)                                                            \
	static struct split_owner name##_datum = {PTHREAD_MUTEX_INITIALIZER, 30, mine, others};    \
	static void *name##_first(void *unused)                                                    \
	{                                                                                          \
		(void)unused;                                                                      \
		split_owner_note(&name##_datum);                                                   \
		return NULL;                                                                       \
	}                                                                                          \
	static void *name##_second(void *unused)                                                   \
	{                                                                                          \
		(void)unused;                                                                      \
		split_owner_set(&name##_datum);                                                    \
		return NULL;                                                                       \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_first, name##_second, NULL);                                       \
		KEEP(name##_datum);                                                                \
	}

SPLIT_OWNER(split_disowned, 20, 0)
SPLIT_OWNER(split_owned, 20, 20)

/* A higher one that came in between is lost; over a lower one it is right to store. */
SPLIT_HIGHEST(split_outdone, 20, 30)
SPLIT_HIGHEST(split_not_outdone, 20, 15)

static const struct race_case cases[] = {
	CASE(split_equal, "silent"),
	CASE(split_unequal, "lost-update:error"),
	CASE(split_lifetime, "silent"),
	CASE(split_single_writer, "silent"),
	CASE(split_handed_over, "silent"),
	CASE(split_outdone, "lost-update:error"),
	CASE(split_not_outdone, "check-then-act:warning"),
	CASE(split_disowned, "silent"),
	CASE(split_owned, "check-then-act:warning"),
};

int main(int argc, char **argv)
{
	sem_init(&turn_of_first, 0, 0);
	sem_init(&turn_of_second, 0, 0);
	return RUN_CASES(cases, argc, argv);
}

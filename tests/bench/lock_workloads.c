#include "lock_workloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edges leave this many locks at most, however many edges there are. */
#define MAX_EDGE_SOURCES 1000

void fail(const char *what)
{
	fprintf(stderr, "lock_bench: %s\n", what);
	exit(2);
}

static uint64_t advance_random(uint64_t state)
{
	return state * 6364136223846793005u + 1442695040888963407u;
}

/* A number below @bound, which must be less than 2^32. */
static size_t random_below(uint64_t state, uint64_t bound)
{
	return (state >> 32) * bound >> 32;
}

static void nest_locks(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	pthread_mutex_lock(outer);
	pthread_mutex_lock(inner);
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(outer);
}

static void prepare_locks(struct bench *bench)
{
	bench->locks = calloc(bench->lock_count, sizeof(*bench->locks));
	if (!bench->locks)
		fail("no memory for the locks");
	for (size_t i = 0; i < bench->lock_count; i++) {
		pthread_mutex_init(&bench->locks[i], NULL);
		pthread_mutex_lock(&bench->locks[i]);
		pthread_mutex_unlock(&bench->locks[i]);
	}
}

static void lock_one(void *argument)
{
	struct bench *bench = argument;
	pthread_mutex_t *lock = bench->locks;

	for (unsigned long left = bench->batch; left > 0; left--) {
		pthread_mutex_lock(lock);
		pthread_mutex_unlock(lock);
	}
}

static void lock_nest_2(void *argument)
{
	struct bench *bench = argument;
	pthread_mutex_t *locks = bench->locks;

	for (unsigned long done = 0; done < bench->batch; done += 2)
		nest_locks(&locks[0], &locks[1]);
}

static void lock_nest_4(void *argument)
{
	struct bench *bench = argument;
	pthread_mutex_t *locks = bench->locks;

	for (unsigned long done = 0; done < bench->batch; done += 4) {
		pthread_mutex_lock(&locks[0]);
		pthread_mutex_lock(&locks[1]);
		pthread_mutex_lock(&locks[2]);
		pthread_mutex_lock(&locks[3]);
		pthread_mutex_unlock(&locks[3]);
		pthread_mutex_unlock(&locks[2]);
		pthread_mutex_unlock(&locks[1]);
		pthread_mutex_unlock(&locks[0]);
	}
}

static void lock_at_random(void *argument)
{
	struct bench *bench = argument;
	pthread_mutex_t *locks = bench->locks;
	size_t lock_count = bench->lock_count;
	uint64_t random = bench->random;

	for (unsigned long left = bench->batch; left > 0; left--) {
		pthread_mutex_t *lock;

		random = advance_random(random);
		lock = &locks[random_below(random, lock_count)];
		pthread_mutex_lock(lock);
		pthread_mutex_unlock(lock);
	}
	bench->random = random;
}

/*
 * The known edges: each of the first `sources` locks is the outer one of
 * `fan_out` pairs, with the locks that follow it.  Ascending, hence no cycle.
 */
struct edges {
	size_t sources;
	size_t fan_out;
};

static struct edges describe_edges(const struct bench *bench)
{
	struct edges edges = {.sources = bench->edge_count, .fan_out = 1};

	if (bench->edge_count > MAX_EDGE_SOURCES) {
		edges.sources = MAX_EDGE_SOURCES;
		edges.fan_out = bench->edge_count / MAX_EDGE_SOURCES;
	}
	return edges;
}

static void prepare_edges(struct bench *bench)
{
	struct edges edges = describe_edges(bench);

	bench->lock_count = edges.sources + edges.fan_out;
	prepare_locks(bench);
	for (size_t outer = 0; outer < edges.sources; outer++) {
		for (size_t i = 1; i <= edges.fan_out; i++)
			nest_locks(&bench->locks[outer], &bench->locks[outer + i]);
	}
}

static void lock_known_edges(void *argument)
{
	struct bench *bench = argument;
	struct edges edges = describe_edges(bench);
	uint64_t random = bench->random;

	for (unsigned long done = 0; done < bench->batch; done += 2) {
		pthread_mutex_t *outer;
		pthread_mutex_t *inner;

		random = advance_random(random);
		outer = &bench->locks[random_below(random, edges.sources)];
		random = advance_random(random);
		inner = outer + 1 + random_below(random, edges.fan_out);
		nest_locks(outer, inner);
	}
	bench->random = random;
}

static void prepare_rwlock(struct bench *bench)
{
	pthread_rwlock_init(&bench->rwlock, NULL);
}

static void read_lock(void *argument)
{
	struct bench *bench = argument;

	for (unsigned long left = bench->batch; left > 0; left--) {
		pthread_rwlock_rdlock(&bench->rwlock);
		pthread_rwlock_unlock(&bench->rwlock);
	}
}

static void prepare_stripes(struct bench *bench)
{
	for (size_t i = 0; i < STRIPE_COUNT; i++)
		pthread_mutex_init(&bench->stripes[i].lock, NULL);
}

static void lock_stripes(void *argument)
{
	struct bench *bench = argument;
	unsigned long left = bench->operations / bench->thread_count;
	/* Where its stack lies tells a thread from the others. */
	uint64_t random = advance_random((uintptr_t)&left);

	for (; left > 0; left--) {
		struct stripe *stripe;

		random = advance_random(random);
		stripe = &bench->stripes[random_below(random, STRIPE_COUNT)];
		pthread_mutex_lock(&stripe->lock);
		stripe->count++;
		pthread_mutex_unlock(&stripe->lock);
	}
}

/* The calls of a thread: its start routine takes the place of main(). */
static __attribute__((noinline)) void enter_calls(struct bench *bench, void (*body)(void *bench))
{
	struct call_chain chain = {.body = body, .argument = bench};

	call_chain_enter(&chain, (unsigned)bench->frames - FRAMES_BESIDE_LINKS);
}

static void *run_striped_thread(void *argument)
{
	struct bench *bench = argument;

	pthread_barrier_wait(&bench->barrier);
	enter_calls(bench, lock_stripes);
	return NULL;
}

static void run_striped_threads(struct bench *bench)
{
	pthread_t threads[MAX_THREADS];

	pthread_barrier_init(&bench->barrier, NULL, (unsigned)bench->thread_count);
	for (size_t i = 0; i < bench->thread_count; i++)
		pthread_create(&threads[i], NULL, run_striped_thread, bench);
	for (size_t i = 0; i < bench->thread_count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&bench->barrier);
}

static void prepare_turns(struct bench *bench)
{
	prepare_locks(bench);
	pthread_cond_init(&bench->turn_changed, NULL);
}

static void take_turns(struct bench *bench, unsigned own_turn)
{
	for (unsigned long left = bench->operations / 2; left > 0; left--) {
		pthread_mutex_lock(&bench->locks[0]);
		while (bench->turn != own_turn)
			pthread_cond_wait(&bench->turn_changed, &bench->locks[0]);
		bench->turn = !own_turn;
		pthread_cond_signal(&bench->turn_changed);
		pthread_mutex_unlock(&bench->locks[0]);
	}
}

static void take_first_turns(void *argument)
{
	take_turns(argument, 0);
}

static void take_second_turns(void *argument)
{
	take_turns(argument, 1);
}

static void *run_second_turns(void *argument)
{
	enter_calls(argument, take_second_turns);
	return NULL;
}

static void run_turns(struct bench *bench)
{
	pthread_t partner;

	pthread_create(&partner, NULL, run_second_turns, bench);
	enter_calls(bench, take_first_turns);
	pthread_join(partner, NULL);
}

static const struct workload workloads[] = {
	{"one", prepare_locks, lock_one, NULL, 1},
	{"nest2", prepare_locks, lock_nest_2, NULL, 2},
	{"nest4", prepare_locks, lock_nest_4, NULL, 4},
	{"random", prepare_locks, lock_at_random, NULL, 1},
	{"edges", prepare_edges, lock_known_edges, NULL, 2},
	{"among-edges", prepare_edges, lock_nest_2, NULL, 2},
	{"rwlock", prepare_rwlock, read_lock, NULL, 1},
	{"striped", prepare_stripes, NULL, run_striped_threads, 1},
	{"cond", prepare_turns, NULL, run_turns, 1},
};

#define WORKLOAD_COUNT (sizeof(workloads) / sizeof(workloads[0]))

const struct workload *find_workload(const char *name)
{
	for (size_t i = 0; i < WORKLOAD_COUNT; i++) {
		if (strcmp(workloads[i].name, name) == 0)
			return &workloads[i];
	}
	return NULL;
}

void list_workloads(void)
{
	fprintf(stderr, "lock_bench: the workloads are");
	for (size_t i = 0; i < WORKLOAD_COUNT; i++)
		fprintf(stderr, " %s", workloads[i].name);
	fprintf(stderr, "\n");
}

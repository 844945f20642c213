/*
 * The workloads of lock_bench and what they work on.
 */
#ifndef BENCH_LOCK_WORKLOADS_H
#define BENCH_LOCK_WORKLOADS_H

#include "call_chain.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define MAX_THREADS 64
#define STRIPE_COUNT 64

/* main(), time_repetition(), call_chain_enter() and the body itself. */
#define FRAMES_BESIDE_LINKS 4

struct stripe {
	pthread_mutex_t lock;
	unsigned long count;
} __attribute__((aligned(64)));

struct bench {
	/* From the command line. */
	unsigned long operations;
	unsigned long repetitions;
	unsigned long frames;
	unsigned long lock_count;
	unsigned long edge_count;
	unsigned long thread_count;
	bool is_single_threaded;
	bool is_descending;
	bool is_changing_paths;

	pthread_mutex_t *locks;
	pthread_rwlock_t rwlock;
	struct stripe stripes[STRIPE_COUNT];
	pthread_barrier_t barrier;
	pthread_cond_t turn_changed;
	unsigned turn;
	/* How many operations one call of the body does. */
	unsigned long batch;
	uint64_t random;
	/* A pipe that the idle thread reads from until it is closed. */
	int idle_pipe[2];
	pthread_t idle_thread;
};

struct workload {
	const char *name;
	void (*prepare)(struct bench *bench);
	/* Does `batch` operations, in steps of @step. */
	void (*body)(void *bench);
	/* Runs one repetition itself, with threads of its own. */
	void (*run_threads)(struct bench *bench);
	unsigned step;
};

/* NULL if there is no workload of this name. */
const struct workload *find_workload(const char *name);

/* Prints the names to standard error. */
void list_workloads(void);

/* Ends the program with a message. */
void fail(const char *what) __attribute__((noreturn));

#endif

/*
 * OpenMP: its library orders the threads of a team by atomics and futexes of its own.
 * What barriers, reductions, critical sections, tasks and the rest order is no race.
 *
 * guest-timeout: 60
 */
#include "../guest.h"

#ifdef _OPENMP
#include <omp.h>

#define COUNT 2000
#define TEAM 4

static double numbers[COUNT], reversed[COUNT];
static long of_team[TEAM + 1], in_critical, by_single, in_order, by_master, in_sections[2],
	atomically;

/* Written under one schedule and read under another. */
static double use_loops(int round)
{
	double sum = 0;

#pragma omp parallel for schedule(dynamic, 50)
	for (int i = 0; i < COUNT; i++)
		numbers[i] = i + round;
#pragma omp parallel for reduction(+ : sum)
	for (int i = 0; i < COUNT; i++) {
		reversed[i] = numbers[COUNT - 1 - i];
		sum += reversed[i];
	}
#pragma omp parallel for schedule(guided) reduction(max : sum)
	for (int i = 0; i < COUNT; i++)
		if (numbers[i] + reversed[i] > sum)
			sum = numbers[i] + reversed[i];
	return sum;
}

static void use_barriers(int round)
{
#pragma omp parallel num_threads(TEAM)
	{
		int me = omp_get_thread_num();
		long other;

		of_team[me] = me + round;
#pragma omp barrier
		other = of_team[(me + 1) % TEAM];
#pragma omp critical
		in_critical += other;
#pragma omp barrier
#pragma omp single
		by_single = in_critical;
#pragma omp critical(another)
		of_team[TEAM] += by_single & 1;
#pragma omp master
		by_master++;
	}
}

static void use_shares(int round)
{
#pragma omp parallel num_threads(TEAM)
	{
#pragma omp for ordered
		for (int i = 0; i < 8; i++) {
#pragma omp ordered
			in_order = in_order * 3 + i;
		}
#pragma omp sections
		{
#pragma omp section
			in_sections[0] = round;
#pragma omp section
			in_sections[1] = -round;
		}
#pragma omp for
		for (int i = 0; i < 100; i++)
#pragma omp atomic
			atomically += in_sections[i & 1] + i;
	}
}

static long count_by_tasks(int depth)
{
	long left = 0, right = 0;

	if (depth < 2)
		return depth;
#pragma omp task shared(left)
	left = count_by_tasks(depth - 1);
#pragma omp task shared(right)
	right = count_by_tasks(depth - 2);
#pragma omp taskwait
	return left + right;
}

/* Each task waits for what the one before has written. */
static long use_dependences(void)
{
	long value = 1, twice = 0;

#pragma omp parallel num_threads(TEAM)
#pragma omp single
	{
#pragma omp task depend(out : value) shared(value)
		value = 20;
#pragma omp task depend(in : value) depend(out : twice) shared(value, twice)
		twice = 2 * value;
#pragma omp task depend(inout : twice) shared(twice)
		twice++;
	}
	return twice;
}

static void use_locks(omp_lock_t *lock, omp_nest_lock_t *nested, long *protected)
{
#pragma omp parallel num_threads(TEAM)
	for (int i = 0; i < 50; i++) {
		omp_set_lock(lock);
		protected[0]++;
		omp_unset_lock(lock);
		omp_set_nest_lock(nested);
		omp_set_nest_lock(nested);
		protected[1]++;
		omp_unset_nest_lock(nested);
		omp_unset_nest_lock(nested);
	}
}

/* A plain move is atomic under its directive. */
static int publish_atomically(int round)
{
	int value = 0, flag = 0, taken = 0;

#pragma omp parallel num_threads(2) shared(value, flag, taken)
	if (omp_get_thread_num() == 0) {
		value = round;
#pragma omp atomic write release
		flag = 1;
	} else {
		int is_there = 0;

		while (!is_there) {
#pragma omp atomic read acquire
			is_there = flag;
		}
		taken = value;
	}
	return taken;
}

int main(void)
{
	long tasks = 0, protected[2] = {0, 0};
	omp_lock_t lock;
	omp_nest_lock_t nested;

	omp_init_lock(&lock);
	omp_init_nest_lock(&nested);
	for (int round = 1; round <= 5; round++) {
		printf("%g\n", use_loops(round));
		use_barriers(round);
		use_shares(round);
#pragma omp parallel num_threads(TEAM)
#pragma omp single
		tasks += count_by_tasks(8);
		printf("%ld %d\n", use_dependences(), publish_atomically(round));
		use_locks(&lock, &nested, protected);
	}
	omp_destroy_lock(&lock);
	omp_destroy_nest_lock(&nested);
	printf("%ld %ld %ld %ld %ld %ld\n", in_critical, by_master, in_order, atomically, tasks,
	       protected[0] + protected[1]);
	return guest_passed();
}
#else
int main(void)
{
	return guest_skip("built without OpenMP");
}
#endif

/*
 * What one lock operation costs, in nanoseconds, for one workload per run:
 *
 *	lock_bench [OPTIONS] WORKLOAD OPERATIONS REPETITIONS
 *
 * An operation is a pair of lock and unlock (a hand-over for `cond`).  After a
 * preparation that takes every lock once, which is not timed, OPERATIONS of
 * them are timed, REPETITIONS times over.  The loop runs in the innermost of
 * --frames calls, main() being the outermost, so that the pair alone is timed
 * and a stack walker has that many frames of the program to walk;
 * with --descend every operation enters the calls anew.
 *
 * Other programs share the machine, so the time is the processor time of the
 * process, save for the workloads whose threads wait for each other.
 */
#include "lock_workloads.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_REPETITIONS 101

static double now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Enters the calls once for each step of the workload. */
static void descend_repeatedly(struct bench *bench, struct call_chain *chain, unsigned link_count)
{
	unsigned path_mask = bench->is_changing_paths ? (1u << CALL_CHAIN_PATH_BITS) - 1 : 0;

	for (unsigned long done = 0; done < bench->operations; done += bench->batch) {
		chain->path = (unsigned)(done / bench->batch) & path_mask;
		call_chain_enter(chain, link_count);
	}
}

static __attribute__((noinline)) double time_repetition(struct bench *bench,
							const struct workload *workload)
{
	clockid_t clock = workload->run_threads ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
	struct call_chain chain = {.body = workload->body, .argument = bench};
	unsigned link_count = (unsigned)bench->frames - FRAMES_BESIDE_LINKS;
	double start = now_ns(clock);

	if (workload->run_threads)
		workload->run_threads(bench);
	else if (bench->is_descending)
		descend_repeatedly(bench, &chain, link_count);
	else
		call_chain_enter(&chain, link_count);
	return (now_ns(clock) - start) / (double)bench->operations;
}

static void *stay_idle(void *argument)
{
	struct bench *bench = argument;
	char byte;

	while (read(bench->idle_pipe[0], &byte, 1) > 0)
		;
	return NULL;
}

/* As long as it lives, glibc's locks are atomic operations. */
static void start_idle_thread(struct bench *bench)
{
	if (pipe(bench->idle_pipe) != 0)
		fail("no pipe");
	if (pthread_create(&bench->idle_thread, NULL, stay_idle, bench) != 0)
		fail("no second thread");
}

static void end_idle_thread(struct bench *bench)
{
	close(bench->idle_pipe[1]);
	pthread_join(bench->idle_thread, NULL);
	close(bench->idle_pipe[0]);
}

static int compare_times(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

static void run_workload(struct bench *bench, const struct workload *workload, double *times)
{
	unsigned long operations = bench->operations;

	workload->prepare(bench);
	bench->operations = operations / 10 + 1;
	bench->batch = bench->is_descending ? workload->step : bench->operations;
	time_repetition(bench, workload);
	bench->operations = operations;
	bench->batch = bench->is_descending ? workload->step : bench->operations;
	for (size_t i = 0; i < bench->repetitions; i++)
		times[i] = time_repetition(bench, workload);
	qsort(times, bench->repetitions, sizeof(*times), compare_times);
}

static unsigned long parse_number(const char *text, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || number < least || number > most) {
		fprintf(stderr, "lock_bench: '%s' is not a number from %lu to %lu\n", text, least,
			most);
		exit(2);
	}
	return number;
}

static void parse_options(struct bench *bench, int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'f'}, {"locks", required_argument, NULL, 'l'},
		{"edges", required_argument, NULL, 'e'},  {"threads", required_argument, NULL, 't'},
		{"single", no_argument, NULL, 's'},	  {"descend", no_argument, NULL, 'd'},
		{"paths", no_argument, NULL, 'p'},	  {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			bench->frames =
				parse_number(optarg, FRAMES_BESIDE_LINKS, CALL_CHAIN_MAX_LINKS);
			break;
		case 'l':
			bench->lock_count = parse_number(optarg, 4, 10000000);
			break;
		case 'e':
			bench->edge_count = parse_number(optarg, 1, 10000000);
			break;
		case 't':
			bench->thread_count = parse_number(optarg, 1, MAX_THREADS);
			break;
		case 's':
			bench->is_single_threaded = true;
			break;
		case 'p':
			bench->is_changing_paths = true;
			bench->is_descending = true;
			break;
		case 'd':
			bench->is_descending = true;
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	static struct bench bench = {
		.frames = 8, .lock_count = 4, .edge_count = 10, .thread_count = 8};
	static double times[MAX_REPETITIONS];
	const struct workload *workload;

	parse_options(&bench, argc, argv);
	if (argc - optind != 3)
		fail("usage: lock_bench [OPTIONS] WORKLOAD OPERATIONS REPETITIONS");
	workload = find_workload(argv[optind]);
	if (!workload) {
		list_workloads();
		exit(2);
	}
	bench.operations = parse_number(argv[optind + 1], 8, 1000000000);
	bench.repetitions = parse_number(argv[optind + 2], 1, MAX_REPETITIONS);

	if (!bench.is_single_threaded && !workload->run_threads)
		start_idle_thread(&bench);
	run_workload(&bench, workload, times);
	if (!bench.is_single_threaded && !workload->run_threads)
		end_idle_thread(&bench);
	printf("%s operations=%lu min=%.2f median=%.2f\n", workload->name, bench.operations,
	       times[0], times[bench.repetitions / 2]);
	return 0;
}

/*
 * A program of this suite: cases, each with what snarl must say of it.
 *
 * A case starts threads, waits for them and checks nothing but that they end.
 * Findings are told apart by the functions in their stacks: the functions of
 * case NAME are called NAME_something, and share their data with no other case.
 *
 * What is expected is a list of words, all of which must be true:
 *   silent           no warning and no error (notes may be)
 *   KIND             a finding of this kind, of any severity
 *   KIND:SEVERITY    of this severity
 *   WORD|WORD        one of them
 *   WORD?            may be there too
 * Any other warning or error is a failure.
 *
 * " * Levels: 0 1 2 3" in the head of a source asks for these levels of optimisation in place of 0
 * and 2; " * Options: -gdwarf-4" for these options of the compiler.
 */
#ifndef CASES_H
#define CASES_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct race_case {
	const char *name, *expected;
	void (*run)(void);
};

#define CASE(name, expected)                                                                       \
	{                                                                                          \
		#name, expected, name##_case                                                       \
	}

#define NOINLINE __attribute__((noinline))

/* A call that must succeed; the program ends with status 1 if it does not. */
#define MUST(call)                                                                                 \
	do {                                                                                       \
		if (!(call)) {                                                                     \
			fprintf(stderr, "%s:%d: failed: %s: %s\n", __FILE__, __LINE__, #call,      \
				strerror(errno));                                                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* Says that @datum is read, so that compilers do not drop what is written to it. */
#define KEEP(datum) __asm__ volatile("" : : "r"(&(datum)) : "memory")

typedef void *thread_body(void *);

/* Two threads that nothing but their own doing orders. */
static inline void run_both(thread_body *first, thread_body *second, void *argument)
{
	pthread_t threads[2];

	MUST(pthread_create(&threads[0], NULL, first, argument) == 0);
	MUST(pthread_create(&threads[1], NULL, second, argument) == 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* Waits until @count threads are left, which nothing but the kernel tells. */
static inline void await_threads(unsigned count)
{
	struct stat tasks;

	do {
		sched_yield();
		MUST(stat("/proc/self/task", &tasks) == 0);
	} while (tasks.st_nlink > 2 + count);
}

/* Waits until the other of the two has ended: main waits for the first, so it is the second one
 * that may call this. */
static inline void await_first(void)
{
	await_threads(2);
}

/* The case in which NAME_write and NAME_read run at the same time. */
#define RACE(name)                                                                                 \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_write, name##_read, NULL);                                         \
	}

/* Without arguments all cases, else those named; --list names them. */
static inline int run_cases(const struct race_case *cases, size_t count, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < count; i++)
			printf("%s %s\n", cases[i].name, cases[i].expected);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		int is_wanted = argc == 1;

		for (int name = 1; name < argc; name++)
			is_wanted |= strcmp(argv[name], cases[i].name) == 0;
		if (is_wanted)
			cases[i].run();
	}
	return 0;
}

#define RUN_CASES(cases, argc, argv) run_cases(cases, sizeof cases / sizeof *cases, argc, argv)

/*
 * A case in which one thread gives and the other takes, and both update the
 * same datum: before it gives, after it has taken.
 */
#define HAND_OVER(name, give, take)                                                                \
	static long name##_data;                                                                   \
	static void *name##_giver(void *unused)                                                    \
	{                                                                                          \
		(void)unused;                                                                      \
		name##_data++;                                                                     \
		give;                                                                              \
		return NULL;                                                                       \
	}                                                                                          \
	static void *name##_taker(void *unused)                                                    \
	{                                                                                          \
		(void)unused;                                                                      \
		take;                                                                              \
		name##_data++;                                                                     \
		return NULL;                                                                       \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_giver, name##_taker, NULL);                                        \
		KEEP(name##_data);                                                                 \
	}

/* A case in which both threads update a datum between their @enter and @leave. */
#define EXCLUDE(name, enter_first, leave_first, enter_second, leave_second)                        \
	static long name##_data;                                                                   \
	static void *name##_first(void *unused)                                                    \
	{                                                                                          \
		(void)unused;                                                                      \
		enter_first;                                                                       \
		name##_data++;                                                                     \
		leave_first;                                                                       \
		return NULL;                                                                       \
	}                                                                                          \
	static void *name##_second(void *unused)                                                   \
	{                                                                                          \
		(void)unused;                                                                      \
		enter_second;                                                                      \
		name##_data++;                                                                     \
		leave_second;                                                                      \
		return NULL;                                                                       \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_first, name##_second, NULL);                                       \
		KEEP(name##_data);                                                                 \
	}

#endif

/*
 * Accesses that are left to thunks: each line has often made them elsewhere before.
 *
 * A case has memory, and a function of its own, name##_turn(at, epoch), that accesses the memory at
 * @at in one epoch.  The first thread makes its turns, then the second one accesses a byte.  Each
 * case has code of its own, as what is part of a finding is not left to thunks.
 */
#ifndef WARM_H
#define WARM_H

#include "cases.h"

#define WARM 200 /* the first accesses of each line keep their callers */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define NOTHING ((void)0)
#define LOCK pthread_mutex_lock(&lock)
#define UNLOCK pthread_mutex_unlock(&lock)

/* KEEP(name##_data) in functions that several cases have: or gcc makes one of them. */
#define MEMORY(name, bytes)                                                                        \
	static volatile char name##_data[bytes] __attribute__((aligned(16)));                      \
	static char name##_warm[bytes] __attribute__((aligned(16)));                               \
	static volatile long name##_before;

/* Each turn is under the lock. */
#define TURNS(name, epochs)                                                                        \
	static void *name##_first(void *unused)                                                    \
	{                                                                                          \
		for (int round = 0; round <= WARM; round++)                                        \
			for (int epoch = 0; epoch < (epochs); epoch++) {                           \
				LOCK;                                                              \
				name##_before = round; /* begins the epoch */                      \
				name##_turn(round < WARM ? name##_warm : (char *)name##_data,      \
					    epoch);                                                \
				UNLOCK;                                                            \
			}                                                                          \
		return unused;                                                                     \
	}

/* Then the second thread makes its @access, between @enter and @leave. */
#define THEN(name, access, enter, leave)                                                           \
	static void *name##_second(void *unused)                                                   \
	{                                                                                          \
		await_first();                                                                     \
		enter;                                                                             \
		access;                                                                            \
		leave;                                                                             \
		return unused;                                                                     \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_first, name##_second, NULL);                                       \
	}

#endif

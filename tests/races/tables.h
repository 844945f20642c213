/*
 * For untabled.c and tabled.c: a spin lock in assembly, and a datum that is used with it held.
 */
#ifndef TABLES_H
#define TABLES_H

#include "cases.h"

void take(int *lock);
void give(int *lock);

/* The two functions, each between @begin and @end. */
#define MAKE_LOCK(begin, end)                                                                      \
	__asm__(".text\n"                                                                          \
		".type take, @function\n"                                                          \
		"take:\n" begin "\n"                                                               \
		"1:	pause\n"                                                                   \
		"	lock btsl $0, (%rdi)\n"                                                    \
		"	jc 1b\n"                                                                   \
		"	ret\n" end "\n"                                                            \
		".type give, @function\n"                                                          \
		"give:\n" begin "\n"                                                               \
		"	movl $0, (%rdi)\n"                                                         \
		"	ret\n" end "\n");

static int held_lock, held_datum;

static void *held_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++) {
		take(&held_lock);
		if (held_datum < i)
			held_datum = i;
		give(&held_lock);
		if (i % 16 == 0)
			sched_yield();
	}
	return NULL;
}

static void held_case(void)
{
	run_both(held_use, held_use, NULL);
}

#endif

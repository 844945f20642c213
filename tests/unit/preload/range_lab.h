/*
 * The wrappers of ranges.def without a guest library: each is called by its name, and what
 * it tells of is compared with what it should.
 */
#ifndef TESTS_RANGE_LAB_H
#define TESTS_RANGE_LAB_H

#include <check.h>
#include <wchar.h>

#include "preload/guest/guest.h"
#include "preload/ranges/ranges.h"
#include "preload/ranges/states.h"

struct range_told {
	const volatile void *address;
	size_t size_bytes;
	uint32_t access;
};

extern struct guest_thread range_thread; /* which calls */
extern struct range_told told[64]; /* by the last calls */
extern unsigned int told_count;
extern bool *was_tried;	 /* by enum range_function; shared with the tests' processes */
extern int ended_number; /* the last descriptor that was said to end */

/* What is read and written: texts in a and wa, nothing in b and wb. */
extern char a[256], b[256];
extern wchar_t wa[64], wb[64];
void range_set_up(void);

/* The wrapper of function @name. */
void *range_find(const char *name, enum range_function function);

/* Fails unless the calls since the last comparison told of @expected. */
void range_compare(int line, const struct range_told *expected, size_t count);

#define CALL_AS(type, name) ((type)range_find(#name, RANGE_OF_##name))
#define CALL(name) CALL_AS(__typeof__(&name), name)

#define R(address, size_bytes)                                                                     \
	{                                                                                          \
		(address), (size_bytes), SITE_READ                                                 \
	}
#define W(address, size_bytes)                                                                     \
	{                                                                                          \
		(address), (size_bytes), SITE_WRITE                                                \
	}
#define TOLD(...)                                                                                  \
	range_compare(__LINE__, (const struct range_told[]){__VA_ARGS__},                          \
		      sizeof((const struct range_told[]){__VA_ARGS__}) /                           \
			      sizeof(struct range_told))

/* Tests of other files, added to test_ranges.c's. */
void range_add_texts(TCase *tests);
void range_add_files(TCase *tests);

#endif

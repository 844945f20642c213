/*
 * Plain accesses of what other threads access by locked instructions: errors, as one side of
 * such a race is not atomic.  Not where all sides are atomic, or where what was read plainly is
 * compared again, as in loops around a comparing exchange.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "cases.h"

static int added_value;
static long added_copy;

static void *added_write(void *unused)
{
	__atomic_fetch_add(&added_value, 1, __ATOMIC_RELAXED);
	return unused;
}

static void *added_read(void *unused)
{
	await_first();
	added_copy += added_value;
	KEEP(added_copy);
	return unused;
}

RACE(added)

static int reset_value;

static void *reset_write(void *unused)
{
	__sync_fetch_and_add(&reset_value, 1);
	return unused;
}

static void *reset_read(void *unused)
{
	await_first();
	reset_value = 0;
	KEEP(reset_value);
	return unused;
}

RACE(reset)

static struct request { long size; unsigned flags; } *tested_request;
static int tested_count;

static void *tested_write(void *unused)
{
	__atomic_fetch_or(&tested_request->flags, 4, __ATOMIC_ACQ_REL);
	return unused;
}

static void *tested_read(void *unused)
{
	await_first();
	if (tested_request->flags & 4)
		tested_count++;
	KEEP(tested_count);
	return unused;
}

static void tested_case(void)
{
	tested_request = calloc(1, sizeof(*tested_request));
	run_both(tested_write, tested_read, NULL);
	free(tested_request);
}

static int stored_value;
static long stored_copy;

static void *stored_write(void *unused)
{
	__atomic_store_n(&stored_value, 3, __ATOMIC_SEQ_CST);
	return unused;
}

static void *stored_read(void *unused)
{
	await_first();
	stored_copy = stored_value;
	KEEP(stored_copy);
	return unused;
}

RACE(stored)

/* Nothing shows that it is an atomic when the plain access is met. */
static int found_value;
static int found_copy;

static void *found_write(void *unused)
{
	found_value += 3;
	KEEP(found_value);
	return unused;
}

static void *found_read(void *unused)
{
	await_first();
	found_copy = __atomic_load_n(&found_value, __ATOMIC_RELAXED);
	__atomic_fetch_add(&found_value, 1, __ATOMIC_RELAXED);
	KEEP(found_copy);
	return unused;
}

RACE(found)

static int found_atomic;
static int found_atomic_copy;

static void *found_atomic_write(void *unused)
{
	__atomic_store_n(&found_atomic, 3, __ATOMIC_RELEASE);
	return unused;
}

static void *found_atomic_read(void *unused)
{
	await_first();
	found_atomic_copy = __atomic_load_n(&found_atomic, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&found_atomic, &found_atomic_copy, 7, 0, 0, 0))
		;
	return unused;
}

RACE(found_atomic)

/* The read comes first. */
static int early_value;
static long early_copy;

static void *early_write(void *unused)
{
	early_copy = early_value;
	KEEP(early_copy);
	return unused;
}

static void *early_read(void *unused)
{
	await_first();
	__sync_fetch_and_add(&early_value, 1);
	return unused;
}

RACE(early)

/* All of its accesses are atomic, though only some by locked instructions. */
static atomic_int loaded_value;
static long loaded_copy;

static void *loaded_write(void *unused)
{
	atomic_fetch_add(&loaded_value, 1);
	return unused;
}

static void *loaded_read(void *unused)
{
	await_first();
	loaded_copy += atomic_load_explicit(&loaded_value, memory_order_relaxed);
	atomic_store_explicit(&loaded_value, 0, memory_order_relaxed);
	KEEP(loaded_copy);
	return unused;
}

RACE(loaded)

static volatile int watched_value;
static long watched_copy;

static void *watched_write(void *unused)
{
	__sync_fetch_and_add(&watched_value, 1);
	return unused;
}

static void *watched_read(void *unused)
{
	await_first();
	watched_copy += watched_value;
	return unused;
}

RACE(watched)

/* What it has read plainly is compared with what is there. */
static int compared_value;

static void *compared_write(void *unused)
{
	__sync_fetch_and_add(&compared_value, 1);
	return unused;
}

static void *compared_read(void *unused)
{
	int old;

	await_first();
	do
		old = compared_value;
	while (!__sync_bool_compare_and_swap(&compared_value, old, old * 2));
	return unused;
}

RACE(compared)

/* Cast to types that are atomic or volatile, by names that do not say so. */
typedef _Atomic unsigned shared_word;
typedef volatile unsigned device_word;
static struct request *cast_request, *recast_request;
static unsigned cast_copy, recast_copy;

static void *cast_write(void *unused)
{
	__atomic_fetch_add(&cast_request->flags, 1, __ATOMIC_RELAXED);
	return unused;
}

static void *cast_read(void *unused)
{
	await_first();
	cast_copy = *(shared_word *)&cast_request->flags;
	KEEP(cast_copy);
	return unused;
}

static void cast_case(void)
{
	cast_request = calloc(1, sizeof(*cast_request));
	run_both(cast_write, cast_read, NULL);
	free(cast_request);
}

static void *recast_write(void *unused)
{
	__atomic_fetch_add(&recast_request->flags, 1, __ATOMIC_RELAXED);
	return unused;
}

static void *recast_read(void *unused)
{
	await_first();
	recast_copy = *(device_word *)&recast_request->flags;
	KEEP(recast_copy);
	return unused;
}

static void recast_case(void)
{
	recast_request = calloc(1, sizeof(*recast_request));
	run_both(recast_write, recast_read, NULL);
	free(recast_request);
}

/* Written before others know of it, and read plainly after the last of them. */
static struct counted { int references; int content; } *_Atomic counted_object;
static int counted_content;

static void counted_drop(struct counted *object)
{
	if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL) == 0) {
		counted_content = object->content + object->references;
		free(object);
	}
}

static void *counted_write(void *unused)
{
	struct counted *object = malloc(sizeof(*object));

	object->references = 2;
	object->content = 7;
	atomic_store(&counted_object, object);
	counted_drop(object);
	return unused;
}

static void *counted_read(void *unused)
{
	struct counted *object;

	while (!(object = atomic_load(&counted_object)))
		sched_yield();
	counted_drop(object);
	KEEP(counted_content);
	return unused;
}

RACE(counted)

static int joined_value;

static void *joined_add(void *unused)
{
	__atomic_fetch_add(&joined_value, 1, __ATOMIC_RELAXED);
	return unused;
}

static void joined_case(void)
{
	joined_value = 0;
	run_both(joined_add, joined_add, NULL);
	MUST(joined_value == 2);
}

/* What stands beside an atomic operation in its statement is plain. */
static int copied_from, copied_value;

static void *copied_write(void *unused)
{
	copied_value = __atomic_load_n(&copied_from, __ATOMIC_RELAXED);
	KEEP(copied_value);
	return unused;
}

static void *copied_read(void *unused)
{
	await_first();
	return copied_write(unused);
}

RACE(copied)

static struct ticket { int number, next; } *handed_ticket;

static void *handed_write(void *unused)
{
	handed_ticket->number = 1 + __atomic_fetch_add(&handed_ticket->next, 1, __ATOMIC_RELAXED);
	return unused;
}

static void *handed_read(void *unused)
{
	await_first();
	return handed_write(unused);
}

static void handed_case(void)
{
	handed_ticket = calloc(1, sizeof(*handed_ticket));
	run_both(handed_write, handed_read, NULL);
	free(handed_ticket);
}

/* The same structure, all of whose accesses are atomic operations. */
static struct ticket *called_ticket;

static void *called_write(void *ticket)
{
	struct ticket *called = ticket;

	__atomic_store_n(&called->number, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *called_read(void *ticket)
{
	struct ticket *called = ticket;

	await_first();
	return __atomic_load_n(&called->number, __ATOMIC_RELAXED) ? NULL : ticket;
}

static void called_case(void)
{
	called_ticket = calloc(1, sizeof(*called_ticket));
	run_both(called_write, called_read, called_ticket);
	free(called_ticket);
}

/* Not what the operation is about, whatever else names it. */
static int moved_from, moved_value;

static void *moved_write(void *unused)
{
	__atomic_store_n(&moved_value, __atomic_load_n(&moved_from, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
	return unused;
}

static void *moved_read(void *unused)
{
	await_first();
	if (__atomic_load_n(&moved_value, __ATOMIC_RELAXED) > moved_from)
		KEEP(moved_value);
	return unused;
}

RACE(moved)

/* A type, not an operation. */
static int typed_from, typed_seen, typed_table[2];

static void *typed_write(void *unused)
{
	__atomic_store_n(&typed_table[1], 1, __ATOMIC_RELAXED);
	return unused;
}

static void *typed_read(void *unused)
{
	await_first();
	typed_seen = ((_Atomic(int) *)typed_table)[1] +
		     __atomic_load_n(&typed_from, __ATOMIC_RELAXED);
	KEEP(typed_seen);
	return unused;
}

RACE(typed)

static const struct race_case cases[] = {
	CASE(added, "data-race:error"),
	CASE(reset, "data-race:error"),
	CASE(tested, "data-race:error"),
	CASE(stored, "data-race:error"),
	CASE(found, "data-race:error"),
	CASE(found_atomic, "silent"),
	CASE(early, "data-race:error"),
	CASE(loaded, "silent"),
	CASE(watched, "silent"),
	CASE(compared, "silent"),
	CASE(cast, "silent"),
	CASE(recast, "silent"),
	CASE(counted, "silent"),
	CASE(joined, "silent"),
	CASE(copied, "data-race:error"),
	CASE(handed, "data-race:error"),
	CASE(called, "silent"),
	CASE(moved, "silent"),
	CASE(typed, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

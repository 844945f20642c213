/*
 * RULES, 'Plain or atomic': what the source reads under a condition.  Compilers load it in any
 * case, where it is there to be loaded, and throw it away by a conditional move or a mask.
 */
#include "cases.h"

#include <unistd.h>

#define ROUNDS 300

static void rest(void)
{
	MUST(usleep(100) == 0);
}

/* Polled while it is being made, and read once it is. */
static int polled_state;
static int polled_data;

static NOINLINE int polled_poll(void)
{
	int state = __atomic_load_n(&polled_state, __ATOMIC_ACQUIRE);

	return state == 2 ? polled_data : 0;
}

static void *polled_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		polled_data += i;
		rest();
	}
	__atomic_store_n(&polled_state, 2, __ATOMIC_RELEASE);
	return unused;
}

static void *polled_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += polled_poll();
		rest();
	}
	return sum == -1 ? &polled_data : unused;
}

RACE(polled)

/* Computed with, or another value. */
static _Bool computed_ready;
static int computed_data, computed_other = 3;

static NOINLINE int computed_poll(void)
{
	return __atomic_load_n(&computed_ready, __ATOMIC_ACQUIRE) ? computed_data + 1 : 7;
}

static NOINLINE int computed_choose(void)
{
	int state = __atomic_load_n(&computed_ready, __ATOMIC_ACQUIRE);

	return state ? computed_data : computed_other;
}

static void *computed_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		computed_data += i;
		rest();
	}
	__atomic_store_n(&computed_ready, 1, __ATOMIC_RELEASE);
	return unused;
}

static void *computed_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += computed_poll() + computed_choose();
		rest();
	}
	return sum == -1 ? &computed_data : unused;
}

RACE(computed)

/* All bits or none of it. */
static _Bool masked_ready;
static int masked_data;

static NOINLINE int masked_poll(void)
{
	return __atomic_load_n(&masked_ready, __ATOMIC_ACQUIRE) ? masked_data : -1;
}

static void *masked_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		masked_data += i;
		rest();
	}
	__atomic_store_n(&masked_ready, 1, __ATOMIC_RELEASE);
	return unused;
}

static void *masked_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += masked_poll();
		rest();
	}
	return sum == -1 ? &masked_data : unused;
}

RACE(masked)

/* The condition is wrong: it is read while it is being made. */
static int early_state;
static int early_data;

static NOINLINE int early_poll(void)
{
	int state = __atomic_load_n(&early_state, __ATOMIC_ACQUIRE);

	return state != 2 ? early_data : 0;
}

static void *early_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		early_data += i;
		rest();
	}
	return unused;
}

static void *early_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += early_poll();
		rest();
	}
	return sum == -1 ? &early_data : unused;
}

RACE(early)

/* The same, computed with. */
static int raised_state, raised_data;

static NOINLINE int raised_poll(void)
{
	int state = __atomic_load_n(&raised_state, __ATOMIC_ACQUIRE);

	return state != 2 ? raised_data + 1 : 7;
}

static void *raised_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		raised_data += i;
		rest();
	}
	return unused;
}

static void *raised_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += raised_poll();
		rest();
	}
	return sum == -1 ? &raised_data : unused;
}

RACE(raised)

/* Read before anything is decided, and used beside. */
static int beside_state, beside_data, beside_seen;

static NOINLINE int beside_poll(int fallback)
{
	int data = beside_data;

	if (__atomic_load_n(&beside_state, __ATOMIC_ACQUIRE) == 2)
		fallback = data;
	beside_seen = data;
	return fallback;
}

static void *beside_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		beside_data += i;
		rest();
	}
	return unused;
}

static void *beside_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += beside_poll(0);
		rest();
	}
	KEEP(beside_seen);
	return sum == -1 ? &beside_data : unused;
}

RACE(beside)

/* Of two truth values as one, the second is not read if the first is false. */
static int both_state;
static _Bool both_flag;
static int both_data;

static NOINLINE _Bool both_flagged(void)
{
	return __atomic_load_n(&both_state, __ATOMIC_ACQUIRE) && both_flag;
}

static NOINLINE _Bool both_positive(void)
{
	return __atomic_load_n(&both_state, __ATOMIC_ACQUIRE) > 0 && both_data;
}

static void *both_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		both_flag = i % 2;
		both_data += i;
		rest();
	}
	__atomic_store_n(&both_state, 2, __ATOMIC_RELEASE);
	return unused;
}

static void *both_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += both_flagged() + both_positive();
		rest();
	}
	return sum == -1 ? &both_data : unused;
}

RACE(both)

/* It is read if the first is true. */
int truth_state = 1, truth_data; /* not static: compilers would know that they are constant */

static NOINLINE _Bool truth_poll(void)
{
	return __atomic_load_n(&truth_state, __ATOMIC_ACQUIRE) > 0 && truth_data;
}

static void *truth_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		truth_data += i;
		rest();
	}
	return unused;
}

static void *truth_read(void *unused)
{
	int sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		sum += truth_poll();
		rest();
	}
	return sum == -1 ? &truth_data : unused;
}

RACE(truth)

static const struct race_case cases[] = {
	CASE(polled, "silent"),		CASE(computed, "silent"),	   CASE(masked, "silent"),
	CASE(early, "data-race:error"), CASE(raised, "data-race:error"),
	CASE(beside, "data-race:error"), CASE(both, "silent"),
	CASE(truth, "data-race:error"),
};

int main(int argc, char **argv)
{
	return run_cases(cases, sizeof(cases) / sizeof(*cases), argc, argv);
}

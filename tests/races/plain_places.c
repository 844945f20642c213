/*
 * As plain_idioms.c, but for where the value is, and how the source comes there: members, elements,
 * functions, what is copied, macros of the system.
 */
#include <sched.h>
#include <sys/time.h>
#include <unistd.h>

#include "cases.h"

static struct account {
	int id;
	long balance;
};

static size_t measure_length(void)
{
	return sizeof(int) + (getpid() > 1);
}

static struct account field_value;
static void *field_write(void *unused)
{
	(void)unused;
	field_value.balance = 7;
	return NULL;
}

static void *field_read(void *unused)
{
	(void)unused;
	if (field_value.balance > 5)
		sched_yield();
	return NULL;
}

RACE(field)

static struct account arrow_account, *const arrow_value = &arrow_account;
static void *arrow_write(void *unused)
{
	(void)unused;
	arrow_value->balance = 7;
	return NULL;
}

static void *arrow_read(void *unused)
{
	(void)unused;
	if (arrow_value->balance > 5)
		sched_yield();
	return NULL;
}

RACE(arrow)

static int element_values[4];
static int element_index(void)
{
	return 2;
}

static void *element_write(void *unused)
{
	(void)unused;
	element_values[element_index()] = 3;
	return NULL;
}

static void *element_read(void *unused)
{
	(void)unused;
	if (element_values[2] == 3)
		sched_yield();
	return NULL;
}

RACE(element)

static int getter_value;
static inline int getter_get(void)
{
	return getter_value;
}
static inline void getter_set(int value)
{
	getter_value = value;
}

static void *getter_write(void *unused)
{
	(void)unused;
	getter_set(4);
	return NULL;
}

static void *getter_read(void *unused)
{
	(void)unused;
	if (getter_get() == 4)
		sched_yield();
	return NULL;
}

RACE(getter)

static int parameter_value;
static NOINLINE void parameter_set(int *place, int value)
{
	*place = value;
}

static void *parameter_write(void *unused)
{
	(void)unused;
	parameter_set(&parameter_value, 4);
	return NULL;
}

static void *parameter_read(void *unused)
{
	(void)unused;
	if (parameter_value == 4)
		sched_yield();
	return NULL;
}

RACE(parameter)

static struct account *heap_value;
__attribute__((constructor)) static void heap_make(void)
{
	heap_value = calloc(1, sizeof *heap_value);
}

static void *heap_write(void *unused)
{
	(void)unused;
	heap_value->id = 1;
	return NULL;
}

static void *heap_read(void *unused)
{
	(void)unused;
	if (heap_value->id)
		sched_yield();
	return NULL;
}

RACE(heap)

static int looped_values[8];
static void *looped_write(void *unused)
{
	(void)unused;
	for (int i = 0; i < 8; i++)
		looped_values[i] = i;
	return NULL;
}

static void *looped_read(void *unused)
{
	(void)unused;
	int sum = 0;

	for (int i = 0; i < 8; i++)
		sum += looped_values[i];
	KEEP(sum);
	return NULL;
}

RACE(looped)

static struct account copied_value, copied_source;
static void *copied_write(void *unused)
{
	(void)unused;
	copied_value = copied_source;
	return NULL;
}

static void *copied_read(void *unused)
{
	(void)unused;
	if (copied_value.id)
		sched_yield();
	return NULL;
}

RACE(copied)

static struct account *checked_value;
static pthread_mutex_t checked_lock = PTHREAD_MUTEX_INITIALIZER;

static void *checked_write(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&checked_lock);
	checked_value = heap_value;
	pthread_mutex_unlock(&checked_lock);
	return NULL;
}

static void *checked_read(void *unused)
{
	(void)unused;
	if (!checked_value)
		sched_yield();
	return NULL;
}

RACE(checked)

/* By macros of a header of the system, which also declares a type that is used. */
static struct timeval timed_value;

static void *timed_write(void *unused)
{
	struct timeval first = {measure_length(), 1}, second = {1, measure_length()};

	(void)unused;
	timeradd(&first, &second, &timed_value);
	return NULL;
}

static void *timed_read(void *unused)
{
	struct timezone zone;
	struct timeval now;

	(void)unused;
	gettimeofday(&now, &zone);
	if (timercmp(&timed_value, &now, >))
		sched_yield();
	return NULL;
}

RACE(timed)

/* A part of what the statement names: without optimisation it is copied by words. */
static struct packet {
	int data[32], length;
} packet_shared;

static void *packet_write(void *unused)
{
	struct packet packet = {.length = 3};

	packet_shared = packet;
	return unused;
}

static void *packet_read(void *unused)
{
	struct packet packet = packet_shared;

	KEEP(packet);
	return unused;
}

RACE(packet)

/* What a function returns a pointer to. */
int *pointed(void);
int *pointed(void)
{
	static int value;

	return &value;
}

static void *pointed_write(void *unused)
{
	*pointed() = 1;
	return unused;
}

static void *pointed_read(void *unused)
{
	if (*pointed())
		sched_yield();
	return unused;
}

RACE(pointed)

static const struct race_case cases[] = {
	CASE(field, "data-race:error"),
	CASE(arrow, "data-race:error"),
	CASE(element, "data-race:error"),
	CASE(getter, "data-race:error"),
	CASE(parameter, "data-race:error"),
	CASE(heap, "data-race:error"),
	CASE(looped, "data-race:error"),
	CASE(copied, "data-race:error"),
	CASE(checked, "data-race:error"),
	CASE(timed, "data-race:error"),
	CASE(packet, "data-race:error"),
	CASE(pointed, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

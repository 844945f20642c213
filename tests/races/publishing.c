/*
 * RULES, 'Happens-before': what is published by a pointer, and freed when it has
 * been replaced.  Done right and done wrong.
 */
#include <sched.h>
#include <sys/mman.h>

#include "items.h"

static volatile size_t item_bytes = sizeof(struct item);

/* One hazard pointer (M. M. Michael): 'do not free what I name here'. */
static _Atomic(struct item *) hazard_pointer_current, hazard_pointer_in_use;

static void *hazard_pointer_read(void *unused)
{
	(void)unused;
	for (int i = 0; i < ITEM_COUNT; i++) {
		struct item *item;

		do {
			item = LOAD(hazard_pointer_current, acquire);
			STORE(hazard_pointer_in_use, item, seq_cst);
		} while (item != LOAD(hazard_pointer_current, seq_cst));
		check_item(item);
		STORE(hazard_pointer_in_use, NULL, release);
	}
	return NULL;
}

static struct item *new_item(long number)
{
	struct item *item = malloc(sizeof *item);

	MUST(item);
	*item = make_item(number);
	return item;
}

static void *hazard_pointer_replace(void *unused)
{
	(void)unused;
	for (int i = 0; i < ITEM_COUNT; i++) {
		struct item *old = atomic_exchange(&hazard_pointer_current, new_item(i));

		while (LOAD(hazard_pointer_in_use, seq_cst) == old)
			sched_yield();
		free(old);
	}
	return NULL;
}

static void hazard_pointer_case(void)
{
	atomic_init(&hazard_pointer_current, new_item(0));
	run_both(hazard_pointer_read, hazard_pointer_replace, NULL);
	free(LOAD(hazard_pointer_current, relaxed));
}

/* RCU-like: freed when the reader has been quiet since the new one was published. */
static _Atomic(struct item *) quiet_state_current;
static atomic_int quiet_state_count;

static void *quiet_state_read(void *unused)
{
	(void)unused;
	for (int i = 0; i < ITEM_COUNT; i++) {
		check_item(LOAD(quiet_state_current, acquire));
		STORE(quiet_state_count, i + 1, release);
		sched_yield();
	}
	return NULL;
}

static void *quiet_state_replace(void *unused)
{
	struct item *old = LOAD(quiet_state_current, relaxed);
	int count;

	(void)unused;
	STORE(quiet_state_current, new_item(2), seq_cst);
	count = LOAD(quiet_state_count, acquire);
	/* One whole turn of the reader after the new one was there. */
	while (LOAD(quiet_state_count, acquire) < count + 2 &&
	       LOAD(quiet_state_count, acquire) < ITEM_COUNT)
		sched_yield();
	free(old);
	return NULL;
}

static void quiet_state_case(void)
{
	atomic_init(&quiet_state_current, new_item(1));
	run_both(quiet_state_read, quiet_state_replace, NULL);
	free(LOAD(quiet_state_current, relaxed));
}

/* A reader says in a thread-local word that it reads; who replaces looks at the word. */
static __thread atomic_int reader_word_mine;
static _Atomic(atomic_int *) reader_word_of_reader;
static _Atomic(struct item *) reader_word_current;

static void *reader_word_read(void *unused)
{
	(void)unused;
	STORE(reader_word_of_reader, &reader_word_mine, release);
	for (int i = 0; i < 10 * ITEM_COUNT; i++) {
		STORE(reader_word_mine, 1, relaxed);
		atomic_thread_fence(memory_order_seq_cst);
		check_item(LOAD(reader_word_current, acquire));
		STORE(reader_word_mine, 0, release);
		sched_yield();
	}
	while (LOAD(reader_word_of_reader, acquire))
		sched_yield();
	return NULL;
}

static void *reader_word_replace(void *unused)
{
	atomic_int *word;

	(void)unused;
	while (!(word = LOAD(reader_word_of_reader, acquire)))
		sched_yield();
	for (int i = 0; i < 10 * ITEM_COUNT; i++) {
		struct item *old = LOAD(reader_word_current, relaxed);

		STORE(reader_word_current, new_item(i), release);
		atomic_thread_fence(memory_order_seq_cst);
		while (LOAD(*word, acquire))
			sched_yield();
		free(old);
	}
	STORE(reader_word_of_reader, NULL, release);
	return NULL;
}

static void reader_word_case(void)
{
	atomic_init(&reader_word_current, new_item(0));
	run_both(reader_word_read, reader_word_replace, NULL);
	free(LOAD(reader_word_current, relaxed));
}

/* The same without waiting for the reader, who has the old one from the start. */
static struct item *freed_early_item;

static void *freed_early_read(void *unused)
{
	(void)unused;
	if (freed_early_item->first == 12345)
		sched_yield();
	return NULL;
}

static void *freed_early_free(void *unused)
{
	(void)unused;
	free(freed_early_item);
	return NULL;
}

static void freed_early_case(void)
{
	freed_early_item = new_item(1);
	run_both(freed_early_read, freed_early_free, NULL);
}

/* The pointer is there before what it points to. */
static _Atomic(struct item *) published_early_current;

static void *published_early_write(void *argument)
{
	struct item *item = new_item(0);

	STORE(published_early_current, item, seq_cst);
	memcpy(item, argument, item_bytes);
	return NULL;
}

static void *published_early_read(void *unused)
{
	struct item *item;

	(void)unused;
	while (!(item = LOAD(published_early_current, seq_cst)))
		sched_yield();
	if (item->second == 12345)
		sched_yield();
	return NULL;
}

static void published_early_case(void)
{
	struct item item = make_item(5);

	run_both(published_early_write, published_early_read, &item);
	free(LOAD(published_early_current, relaxed));
}

/* The flag is set before what it tells of; or that is freed as soon as its user has begun. */
static atomic_int told_early_flag, freed_soon_flag;
static struct item told_early_item, *freed_soon_item;

static void *told_early_write(void *unused)
{
	STORE(told_early_flag, 1, release);
	told_early_item = make_item(7);
	KEEP(told_early_item);
	return unused;
}

static void *told_early_read(void *unused)
{
	while (!LOAD(told_early_flag, acquire))
		sched_yield();
	if (told_early_item.second == 12345)
		sched_yield();
	return unused;
}

RACE(told_early)

static void *freed_soon_use(void *unused)
{
	STORE(freed_soon_flag, 1, relaxed);
	if (freed_soon_item->second == 12345)
		sched_yield();
	return unused;
}

static void *freed_soon_free(void *unused)
{
	while (!LOAD(freed_soon_flag, relaxed))
		sched_yield();
	await_first();
	free(freed_soon_item);
	return unused;
}

static void freed_soon_case(void)
{
	freed_soon_item = new_item(1);
	run_both(freed_soon_use, freed_soon_free, NULL);
}

/* Told when it is there. */
static atomic_int told_then_flag;
static struct item told_then_item;

static void *told_then_write(void *unused)
{
	told_then_item = make_item(7);
	KEEP(told_then_item);
	STORE(told_then_flag, 1, release);
	return unused;
}

static void *told_then_read(void *unused)
{
	while (!LOAD(told_then_flag, acquire))
		sched_yield();
	told_then_item.first++;
	return unused;
}

RACE(told_then)

/* A block that is filled in parts of granules, by a writer that never pauses to pass on
 * what it did but by its stores of the pointer. */
#define PART_COUNT 4

static _Atomic(int *) parts_current;

static void *parts_publish(void *unused)
{
	(void)unused;
	for (int i = 1; i <= 10 * ITEM_COUNT; i++) {
		int *parts = malloc(PART_COUNT * sizeof *parts);

		MUST(parts);
		for (int k = 0; k < PART_COUNT; k++)
			((volatile int *)parts)[k] = i;
		STORE(parts_current, parts, release);
		for (int k = 0; k < 10; k++)
			sched_yield();
	}
	return NULL;
}

static void *parts_read(void *unused)
{
	static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER; /* nobody else's */
	int *parts;

	(void)unused;
	do {
		parts = LOAD(parts_current, acquire);
		pthread_mutex_lock(&own);
		pthread_mutex_unlock(&own);
	} while (!parts || parts[0] < 10 * ITEM_COUNT);
	return NULL;
}

static void parts_case(void)
{
	atomic_init(&parts_current, NULL);
	run_both(parts_publish, parts_read, NULL);
}

/* The same, but they are read without a look at what publishes them. */
static int parts_read_early_parts[PART_COUNT];
static atomic_long parts_read_early_ready;

static void *parts_read_early_write(void *unused)
{
	(void)unused;
	for (int k = 0; k < PART_COUNT; k++)
		parts_read_early_parts[k] = k;
	STORE(parts_read_early_ready, 1, release);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	return NULL;
}

static void *parts_read_early_read(void *unused)
{
	int i = 0;

	(void)unused;
	do {
		if (parts_read_early_parts[0] == 12345)
			return NULL;
	} while (!LOAD(parts_read_early_ready, relaxed) && ++i < 1000);
	return NULL;
}

static void parts_read_early_case(void)
{
	run_both(parts_read_early_write, parts_read_early_read, NULL);
	KEEP(parts_read_early_parts);
}

/* Reached through a pointer that a built-in loads: what orders its users may be more
 * than is seen. */
static struct item *by_builtin_current;

static void *by_builtin_write(void *unused)
{
	struct item *item = __atomic_load_n(&by_builtin_current, __ATOMIC_ACQUIRE);

	(void)unused;
	item->first = 7;
	return NULL;
}

static void *by_builtin_read(void *unused)
{
	struct item *item = __atomic_load_n(&by_builtin_current, __ATOMIC_ACQUIRE);

	(void)unused;
	if (item->first == 12345)
		sched_yield();
	return NULL;
}

static void by_builtin_case(void)
{
	by_builtin_current = new_item(0);
	run_both(by_builtin_write, by_builtin_read, NULL);
	free(by_builtin_current);
}

/* The same with a plain load. */
static struct item *by_move_current;

static void *by_move_write(void *unused)
{
	struct item *item = by_move_current;

	(void)unused;
	item->first = 7;
	return NULL;
}

static void *by_move_read(void *unused)
{
	struct item *item = by_move_current;

	(void)unused;
	if (item->first == 12345)
		sched_yield();
	return NULL;
}

static void by_move_case(void)
{
	by_move_current = new_item(0);
	run_both(by_move_write, by_move_read, NULL);
	free(by_move_current);
}

/* The same with a load that has no line, as compilers make of two that they merge. */
static struct item *by_no_line_current;

#define LOAD_WITHOUT_LINE(loaded, pointer)                                                         \
	__asm__ volatile(".loc 1 0\n\tmovq %1, %0" : "=r"(loaded) : "m"(pointer))

static void *by_no_line_write(void *unused)
{
	struct item *item;

	(void)unused;
	LOAD_WITHOUT_LINE(item, by_no_line_current);
	item->first = 7;
	return NULL;
}

static void *by_no_line_read(void *unused)
{
	struct item *item;

	(void)unused;
	LOAD_WITHOUT_LINE(item, by_no_line_current);
	if (item->first == 12345)
		sched_yield();
	return NULL;
}

static void by_no_line_case(void)
{
	by_no_line_current = new_item(0);
	run_both(by_no_line_write, by_no_line_read, NULL);
	free(by_no_line_current);
}

/* The pointer comes from a call whose arguments are macros. */
static void *mapped_write(void *number)
{
	*(int *)number = 1;
	return NULL;
}

static void mapped_case(void)
{
	int *number = mmap(NULL, sizeof(*number), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	MUST(number != MAP_FAILED);
	MUST(pthread_create(&thread, NULL, mapped_write, number) == 0);
	*number = 2;
	pthread_join(thread, NULL);
	munmap(number, sizeof(*number));
}

static const struct race_case cases[] = {
	CASE(hazard_pointer, "silent"),
	CASE(quiet_state, "silent"),
	CASE(reader_word, "silent"),
	CASE(freed_early, "data-race:error"),
	CASE(published_early, "data-race:error"),
	CASE(mapped, "data-race:error"),
	CASE(told_early, "data-race:error"),
	CASE(freed_soon, "data-race:error"),
	CASE(told_then, "silent"),
	CASE(parts, "silent"),
	CASE(parts_read_early, "data-race:error"),
	CASE(by_builtin, "data-race:warning"),
	CASE(by_move, "data-race:error"),
	CASE(by_no_line, "data-race:warning"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

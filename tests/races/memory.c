/*
 * RULES, 'Happens-before': which bytes are one datum, and how long they live.
 */
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "cases.h"

/* --- Neighbours --------------------------------------------------------------- */

static char neighbour_bytes_data[8];

static void *neighbour_bytes_first(void *unused)
{
	(void)unused;
	neighbour_bytes_data[2]++;
	return NULL;
}

static void *neighbour_bytes_second(void *unused)
{
	(void)unused;
	neighbour_bytes_data[3]++;
	return NULL;
}

static void neighbour_bytes_case(void)
{
	run_both(neighbour_bytes_first, neighbour_bytes_second, NULL);
	KEEP(neighbour_bytes_data);
}

/* Every byte of a word has one owner, and each comes more than once. */
/* Volatile: compilers would read several at once, and throw some away. */
static volatile char all_bytes_data[8];

static void *all_bytes_even(void *unused)
{
	(void)unused;
	for (int turn = 0; turn < 3; turn++)
		for (int i = 0; i < 8; i += 2)
			all_bytes_data[i]++;
	return NULL;
}

static void *all_bytes_odd(void *unused)
{
	(void)unused;
	for (int turn = 0; turn < 3; turn++)
		for (int i = 1; i < 8; i += 2)
			all_bytes_data[i]++;
	return NULL;
}

static void all_bytes_case(void)
{
	run_both(all_bytes_even, all_bytes_odd, NULL);
	KEEP(all_bytes_data);
}

/* One byte of it has two. */
static volatile char one_byte_shared_data[8];

static void *one_byte_shared_first(void *unused)
{
	(void)unused;
	for (int i = 0; i <= 4; i++)
		one_byte_shared_data[i]++;
	return NULL;
}

static void *one_byte_shared_second(void *unused)
{
	(void)unused;
	for (int i = 4; i < 8; i++)
		one_byte_shared_data[i]++;
	return NULL;
}

static void one_byte_shared_case(void)
{
	run_both(one_byte_shared_first, one_byte_shared_second, NULL);
	KEEP(one_byte_shared_data);
}

/* Each has a half of its own, and returns to it; then one comes to the other's, too. */
static volatile int own_halves_data[2];

static void *own_halves_first(void *unused)
{
	(void)unused;
	own_halves_data[1] = 1;
	return NULL;
}

static void *own_halves_second(void *unused)
{
	(void)unused;
	await_first();
	for (int turn = 0; turn < 3; turn++)
		own_halves_data[0] = turn;
	return NULL;
}

static void own_halves_case(void)
{
	run_both(own_halves_first, own_halves_second, NULL);
	KEEP(own_halves_data);
}

static volatile int other_half_data[2];

static void *other_half_first(void *unused)
{
	(void)unused;
	other_half_data[1] = 1;
	return NULL;
}

static void *other_half_second(void *unused)
{
	(void)unused;
	await_first();
	for (int turn = 0; turn < 3; turn++)
		other_half_data[0] = turn;
	other_half_data[1] = 2;
	return NULL;
}

static void other_half_case(void)
{
	run_both(other_half_first, other_half_second, NULL);
	KEEP(other_half_data);
}

static struct {
	unsigned first : 4;
	int : 0;
	unsigned second : 4;
} bits_apart_data;

static void *bits_apart_first(void *unused)
{
	(void)unused;
	bits_apart_data.first = 1;
	return NULL;
}

static void *bits_apart_second(void *unused)
{
	(void)unused;
	bits_apart_data.second = 2;
	return NULL;
}

static void bits_apart_case(void)
{
	run_both(bits_apart_first, bits_apart_second, NULL);
	KEEP(bits_apart_data);
}

static struct {
	pthread_mutex_t first_lock, second_lock;
	short first, second;
} own_locks_data = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, 0, 0 };

EXCLUDE(own_locks_each, pthread_mutex_lock(&own_locks_data.first_lock),
	pthread_mutex_unlock(&own_locks_data.first_lock),
	pthread_mutex_lock(&own_locks_data.first_lock),
	pthread_mutex_unlock(&own_locks_data.first_lock))

static void *own_locks_first(void *unused)
{
	pthread_mutex_lock(&own_locks_data.first_lock);
	own_locks_data.first++;
	pthread_mutex_unlock(&own_locks_data.first_lock);
	return unused;
}

static void *own_locks_second(void *unused)
{
	pthread_mutex_lock(&own_locks_data.second_lock);
	own_locks_data.second++;
	pthread_mutex_unlock(&own_locks_data.second_lock);
	return unused;
}

static void own_locks_case(void)
{
	own_locks_each_case();
	run_both(own_locks_first, own_locks_second, NULL);
	KEEP(own_locks_data);
}

/* A word is written, one byte of it read. */
static union {
	uint64_t word;
	unsigned char bytes[8];
} part_of_word_data;

static void *part_of_word_write(void *unused)
{
	(void)unused;
	part_of_word_data.word = 0x1234567890;
	return NULL;
}

static void *part_of_word_read(void *unused)
{
	(void)unused;
	if (((volatile unsigned char *)part_of_word_data.bytes)[5] == 9)
		sched_yield();
	return NULL;
}

static void part_of_word_case(void)
{
	run_both(part_of_word_write, part_of_word_read, NULL);
	KEEP(part_of_word_data);
}

/* No atomic is unaligned: this is an error, though it is made of plain moves. */
static struct __attribute__((packed)) {
	char before[5];
	volatile uint64_t word;
} unaligned_data;

static void *unaligned_write(void *unused)
{
	(void)unused;
	unaligned_data.word = 5;
	return NULL;
}

static void *unaligned_read(void *unused)
{
	(void)unused;
	if (unaligned_data.word == 7)
		sched_yield();
	return NULL;
}

static void unaligned_case(void)
{
	run_both(unaligned_write, unaligned_read, NULL);
	KEEP(unaligned_data);
}

/* --- Ranges -------------------------------------------------------------------------- */

static char copied_data[100];
static volatile size_t copied_length = 60;

static void *copied_fill(void *unused)
{
	(void)unused;
	memset(copied_data, 'x', copied_length);
	return NULL;
}

static void *copied_look(void *unused)
{
	(void)unused;
	if (((volatile char *)copied_data)[30] == 'y')
		sched_yield();
	return NULL;
}

static void copied_case(void)
{
	run_both(copied_fill, copied_look, NULL);
	KEEP(copied_data);
}

/* A comparison reads up to the first difference. */
static char compared_data[100];
static volatile size_t compared_length = 60;

static void *compared_look(void *pattern)
{
	if (memcmp(compared_data, pattern, compared_length) == 0)
		sched_yield();
	return NULL;
}

static void *compared_write(void *unused)
{
	(void)unused;
	((volatile char *)compared_data)[30] = 'y';
	return NULL;
}

static void compared_case(void)
{
	char pattern[sizeof compared_data] = "";

	pattern[40] = 'x';
	run_both(compared_look, compared_write, pattern);
	KEEP(compared_data);
}

static char compared_before_data[100];

static void *compared_before_look(void *pattern)
{
	if (memcmp(compared_before_data, pattern, compared_length) == 0)
		sched_yield();
	return NULL;
}

static void *compared_before_write(void *unused)
{
	(void)unused;
	((volatile char *)compared_before_data)[30] = 'y';
	return NULL;
}

static void compared_before_case(void)
{
	char pattern[sizeof compared_before_data] = "x";

	run_both(compared_before_look, compared_before_write, pattern);
	KEEP(compared_before_data);
}

/* So does one of strings that collates, at least. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"

static char collated_data[] = LETTERS;

static void *collated_look(void *pattern)
{
	if (strcoll(collated_data, pattern) == 0)
		sched_yield();
	return NULL;
}

static void *collated_write(void *unused)
{
	(void)unused;
	((volatile char *)collated_data)[30] = 'y';
	return NULL;
}

static void collated_case(void)
{
	char pattern[] = LETTERS;

	pattern[40] = '-';
	run_both(collated_look, collated_write, pattern);
	KEEP(collated_data);
}

static char collated_before_data[] = LETTERS;

static void *collated_before_look(void *pattern)
{
	if (strcoll(collated_before_data, pattern) == 0 ||
	    strverscmp(collated_before_data, pattern) == 0)
		sched_yield();
	return NULL;
}

static void *collated_before_write(void *unused)
{
	(void)unused;
	((volatile char *)collated_before_data)[30] = 'y';
	return NULL;
}

static void collated_before_case(void)
{
	char pattern[] = "-" LETTERS;

	run_both(collated_before_look, collated_before_write, pattern);
	KEEP(collated_before_data);
}

static char copied_apart_data[100];

static void *copied_apart_fill(void *unused)
{
	(void)unused;
	memset(copied_apart_data, 'x', copied_length);
	return NULL;
}

static void *copied_apart_look(void *unused)
{
	(void)unused;
	if (((volatile char *)copied_apart_data)[60] == 'y')
		sched_yield();
	return NULL;
}

static void copied_apart_case(void)
{
	run_both(copied_apart_fill, copied_apart_look, NULL);
	KEEP(copied_apart_data);
}

/* The kernel writes the buffer, on behalf of the thread that asked it to. */
static int read_buffer_ends[2];
static char read_buffer_data[16];

static void *read_buffer_read(void *unused)
{
	(void)unused;
	MUST(read(read_buffer_ends[0], read_buffer_data, sizeof read_buffer_data) == 10);
	return NULL;
}

static void *read_buffer_look(void *unused)
{
	(void)unused;
	if (((volatile char *)read_buffer_data)[9] == 'y')
		sched_yield();
	return NULL;
}

static void read_buffer_case(void)
{
	MUST(pipe(read_buffer_ends) == 0);
	MUST(write(read_buffer_ends[1], "0123456789", 10) == 10);
	run_both(read_buffer_read, read_buffer_look, NULL);
	KEEP(read_buffer_data);
}

static const struct race_case cases[] = {
	CASE(neighbour_bytes, "silent"),
	CASE(all_bytes, "silent"),
	CASE(one_byte_shared, "lost-update:error"),
	CASE(own_halves, "silent"),
	CASE(other_half, "data-race:warning"),
	CASE(bits_apart, "silent"),
	CASE(own_locks, "silent"),
	CASE(part_of_word, "data-race"),
	CASE(unaligned, "data-race:error"),
	CASE(copied, "data-race:error"),
	CASE(compared, "data-race:error"),
	CASE(compared_before, "silent"),
	CASE(collated, "data-race:error"),
	CASE(collated_before, "silent"),
	CASE(copied_apart, "silent"),
	CASE(read_buffer, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

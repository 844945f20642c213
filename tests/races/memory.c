/*
 * RULES, 'Happens-before': which bytes are one datum, and how long they live.
 */
#include <malloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
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

/* --- Columns: whole pages that both threads have read ---------------------------------- */

#define ROWS 96
#define ROUNDS 4

static double columns_written_data[ROWS][ROWS] __attribute__((aligned(4096)));

static void *columns_written_read(void *writes)
{
	double sum = 0;

	for (int round = 0; round < ROUNDS; round++)
		for (int column = 0; column < ROWS; column++)
			for (int row = 0; row < ROWS; row++)
				sum += columns_written_data[row][column];
	KEEP(sum);
	if (writes)
		columns_written_data[ROWS / 2][ROWS / 2] += 1;
	return NULL;
}

static void *columns_written_write(void *unused)
{
	(void)unused;
	return columns_written_read(&columns_written_data);
}

static void columns_written_case(void)
{
	run_both(columns_written_read, columns_written_write, NULL);
}

/* Who has joined the readers may write, and new readers see what was written. */
static double columns_handed_data[ROWS][ROWS] __attribute__((aligned(4096)));

static void *columns_handed_read(void *unused)
{
	double sum = 0;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++)
		for (int column = 0; column < ROWS; column++)
			for (int row = 0; row < ROWS; row++)
				sum += columns_handed_data[row][column];
	KEEP(sum);
	return NULL;
}

static void columns_handed_case(void)
{
	for (int turn = 0; turn < 3; turn++) {
		columns_handed_data[turn][ROWS / 2] += 1;
		run_both(columns_handed_read, columns_handed_read, NULL);
	}
}

/* --- Lives --------------------------------------------------------------------------- */

/* Too large for a thread's own cache: there is one arena for all, see main. */
#define BLOCK_BYTES 2000

/* One thread frees, another is given the place: the allocator's lock is not seen. */
static void *reused_block_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 20; i++) {
		long *block = malloc(BLOCK_BYTES);

		MUST(block);
		for (int word = 0; word < BLOCK_BYTES / 8; word++)
			block[word] = i;
		block[0]++;
		free(block);
		sched_yield();
	}
	return NULL;
}

static void reused_block_case(void)
{
	run_both(reused_block_use, reused_block_use, NULL);
}

/* Given away by main, freed by a thread, used again by another. */
static void *passed_block_free(void *block)
{
	((long *)block)[1]++;
	free(block);
	return NULL;
}

static void passed_block_case(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		long *block = calloc(1, BLOCK_BYTES);

		MUST(block);
		block[1] = i;
		MUST(pthread_create(&threads[i], NULL, passed_block_free, block) == 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void *freed_block_write(void *block)
{
	((volatile long *)block)[3] = 1;
	return NULL;
}

static void *freed_block_free(void *block)
{
	free(block);
	return NULL;
}

static void freed_block_case(void)
{
	void *block = malloc(BLOCK_BYTES);

	MUST(block);
	run_both(freed_block_write, freed_block_free, block);
}

/* realloc() frees the old place when it moves. */
static void *moved_block_read(void *block)
{
	if (((volatile long *)block)[3] == 12345)
		sched_yield();
	return NULL;
}

static void *moved_block_grow(void *block)
{
	void *moved = realloc(block, 200000);

	MUST(moved && moved != block);
	free(moved);
	return NULL;
}

static void moved_block_case(void)
{
	void *block = calloc(1, BLOCK_BYTES), *block_behind = calloc(1, BLOCK_BYTES);

	MUST(block && block_behind);
	run_both(moved_block_read, moved_block_grow, block);
	free(block_behind);
}

static void *mapping_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		long *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		MUST(page != MAP_FAILED);
		page[7]++;
		munmap(page, 4096);
		sched_yield();
	}
	return NULL;
}

static void mapping_case(void)
{
	run_both(mapping_use, mapping_use, NULL);
}

/* Less than a page was asked for: the kernel gives and takes whole pages. */
#define SMALL_BYTES 141

static void *small_mapping_use(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		char *page = mmap(NULL, SMALL_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		MUST(page != MAP_FAILED);
		page[SMALL_BYTES - 1]++;
		munmap(page, SMALL_BYTES);
		sched_yield();
	}
	return NULL;
}

static void small_mapping_case(void)
{
	run_both(small_mapping_use, small_mapping_use, NULL);
}

static void *small_unmapped_write(void *page)
{
	((volatile char *)page)[4000]++;
	return NULL;
}

static void *small_unmapped_end(void *page)
{
	await_first();
	munmap(page, SMALL_BYTES);
	return NULL;
}

static void small_unmapped_case(void)
{
	int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	run_both(small_unmapped_write, small_unmapped_end,
		 mmap(NULL, SMALL_BYTES, protection, flags, -1, 0));
}

/* Reserved to grow in, opened in two places, given back as a whole while somebody is in one. */
#define RESERVED_BYTES (1ul << 36)
#define FIRST_OPENED 0x10000000ul
#define SECOND_OPENED 0x90000000ul

static char *reserve(void)
{
	char *area = mmap(NULL, RESERVED_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(area != MAP_FAILED);
	MUST(mprotect(area + FIRST_OPENED, 4096, PROT_READ | PROT_WRITE) == 0);
	MUST(mmap(area + SECOND_OPENED, 4096, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + SECOND_OPENED);
	return area;
}

static void *reserved_first_write(void *area)
{
	((volatile char *)area)[FIRST_OPENED]++;
	return NULL;
}

static void *reserved_second_write(void *area)
{
	((volatile char *)area)[SECOND_OPENED]++;
	return NULL;
}

static void *reserved_unmap(void *area)
{
	await_first();
	munmap(area, RESERVED_BYTES);
	return NULL;
}

static void reserved_first_case(void)
{
	run_both(reserved_first_write, reserved_unmap, reserve());
}

static void reserved_second_case(void)
{
	run_both(reserved_second_write, reserved_unmap, reserve());
}

static void reserved_again_case(void)
{
	char *area = reserve();

	run_both(reserved_first_write, reserved_second_write, area);
	MUST(munmap(area, RESERVED_BYTES) == 0);
	area = reserve();
	run_both(reserved_first_write, reserved_second_write, area);
	MUST(munmap(area, RESERVED_BYTES) == 0);
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
	CASE(columns_written, "data-race:error"),
	CASE(columns_handed, "silent"),
	CASE(reused_block, "silent"),
	CASE(passed_block, "silent"),
	CASE(freed_block, "data-race:error"),
	CASE(moved_block, "data-race:error"),
	CASE(mapping, "silent"),
	CASE(small_mapping, "silent"),
	CASE(small_unmapped, "data-race:error"),
	CASE(reserved_first, "data-race:error"),
	CASE(reserved_second, "data-race:error"),
	CASE(reserved_again, "silent"),
};

int main(int argc, char **argv)
{
	mallopt(M_ARENA_MAX, 1);
	return RUN_CASES(cases, argc, argv);
}

/* The accesses that each wrapper of preload/ranges/ranges.def passes to the engine. */
#define _GNU_SOURCE
#include "range_lab.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "detect/race/record_fast.h"
#include "preload/access/access.h"
#include "preload/heap/heap.h"

/* --- Time and waiting ------------------------------------------------------- */

START_TEST(times_are_written)
{
	struct timespec time_now, none = {0, 0}, rest;
	struct timeval value;
	struct tm parts;
	time_t now = 0;

	CALL(gettimeofday)(&value, NULL);
	TOLD(W(&value, sizeof(value)));
	CALL(clock_gettime)(CLOCK_REALTIME, &time_now);
	TOLD(W(&time_now, sizeof(time_now)));
	CALL(clock_getres)(CLOCK_REALTIME, &time_now);
	TOLD(W(&time_now, sizeof(time_now)));
	CALL(timespec_get)(&time_now, TIME_UTC);
	TOLD(W(&time_now, sizeof(time_now)));
	CALL(time)(&now);
	TOLD(W(&now, 8));
	CALL(time)(NULL);
	ck_assert_uint_eq(told_count, 0);
	CALL(nanosleep)(&none, &rest);
	TOLD(R(&none, sizeof(none)));
	CALL(gmtime_r)(&now, &parts);
	TOLD(R(&now, 8), W(&parts, sizeof(parts)));
	CALL(localtime_r)(&now, &parts);
	TOLD(R(&now, 8), W(&parts, sizeof(parts)));
	CALL(mktime)(&parts);
	TOLD(R(&parts, sizeof(parts)), W(&parts, sizeof(parts)));
	CALL(timegm)(&parts);
	TOLD(R(&parts, sizeof(parts)), W(&parts, sizeof(parts)));
	strcpy(a, "%Y");
	CALL_AS(size_t(*)(char *, size_t, const char *, const struct tm *), strftime)
	(b, 100, a, &parts);
	TOLD(R(a, 3), R(&parts, sizeof(parts)), W(b, 5));
	CALL(asctime_r)(&parts, b);
	TOLD(R(&parts, sizeof(parts)), W(b, 26));
	CALL(ctime_r)(&now, b);
	TOLD(R(&now, 8), W(b, 26));
}
END_TEST

START_TEST(waits_for_descriptors_write_what_is_ready)
{
	struct pollfd wanted = {.events = POLLIN};
	struct timespec none = {0, 0};
	struct timeval no_time = {0, 0};
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t mask;
	fd_set in;
	int ends[2], file;

	ck_assert_int_eq(pipe(ends), 0);
	wanted.fd = ends[0];
	sigemptyset(&mask);
	CALL(poll)(&wanted, 1, 0);
	TOLD(R(&wanted, 8));
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	CALL(poll)(&wanted, 1, 0);
	TOLD(R(&wanted, 8), W(&wanted, 8));
	CALL_AS(int (*)(struct pollfd *, nfds_t, int, size_t), __poll_chk)(&wanted, 1, 0, 8);
	TOLD(R(&wanted, 8), W(&wanted, 8));
	CALL(ppoll)(&wanted, 1, &none, &mask);
	TOLD(R(&wanted, 8), R(&none, 16), R(&mask, 8), W(&wanted, 8));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	CALL(select)(ends[0] + 1, &in, NULL, NULL, &no_time);
	TOLD(R(&in, 8), R(&no_time, 16), W(&in, 8));
	CALL(pselect)(ends[0] + 1, &in, NULL, NULL, &none, &mask);
	TOLD(R(&in, 8), R(&none, 16), R(&mask, 8), W(&in, 8));
	file = epoll_create1(0);
	CALL(epoll_ctl)(file, EPOLL_CTL_ADD, ends[0], &event);
	TOLD(R(&event, 12));
	CALL(epoll_wait)(file, &event, 1, 0);
	TOLD(W(&event, 12));
	CALL(epoll_pwait)(file, &event, 1, 0, &mask);
	TOLD(R(&mask, 8), W(&event, 12));
	close(file);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* --- Sorting ---------------------------------------------------------------- */

static int compare_bytes(const void *left, const void *right)
{
	return *(const char *)left - *(const char *)right;
}

static int compare_bytes_with(const void *left, const void *right, void *unused)
{
	(void)unused;
	return compare_bytes(left, right);
}

START_TEST(sorting_reads_and_writes_the_array)
{
	CALL(qsort)(a, 13, 1, compare_bytes);
	TOLD(R(a, 13), W(a, 13));
	ck_assert_str_eq(a, "  eeehnoorttw");
	CALL(qsort_r)(a, 13, 1, compare_bytes_with, NULL);
	TOLD(R(a, 13), W(a, 13));
}
END_TEST

/* --- When nothing is told --------------------------------------------------- */

START_TEST(unobserved_threads_tell_nothing)
{
	__typeof__(&memcpy) wrapped = CALL(memcpy);

	guest_self = NULL;
	wrapped(b, a, 14);
	ck_assert_uint_eq(told_count, 0);
	guest_self = &range_thread;
	guest_state = GUEST_OFF;
	wrapped(b, a, 14);
	ck_assert_uint_eq(told_count, 0);
	guest_state = GUEST_ON;
	heap_mode = HEAP_NOTED;
	wrapped(b, a, 14);
	ck_assert_uint_eq(told_count, 0);
	heap_mode = HEAP_CHECKED;
	ck_assert_str_eq(b, a);
}
END_TEST

static void map_page_of(void *place)
{
	void *page = (void *)((uintptr_t)place & ~4095ul);

	ck_assert_ptr_eq(mmap(page, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
			 page);
}

START_TEST(recorded_ranges_are_not_told_again)
{
	__typeof__(&memcpy) wrapped = CALL(memcpy);
	uint64_t current = shadow_plain(3, 7, SHADOW_ALL_BYTES);
	char *block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct shadow shadow = shadow_places((uintptr_t)block);

	map_page_of(shadow.write);
	map_page_of(shadow.read);
	access_current = current;
	for (unsigned int i = 0; i < 4; i++)
		shadow.write[i] = shadow.read[8 + i] = current;
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	shadow.write[0] = shadow_plain(3, 7, 0xf8);
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block + 2, block + 64 + 3, 25);
	TOLD(W(block + 2, 25));
	shadow.write[3] = shadow_plain(3, 7, 0x0f);
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block + 3, block + 64 + 3, 26);
	TOLD(W(block + 3, 26));
	shadow.read[9] = shadow_plain(3, 6, SHADOW_ALL_BYTES);
	wrapped(block + 3, block + 64 + 3, 25);
	TOLD(R(block + 64 + 3, 25));
	access_shared = shadow.read[9];
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	shadow.read[9] = access_shared & ~(uint64_t)0x0f;
	wrapped(block + 3, block + 64 + 12, 4);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block + 3, block + 64 + 11, 4);
	TOLD(R(block + 64 + 11, 4));
	access_current = access_shared = SHADOW_NO_EPOCH;
}
END_TEST

START_TEST(reads_of_what_the_thread_has_written_are_not_told)
{
	static struct thread thread;
	__typeof__(&memcpy) wrapped = CALL(memcpy);
	char *block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct shadow shadow = shadow_places((uintptr_t)block);
	struct pending_granule *pending = pending_set(&thread, (uintptr_t)block + 80, true);

	map_page_of(shadow.write);
	map_page_of(shadow.read);
	access_thread = &thread;
	access_current = shadow_plain(3, 7, SHADOW_ALL_BYTES);
	thread.clocks.recorded_epoch = 7;
	for (unsigned int i = 0; i < 10; i++)
		shadow.write[i] = access_current;
	wrapped(block, block + 8, 72);
	ck_assert_uint_eq(told_count, 0);
	*pending = (struct pending_granule){.granule = (uintptr_t)block + 80, .bytes = 0x0f};
	wrapped(block, block + 16, 68);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block, block + 16, 69);
	TOLD(R(block + 16, 69));
	thread.clocks.assumed_epoch = 7;
	wrapped(block, block + 8, 72);
	TOLD(R(block + 8, 72));
	access_thread = NULL;
	access_current = SHADOW_NO_EPOCH;
}
END_TEST

START_TEST(ends_of_descriptors_are_told)
{
	FILE *stream = fopen("/dev/null", "r");
	int file = open("/dev/null", O_RDONLY);
	int second = dup(file);

	ck_assert_int_eq(CALL(dup2)(file, second), second);
	ck_assert_int_eq(ended_number, second);
	ended_number = 0;
	ck_assert_int_eq(CALL(dup2)(file, file), file);
	ck_assert_int_le(ended_number, 0);
	ck_assert_int_eq(CALL(dup3)(file, second, O_CLOEXEC), second);
	ck_assert_int_eq(ended_number, second);
	ck_assert_int_eq(CALL(close)(file), 0);
	ck_assert_int_eq(ended_number, file);
	file = fileno(stream);
	ck_assert_int_eq(CALL(fclose)(stream), 0);
	ck_assert_int_eq(ended_number, file);
	ck_assert_uint_eq(told_count, 0);
}
END_TEST

START_TEST(foreign_functions_are_left_alone)
{
	ck_assert_ptr_null(range_wrapper("memcpy", (void *)compare_bytes));
	ck_assert_ptr_null(range_wrapper("no_such_function", NULL));
	ck_assert_ptr_null(range_wrapper("memcp", NULL));
}
END_TEST

/* The last one. */
START_TEST(every_row_was_tried)
{
	static const char *const names[] = {
#define RANGE(type, name, parameters, arguments, before) #name,
#define RANGE_AFTER(type, name, parameters, arguments, before, after) #name,
#define RANGE_WRITTEN(name) #name,
#include "preload/ranges/ranges.def"
	};

	for (unsigned int i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(was_tried[i], "%s was not", names[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ranges");
	TCase *tests = tcase_create("wrappers");
	SRunner *runner = srunner_create(suite);
	int failed;

	was_tried = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, range_set_up, NULL);
	range_add_texts(tests);
	range_add_files(tests);
	tcase_add_test(tests, times_are_written);
	tcase_add_test(tests, waits_for_descriptors_write_what_is_ready);
	tcase_add_test(tests, sorting_reads_and_writes_the_array);
	tcase_add_test(tests, unobserved_threads_tell_nothing);
	tcase_add_test(tests, recorded_ranges_are_not_told_again);
	tcase_add_test(tests, reads_of_what_the_thread_has_written_are_not_told);
	tcase_add_test(tests, ends_of_descriptors_are_told);
	tcase_add_test(tests, foreign_functions_are_left_alone);
	tcase_add_test(tests, every_row_was_tried);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

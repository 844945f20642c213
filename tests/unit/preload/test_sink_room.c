/* The part of a results file that is ready from the beginning. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "finding/results.h"
#include "preload/results/sink_room.h"

#define FILE_BYTES (4u << 20)
#define PAGE_BYTES 4096u

static char path[256];
static int file;
static void *base;

static void set_up(void)
{
	const char *folder = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/sink_room.XXXXXX", folder ? folder : "/tmp");
	file = mkstemp(path);
	ck_assert_int_ge(file, 0);
	ck_assert(sink_room_size(file, FILE_BYTES));
	base = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ck_assert_ptr_ne(base, MAP_FAILED);
	ck_assert_int_eq(madvise(base, FILE_BYTES, MADV_RANDOM), 0);
}

static void tear_down(void)
{
	munmap(base, FILE_BYTES);
	close(file);
	unlink(path);
}

static bool begin(int descriptor)
{
	const char *why;

	return sink_room_begin(base, descriptor, FILE_BYTES, 0, &why);
}

/* The first part, and nothing of what comes much later. */
static void assert_first_part_is_ready(void)
{
	const struct results_header *header = base;
	struct stat status;

	ck_assert_int_eq(fstat(file, &status), 0);
	ck_assert_uint_eq(header->ready_bytes, RESULTS_FIRST_BYTES);
	ck_assert_uint_ge((uint64_t)status.st_blocks * 512u, RESULTS_FIRST_BYTES);
	ck_assert_uint_lt((uint64_t)status.st_blocks * 512u, FILE_BYTES);
}

START_TEST(first_part_has_blocks)
{
	ck_assert(begin(file));
	assert_first_part_is_ready();
}
END_TEST

START_TEST(first_part_has_blocks_if_none_can_be_asked_for)
{
	int reader = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(reader, 0);
	ck_assert(begin(reader));
	assert_first_part_is_ready();
	close(reader);
}
END_TEST

/* In memory each block is a page. */
START_TEST(pages_on_a_disk_are_left_alone)
{
	static unsigned char is_there[FILE_BYTES / PAGE_BYTES];
	struct statfs status;
	unsigned count = 0;

	ck_assert(begin(file));
	ck_assert_int_eq(fstatfs(file, &status), 0);
	if (status.f_type == TMPFS_MAGIC)
		return;
	ck_assert_int_eq(mincore(base, FILE_BYTES, is_there), 0);
	for (unsigned i = 0; i < FILE_BYTES / PAGE_BYTES; i++)
		count += is_there[i] & 1;
	ck_assert_uint_lt(count, RESULTS_FIRST_BYTES / PAGE_BYTES / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sink_room");
	TCase *tests = tcase_create("sink_room");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, first_part_has_blocks);
	tcase_add_test(tests, first_part_has_blocks_if_none_can_be_asked_for);
	tcase_add_test(tests, pages_on_a_disk_are_left_alone);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf/image.h"
#include "elf/mapped_file.h"
#include "x86/cache/plan_cache.h"
#include "x86/cache/plan_file.h"
#include "x86/decode/decode.h"

#define LIBRARY "/lib/x86_64-linux-gnu/libm.so.6"

static char folder[PATH_MAX];
static struct plan_cache cache;
static struct arena arena;
static struct image image;
static struct plan_key key = {{1, 2}};
static struct plan *plan;

static void *place_clones(void *context, size_t size_bytes, uint64_t *address)
{
	(void)context;
	*address = image.text_address + 0x10000000;
	return malloc(size_bytes);
}

static const struct plan_options options = {.first_site = 1, .place = place_clones};

static void make_plan(void)
{
	static struct mapped_file mapped;
	static struct decoder decoder;
	struct elf_file elf;
	const char *why;

	ck_assert(decoder_init_linked(&decoder));
	ck_assert_int_eq(mapped_file_open(&mapped, LIBRARY), 0);
	ck_assert(elf_file_open(&elf, mapped.bytes, mapped.size_bytes, &why));
	ck_assert(image_from_file(&image, "", &elf, &why));
	arena_init(&arena, pages_from_kernel);
	plan = plan_make(&decoder, &image, &options, &arena, &why);
	ck_assert_ptr_nonnull(plan);
}

static void set_up(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/plans-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert(plan_cache_init(&cache, NULL, folder, NULL));
	make_plan();
}

static void tear_down(void)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static bool write_plan(void)
{
	return plan_cache_write(&cache, &key, plan, &image, &options);
}

static enum plan_cache_answer read_plan(void)
{
	struct plan *kept;
	enum plan_cache_answer answer =
		plan_cache_read(&cache, &key, &image, &options, &arena, &kept);

	ck_assert((answer == PLAN_CACHE_HAS) == (kept != NULL));
	ck_assert(!kept || plan_file_is_same(kept, plan));
	return answer;
}

static const char *path_of(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", cache.folder, name);
	return path;
}

static const char *key_path(void)
{
	char name[64];

	snprintf(name, sizeof(name), "%016lx%016lx.plan", key.words[0], key.words[1]);
	return path_of(name);
}

static unsigned count_files(void)
{
	DIR *list = opendir(cache.folder);
	unsigned count = 0;

	while (list && readdir(list))
		count++;
	if (list)
		closedir(list);
	return count ? count - 2 : 0;
}

/* --- Where ------------------------------------------------------------------------------- */

START_TEST(folder_is_the_one_wanted_or_the_users)
{
	ck_assert(plan_cache_init(&cache, "/a/b", "/c", "/d"));
	ck_assert_str_eq(cache.folder, "/a/b");
	ck_assert(plan_cache_init(&cache, NULL, "/c", "/d"));
	ck_assert_str_eq(cache.folder, "/c/snarl");
	ck_assert(plan_cache_init(&cache, NULL, NULL, "/d"));
	ck_assert_str_eq(cache.folder, "/d/.cache/snarl");
	ck_assert(plan_cache_init(&cache, NULL, "relative", "/d"));
	ck_assert_str_eq(cache.folder, "/d/.cache/snarl");
}
END_TEST

START_TEST(there_may_be_no_folder)
{
	static char long_path[PLAN_CACHE_PATH_BYTES + 16];

	memset(long_path, '/', sizeof(long_path) - 1);
	ck_assert(!plan_cache_init(&cache, "off", "/c", "/d"));
	ck_assert(!plan_cache_init(&cache, NULL, NULL, NULL));
	ck_assert(!plan_cache_init(&cache, NULL, "", "relative"));
	ck_assert(!plan_cache_init(&cache, long_path, NULL, NULL));
}
END_TEST

/* --- Keeping ----------------------------------------------------------------------------- */

START_TEST(plan_is_kept_and_found)
{
	struct stat facts;

	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS_NOT);
	ck_assert(write_plan());
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
	ck_assert_int_eq(stat(cache.folder, &facts), 0);
	ck_assert_uint_eq(facts.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(key_path(), &facts), 0);
	ck_assert_uint_eq(facts.st_mode & 07777, 0400);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(damaged_plan_is_refused_and_replaced)
{
	ck_assert(write_plan());
	ck_assert_int_eq(truncate(key_path(), 5000), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
	ck_assert(write_plan());
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
}
END_TEST

/* Changes a byte that only the checksum speaks of; the file looks unchanged if @keeps_time. */
static void change_file(bool keeps_time)
{
	struct stat facts;
	struct timespec times[2];
	int file;

	ck_assert_int_eq(stat(key_path(), &facts), 0);
	ck_assert_int_eq(chmod(key_path(), 0600), 0);
	file = open(key_path(), O_WRONLY);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(pwrite(file, "x", 1, 4095), 1);
	times[0] = facts.st_atim;
	times[1] = facts.st_mtim;
	if (keeps_time)
		ck_assert_int_eq(futimens(file, times), 0);
	close(file);
}

START_TEST(file_that_was_written_in_this_boot_is_known_to_be_whole)
{
	ck_assert(write_plan());
	change_file(true);
	ck_assert_int_eq(read_plan(), cache.boot ? PLAN_CACHE_HAS : PLAN_CACHE_REFUSED);
}
END_TEST

START_TEST(file_that_was_read_in_this_boot_is_known_to_be_whole)
{
	struct timespec times[2] = {{1000, 0}, {1000, 0}};

	ck_assert(write_plan());
	ck_assert_int_eq(utimensat(AT_FDCWD, key_path(), times, 0), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
	change_file(true);
	ck_assert_int_eq(read_plan(), cache.boot ? PLAN_CACHE_HAS : PLAN_CACHE_REFUSED);
}
END_TEST

START_TEST(file_that_was_changed_is_read_again)
{
	ck_assert(write_plan());
	change_file(false);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
}
END_TEST

START_TEST(no_file_of_another_boot_is_known_to_be_whole)
{
	ck_assert(write_plan());
	change_file(true);
	cache.boot ^= 2;
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
	cache.boot = 0;
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
}
END_TEST

START_TEST(what_others_may_write_to_is_refused)
{
	ck_assert(write_plan());
	ck_assert_int_eq(chmod(key_path(), 0620), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
	ck_assert_int_eq(chmod(key_path(), 0600), 0);
	ck_assert_int_eq(chmod(cache.folder, 0722), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS_NOT);
	ck_assert(!write_plan());
}
END_TEST

START_TEST(what_another_owns_is_refused)
{
	if (getuid() != 0)
		return;
	ck_assert(write_plan());
	ck_assert_int_eq(chown(key_path(), 1, 1), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
	ck_assert_int_eq(chown(key_path(), 0, 0), 0);
	ck_assert_int_eq(chown(cache.folder, 1, 1), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS_NOT);
	ck_assert(!write_plan());
}
END_TEST

START_TEST(who_runs_with_anothers_rights_keeps_nothing)
{
	if (getuid() != 0)
		return;
	ck_assert(write_plan());
	ck_assert_int_eq(setresgid(0, 1, 0), 0);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS_NOT);
	ck_assert(!write_plan());
	ck_assert_int_eq(setresgid(0, 0, 0), 0);
}
END_TEST

START_TEST(link_is_not_followed)
{
	char *other;

	ck_assert(write_plan());
	other = strdup(path_of("other"));
	ck_assert_int_eq(rename(key_path(), other), 0);
	ck_assert_int_eq(symlink(other, key_path()), 0);
	free(other);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_REFUSED);
}
END_TEST

START_TEST(folder_that_cannot_be_made_keeps_nothing)
{
	ck_assert(plan_cache_init(&cache, "/dev/null/plans", NULL, NULL));
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS_NOT);
	ck_assert(!write_plan());
}
END_TEST

START_TEST(limit_on_files_is_kept_without_a_signal)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit limit = {0, 0};

		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(write_plan());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

/* --- Room --------------------------------------------------------------------------------- */

static void set_age(const char *path, long seconds)
{
	struct timespec times[2] = {{seconds, 0}, {seconds, 0}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(oldest_goes_and_what_was_used_is_young)
{
	uint64_t first = key.words[0];

	cache.most_bytes = 3 * plan_file_bytes(plan);
	for (long i = 0; i < 3; i++) {
		ck_assert(write_plan());
		set_age(key_path(), 1000 + i);
		key.words[0]++;
	}
	key.words[0] = first;
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
	key.words[0] = first + 3;
	ck_assert(write_plan());
	ck_assert_uint_eq(count_files(), 3);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
	key.words[0] = first;
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
	key.words[0] = first + 1;
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS_NOT);
}
END_TEST

START_TEST(what_is_too_large_is_not_kept)
{
	cache.most_bytes = plan_file_bytes(plan) - 1;
	ck_assert(!write_plan());
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

/* A writer that was killed leaves such a file. */
START_TEST(half_written_file_is_only_an_old_one)
{
	char half[64];
	FILE *file;

	ck_assert(write_plan());
	snprintf(half, sizeof(half), "%032x.new", 7);
	file = fopen(path_of(half), "w");
	ck_assert_ptr_nonnull(file);
	fputs("half", file);
	fclose(file);
	set_age(path_of(half), 1000);
	ck_assert_int_eq(read_plan(), PLAN_CACHE_HAS);
	cache.most_bytes = 2 * plan_file_bytes(plan);
	key.words[0]++;
	ck_assert(write_plan());
	ck_assert_int_eq(access(path_of(half), F_OK), -1);
	ck_assert_uint_eq(count_files(), 2);
}
END_TEST

START_TEST(files_of_others_stay)
{
	FILE *file;

	ck_assert(write_plan());
	file = fopen(path_of("notes.plan"), "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	set_age(path_of("notes.plan"), 1000);
	cache.most_bytes = plan_file_bytes(plan);
	key.words[0]++;
	ck_assert(write_plan());
	ck_assert_int_eq(access(path_of("notes.plan"), F_OK), 0);
	ck_assert_uint_eq(count_files(), 2);
}
END_TEST

START_TEST(many_writers_and_readers_agree)
{
	enum { WRITERS = 4, TIMES = 20 };
	pid_t children[WRITERS];
	int status;

	for (unsigned i = 0; i < WRITERS; i++) {
		children[i] = fork();
		if (children[i])
			continue;
		for (unsigned j = 0; j < TIMES; j++)
			if (!write_plan() || read_plan() != PLAN_CACHE_HAS)
				_exit(1);
		_exit(0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("plan_cache");
	TCase *tests = tcase_create("plan_cache");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, folder_is_the_one_wanted_or_the_users);
	tcase_add_test(tests, there_may_be_no_folder);
	tcase_add_test(tests, plan_is_kept_and_found);
	tcase_add_test(tests, damaged_plan_is_refused_and_replaced);
	tcase_add_test(tests, file_that_was_written_in_this_boot_is_known_to_be_whole);
	tcase_add_test(tests, file_that_was_read_in_this_boot_is_known_to_be_whole);
	tcase_add_test(tests, file_that_was_changed_is_read_again);
	tcase_add_test(tests, no_file_of_another_boot_is_known_to_be_whole);
	tcase_add_test(tests, what_others_may_write_to_is_refused);
	tcase_add_test(tests, what_another_owns_is_refused);
	tcase_add_test(tests, who_runs_with_anothers_rights_keeps_nothing);
	tcase_add_test(tests, link_is_not_followed);
	tcase_add_test(tests, folder_that_cannot_be_made_keeps_nothing);
	tcase_add_test(tests, limit_on_files_is_kept_without_a_signal);
	tcase_add_test(tests, oldest_goes_and_what_was_used_is_young);
	tcase_add_test(tests, what_is_too_large_is_not_kept);
	tcase_add_test(tests, half_written_file_is_only_an_old_one);
	tcase_add_test(tests, files_of_others_stay);
	tcase_add_test(tests, many_writers_and_readers_agree);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What reports say of the locks held at the accesses of a race. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"
#include "reports/formats/formats.h"
#include "../finding/results_image.h"

static int counter;
static unsigned char *image;
static char *text;
static struct finding finding;
static const struct view_options options = {.program = "./prog"};

/* Threads left (T2) and right (T3), locks A and B; a race of both, left first. */
static void set_up(void)
{
	uint64_t frame = (uint64_t)(uintptr_t)set_up + 1;

	image = image_new();
	text = NULL;
	image_process(image, 1, 0, PROCESS_STARTED, "/somewhere/prog");
	image_own_modules(image, 1);
	image_stack(image, 1, 1, &frame, 1);
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "");
	image_thread(image, 1, 2, 1, 0, 0, "left");
	image_thread(image, 1, 3, 1, 0, 0, "right");
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 0, 0, 0, "A");
	image_lock(image, 1, 2, OBJECT_MUTEX, 0x2000, 0, 0, 0, "B");
	finding = (struct finding){
		.id = 1, .kind = FINDING_DATA_RACE, .severity = SEVERITY_ERROR};
	for (thread_id thread = 2; thread <= 3; thread++) {
		struct finding_event *event =
			image_event(&finding, thread, ACTION_WRITE, 0, 1);

		event->address = (uint64_t)(uintptr_t)&counter;
		event->size_bytes = sizeof(counter);
	}
}

static void tear_down(void)
{
	free(text);
	free(image);
}

static void add_hold(struct finding_event *event, lock_id lock, enum hold_mode mode)
{
	event->holds[event->hold_count++] = (struct finding_hold){lock, mode, 0};
}

static void render_text(void)
{
	image_finding(image, 1, &finding, 1);
	text = render_image(image, text_write, &options);
}

static void expect_text(const char *part)
{
	ck_assert_msg(strstr(text, part), "no '%s' in:\n%s", part, text);
}

static void expect_no(const char *part)
{
	ck_assert_msg(!strstr(text, part), "'%s' in:\n%s", part, text);
}

static unsigned count_of(const char *part)
{
	unsigned count = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		count++;
	return count;
}

START_TEST(both_accesses_say_that_they_hold_nothing)
{
	render_text();
	ck_assert_uint_eq(count_of(", holding no lock:\n"), 1);
	ck_assert_uint_eq(count_of(", holding no lock, at the same place\n"), 1);
	expect_no("not recorded");
}
END_TEST

START_TEST(each_access_tells_its_own_locks)
{
	add_hold(&finding.events[0], 1, HOLD_EXCLUSIVE);
	add_hold(&finding.events[1], 2, HOLD_SHARED);
	render_text();
	ck_assert_uint_eq(count_of("    while it held A\n"), 1);
	ck_assert_uint_eq(count_of("    while it held B for reading\n"), 1);
	expect_text("To fix: A is held by T2 (left), but not by T3 (right): take it there too.");
}
END_TEST

START_TEST(what_was_not_recorded_is_not_taken_for_nothing)
{
	finding.events[0].holds_are_unknown = true;
	add_hold(&finding.events[1], 2, HOLD_EXCLUSIVE);
	render_text();
	ck_assert_uint_eq(count_of(", locks held not recorded:\n"), 1);
	expect_no("holding no lock");
	expect_no("but not by");
	expect_text("To fix: B is held by T3 (right): take it around every access of counter.");
}
END_TEST

START_TEST(a_lock_that_nobody_knows_any_more_has_no_name)
{
	add_hold(&finding.events[0], 0, HOLD_EXCLUSIVE);
	add_hold(&finding.events[1], 2, HOLD_EXCLUSIVE);
	render_text();
	expect_text("    while it held a lock that has ended since\n");
	expect_no("but not by");
}
END_TEST

START_TEST(a_lock_that_both_hold_for_reading_is_wanted_for_writing)
{
	add_hold(&finding.events[0], 1, HOLD_SHARED);
	add_hold(&finding.events[1], 1, HOLD_SHARED);
	render_text();
	expect_text("To fix: A is only read-locked: write-lock it where counter is written.");
}
END_TEST

START_TEST(one_who_holds_the_lock_for_reading_only_is_told_so)
{
	add_hold(&finding.events[0], 1, HOLD_SHARED);
	add_hold(&finding.events[1], 1, HOLD_EXCLUSIVE);
	render_text();
	expect_text("To fix: T2 (left) has only read-locked A: write-lock it there.");
}
END_TEST

START_TEST(nobody_is_told_to_take_a_once)
{
	image_lock(image, 1, 3, OBJECT_ONCE, 0x3000, 0, 0, 0, "C");
	add_hold(&finding.events[0], 3, HOLD_EXCLUSIVE);
	render_text();
	expect_text("    while it ran the routine of C\n");
	expect_text("To fix: Take one lock around every access of counter, or make it an atomic.");
}
END_TEST

START_TEST(of_several_locks_the_innermost_is_likely_the_one)
{
	add_hold(&finding.events[0], 1, HOLD_EXCLUSIVE);
	add_hold(&finding.events[0], 2, HOLD_EXCLUSIVE);
	render_text();
	expect_text("To fix: B is held by T2 (left), but not by T3 (right): take it there too.");
}
END_TEST

START_TEST(a_lock_in_the_block_of_the_memory_is_likely_its_own)
{
	image_lock(image, 1, 3, OBJECT_MUTEX, (uintptr_t)&finding + 8, 0, 0, 0, "C");
	for (size_t i = 0; i < 2; i++)
		finding.events[i].address = (uintptr_t)&finding + 16;
	image_event(&finding, 2, ACTION_ALLOCATE, 0, 0);
	finding.events[2].address = (uintptr_t)&finding;
	finding.events[2].size_bytes = 64;
	add_hold(&finding.events[0], 3, HOLD_EXCLUSIVE);
	add_hold(&finding.events[0], 2, HOLD_EXCLUSIVE);
	render_text();
	expect_text("To fix: C is held by T2 (left), but not by T3 (right): take it there too.");
}
END_TEST

START_TEST(a_lock_that_both_hold_excludes_them)
{
	add_hold(&finding.events[0], 1, HOLD_EXCLUSIVE);
	add_hold(&finding.events[0], 2, HOLD_EXCLUSIVE);
	add_hold(&finding.events[1], 1, HOLD_EXCLUSIVE);
	render_text();
	expect_no("do not exclude");
	expect_text("To fix: Keep A from the read to the write.");
}
END_TEST

START_TEST(advice_compares_two_threads)
{
	finding.events[2] = finding.events[1];
	finding.event_count = 3;
	finding.events[1] = finding.events[0];
	finding.events[0] = finding.events[2];
	finding.events[0].action = ACTION_READ;
	add_hold(&finding.events[0], 2, HOLD_EXCLUSIVE);
	add_hold(&finding.events[1], 1, HOLD_EXCLUSIVE);
	add_hold(&finding.events[2], 2, HOLD_EXCLUSIVE);
	render_text();
	expect_text("T2 (left) holds A and T3 (right) holds B: these do not exclude each other.");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_holds");
	TCase *tests = tcase_create("report_holds");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, both_accesses_say_that_they_hold_nothing);
	tcase_add_test(tests, each_access_tells_its_own_locks);
	tcase_add_test(tests, what_was_not_recorded_is_not_taken_for_nothing);
	tcase_add_test(tests, a_lock_that_nobody_knows_any_more_has_no_name);
	tcase_add_test(tests, a_lock_that_both_hold_for_reading_is_wanted_for_writing);
	tcase_add_test(tests, one_who_holds_the_lock_for_reading_only_is_told_so);
	tcase_add_test(tests, nobody_is_told_to_take_a_once);
	tcase_add_test(tests, of_several_locks_the_innermost_is_likely_the_one);
	tcase_add_test(tests, a_lock_in_the_block_of_the_memory_is_likely_its_own);
	tcase_add_test(tests, a_lock_that_both_hold_excludes_them);
	tcase_add_test(tests, advice_compares_two_threads);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Suppressions: which findings an entry matches, in three formats, and what is refused. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/filter/filter.h"
#include "reports/filter/generate.h"
#include "reports/filter/pattern.h"
#include "../finding/results_image.h"

struct account {
	long balance;
};

void draw_window(void);
void count_frames(void);

static struct account accounts[4];
static unsigned char *image;
static char path[] = "/tmp/filter-XXXXXX";
static char error[512];
static struct model model;
static struct view *view;
static struct filter filter;

__attribute__((noinline)) void count_frames(void)
{
	__asm__ volatile("nop; nop; nop; nop");
}

__attribute__((noinline)) void draw_window(void)
{
	__asm__ volatile("nop; nop; nop; nop");
}

/* Finding 1: a race between draw_window, called by count_frames, and count_frames. */
static void add_race(void)
{
	static struct finding race;
	uint64_t draw[] = {(uint64_t)(uintptr_t)draw_window + 3,
			   (uint64_t)(uintptr_t)count_frames + 3};

	race = (struct finding){.id = 1, .kind = FINDING_LOST_UPDATE, .severity = SEVERITY_ERROR};
	image_stack(image, 1, 5, draw, 2);
	image_stack(image, 1, 6, draw + 1, 1);
	for (thread_id thread = 2; thread <= 3; thread++) {
		struct finding_event *event =
			image_event(&race, thread, ACTION_UPDATE, 0, thread + 3);

		event->address = (uint64_t)(uintptr_t)&accounts[2].balance;
		event->size_bytes = 8;
	}
	image_finding(image, 1, &race, 1);
}

static void set_up(void)
{
	int file;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	file = mkstemp(path);
	ck_assert_int_ge(file, 0);
	close(file);
	image = image_new();
	error[0] = '\0';
	image_process(image, 1, 0, PROCESS_STARTED, "./prog");
	image_own_modules(image, 1);
	model_init(&model);
}

static void tear_down(void)
{
	if (view)
		view_free(view);
	view = NULL;
	model_free(&model);
	free(image);
	unlink(path);
}

static int read_filter(const char *text, const struct view_options *options)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
	return filter_read(&filter, &model.pool, options, error, sizeof(error));
}

/* The findings that are left of a race (and, if the image has it, an inversion). */
static size_t count_left(const char *text)
{
	static const char *const files[] = {path};
	static const struct view_options options = {
		.program = "./prog", .suppressions = files, .suppression_count = 1};

	ck_assert_msg(read_filter(text, &options) == 0, "%s", error);
	ck_assert_int_eq(model_read_image(&model, "test", image, IMAGE_BYTES), 0);
	model_finish(&model);
	view = view_make(&model, &options);
	filter_apply(&filter, view);
	return view->finding_count;
}

static void expect_hidden(const char *text)
{
	ck_assert_uint_eq(count_left(text), 0);
	ck_assert_uint_eq(view->hidden_count, 1);
	ck_assert_ptr_nonnull(view->hidden[0].suppression);
	ck_assert_str_eq(filter_words(view), ", 1 suppressed");
}

static void expect_reported(const char *text)
{
	ck_assert_uint_eq(count_left(text), 1);
	ck_assert_uint_eq(view->hidden_count, 0);
	ck_assert_str_eq(filter_words(view), "");
}

/* @words follow the file's name. */
static void expect_error(const char *text, const char *words)
{
	static const char *const files[] = {path};
	static const struct view_options options = {.suppressions = files, .suppression_count = 1};

	ck_assert_int_eq(read_filter(text, &options), -EBADMSG);
	ck_assert_int_eq(strncmp(error, path, strlen(path)), 0);
	ck_assert_msg(strstr(error, words) == error + strlen(path), "%s", error);
}

static const struct {
	const char *pattern, *name;
	bool matches;
} patterns[] = {
	{"", "", true},		     {"*", "", true},	       {"a*c", "abcbc", true},
	{"a*c", "abcb", false},	     {"a?c", "abc", true},     {"a?c", "ac", false},
	{"*b*d", "abcbd", true},     {"abc", "abcd", false},   {"**", "x", true},
	{"a**", "a", true},	     {"operator*", "operator*", true}, {"x", NULL, false},
};

START_TEST(a_pattern_is_compared_with_the_whole_name)
{
	ck_assert_int_eq(pattern_matches(patterns[_i].pattern, patterns[_i].name),
			 patterns[_i].matches);
}
END_TEST

/* A star for each character, and no match: no search of all ways. */
START_TEST(many_stars_take_no_time)
{
	static char name[4096];
	static char pattern[4096];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(pattern) - 2; i++)
		pattern[i] = i & 1 ? 'a' : '*';
	memcpy(pattern + sizeof(pattern) - 2, "b", 2);
	ck_assert(!pattern_matches(pattern, name));
}
END_TEST

#define RACE_REASON "\nreason it is a statistic\n"

static const char *const hiding[] = {
	"kind lost-update" RACE_REASON,
	"kind deadlock, races" RACE_REASON,
	"# why\n\nfunction draw_*" RACE_REASON,
	"function draw_window\n# both\nfunction count_frames" RACE_REASON,
	"file test_filter.c" RACE_REASON,
	"file reports/*.c" RACE_REASON,
	"module test_filter" RACE_REASON,
	"variable accounts[?].balance" RACE_REASON,
	"variable accounts*\nexpires 2999-12-31" RACE_REASON,
	"race:draw_win\n",
	"race:^accounts\n",
	"race:test_filter.c\n",
	"race_top:count_frames$\n",
	"called_from_lib:test_filter\n",
	"{\n n\n Helgrind:Race\n fun:draw_*\n fun:count_frames\n}\n",
	"{\n n\n drd,Helgrind:ConflictingAccess\n ...\n fun:count_frames\n}\n",
	"{\n n\n drd:ConflictingAccess\n obj:*/test_filter\n}\n",
	"{\n n\n drd:ConflictingAccess\n src:test_filter.c:*\n}\n",
	"{\n n\n Memcheck:Leak\n match-leak-kinds: all\n fun:malloc\n}\n"
	"{\n n\n helgrind:Race\n fun:count_frames\n}\n",
};

START_TEST(an_entry_hides_what_it_matches)
{
	add_race();
	expect_hidden(hiding[_i]);
}
END_TEST

static const char *const missing[] = {
	"",
	"# nothing\n",
	"kind deadlock" RACE_REASON,
	"kind lost-update\nfunction draw" RACE_REASON,
	"function draw_window\nfunction another" RACE_REASON,
	"file filter.c" RACE_REASON,
	"lock *" RACE_REASON,
	"variable accounts[1].balance" RACE_REASON,
	"kind lost-update\nexpires 2001-12-31" RACE_REASON,
	"race:^raw_window\n",
	"race_top:^draw$\n",
	"deadlock:draw_window\n",
	"called_from_lib:libx.so\n",
	"{\n n\n Helgrind:Race\n fun:count_frames\n fun:draw_window\n}\n",
	"{\n n\n Helgrind:LockOrder\n fun:draw_window\n}\n",
	"{\n n\n Memcheck:Addr4\n fun:draw_window\n}\n",
};

START_TEST(an_entry_leaves_what_it_does_not_match)
{
	add_race();
	expect_reported(missing[_i]);
}
END_TEST

START_TEST(a_deadlock_entry_is_about_orders_of_locks)
{
	image_inversion(image, 1, 1);
	expect_hidden("lock A\nlock B" RACE_REASON);
}
END_TEST

static const struct {
	const char *text, *words;
} wrong[] = {
	{"kind nothing\n", ":1: expected kinds of finding, separated by commas, found 'nothing'"},
	{"\nfunctoin x\n", ":2: expected 'kind', 'function', "},
	{"function\n", ":1: expected a word and its value, found 'function'"},
	{"kind data-race\n\nkind races\nreason x\n", ":1: expected a 'reason' in this entry"},
	{"reason x\n", ":1: expected a kind or a pattern in this entry"},
	{"kind races\nexpires soon\n", ":2: expected a date such as 2027-01-31, found 'soon'"},
	{"kind races\nexpires 2027-02-30\n", ":2: expected a date"},
	{"race:x\nrase:y\n", ":2: expected race:, "},
	{"race:\n", ":1: expected race:, "},
	{"race:x\nkind races\n", ":2: expected race:, "},
	{"{\n n\n Helgrind:Rase\n}\n", ":3: expected a type of Helgrind or DRD"},
	{"{\n n\n Helgrind:Race\n function:x\n}\n", ":4: expected fun:, obj:, src: or ..., found"},
	{"{\n n\n Helgrind:Race\n fun:x\n", ":1: expected a } after this {"},
	{"{\n", ":1: expected a name and TOOL:TYPE"},
	{"{\n n\n Helgrind:Race\n fun:x\n}\nrace:x\n", ":6: expected a {, found 'race:x'"},
};

START_TEST(an_error_names_file_line_and_what_was_expected)
{
	expect_error(wrong[_i].text, wrong[_i].words);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	static const char *const files[] = {"/no/such/file"};
	static const struct view_options options = {.suppressions = files, .suppression_count = 1};

	ck_assert_int_eq(filter_read(&filter, &model.pool, &options, error, sizeof(error)),
			 -ENOENT);
	ck_assert_str_eq(error, "cannot read /no/such/file: No such file or directory");
}
END_TEST

/* In memory: what @write says of the view. */
static char *notes_of(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	filter_write_notes(view, out);
	fclose(out);
	return text;
}

START_TEST(unused_and_expired_entries_are_named)
{
	char *notes;

	add_race();
	count_left("kind lost-update\nreason used\n\nkind deadlock\nreason unused\n\n"
		   "kind races\nexpires 2001-01-01\nreason expired\n\nlock x\nreason unused\n");
	notes = notes_of();
	ck_assert_ptr_nonnull(strstr(notes, ":7: this suppression expired on 2001-01-01\n"));
	ck_assert_ptr_nonnull(strstr(notes, "suppressions that match nothing: /tmp/filter-"));
	ck_assert_ptr_nonnull(strstr(notes, ":4, /tmp/filter-"));
	ck_assert_ptr_nonnull(strstr(notes, ":11\n"));
	ck_assert_ptr_null(strstr(notes, ":1,"));
	free(notes);
}
END_TEST

START_TEST(another_tools_entry_is_never_called_unused)
{
	char *notes;

	add_race();
	count_left("{\n n\n Memcheck:Leak\n fun:malloc\n}\n");
	notes = notes_of();
	ck_assert_str_eq(notes, "");
	free(notes);
}
END_TEST

/* An entry made from a finding hides it, whatever its names are. */
static void expect_own_entry_hides(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_uint_eq(count_left(""), 1);
	suppression_write(view, &view->findings[0], out);
	fclose(out);
	tear_down();
	view = NULL;
	image = NULL;
	set_up();
	add_race();
	image_inversion(image, 1, 1);
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 0, 0, 0, "*\nkind races\x1b[0m");
	ck_assert_uint_eq(count_left(text), 1);
	ck_assert_uint_eq(view->hidden_count, 1);
	free(text);
}

START_TEST(an_entry_that_is_made_of_a_race_hides_it)
{
	add_race();
	expect_own_entry_hides();
}
END_TEST

START_TEST(hostile_names_make_no_entries_of_their_own)
{
	image_inversion(image, 1, 1);
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 0, 0, 0, "*\nkind races\x1b[0m");
	expect_own_entry_hides();
	ck_assert_int_eq(view->hidden[0].finding->kind, FINDING_LOCK_ORDER_INVERSION);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tests = tcase_create("filter");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_pattern_is_compared_with_the_whole_name, 0,
			    ARRAY_LENGTH(patterns));
	tcase_add_test(tests, many_stars_take_no_time);
	tcase_add_loop_test(tests, an_entry_hides_what_it_matches, 0, ARRAY_LENGTH(hiding));
	tcase_add_loop_test(tests, an_entry_leaves_what_it_does_not_match, 0,
			    ARRAY_LENGTH(missing));
	tcase_add_test(tests, a_deadlock_entry_is_about_orders_of_locks);
	tcase_add_loop_test(tests, an_error_names_file_line_and_what_was_expected, 0,
			    ARRAY_LENGTH(wrong));
	tcase_add_test(tests, a_file_that_is_not_there_is_named);
	tcase_add_test(tests, unused_and_expired_entries_are_named);
	tcase_add_test(tests, another_tools_entry_is_never_called_unused);
	tcase_add_test(tests, an_entry_that_is_made_of_a_race_hides_it);
	tcase_add_test(tests, hostile_names_make_no_entries_of_their_own);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

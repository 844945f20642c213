#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "options/options.h"

static struct options options;
static struct options_error error;
static char line[512];

static void set_up(void)
{
	options_init(&options);
}

static bool parse_text(const char *text)
{
	return options_parse(&options, text, &error);
}

static const char *describe_text(void)
{
	(void)options_describe_error(&error, line, sizeof(line));
	return line;
}

static const struct option_row *find_option(const char *key)
{
	return options_find(key, strlen(key));
}

START_TEST(defaults_are_those_of_the_table)
{
	ck_assert_uint_eq(options.races, RACES_FULL);
	ck_assert_uint_eq(options.on_deadlock, ON_DEADLOCK_EXIT);
	ck_assert_uint_eq(options.exit_code, 66);
	ck_assert_uint_eq(options.fail_on, FAIL_ON_ERROR);
	ck_assert_ptr_null(options.json);
	ck_assert_uint_eq(options.stack_depth, 64);
	ck_assert_uint_eq(options.follow_children, CHOICE_YES);
	ck_assert_uint_eq(options.timeout, 0);
	ck_assert_uint_eq(options.quiet, CHOICE_NO);
	ck_assert_uint_eq(options.set, 0);
}
END_TEST

START_TEST(every_default_is_allowed)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].initial[0])
			ck_assert_msg(options_set(&options, &option_rows[i], option_rows[i].initial,
						  &error),
				      "%s", option_rows[i].key);
}
END_TEST

START_TEST(no_text_changes_nothing)
{
	ck_assert(parse_text(NULL));
	ck_assert(parse_text(""));
	ck_assert(parse_text(" :: \t\n"));
	ck_assert_uint_eq(options.set, 0);
	ck_assert_int_eq(error.problem, OPTIONS_FINE);
}
END_TEST

START_TEST(settings_are_separated_by_spaces_or_colons)
{
	ck_assert(parse_text(" on-deadlock=abort:exit-code=7  fail-on=never\nstack-depth=12:"));
	ck_assert_uint_eq(options.on_deadlock, ON_DEADLOCK_ABORT);
	ck_assert_uint_eq(options.exit_code, 7);
	ck_assert_uint_eq(options.fail_on, FAIL_ON_NEVER);
	ck_assert_uint_eq(options.stack_depth, 12);
	ck_assert(options_is_set(&options, OPTION_ID_exit_code));
	ck_assert(!options_is_set(&options, OPTION_ID_json));
}
END_TEST

START_TEST(each_word_of_a_choice_has_its_number)
{
	ck_assert(parse_text("on-deadlock=report fail-on=note color=never follow-children=no"));
	ck_assert_uint_eq(options.on_deadlock, ON_DEADLOCK_REPORT);
	ck_assert_uint_eq(options.fail_on, FAIL_ON_NOTE);
	ck_assert_uint_eq(options.color, COLOR_NEVER);
	ck_assert_uint_eq(options.follow_children, CHOICE_NO);
	ck_assert(parse_text("on-deadlock=exit fail-on=warning color=always"));
	ck_assert_uint_eq(options.on_deadlock, ON_DEADLOCK_EXIT);
	ck_assert_uint_eq(options.fail_on, FAIL_ON_WARNING);
	ck_assert_uint_eq(options.color, COLOR_ALWAYS);
}
END_TEST

START_TEST(the_last_of_a_key_wins)
{
	ck_assert(parse_text("exit-code=1 json=a exit-code=2 json=b"));
	ck_assert_uint_eq(options.exit_code, 2);
	ck_assert_str_eq(options.json, "b");
}
END_TEST

START_TEST(a_flag_stands_alone_or_has_a_value)
{
	ck_assert(parse_text("quiet:verbose=no:stats=yes"));
	ck_assert_uint_eq(options.quiet, CHOICE_YES);
	ck_assert_uint_eq(options.verbose, CHOICE_NO);
	ck_assert_uint_eq(options.stats, CHOICE_YES);
	ck_assert(!parse_text("quiet=1"));
	ck_assert_str_eq(describe_text(), "quiet: unknown value '1' (allowed: no, yes)");
}
END_TEST

START_TEST(seconds_may_have_a_fraction)
{
	static const struct {
		const char *text;
		uint64_t milliseconds;
	} cases[] = {
		{"30", 30000},
		{"0.5", 500},
		{".25", 250},
		{"2.", 2000},
		{"0.0001", 1},
		{"1.9999", 2000},
		{"1.0000", 1000},
		{"0", 0},
		{"1.001", 1001},
		{"007", 7000},
		{"999999999", 999999999000},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		ck_assert_msg(options_set(&options, find_option("timeout"), cases[i].text, &error),
			      "%s", cases[i].text);
		ck_assert_uint_eq(options.timeout, cases[i].milliseconds);
	}
}
END_TEST

START_TEST(bad_values_are_refused_and_change_nothing)
{
	static const char *const bad[] = {
		"exit-code=",
		"exit-code=256",
		"exit-code=-1",
		"exit-code=1x",
		"exit-code= 1",
		"exit-code=99999999999999999999",
		"exit-code=0x10",
		"stack-depth=0",
		"stack-depth=65",
		"timeout=",
		"timeout=.",
		"timeout=1.x",
		"timeout=1,5",
		"timeout=-1",
		"timeout=1e3",
		"timeout=nan",
		"timeout=9999999999",
		"fail-on=",
		"fail-on=err",
		"fail-on=error|warning",
		"fail-on=Error",
		"on-deadlock=|",
		"json=",
		"json",
		"exit-code",
		"=",
		"=x",
		"--quiet",
		"jsonx=a",
		"jso=a",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		ck_assert_msg(!parse_text(bad[i]), "%s", bad[i]);
		ck_assert_int_ne(error.problem, OPTIONS_FINE);
		ck_assert_uint_eq(options.set, 0);
	}
	ck_assert_uint_eq(options.exit_code, 66);
	ck_assert_ptr_null(options.json);
}
END_TEST

START_TEST(keys_of_other_commands_than_run_are_unknown)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (option_rows[i].where & IN_RUN)
			continue;
		ck_assert_msg(!parse_text(option_rows[i].key), "%s", option_rows[i].key);
		ck_assert_int_eq(error.problem, OPTIONS_UNKNOWN_KEY);
		ck_assert_ptr_null(error.row);
	}
}
END_TEST

START_TEST(errors_name_the_key_or_value_and_what_is_allowed)
{
	ck_assert(!parse_text("quiet races=some:json=a"));
	ck_assert_str_eq(describe_text(), "races: unknown value 'some' (allowed: full, off)");
	ck_assert(!parse_text("stack-depth=1000"));
	ck_assert_str_eq(describe_text(), "stack-depth: unknown value '1000' (allowed: 1..64)");
	ck_assert(!parse_text("exit-code"));
	ck_assert_str_eq(describe_text(), "exit-code: value missing (allowed: 0..255)");
	ck_assert(!parse_text("frobnicate=1"));
	ck_assert_ptr_nonnull(
		strstr(describe_text(), "unknown option 'frobnicate' (allowed: races, "));
	ck_assert_ptr_null(strstr(line, "results"));
}
END_TEST

START_TEST(a_line_that_is_too_short_is_cut_and_terminated)
{
	ck_assert(!parse_text("races=some"));
	memset(line, 'x', sizeof(line));
	ck_assert_uint_eq(options_describe_error(&error, line, 6), 5);
	ck_assert_str_eq(line, "races");
	ck_assert_uint_eq(options_describe_error(&error, line, 0), 0);
}
END_TEST

START_TEST(escapes_carry_separators)
{
	ck_assert(parse_text("results=/a%20b%3ac%3Ad%25:log=x%p%zz%2:json=%00%4"));
	ck_assert_str_eq(options.results, "/a b:c:d%");
	ck_assert_str_eq(options.log, "x%p%zz%2");
	ck_assert_str_eq(options.json, "%00%4");
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
	static struct options copy;
	static const char odd[] = "/tmp/a b:c%20\n\t\001\377%p=";
	char setting[128];

	options_init(&copy);
	ck_assert(options_set(&options, find_option("results"), odd, &error));
	ck_assert(parse_text("timeout=1.25 on-deadlock=abort exit-code=0 verbose stack-depth=64"));
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!options_is_set(&options, (enum option_id)i))
			continue;
		ck_assert_uint_gt(
			options_write(&options, &option_rows[i], setting, sizeof(setting)), 0);
		ck_assert_msg(options_parse(&copy, setting, &error), "%s", setting);
	}
	ck_assert_str_eq(copy.results, odd);
	ck_assert_uint_eq(copy.timeout, 1250);
	ck_assert_uint_eq(copy.on_deadlock, ON_DEADLOCK_ABORT);
	ck_assert_uint_eq(copy.exit_code, 0);
	ck_assert_uint_eq(copy.verbose, CHOICE_YES);
	ck_assert_uint_eq(copy.set, options.set);
}
END_TEST

START_TEST(what_does_not_fit_is_not_written)
{
	char setting[13];

	ck_assert(parse_text("exit-code=66"));
	ck_assert_uint_eq(options_write(&options, find_option("exit-code"), setting, 13), 12);
	ck_assert_str_eq(setting, "exit-code=66");
	ck_assert_uint_eq(options_write(&options, find_option("exit-code"), setting, 12), 0);
}
END_TEST

START_TEST(texts_beyond_the_room_are_refused)
{
	static char text[OPTIONS_TEXT_BYTES + 64];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "json=", 5);
	ck_assert(!parse_text(text));
	ck_assert_int_eq(error.problem, OPTIONS_TOO_LONG);
	ck_assert_ptr_null(options.json);
	ck_assert(!options_set(&options, find_option("json"), text, &error));
	ck_assert_int_eq(error.problem, OPTIONS_TOO_LONG);
	text[OPTIONS_TEXT_BYTES - 1] = '\0';
	ck_assert(options_set(&options, find_option("json"), text, &error));
	ck_assert_str_eq(options.json, text);
	ck_assert(!parse_text("log=y"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tests = tcase_create("options");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, defaults_are_those_of_the_table);
	tcase_add_test(tests, every_default_is_allowed);
	tcase_add_test(tests, no_text_changes_nothing);
	tcase_add_test(tests, settings_are_separated_by_spaces_or_colons);
	tcase_add_test(tests, each_word_of_a_choice_has_its_number);
	tcase_add_test(tests, the_last_of_a_key_wins);
	tcase_add_test(tests, a_flag_stands_alone_or_has_a_value);
	tcase_add_test(tests, seconds_may_have_a_fraction);
	tcase_add_test(tests, bad_values_are_refused_and_change_nothing);
	tcase_add_test(tests, keys_of_other_commands_than_run_are_unknown);
	tcase_add_test(tests, errors_name_the_key_or_value_and_what_is_allowed);
	tcase_add_test(tests, a_line_that_is_too_short_is_cut_and_terminated);
	tcase_add_test(tests, escapes_carry_separators);
	tcase_add_test(tests, what_is_written_is_read_back);
	tcase_add_test(tests, what_does_not_fit_is_not_written);
	tcase_add_test(tests, texts_beyond_the_room_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

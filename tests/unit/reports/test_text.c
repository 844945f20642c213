#include "text_fixture.h"

START_TEST(no_findings_are_said_in_one_line)
{
	render_text();
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
}
END_TEST

START_TEST(the_last_line_sums_up)
{
	image_inversion(image, 1, 39);
	write_pair(FINDING_UNLOCK_NOT_OWNER, SEVERITY_ERROR, 0, ACTION_HOLD, ACTION_RELEASE);
	write_pair(FINDING_FORK_HOLDING_LOCK, SEVERITY_WARNING, 0, ACTION_HOLD, ACTION_WAIT);
	render_text();
	expect_last_line("snarl: 2 errors, 1 warning (3 findings, 41 occurrences) in ./prog\n");
}
END_TEST

START_TEST(warnings_alone_name_the_option_that_makes_them_count)
{
	options.fails_from = SEVERITY_ERROR;
	write_pair(FINDING_THREAD_LEAK, SEVERITY_WARNING, 0, ACTION_CREATE, ACTION_END);
	render_text();
	expect_last_line("snarl: warnings do not count; --fail-on=warning makes them count\n"
			 "snarl: 1 warning (1 finding, 1 occurrence) in ./prog\n");
	options.fails_from = SEVERITY_WARNING;
	render_text();
	expect_no("do not count");
}
END_TEST

START_TEST(errors_name_no_option)
{
	options.fails_from = SEVERITY_ERROR;
	image_inversion(image, 1, 1);
	write_pair(FINDING_THREAD_LEAK, SEVERITY_WARNING, 0, ACTION_CREATE, ACTION_END);
	render_text();
	expect_last_line("snarl: 1 error, 1 warning (2 findings, 2 occurrences) in ./prog\n");
}
END_TEST

START_TEST(equal_findings_of_workers_are_one)
{
	image_process(image, 2, 1, PROCESS_STARTED, "./child");
	image_process(image, 3, 1, PROCESS_STARTED, "./child");
	image_inversion(image, 2, 1);
	image_inversion(image, 3, 4);
	render_text();
	expect_text("in 2 processes (./child) [5 times]");
	expect_last_line("snarl: 1 error (1 finding, 5 occurrences) in ./prog\n");
}
END_TEST

START_TEST(findings_of_a_child_name_it)
{
	image_process(image, 2, 1, PROCESS_STARTED, "./child");
	image_inversion(image, 2, 1);
	render_text();
	expect_text("in process 2 (./child)\n");
}
END_TEST

START_TEST(losses_stand_before_the_summary)
{
	uint64_t counters[COUNTER_COUNT] = {
		[COUNTER_LOST_SEARCHES] = 3, [COUNTER_LOST_STACKS] = 4, [COUNTER_LOCKS] = 5};

	image_counters(image, 1, counters);
	image_unobserved(image, 1, "/bin/static", "statically linked");
	image_unobserved(image, 1, "/bin/static", "statically linked");
	image_text(image, 1, "detection is switched off");
	render_text();
	ck_assert_str_eq(text, "snarl: detection is switched off\n"
			       "snarl: not observed: /bin/static (statically linked), 2 times\n"
			       "snarl: lost: searches for lock cycles given up: 3 (a cycle of "
			       "locks may be missed)\n"
			       "snarl: no findings in ./prog\n");
	image_inversion(image, 1, 1);
	render_text();
	expect_no("return address");
}
END_TEST

START_TEST(what_a_finding_lacks_is_a_loss_where_one_does)
{
	uint64_t counters[COUNTER_COUNT] = {[COUNTER_LOST_LOCKSETS] = 4};
	static struct finding finding;

	image_counters(image, 1, counters);
	image_inversion(image, 1, 1);
	render_text();
	expect_no("lost:");
	finding = (struct finding){.id = 2, .kind = FINDING_DATA_RACE, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_WRITE, 0, 0)->holds_are_unknown = true;
	image_event(&finding, 3, ACTION_WRITE, 0, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("snarl: lost: accesses whose locks were not recorded: 4 (reports cannot show "
		    "them)\n");
}
END_TEST

START_TEST(suppressed_cycles_are_shown_on_request)
{
	uint64_t counters[COUNTER_COUNT] = {[COUNTER_CYCLES_GATED] = 2};

	image_counters(image, 1, counters);
	render_text();
	expect_no("behind");
	options.is_verbose = true;
	render_text();
	expect_text("snarl: not reported: 2 lock cycles behind a common outer lock\n");
}
END_TEST

START_TEST(colour_is_only_decoration)
{
	char *plain;
	char *to;

	image_inversion(image, 1, 1);
	render_text();
	plain = strdup(text);
	options.colour = COLOUR_ALWAYS;
	render_text();
	expect_text("\033[1;31merror: lock-order-inversion\033[0m:");
	to = text;
	for (const char *from = text; *from; from++) {
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*to++ = *from;
	}
	*to = '\0';
	ck_assert_str_eq(text, plain);
	free(plain);
}
END_TEST

START_TEST(locks_of_one_name_are_numbered)
{
	image_inversion(image, 1, 1);
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 0, 0, 1, "");
	image_lock(image, 1, 2, OBJECT_MUTEX, 0x2000, 0, 0, 1, "");
	render_text();
	expect_text("mutex on the stack of main #1 and mutex on the stack of main #2");
}
END_TEST

START_TEST(lines_are_broken_to_the_terminals_width)
{
	options.columns = 60;
	image_inversion(image, 1, 3);
	render_text();
	expect_text("error: lock-order-inversion: A and B are taken in both\n"
	       "    orders by T2 (left) and T3 (right) [3 times]\n");
}
END_TEST

START_TEST(errors_come_first_and_the_frequent_ones_before)
{
	write_pair(FINDING_FORK_HOLDING_LOCK, SEVERITY_WARNING, 0, ACTION_HOLD, ACTION_WAIT);
	image_inversion(image, 1, 3);
	render_text();
	ck_assert(strstr(text, "error: ") < strstr(text, "warning: "));
	expect_no("1. ");
}
END_TEST

START_TEST(many_findings_have_an_index)
{
	static const enum finding_kind kinds[] = {
		FINDING_UNLOCK_NOT_OWNER, FINDING_UNLOCK_UNLOCKED, FINDING_DESTROY_LOCKED,
		FINDING_LOCK_DESTROYED,	  FINDING_LOCK_COPIED,	   FINDING_EXIT_HOLDING_LOCK,
	};

	options.columns = 60;
	image_inversion(image, 1, 1);
	image_retract(image, 1, 1);
	for (unsigned i = 0; i < 5; i++)
		write_pair(kinds[i], SEVERITY_ERROR, 0, ACTION_HOLD, ACTION_RELEASE);
	render_text();
	expect_no("1. error");
	write_pair(kinds[5], SEVERITY_ERROR, 0, ACTION_HOLD, ACTION_RELEASE);
	render_text();
	expect_text("\nsnarl: 6 errors (6 findings, 6 occurrences):\n"
		    "  1. error: unlock-not-owner: T3 (right) releases A, whic...\n");
	expect_text("\n  6. error: exit-holding-lock: ");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, no_findings_are_said_in_one_line);
	tcase_add_test(tests, the_last_line_sums_up);
	tcase_add_test(tests, warnings_alone_name_the_option_that_makes_them_count);
	tcase_add_test(tests, errors_name_no_option);
	tcase_add_test(tests, equal_findings_of_workers_are_one);
	tcase_add_test(tests, findings_of_a_child_name_it);
	tcase_add_test(tests, losses_stand_before_the_summary);
	tcase_add_test(tests, what_a_finding_lacks_is_a_loss_where_one_does);
	tcase_add_test(tests, suppressed_cycles_are_shown_on_request);
	tcase_add_test(tests, colour_is_only_decoration);
	tcase_add_test(tests, locks_of_one_name_are_numbered);
	tcase_add_test(tests, lines_are_broken_to_the_terminals_width);
	tcase_add_test(tests, errors_come_first_and_the_frequent_ones_before);
	tcase_add_test(tests, many_findings_have_an_index);
}

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	add_tests(tests);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#include "text_fixture.h"

/* Writes a finding of one event, of thread 2 on @lock. */
static void write_about(lock_id lock, enum finding_kind kind)
{
	static struct finding finding;

	finding = (struct finding){.id = 3, .kind = kind, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_RELEASE, lock, 0);
	image_finding(image, 1, &finding, 1);
}

START_TEST(an_inversion_names_locks_and_threads)
{
	image_inversion(image, 1, 3);
	render_text();
	expect_text(
		"error: lock-order-inversion: A and B are taken in both orders by T2 (left) and T3 "
		"(right) [3 times]\n");
	expect_text("for instance A before B");
}
END_TEST

START_TEST(the_scenario_has_a_column_per_thread)
{
	image_inversion(image, 1, 1);
	render_text();
	expect_text("    T2 (left)     T3 (right)\n"
		    "    acquires A\n"
		    "                  acquires B\n"
		    "    waits for B\n"
		    "                  waits for A   <- deadlock\n");
}
END_TEST

/* The example of a class stands for all of it, so its number would mislead. */
START_TEST(locks_of_one_class_are_of_one_origin)
{
	uint64_t frame = 0x1000;

	image_stack(image, 1, 9, &frame, 1);
	image_thread(image, 1, 2, 1, 0, 0, "left");
	image_thread(image, 1, 3, 1, 0, 0, "right");
	image_lock(image, 1, 1, OBJECT_MUTEX, 0, 9, 0, 0, "");
	image_lock(image, 1, 2, OBJECT_MUTEX, 0, 9, 0, 0, "");
	write_pair(FINDING_LOCK_ORDER_INVERSION, SEVERITY_WARNING, DETAIL_CLASSES, ACTION_HOLD,
		   ACTION_WAIT);
	/* Another lock of that origin gives the first a number. */
	write_about(2, FINDING_UNLOCK_UNLOCKED);
	render_text();
	expect_text("all modules #2");
	expect_text(
		"locks of one origin, mutex created at code outside of all modules, are taken in "
		"both orders by T2 (left)");
	expect_no("two kinds");
}
END_TEST

START_TEST(locks_of_two_classes_are_of_two_kinds)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	finding = (struct finding){.id = 2,
				   .kind = FINDING_LOCK_ORDER_INVERSION,
				   .severity = SEVERITY_WARNING,
				   .details = DETAIL_CLASSES};
	image_event(&finding, 2, ACTION_HOLD, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 2, 0);
	image_event(&finding, 3, ACTION_HOLD, 2, 0);
	image_event(&finding, 3, ACTION_WAIT, 1, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("locks of two kinds, A and B, are taken in both orders by T2 (left) and T3");
	expect_no("one origin");
}
END_TEST

START_TEST(a_hand_over_is_said)
{
	image_inversion(image, 1, 1);
	write_pair(FINDING_LOCK_ORDER_INVERSION, SEVERITY_WARNING, DETAIL_HAND_OVER, ACTION_HOLD,
		   ACTION_WAIT);
	render_text();
	expect_text("Note: a hand-over (semaphore, condition, once, pipe or future)");
}
END_TEST

START_TEST(every_kind_has_a_sentence_and_advice)
{
	image_inversion(image, 1, 1);
	for (unsigned kind = 0; kind < FINDING_KIND_COUNT; kind++) {
		write_pair((enum finding_kind)kind, finding_kind_severity((enum finding_kind)kind),
			   0, ACTION_HOLD, ACTION_WAIT);
	}
	render_text();
	for (unsigned kind = 0; kind < FINDING_KIND_COUNT; kind++)
		expect_text(finding_kind_name((enum finding_kind)kind));
	expect_no("?");
	expect_no("{");
	expect_no("unknown");
}
END_TEST

START_TEST(a_relock_says_that_one_thread_waits_for_itself)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	finding = (struct finding){.id = 2,
				   .kind = FINDING_DEADLOCK,
				   .severity = SEVERITY_ERROR,
				   .details = DETAIL_RELOCK};
	image_event(&finding, 2, ACTION_HOLD, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 1, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("deadlock: T2 (left) waits for ever for A, which it holds itself");
	expect_text("or make the lock recursive.");
}
END_TEST

START_TEST(a_once_is_run_and_cannot_be_made_recursive)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	image_lock(image, 1, 3, OBJECT_ONCE, 0x3000, 0, 0, 0, "C");
	finding = (struct finding){.id = 2,
				   .kind = FINDING_DEADLOCK,
				   .severity = SEVERITY_ERROR,
				   .details = DETAIL_RELOCK};
	image_event(&finding, 2, ACTION_HOLD, 3, 0);
	image_event(&finding, 2, ACTION_WAIT, 3, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("T2 (left) waits for ever for C, which it runs itself");
	expect_text("To fix: Let the routine of C do without what it is to prepare");
	expect_no("recursive");
}
END_TEST

START_TEST(a_lock_held_in_a_wait_is_to_be_released_first)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	finding = (struct finding){.id = 2, .kind = FINDING_HANG, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_WAIT, 2, 0)->holds[0] =
		(struct finding_hold){1, HOLD_EXCLUSIVE, 0};
	finding.events[0].hold_count = 1;
	image_event(&finding, 3, ACTION_WAIT, 1, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("To fix: Let T2 (left) release A before it waits: T3 (right) cannot go on");
}
END_TEST

START_TEST(a_wait_without_its_mutex_says_that_it_is_not_held)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	image_lock(image, 1, 3, OBJECT_CONDITION, 0x3000, 0, 0, 0, "C");
	finding = (struct finding){
		.id = 2, .kind = FINDING_WAIT_WITHOUT_LOCK, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_WAIT, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 3, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("    does not hold A\n    waits at C\n");
}
END_TEST

START_TEST(joins_name_the_thread_waited_for)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	finding = (struct finding){.id = 2, .kind = FINDING_DEADLOCK, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_WAIT, 0, 0)->target = 3;
	image_event(&finding, 3, ACTION_WAIT, 0, 0)->target = 2;
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("T2 (left) and T3 (right) wait for each other for ever\n");
	expect_text("waits for T3 (right) to end");
}
END_TEST

START_TEST(it_does_not_matter_who_closed_a_cycle)
{
	static struct finding finding;
	char *first;

	image_inversion(image, 1, 1);
	render_text();
	first = strdup(text);
	tear_down();
	set_up();
	image_inversion(image, 1, 1);
	image_retract(image, 1, 1);
	finding = (struct finding){
		.id = 2, .kind = FINDING_LOCK_ORDER_INVERSION, .severity = SEVERITY_ERROR};
	image_event(&finding, 3, ACTION_HOLD, 2, 0);
	image_event(&finding, 3, ACTION_WAIT, 1, 0);
	image_event(&finding, 2, ACTION_HOLD, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 2, 0);
	image_finding(image, 1, &finding, 1);
	options.is_verbose = false;
	render_text();
	ck_assert_str_eq(text, first);
	free(first);
}
END_TEST

START_TEST(blocked_threads_are_shown_with_what_they_wait_for)
{
	struct results_slot *slots = (void *)(image + RESULTS_SLOTS_OFFSET);

	image_inversion(image, 1, 1);
	slots[0] = (struct results_slot){
		.process = 1, .thread = 3, .is_blocked = 1, .lock = 1, .action = ACTION_WAIT};
	slots[1] = (struct results_slot){
		.process = 1, .thread = 1, .is_blocked = 1, .target = 3, .action = ACTION_JOIN};
	slots[2] = (struct results_slot){.process = 1, .thread = 2};
	slots[3] = (struct results_slot){.process = 1, .thread = 2, .sequence = 1};
	image_take_slots(image, 4);
	image_timeout(image, 1,
		      (const struct image_state[]){{"sleeper", SYS_pause, 0},
						   {"reader", SYS_read, 3},
						   {"runner", STATE_RUNS, 0},
						   {NULL, 0, 0}});
	render_text();
	expect_text("snarl: --timeout: 4 threads blocked in process 1 (/somewhere/prog), 1 not\n");
	expect_text("  T1 (main)\n    waits for T3 (right) to end\n");
	expect_text("  T3 (right)\n    waits for A\n");
	expect_text("  thread 'sleeper'\n    waits for a signal\n");
	expect_text("  thread 'reader'\n    reads from descriptor 3\n");
	expect_text("  thread 'runner'\n    runs\n");
}
END_TEST

START_TEST(a_blocked_thread_describes_its_locks_itself)
{
	struct results_slot *slots = (void *)(image + RESULTS_SLOTS_OFFSET);
	struct byte_writer writer = {slots[0].locks[1], slots[0].locks[2], false};

	image_inversion(image, 1, 1);
	slots[0] = (struct results_slot){
		.process = 1, .thread = 3, .is_blocked = 1, .lock = 1, .action = ACTION_WAIT,
		.hold_count = 1, .holds = {{.lock = 77}}};
	write_u32(&writer, 77);
	write_u32(&writer, OBJECT_SPIN);
	write_u64(&writer, 0x7000);
	image_take_slots(image, 1);
	image_timeout(image, 1, (const struct image_state[]){{NULL, 0, 0}});
	render_text();
	expect_text("waits for A");
	expect_text("spin lock at 0x7000");
}
END_TEST

START_TEST(an_inversion_that_deadlocks_is_one_finding)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	finding = (struct finding){.id = 2, .kind = FINDING_DEADLOCK, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_HOLD, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 2, 0);
	image_event(&finding, 3, ACTION_HOLD, 2, 0);
	image_event(&finding, 3, ACTION_WAIT, 1, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("  Also: lock-order-inversion: A and B are taken in both orders");
	expect_last_line("snarl: 1 error (1 finding, 1 occurrence) in ./prog\n");
}
END_TEST

/* Writes a finding of two events on lock 1 by thread 2, at @stacks. */
static void write_twice(uint32_t id, enum finding_kind kind, const enum finding_action actions[2],
			const uint32_t stacks[2])
{
	static struct finding finding;

	finding = (struct finding){.id = id, .kind = kind, .severity = SEVERITY_ERROR};
	for (int i = 0; i < 2; i++)
		image_event(&finding, 2, actions[i], 1, stacks[i]);
	image_finding(image, 1, &finding, 1);
}

static void write_stacks(void)
{
	for (uint32_t i = 1; i <= 4; i++) {
		uint64_t frame = 0x1000 * i;

		image_stack(image, 1, i, &frame, 1);
	}
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 1, 0, 0, "A");
}

START_TEST(a_lock_in_a_handler_that_deadlocks_is_one_finding)
{
	static const enum finding_action waits[2] = {ACTION_HOLD, ACTION_WAIT};
	static const enum finding_action interrupts[2] = {ACTION_ACQUIRE, ACTION_INTERRUPT};
	static const uint32_t stacks[2] = {1, 2};
	static const uint32_t others[2] = {1, 3};

	write_stacks();
	write_twice(2, FINDING_DEADLOCK, waits, stacks);
	write_twice(3, FINDING_SIGNAL_UNSAFE_LOCK, interrupts, stacks);
	render_text();
	expect_text("  Also: signal-unsafe-lock: ");
	expect_text("To fix: Take no lock in a signal handler");
	expect_text("(1 finding, 1 occurrence)");
	write_twice(4, FINDING_SIGNAL_UNSAFE_LOCK, interrupts, others);
	render_text();
	expect_text("(2 findings, 2 occurrences)");
}
END_TEST

START_TEST(uses_of_a_lock_after_one_end_are_one_finding)
{
	static const enum finding_action acquires[2] = {ACTION_DESTROY, ACTION_ACQUIRE};
	static const enum finding_action releases[2] = {ACTION_DESTROY, ACTION_RELEASE};
	static const uint32_t first[2] = {1, 2};
	static const uint32_t second[2] = {1, 3};
	static const uint32_t other_end[2] = {4, 3};

	write_stacks();
	write_twice(2, FINDING_LOCK_DESTROYED, acquires, first);
	write_twice(3, FINDING_LOCK_DESTROYED, releases, second);
	render_text();
	expect_text("(1 finding, 2 occurrences)");
	write_twice(4, FINDING_LOCK_DESTROYED, releases, other_end);
	render_text();
	expect_text("(2 findings, 3 occurrences)");
}
END_TEST

START_TEST(a_reader_waits_for_a_writer_that_waits)
{
	static struct finding finding;

	write_stacks();
	image_lock(image, 1, 2, OBJECT_RWLOCK, 0x2000, 1, 0, 0, "B");
	finding = (struct finding){.id = 2, .kind = FINDING_DEADLOCK, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_HOLD, 2, 1);
	image_event(&finding, 2, ACTION_WAIT, 2, 2);
	image_event(&finding, 3, ACTION_WAIT, 2, 3);
	finding.events[0].mode = finding.events[1].mode = HOLD_SHARED;
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("waits to write-lock B\n    waits to read-lock B   <- deadlock\n");
}
END_TEST

START_TEST(a_signal_sent_too_early_is_told_with_its_hang)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	image_lock(image, 1, 3, OBJECT_CONDITION, 0x3000, 0, 0, 0, "C");
	finding = (struct finding){.id = 2, .kind = FINDING_HANG, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_JOIN, 0, 0)->target = 3;
	image_event(&finding, 3, ACTION_WAIT, 3, 0);
	image_finding(image, 1, &finding, 1);
	finding = (struct finding){
		.id = 3, .kind = FINDING_LOST_WAKEUP, .severity = SEVERITY_WARNING};
	image_event(&finding, 2, ACTION_SIGNAL, 3, 0);
	image_event(&finding, 3, ACTION_WAIT, 3, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("Also: lost-wakeup: T2 (left) signalled C before T3 (right) waited for it\n");
	expect_text("To fix: Keep what is waited for in a variable");
	expect_last_line("snarl: 2 errors (2 findings, 2 occurrences) in ./prog\n");
}
END_TEST

START_TEST(a_single_thread_that_hangs_is_told_so)
{
	static struct finding finding;

	finding = (struct finding){.id = 2, .kind = FINDING_HANG, .severity = SEVERITY_ERROR};
	image_event(&finding, 1, ACTION_INPUT, 0, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_text("hang: the only thread waits and nothing can wake it: T1\n");
}
END_TEST

START_TEST(an_inversion_of_other_locks_is_a_finding_of_its_own)
{
	static struct finding finding;

	image_inversion(image, 1, 1);
	finding = (struct finding){.id = 2, .kind = FINDING_DEADLOCK, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_HOLD, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 1, 0);
	image_finding(image, 1, &finding, 1);
	render_text();
	expect_no("Also");
	expect_last_line("snarl: 2 errors (2 findings, 2 occurrences) in ./prog\n");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_inversion_names_locks_and_threads);
	tcase_add_test(tests, the_scenario_has_a_column_per_thread);
	tcase_add_test(tests, locks_of_one_class_are_of_one_origin);
	tcase_add_test(tests, locks_of_two_classes_are_of_two_kinds);
	tcase_add_test(tests, a_hand_over_is_said);
	tcase_add_test(tests, every_kind_has_a_sentence_and_advice);
	tcase_add_test(tests, a_relock_says_that_one_thread_waits_for_itself);
	tcase_add_test(tests, a_once_is_run_and_cannot_be_made_recursive);
	tcase_add_test(tests, a_lock_held_in_a_wait_is_to_be_released_first);
	tcase_add_test(tests, a_wait_without_its_mutex_says_that_it_is_not_held);
	tcase_add_test(tests, joins_name_the_thread_waited_for);
	tcase_add_test(tests, it_does_not_matter_who_closed_a_cycle);
	tcase_add_test(tests, blocked_threads_are_shown_with_what_they_wait_for);
	tcase_add_test(tests, a_blocked_thread_describes_its_locks_itself);
	tcase_add_test(tests, an_inversion_that_deadlocks_is_one_finding);
	tcase_add_test(tests, a_lock_in_a_handler_that_deadlocks_is_one_finding);
	tcase_add_test(tests, uses_of_a_lock_after_one_end_are_one_finding);
	tcase_add_test(tests, a_reader_waits_for_a_writer_that_waits);
	tcase_add_test(tests, a_signal_sent_too_early_is_told_with_its_hang);
	tcase_add_test(tests, a_single_thread_that_hangs_is_told_so);
	tcase_add_test(tests, an_inversion_of_other_locks_is_a_finding_of_its_own);
}

int main(void)
{
	Suite *suite = suite_create("text_findings");
	TCase *tests = tcase_create("text_findings");
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

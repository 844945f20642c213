#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/model/model.h"
#include "../finding/results_image.h"

static unsigned char *image;
static struct model model;

static void set_up(void)
{
	image = image_new();
	model_init(&model);
	image_process(image, 1, 0, PROCESS_STARTED, "./prog");
}

static void tear_down(void)
{
	model_free(&model);
	free(image);
}

static int read_image(void)
{
	int result = model_read_image(&model, "a.snarl", image, IMAGE_BYTES);

	model_finish(&model);
	return result;
}

static void write_finding(uint32_t id, uint32_t replaces)
{
	struct finding *finding = calloc(1, sizeof(*finding));

	finding->id = id;
	finding->replaces = replaces;
	finding->kind = FINDING_THREAD_LEAK;
	finding->severity = SEVERITY_WARNING;
	image_event(finding, 1, ACTION_END, 0, 0);
	image_finding(image, 1, finding, 4);
	free(finding);
}

START_TEST(what_was_written_is_read)
{
	uint64_t frames[] = {0x10, 0x20};

	image_stack(image, 1, 9, frames, 2);
	image_thread(image, 1, 2, 1, 9, 0, "worker");
	image_lock(image, 1, 3, OBJECT_RWLOCK, 0x4000, 9, 0, 0, "");
	ck_assert_int_eq(read_image(), 0);
	ck_assert_str_eq(model.processes[0]->path, "./prog");
	ck_assert_uint_eq(model_stack_frame(model_stack(model.processes[0], 9), 1), 0x20);
	ck_assert_str_eq(model_thread(model.processes[0], 2)->name, "worker");
	ck_assert_uint_eq(model_lock(model.processes[0], 3)->kind, OBJECT_RWLOCK);
	ck_assert_ptr_null(model_lock(model.processes[0], 4));
	ck_assert_ptr_null(model_stack(model.processes[0], 0));
}
END_TEST

START_TEST(the_last_record_of_a_thread_counts)
{
	image_thread(image, 1, 2, 1, 0, 0, "early");
	image_thread(image, 1, 2, 1, 0, 0, "late");
	ck_assert_int_eq(read_image(), 0);
	ck_assert_str_eq(model_thread(model.processes[0], 2)->name, "late");
}
END_TEST

START_TEST(retracted_findings_are_gone)
{
	write_finding(1, 0);
	write_finding(2, 0);
	image_retract(image, 1, 1);
	ck_assert_int_eq(read_image(), 0);
	ck_assert(model.findings[0].is_gone);
	ck_assert(!model.findings[1].is_gone);
	ck_assert_uint_eq(model.findings[1].count, 4);
}
END_TEST

START_TEST(replaced_findings_are_gone)
{
	write_finding(1, 0);
	write_finding(2, 1);
	ck_assert_int_eq(read_image(), 0);
	ck_assert(model.findings[0].is_gone);
	ck_assert(!model.findings[1].is_gone);
}
END_TEST

START_TEST(a_retracted_replacement_replaces_nothing)
{
	write_finding(1, 0);
	write_finding(2, 1);
	image_retract(image, 1, 2);
	ck_assert_int_eq(read_image(), 0);
	ck_assert(!model.findings[0].is_gone);
}
END_TEST

START_TEST(a_forked_child_inherits_what_was_before_the_fork)
{
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "before");
	image_process(image, 2, 1, PROCESS_FORKED, "./prog");
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "after");
	image_thread(image, 1, 2, 0, 0, 0, "unknown to the child");
	ck_assert_int_eq(read_image(), 0);
	ck_assert_str_eq(model_thread(model.processes[1], 1)->name, "before");
	ck_assert_str_eq(model_thread(model.processes[0], 1)->name, "after");
	ck_assert_ptr_null(model_thread(model.processes[1], 2));
}
END_TEST

START_TEST(a_child_overrides_what_it_inherits)
{
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "parent");
	image_process(image, 2, 1, PROCESS_FORKED, "./prog");
	image_thread(image, 2, 1, 0, 0, THREAD_IS_MAIN, "child");
	ck_assert_int_eq(read_image(), 0);
	ck_assert_str_eq(model_thread(model.processes[1], 1)->name, "child");
}
END_TEST

START_TEST(an_executed_program_inherits_nothing)
{
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "parent");
	image_process(image, 2, 1, PROCESS_STARTED, "./other");
	ck_assert_int_eq(read_image(), 0);
	ck_assert_ptr_null(model_thread(model.processes[1], 1));
}
END_TEST

START_TEST(modules_are_found_by_address)
{
	image_module(image, 1, 1, 0x1000, 0x2000, 0x1000, "/bin/a", "");
	image_module(image, 1, 2, 0x2000, 0x3000, 0x2000, "/lib/b", "");
	ck_assert_int_eq(read_image(), 0);
	ck_assert_str_eq(model_module(model.processes[0], 0, 0x1fff)->path, "/bin/a");
	ck_assert_str_eq(model_module(model.processes[0], 0, 0x2000)->path, "/lib/b");
	ck_assert_ptr_null(model_module(model.processes[0], 0, 0x3000));
}
END_TEST

START_TEST(counters_add_up_over_processes)
{
	uint64_t counters[COUNTER_COUNT] = {[COUNTER_LOCKS] = 2};

	image_counters(image, 1, counters);
	image_process(image, 2, 1, PROCESS_STARTED, "./child");
	image_counters(image, 2, counters);
	ck_assert_int_eq(read_image(), 0);
	ck_assert_uint_eq(model_counter(&model, COUNTER_LOCKS), 4);
}
END_TEST

START_TEST(records_that_did_not_fit_are_a_loss)
{
	struct results_header *header = (void *)image;

	header->dropped_count = 5;
	ck_assert_int_eq(read_image(), 0);
	ck_assert_uint_eq(model_counter(&model, COUNTER_LOST_RECORDS), 5);
}
END_TEST

/* Process 2 found it; process 1 made lock 5, which is 3 there, and holds 6. */
static void write_shared_deadlock(void)
{
	struct finding *finding = calloc(1, sizeof(*finding));
	struct finding_event *event;
	uint64_t frames[] = {0x10};

	image_process(image, 2, 0, PROCESS_STARTED, "./other");
	image_stack(image, 1, 9, frames, 1);
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "");
	image_shared_lock(image, 1, 5, 77, 9);
	image_lock(image, 1, 6, OBJECT_MUTEX, 0x4000, 9, 0, 0, "");
	image_thread(image, 2, 1, 0, 0, THREAD_IS_MAIN, "");
	image_shared_lock(image, 2, 3, 77, 0);
	finding->id = 1;
	finding->kind = FINDING_DEADLOCK;
	finding->severity = SEVERITY_ERROR;
	image_event(finding, 1, ACTION_HOLD, 3, 0);
	event = image_event(finding, 1, ACTION_WAIT, 5, 9);
	event->process = 1;
	event->hold_count = 1;
	event->holds[0].lock = 6;
	event->holds[0].stack = 9;
	event = image_event(finding, 8, ACTION_WAIT, 8, 8);
	event->process = 7;
	image_finding(image, 2, finding, 1);
	free(finding);
}

START_TEST(what_a_finding_says_of_other_processes_is_taken_over)
{
	const struct model_process *into;
	const struct finding_event *events;

	write_shared_deadlock();
	ck_assert_int_eq(read_image(), 0);
	into = model.processes[1];
	events = model.findings[0].finding->events;
	ck_assert_uint_eq(events[0].thread, 1);
	ck_assert_uint_ne(events[1].thread, 1);
	ck_assert_ptr_eq(model_thread(into, events[1].thread)->home, model.processes[0]);
	ck_assert_ptr_eq(model_stack(into, events[1].stack)->home, model.processes[0]);
	ck_assert_uint_eq(model_stack_frame(model_stack(into, events[1].stack), 0), 0x10);
	/* One lock, of which each knows a part. */
	ck_assert_uint_eq(events[1].lock, events[0].lock);
	ck_assert_uint_eq(model_lock(into, events[0].lock)->creation_stack, events[1].stack);
	ck_assert_uint_eq(model_lock(into, events[1].holds[0].lock)->address, 0x4000);
	ck_assert_uint_eq(events[1].holds[0].stack, events[1].stack);
}
END_TEST

START_TEST(processes_that_left_nothing_are_unknown)
{
	const struct finding_event *event;

	write_shared_deadlock();
	ck_assert_int_eq(read_image(), 0);
	event = &model.findings[0].finding->events[2];
	ck_assert_uint_eq(event->thread, 0);
	ck_assert_uint_eq(event->lock, 0);
	ck_assert_uint_eq(event->stack, 0);
}
END_TEST

START_TEST(several_files_are_joined)
{
	write_finding(1, 0);
	ck_assert_int_eq(model_read_image(&model, "a.snarl", image, IMAGE_BYTES), 0);
	ck_assert_int_eq(read_image(), 0);
	ck_assert_uint_eq(model.process_count, 2);
	ck_assert_uint_eq(model.processes[1]->number, 2);
	ck_assert_uint_eq(model.finding_count, 2);
}
END_TEST

START_TEST(errors_name_file_and_offset)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "a.snarl: damaged at offset %u:",
		 RESULTS_RECORDS_OFFSET);
	image[RESULTS_RECORDS_OFFSET + sizeof(struct record_header) + 1] ^= 1;
	ck_assert_int_ne(read_image(), 0);
	ck_assert_msg(strstr(model.error, expected) == model.error, "%s", model.error);
}
END_TEST

/* Between the records, in the header, in what nobody uses. */
START_TEST(one_bit_of_a_finished_file_is_damage)
{
	struct results_header *header = (void *)image;
	const uint64_t places[] = {offsetof(struct results_header, exit_status),
				   offsetof(struct results_header, seal),
				   RESULTS_SLOTS_OFFSET + 5, RESULTS_RECORDS_OFFSET - 1,
				   IMAGE_BYTES - 1};

	header->seal = results_seal(image, IMAGE_BYTES);
	ck_assert_int_eq(read_image(), 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		image[places[i]] ^= 1;
		ck_assert_int_ne(read_image(), 0);
		ck_assert_ptr_nonnull(strstr(model.error, "checksum of the whole file"));
		image[places[i]] ^= 1;
	}
	ck_assert_int_ne(model_read_image(&model, "a.snarl", image, IMAGE_BYTES - 8), 0);
}
END_TEST

START_TEST(a_file_that_was_not_finished_is_read)
{
	image[RESULTS_SLOTS_OFFSET + 5] ^= 1;
	ck_assert_int_eq(read_image(), 0);
}
END_TEST

START_TEST(a_ring_of_parents_is_damage)
{
	image_process(image, 2, 3, PROCESS_FORKED, "./prog");
	ck_assert_int_ne(read_image(), 0);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
	ck_assert_int_ne(model_read_file(&model, "/nonexistent/x.snarl"), 0);
	ck_assert_str_eq(model.error, "/nonexistent/x.snarl: No such file or directory");
}
END_TEST

START_TEST(truncated_images_never_crash)
{
	image_inversion(image, 1, 3);
	for (uint64_t size = 0; size < image_size(image); size += 4) {
		struct model cut;

		model_init(&cut);
		model_read_image(&cut, "cut", image, size);
		model_finish(&cut);
		model_free(&cut);
		if (size == 4)
			size = RESULTS_RECORDS_OFFSET - 8;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tests = tcase_create("model");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_was_written_is_read);
	tcase_add_test(tests, the_last_record_of_a_thread_counts);
	tcase_add_test(tests, retracted_findings_are_gone);
	tcase_add_test(tests, replaced_findings_are_gone);
	tcase_add_test(tests, a_retracted_replacement_replaces_nothing);
	tcase_add_test(tests, a_forked_child_inherits_what_was_before_the_fork);
	tcase_add_test(tests, a_child_overrides_what_it_inherits);
	tcase_add_test(tests, an_executed_program_inherits_nothing);
	tcase_add_test(tests, modules_are_found_by_address);
	tcase_add_test(tests, counters_add_up_over_processes);
	tcase_add_test(tests, records_that_did_not_fit_are_a_loss);
	tcase_add_test(tests, what_a_finding_says_of_other_processes_is_taken_over);
	tcase_add_test(tests, processes_that_left_nothing_are_unknown);
	tcase_add_test(tests, several_files_are_joined);
	tcase_add_test(tests, errors_name_file_and_offset);
	tcase_add_test(tests, one_bit_of_a_finished_file_is_damage);
	tcase_add_test(tests, a_file_that_was_not_finished_is_read);
	tcase_add_test(tests, a_ring_of_parents_is_damage);
	tcase_add_test(tests, a_missing_file_is_named);
	tcase_add_test(tests, truncated_images_never_crash);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

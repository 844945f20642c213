#include <check.h>
#include <jansson.h>
#include <stdlib.h>

#include "report_text.h"
#include "reports/json.h"
#include "results_image.h"

static unsigned char *image;
static json_t *document;
static const struct report_request request = {.program = "./prog"};

static void set_up(void)
{
	image = image_new();
	document = NULL;
	image_process(image, 1, 0, PROCESS_STARTED, "./prog");
}

static void tear_down(void)
{
	json_decref(document);
	free(image);
}

static void render(void)
{
	char *text = render_image(image, json_write, &request);

	document = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(document);
	free(text);
}

static const char *finding_text(const char *key)
{
	json_t *finding = json_array_get(json_object_get(document, "findings"), 0);

	return json_string_value(json_object_get(finding, key));
}

static json_t *finding_list(const char *key)
{
	json_t *finding = json_array_get(json_object_get(document, "findings"), 0);

	return json_object_get(finding, key);
}

START_TEST(a_document_names_tool_and_program)
{
	render();
	ck_assert_int_eq(json_integer_value(json_object_get(document, "version")), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(document, "tool"),
							   "name")),
			 "snarl");
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(document, "program"),
							   "path")),
			 "./prog");
	ck_assert_uint_eq(json_array_size(json_object_get(document, "findings")), 0);
}
END_TEST

START_TEST(exit_status_and_signal_come_from_the_wait_status)
{
	struct results_header *header = (void *)image;
	json_t *program;

	header->is_ended = 1;
	header->exit_status = 9;
	render();
	program = json_object_get(document, "program");
	ck_assert_int_eq(json_integer_value(json_object_get(program, "signal")), 9);
	ck_assert(json_is_null(json_object_get(program, "exit_status")));
}
END_TEST

START_TEST(a_finding_has_all_its_parts)
{
	json_t *event;

	image_inversion(image, 1, 3);
	render();
	ck_assert_str_eq(finding_text("kind"), "lock-order-inversion");
	ck_assert_str_eq(finding_text("severity"), "error");
	ck_assert_uint_eq(strlen(finding_text("fingerprint")), 16);
	ck_assert_uint_eq(json_array_size(finding_list("threads")), 3);
	ck_assert_uint_eq(json_array_size(finding_list("locks")), 2);
	ck_assert_uint_eq(json_array_size(finding_list("events")), 4);
	event = json_array_get(finding_list("events"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(event, "action")), "wait");
	ck_assert_int_eq(json_integer_value(json_object_get(event, "lock")), 2);
	ck_assert_str_eq(json_string_value(json_array_get(finding_list("scenario"), 3)),
			 "T3 waits for A");
	ck_assert_int_eq(json_integer_value(finding_list("count")), 3);
}
END_TEST

START_TEST(coverage_and_losses_are_told_apart)
{
	uint64_t counters[COUNTER_COUNT] = {[COUNTER_LOST_STACKS] = 3, [COUNTER_LOCKS] = 5};
	json_t *coverage;
	json_t *lost;

	image_counters(image, 1, counters);
	render();
	coverage = json_object_get(document, "coverage");
	lost = json_object_get(coverage, "lost");
	ck_assert_int_eq(json_integer_value(json_object_get(coverage, "locks")), 5);
	ck_assert_int_eq(json_integer_value(json_object_get(lost, "stacks")), 3);
	ck_assert_ptr_nonnull(json_object_get(coverage, "lock_operations"));
	ck_assert_ptr_nonnull(json_object_get(coverage, "memory_accesses"));
}
END_TEST

START_TEST(names_that_are_not_text_do_no_harm)
{
	image_inversion(image, 1, 1);
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 0, 0, 0, "caf\xe9");
	render();
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(finding_list("locks"), 1), "name")),
			 "caf?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_json");
	TCase *tests = tcase_create("report_json");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_document_names_tool_and_program);
	tcase_add_test(tests, exit_status_and_signal_come_from_the_wait_status);
	tcase_add_test(tests, a_finding_has_all_its_parts);
	tcase_add_test(tests, coverage_and_losses_are_told_apart);
	tcase_add_test(tests, names_that_are_not_text_do_no_harm);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

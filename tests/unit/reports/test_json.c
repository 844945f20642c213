#include <check.h>
#include <jansson.h>
#include <stdlib.h>

#include "report_text.h"
#include "reports/formats/formats.h"
#include "../finding/results_image.h"

struct account {
	int number;
	int64_t balance;
};

static struct account accounts[8];
static struct finding race;
static unsigned char *image;
static json_t *document;
static const struct view_options options = {.program = "./prog"};

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

static void render_json(void)
{
	char *text = render_image(image, json_write, &options);

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
	render_json();
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
	render_json();
	program = json_object_get(document, "program");
	ck_assert_int_eq(json_integer_value(json_object_get(program, "signal")), 9);
	ck_assert(json_is_null(json_object_get(program, "exit_status")));
}
END_TEST

START_TEST(a_finding_has_all_its_parts)
{
	json_t *event;

	image_inversion(image, 1, 3);
	render_json();
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

START_TEST(fingerprints_are_unique_within_a_run)
{
	static struct finding again;
	json_t *findings;
	const char *first;

	image_inversion(image, 1, 3);
	again = (struct finding){
		.id = 2, .kind = FINDING_LOCK_ORDER_INVERSION, .severity = SEVERITY_WARNING};
	for (thread_id thread = 2; thread <= 3; thread++) {
		image_event(&again, thread, ACTION_HOLD, thread - 1, 0);
		image_event(&again, thread, ACTION_WAIT, 4 - thread, 0);
	}
	image_finding(image, 1, &again, 1);
	again.id = 3;
	image_finding(image, 1, &again, 1);
	render_json();
	findings = json_object_get(document, "findings");
	ck_assert_uint_eq(json_array_size(findings), 3);
	first = finding_text("fingerprint");
	for (size_t i = 1; i < 3; i++) {
		const char *other = json_string_value(
			json_object_get(json_array_get(findings, i), "fingerprint"));

		ck_assert_str_ne(first, other);
		first = other;
	}
}
END_TEST

START_TEST(coverage_and_losses_are_told_apart)
{
	uint64_t counters[COUNTER_COUNT] = {[COUNTER_LOST_STACKS] = 3, [COUNTER_LOCKS] = 5};
	json_t *coverage;
	json_t *lost;

	image_counters(image, 1, counters);
	render_json();
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
	render_json();
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(finding_list("locks"), 1), "name")),
			 "caf?");
}
END_TEST

static json_t *memory_part(const char *key)
{
	return json_object_get(finding_list("memory"), key);
}

static void add_access(thread_id thread, enum finding_action action, const void *address,
		       uint64_t size_bytes)
{
	struct finding_event *event = image_event(&race, thread, action, 0, 0);

	event->address = (uint64_t)(uintptr_t)address;
	event->size_bytes = size_bytes;
	event->has_value = action == ACTION_WRITE;
}

static void begin_race(void)
{
	image_own_modules(image, 1);
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "");
	race = (struct finding){.id = 1, .kind = FINDING_DATA_RACE, .severity = SEVERITY_ERROR};
}

START_TEST(a_variable_is_described_with_its_field)
{
	json_t *event;

	begin_race();
	add_access(2, ACTION_WRITE, &accounts[3].balance, 8);
	add_access(3, ACTION_READ, &accounts[3].balance, 8);
	image_finding(image, 1, &race, 1);
	render_json();
	ck_assert_str_eq(json_string_value(memory_part("name")), "accounts[3].balance");
	ck_assert_str_eq(json_string_value(memory_part("kind")), "global");
	ck_assert_str_eq(json_string_value(memory_part("type")), "int64_t");
	ck_assert_int_eq(json_integer_value(memory_part("offset")),
			 3 * sizeof(struct account) + 8);
	ck_assert_str_eq(json_string_value(json_object_get(memory_part("field"), "of")),
			 "struct account");
	ck_assert_str_eq(json_string_value(json_object_get(memory_part("field"), "name")),
			 "balance");
	event = json_array_get(finding_list("events"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(event, "action")), "write");
	ck_assert_int_eq(json_integer_value(json_object_get(event, "size")), 8);
	ck_assert_str_eq(json_string_value(json_object_get(event, "value")), "0x0");
	event = json_array_get(finding_list("events"), 1);
	ck_assert(json_is_null(json_object_get(event, "value")));
}
END_TEST

START_TEST(a_block_is_described_with_its_life)
{
	uint64_t frame = 0x1000;
	json_t *block;

	begin_race();
	image_stack(image, 1, 7, &frame, 1);
	add_access(1, ACTION_ALLOCATE, (void *)0x7000, 24);
	add_access(1, ACTION_FREE, (void *)0x7000, 24);
	race.events[1].stack = 7;
	add_access(2, ACTION_WRITE, (void *)0x7008, 4);
	add_access(3, ACTION_READ, (void *)0x7008, 4);
	image_finding(image, 1, &race, 1);
	render_json();
	ck_assert_str_eq(json_string_value(memory_part("kind")), "heap");
	block = memory_part("block");
	ck_assert_str_eq(json_string_value(json_object_get(block, "address")), "0x7000");
	ck_assert_int_eq(json_integer_value(json_object_get(block, "size")), 24);
	ck_assert_int_eq(json_integer_value(json_object_get(block, "offset")), 8);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(block, "allocated"),
							    "thread")),
			 1);
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(block, "freed"),
							  "stack")),
			  1);
	ck_assert_uint_eq(json_array_size(finding_list("scenario")), 2);
}
END_TEST

START_TEST(locks_that_were_not_recorded_are_told_from_none)
{
	struct finding_event *late;
	json_t *event;

	begin_race();
	image_lock(image, 1, 2, OBJECT_RWLOCK, 0x2000, 0, 0, 0, "B");
	add_access(2, ACTION_WRITE, &accounts[3].balance, 8);
	add_access(3, ACTION_READ, &accounts[3].balance, 8);
	race.events[0].holds_are_unknown = true;
	late = &race.events[1];
	late->hold_count = 2; /* one of which has ended */
	late->holds[1] = (struct finding_hold){2, HOLD_SHARED, 0};
	image_finding(image, 1, &race, 1);
	render_json();
	event = json_array_get(finding_list("events"), 0);
	ck_assert(json_is_false(json_object_get(event, "holding_known")));
	ck_assert_uint_eq(json_array_size(json_object_get(event, "holding")), 0);
	event = json_array_get(finding_list("events"), 1);
	ck_assert(json_is_true(json_object_get(event, "holding_known")));
	ck_assert_int_eq(json_integer_value(json_object_get(event, "holding_count")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(event, "holding")), 1);
	event = json_object_get(event, "held");
	ck_assert(json_is_null(json_object_get(json_array_get(event, 0), "lock")));
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(event, 1), "lock")), 2);
}
END_TEST

START_TEST(places_that_were_looked_at_are_counted)
{
	uint64_t counters[COUNTER_COUNT] = {[COUNTER_ACCESS_SITES] = 812,
					    [COUNTER_ACCESS_SITES_CHECKED] = 809};
	json_t *memory;

	image_counters(image, 1, counters);
	render_json();
	memory = json_object_get(json_object_get(document, "coverage"), "memory_accesses");
	ck_assert_int_eq(json_integer_value(json_object_get(memory, "sites")), 812);
	ck_assert_int_eq(json_integer_value(json_object_get(memory, "instrumented")), 809);
	ck_assert_int_eq(json_integer_value(json_object_get(memory, "skipped")), 3);
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
	tcase_add_test(tests, fingerprints_are_unique_within_a_run);
	tcase_add_test(tests, coverage_and_losses_are_told_apart);
	tcase_add_test(tests, names_that_are_not_text_do_no_harm);
	tcase_add_test(tests, a_variable_is_described_with_its_field);
	tcase_add_test(tests, a_block_is_described_with_its_life);
	tcase_add_test(tests, locks_that_were_not_recorded_are_told_from_none);
	tcase_add_test(tests, places_that_were_looked_at_are_counted);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * Findings about memory of this very program: its own variables and lines.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"
#include "reports/formats/formats.h"
#include "../finding/results_image.h"

struct account {
	int number;
	int64_t balance;
	unsigned is_open : 1;
	unsigned is_audited : 1;
};

static struct account accounts[8];
static int counter;
static unsigned char *image;
static char *text;
static struct view_options options;
static struct finding finding;

/* The place of its call, as an access's instruction is recorded. */
__attribute__((noinline)) static uint64_t here(void)
{
	return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

__attribute__((noinline)) static uint64_t place_of_increment(void)
{
	uint64_t place = here(); /* the line that is quoted */

	counter++;
	return place;
}

__attribute__((noinline)) static uint64_t place_of_reset(void)
{
	uint64_t place = here();

	counter = 0;
	return place;
}

/* Stacks 1 and 2 are of the increment and the reset, 3 of an allocation. */
static void write_stacks(void)
{
	uint64_t frames[2] = {place_of_increment(), here()};

	image_stack(image, 1, 1, frames, 2);
	frames[0] = place_of_reset();
	image_stack(image, 1, 2, frames, 2);
	frames[0] = here();
	image_stack(image, 1, 3, frames, 1);
}

static void set_up(void)
{
	image = image_new();
	text = NULL;
	options = (struct view_options){.program = "./prog"};
	image_process(image, 1, 0, PROCESS_STARTED, "/somewhere/prog");
	image_own_modules(image, 1);
	write_stacks();
	image_thread(image, 1, 1, 0, 0, THREAD_IS_MAIN, "");
	image_thread(image, 1, 2, 1, 0, 0, "left");
	image_thread(image, 1, 3, 1, 0, 0, "right");
	image_lock(image, 1, 1, OBJECT_MUTEX, 0x1000, 0, 0, 0, "A");
	image_lock(image, 1, 2, OBJECT_MUTEX, 0x2000, 0, 0, 0, "B");
}

static void tear_down(void)
{
	free(text);
	free(image);
}

static void begin_model(enum finding_kind kind, uint32_t details)
{
	static uint32_t number;

	finding = (struct finding){.id = ++number,
				   .kind = kind,
				   .severity = finding_kind_severity(kind),
				   .details = details};
}

static struct finding_event *add_access(thread_id thread, enum finding_action action,
					const void *address, size_t size_bytes, stack_id stack)
{
	struct finding_event *event = image_event(&finding, thread, action, 0, stack);

	event->address = (uint64_t)(uintptr_t)address;
	event->size_bytes = size_bytes;
	return event;
}

static void add_hold(struct finding_event *event, lock_id lock)
{
	event->holds[event->hold_count++] = (struct finding_hold){lock, HOLD_EXCLUSIVE, 0};
}

static void end_model(void)
{
	image_finding(image, 1, &finding, 1);
}

static void render_text(void)
{
	free(text);
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

static void write_lost_update(void)
{
	begin_model(FINDING_LOST_UPDATE, 0);
	add_access(2, ACTION_UPDATE, &counter, sizeof(counter), 1);
	add_access(3, ACTION_UPDATE, &counter, sizeof(counter), 1);
	end_model();
}

START_TEST(a_lost_update_names_the_variable_and_its_line)
{
	write_lost_update();
	render_text();
	expect_text("error: lost-update: counter (test_memory.c:");
	expect_text(") is updated by T2 (left) and T3 (right) without a common lock\n");
	expect_text(" updates counter, 4 bytes, holding no lock:\n");
	expect_text("  Memory: counter: int, global or static data\n");
	expect_text("To fix: Take one lock around every access of counter, or make it an atomic.");
}
END_TEST

START_TEST(torn_updates_are_told_as_they_can_go_wrong)
{
	write_lost_update();
	render_text();
	expect_text("  How it can happen:\n"
		    "    T2 (left)        T3 (right)\n"
		    "    reads counter\n"
		    "                     reads counter\n"
		    "    writes counter\n"
		    "                     writes counter   <- the update of T2 (left) is lost\n");
}
END_TEST

START_TEST(the_line_of_an_access_is_quoted)
{
	write_lost_update();
	render_text();
	expect_text(" | uint64_t place = here(); /* the line that is quoted */\n");
}
END_TEST

START_TEST(values_are_told_where_they_were_seen)
{
	struct finding_event *event;

	begin_model(FINDING_LOST_UPDATE, DETAIL_SPLIT | DETAIL_VALUE_SEEN);
	event = add_access(2, ACTION_READ, &counter, 4, 1);
	event->has_value = true;
	event->value = 41;
	event = add_access(3, ACTION_WRITE, &counter, 4, 2);
	event->has_value = true;
	event->value = 41;
	event = add_access(2, ACTION_WRITE, &counter, 4, 1);
	event->has_value = true;
	event->value = 0xffffffff;
	add_hold(event, 1);
	end_model();
	render_text();
	expect_text("an update of counter (test_memory.c:");
	expect_text(") by T3 (right) is lost: T2 (left) overwrites it with a value computed");
	expect_text("    reads counter, 4 bytes, found 41, holding no lock:\n");
	expect_text("  How it happened:\n"
	       "    T2 (left)                  T3 (right)\n"
	       "    reads counter (41)\n"
	       "                               writes counter (over 41)\n"
	       "    writes counter (over -1)   <- the update of T3 (right) is lost\n");
}
END_TEST

START_TEST(a_predicted_loss_shows_the_others_update_in_between)
{
	begin_model(FINDING_LOST_UPDATE, DETAIL_SPLIT | DETAIL_PREDICTED);
	add_access(3, ACTION_WRITE, &counter, 4, 2);
	add_access(2, ACTION_READ, &counter, 4, 1);
	add_access(2, ACTION_WRITE, &counter, 4, 1);
	end_model();
	render_text();
	expect_text("How it can happen");
	expect_text("    reads counter\n"
		    "                     writes counter\n"
		    "    writes counter   <- the update of T3 (right) is lost\n");
	expect_text("Note: no other update came in between in this run");
}
END_TEST

START_TEST(elements_and_fields_are_named)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, &accounts[3].balance, 8, 1);
	add_access(3, ACTION_READ, &accounts[3].balance, 8, 2);
	end_model();
	render_text();
	expect_text("error: data-race: accounts[3].balance (test_memory.c:");
	expect_text(") is written by T2 (left) and read by T3 (right), and nothing orders them\n");
	expect_text("  Memory: accounts[3].balance: int64_t, at offset 8 of struct account, "
		    "global");
	expect_no("nothing orders these");
}
END_TEST

START_TEST(the_bytes_in_common_are_what_it_is_about)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, &accounts[2], sizeof(accounts[2]), 1);
	add_access(3, ACTION_READ, &accounts[2].number, 4, 2);
	end_model();
	render_text();
	expect_text("data-race: accounts[2].number (");
	expect_text(" writes accounts[2].number, 24 bytes, holding no lock:\n");
}
END_TEST

START_TEST(an_access_that_begins_before_the_bytes_in_common_says_where)
{
	char *block = (char *)0x7000;

	begin_model(FINDING_DATA_RACE, 0);
	add_access(1, ACTION_ALLOCATE, block, 24, 3);
	add_access(2, ACTION_WRITE, block, 6, 1);
	add_access(3, ACTION_READ, block + 3, 1, 2);
	end_model();
	render_text();
	expect_text(" writes the block+3, 6 bytes from 3 before it, holding no lock:\n");
	expect_text(" reads the block+3, 1 byte, holding no lock:\n");
}
END_TEST

START_TEST(a_whole_structure_is_called_as_a_whole)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, &accounts[2], sizeof(accounts[2]), 1);
	add_access(3, ACTION_READ, &accounts[2], sizeof(accounts[2]), 2);
	end_model();
	render_text();
	expect_text("data-race: accounts[2] (");
	expect_text("accounts[2]: struct account,");
}
END_TEST

START_TEST(bit_fields_of_one_byte_are_named_together)
{
	begin_model(FINDING_LOST_UPDATE, 0);
	add_access(2, ACTION_UPDATE, (char *)&accounts[1].balance + sizeof(int64_t), 1, 1);
	add_access(3, ACTION_UPDATE, (char *)&accounts[1].balance + sizeof(int64_t), 1, 1);
	end_model();
	render_text();
	expect_text("lost-update: accounts[1].{is_open, is_audited} (");
}
END_TEST

START_TEST(a_heap_block_tells_where_it_is_from)
{
	char *block = (char *)0x7000;

	begin_model(FINDING_DATA_RACE, 0);
	add_access(1, ACTION_ALLOCATE, block, 24, 3);
	add_access(2, ACTION_WRITE, block + 8, 4, 1);
	add_access(3, ACTION_READ, block + 8, 4, 2);
	end_model();
	render_text();
	expect_text("data-race: offset 8 of a 24-byte block allocated at test_memory.c:");
	expect_text(" writes the block+8, 4 bytes, holding no lock:\n");
	expect_text("  Memory: 4 bytes at offset 8 of a 24-byte block allocated by T1 (main):\n"
		    "      #0  write_stacks");
	expect_no("\n  T1 (main)\n");
	expect_no("0x7008");
	expect_no("freed");
}
END_TEST

__attribute__((noinline)) static int64_t read_balance(struct account *account)
{
	return account->balance;
}

/* Which instruction it is depends on the compiler: one of the function's is it. */
START_TEST(a_field_of_a_heap_block_is_named_by_the_pointers_type)
{
	const unsigned char *code = (const unsigned char *)(uintptr_t)read_balance;
	bool is_named = false;

	ck_assert_int_eq(read_balance(&accounts[0]), 0);
	for (int i = 0; i < 32 && !is_named; i++) {
		uint64_t frame = (uint64_t)(uintptr_t)code + (unsigned)i + 1;

		tear_down();
		set_up();
		image_stack(image, 1, 4, &frame, 1);
		begin_model(FINDING_DATA_RACE, 0);
		add_access(1, ACTION_ALLOCATE, (void *)0x7000, 24, 3);
		add_access(2, ACTION_WRITE, (void *)0x7008, 8, 1);
		add_access(3, ACTION_READ, (void *)0x7008, 8, 4);
		end_model();
		render_text();
		is_named = strstr(text, "data-race: struct account.balance (allocated at ");
	}
	ck_assert(is_named);
	expect_text(" reads struct account.balance, 8 bytes, not atomic by its source, holding ");
	expect_text("  Memory: balance: int64_t, at offset 8 of struct account, in a 24-byte ");
}
END_TEST

START_TEST(a_free_that_races_is_a_side_of_the_race)
{
	char *block = (char *)0x7000;

	begin_model(FINDING_DATA_RACE, DETAIL_FREED);
	add_access(1, ACTION_ALLOCATE, block, 24, 3);
	add_access(1, ACTION_FREE, block, 24, 3);
	add_access(3, ACTION_READ, block + 8, 4, 2);
	end_model();
	render_text();
	expect_text(" is read by T3 (right) and freed by T1 (main), and nothing orders them\n");
	expect_text("\n  T1 (main) frees the block, holding no lock:\n");
}
END_TEST

START_TEST(memory_on_a_stack_names_the_thread)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, (void *)0x7000, 4, 1)->target = 1;
	add_access(3, ACTION_READ, (void *)0x7000, 4, 2)->target = 1;
	end_model();
	render_text();
	expect_text("data-race: a variable on the stack of T1 (main) is written by");
	expect_text("  Memory: 4 bytes on the stack of T1 (main)\n");
}
END_TEST

START_TEST(memory_of_unknown_origin_shows_no_address_unless_asked)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, (void *)0x7000, 4, 1);
	add_access(3, ACTION_READ, (void *)0x7000, 4, 2);
	end_model();
	render_text();
	expect_text("data-race: memory of no known origin is written by");
	expect_no("0x7000");
	options.is_verbose = true;
	render_text();
	expect_text("    address 0x7000\n");
}
END_TEST

START_TEST(a_lock_on_one_side_is_asked_for_on_the_other)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_hold(add_access(2, ACTION_WRITE, &counter, 4, 1), 1);
	add_access(3, ACTION_READ, &counter, 4, 2);
	end_model();
	render_text();
	expect_text("    while it held A\n");
	expect_text("To fix: A is held by T2 (left), but not by T3 (right): take it there too.\n");
}
END_TEST

START_TEST(different_locks_are_said_to_exclude_nothing)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_hold(add_access(2, ACTION_WRITE, &counter, 4, 1), 1);
	add_hold(add_access(3, ACTION_READ, &counter, 4, 2), 2);
	end_model();
	render_text();
	expect_text("T2 (left) holds A and T3 (right) holds B: these do not exclude each other.");
}
END_TEST

START_TEST(what_may_be_atomic_says_what_is_not_known)
{
	begin_model(FINDING_DATA_RACE, DETAIL_MAY_BE_ATOMIC);
	finding.severity = SEVERITY_WARNING;
	add_access(2, ACTION_WRITE, (void *)0x7000, 4, 0);
	add_access(3, ACTION_READ, (void *)0x7000, 4, 0);
	end_model();
	render_text();
	expect_text("warning: data-race: memory of");
	expect_text("nothing orders them, unless the memory is an atomic\n");
	expect_text("Note: the machine code of these accesses is the same for plain variables and");
}
END_TEST

START_TEST(equal_races_at_other_elements_are_one_finding)
{
	for (int i = 0; i < 4; i++) {
		begin_model(FINDING_DATA_RACE, 0);
		add_access(2, ACTION_WRITE, &accounts[i].balance, 8, 1);
		add_access(3, ACTION_READ, &accounts[i].balance, 8, 2);
		end_model();
	}
	render_text();
	expect_text("accounts[0].balance");
	expect_text("[4 times]\n");
	expect_text("snarl: 1 error (1 finding, 4 occurrences) in ./prog\n");
}
END_TEST

START_TEST(it_does_not_matter_which_access_came_first)
{
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, &counter, 4, 1);
	add_access(3, ACTION_READ, &counter, 4, 2);
	end_model();
	begin_model(FINDING_DATA_RACE, 0);
	add_access(3, ACTION_READ, &counter, 4, 2);
	add_access(2, ACTION_WRITE, &counter, 4, 1);
	end_model();
	render_text();
	expect_text("snarl: 1 error (1 finding, 2 occurrences) in ./prog\n");
}
END_TEST

START_TEST(memory_with_a_given_name_is_called_so)
{
	image_variable(image, 1, 0x5000, 8, "x");
	begin_model(FINDING_DATA_RACE, 0);
	add_access(2, ACTION_WRITE, (void *)0x5000, 4, 1);
	add_access(3, ACTION_READ, (void *)0x5000, 4, 2);
	end_model();
	render_text();
	expect_text("data-race: x is written by");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_lost_update_names_the_variable_and_its_line);
	tcase_add_test(tests, torn_updates_are_told_as_they_can_go_wrong);
	tcase_add_test(tests, the_line_of_an_access_is_quoted);
	tcase_add_test(tests, values_are_told_where_they_were_seen);
	tcase_add_test(tests, a_predicted_loss_shows_the_others_update_in_between);
	tcase_add_test(tests, elements_and_fields_are_named);
	tcase_add_test(tests, the_bytes_in_common_are_what_it_is_about);
	tcase_add_test(tests, an_access_that_begins_before_the_bytes_in_common_says_where);
	tcase_add_test(tests, a_whole_structure_is_called_as_a_whole);
	tcase_add_test(tests, bit_fields_of_one_byte_are_named_together);
	tcase_add_test(tests, a_heap_block_tells_where_it_is_from);
	tcase_add_test(tests, a_field_of_a_heap_block_is_named_by_the_pointers_type);
	tcase_add_test(tests, a_free_that_races_is_a_side_of_the_race);
	tcase_add_test(tests, memory_on_a_stack_names_the_thread);
	tcase_add_test(tests, memory_of_unknown_origin_shows_no_address_unless_asked);
	tcase_add_test(tests, a_lock_on_one_side_is_asked_for_on_the_other);
	tcase_add_test(tests, different_locks_are_said_to_exclude_nothing);
	tcase_add_test(tests, what_may_be_atomic_says_what_is_not_known);
	tcase_add_test(tests, equal_races_at_other_elements_are_one_finding);
	tcase_add_test(tests, it_does_not_matter_which_access_came_first);
	tcase_add_test(tests, memory_with_a_given_name_is_called_so);
}

int main(void)
{
	Suite *suite = suite_create("report_memory");
	TCase *tests = tcase_create("report_memory");
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

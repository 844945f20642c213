/*
 * Races of accesses that debug information knows to be atomic are held back.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "atomics_guest.h"
#include "report_text.h"
#include "reports/source/words.h"
#include "reports/formats/formats.h"
#include "../finding/results_image.h"

#define FUNCTION_BYTES 24 /* more than the functions of the guest have */

_Atomic int c_flag;
struct c_node c_nodes[4];
int plain_flag;

static unsigned char *image;
static char *text;
static struct view_options options;
static struct finding finding;

static void set_up(void)
{
	image = image_new();
	text = NULL;
	options = (struct view_options){.program = "./prog"};
	image_process(image, 1, 0, PROCESS_STARTED, "/somewhere/prog");
	image_own_modules(image, 1);
	image_thread(image, 1, 2, 1, 0, 0, "left");
	image_thread(image, 1, 3, 1, 0, 0, "right");
}

static void tear_down(void)
{
	free(text);
	free(image);
}

/* An access from the code at @code, if it is not NULL. */
static void add_access(thread_id thread, enum finding_action action, const void *address,
		       const unsigned char *code)
{
	uint64_t frame = (uint64_t)(uintptr_t)code + 1;
	struct finding_event *event =
		image_event(&finding, thread, action, 0, code ? (stack_id)thread : 0);

	if (code)
		image_stack(image, 1, (uint32_t)thread, &frame, 1);
	event->address = (uint64_t)(uintptr_t)address;
	event->size_bytes = 4;
}

static void render_text(void)
{
	image_finding(image, 1, &finding, 1);
	free(text);
	text = render_image(image, text_write, &options);
}

static void begin_model(enum finding_kind kind, enum severity severity, uint32_t details)
{
	finding = (struct finding){.id = 1, .kind = kind, .severity = severity, .details = details};
}

/* A race by plain moves on @address. */
static void render_race(const void *address, const unsigned char *writer,
			const unsigned char *reader)
{
	begin_model(FINDING_DATA_RACE, SEVERITY_WARNING, DETAIL_MAY_BE_ATOMIC);
	add_access(2, ACTION_WRITE, address, writer);
	add_access(3, ACTION_READ, address, reader);
	render_text();
}

static void expect_text(const char *part)
{
	ck_assert_msg(strstr(text, part), "no '%s' in:\n%s", part, text);
}

/* True if some instruction of @code is known to be atomic. */
static bool has_atomic_access(const unsigned char *code)
{
	bool is_held_back = false;

	for (int i = 0; i < FUNCTION_BYTES && !is_held_back; i++) {
		tear_down();
		set_up();
		render_race((void *)0x7000, code + i, code + i);
		is_held_back = strstr(text, "no findings") != NULL;
	}
	return is_held_back;
}

START_TEST(a_race_of_an_atomic_variable_is_held_back)
{
	render_race(&c_flag, NULL, NULL);
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
}
END_TEST

START_TEST(what_is_held_back_is_counted)
{
	options.is_verbose = true;
	render_race(&c_flag, NULL, NULL);
	expect_text(
		"snarl: not reported: 1 race of accesses that are atomic by debug information\n");
}
END_TEST

START_TEST(an_atomic_field_is_atomic_and_its_neighbour_is_not)
{
	render_race(&c_nodes[2].state, NULL, NULL);
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
	tear_down();
	set_up();
	render_race(&c_nodes[2].plain, NULL, NULL);
	expect_text("warning: data-race: c_nodes[2].plain (");
}
END_TEST

START_TEST(a_plain_variable_stays_with_what_its_type_says)
{
	render_race(&plain_flag, NULL, NULL);
	expect_text("nothing orders them\n");
	expect_text("Note: a warning only: its type, int, is not an atomic one, but compiler");
}
END_TEST

START_TEST(without_debug_information_it_is_asked_for)
{
	render_race((void *)0x7000, NULL, NULL);
	expect_text("this is right: build with");
}
END_TEST

START_TEST(variables_of_atomic_classes_are_atomic)
{
	render_race(cxx_flag, NULL, NULL);
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
	tear_down();
	set_up();
	render_race(cxx_member, NULL, NULL);
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
	tear_down();
	set_up();
	render_race(cxx_plain, NULL, NULL);
	expect_text("1 warning");
}
END_TEST

START_TEST(inlined_members_of_atomic_classes_are_atomic)
{
	ck_assert(has_atomic_access((const unsigned char *)(uintptr_t)cxx_load_inlined));
	ck_assert(has_atomic_access((const unsigned char *)(uintptr_t)cxx_store_inlined));
	ck_assert(!has_atomic_access((const unsigned char *)(uintptr_t)cxx_load_plain));
}
END_TEST

START_TEST(members_that_were_not_inlined_are_atomic_too)
{
	ck_assert(has_atomic_access(cxx_load_out_of_line()));
}
END_TEST

__attribute__((noinline)) static int c_load_atomic(struct c_node *node)
{
	return atomic_load_explicit(&node->state, memory_order_acquire);
}

__attribute__((noinline)) static int c_load_plain(struct c_node *node)
{
	return node->plain;
}

START_TEST(fields_of_heap_blocks_are_atomic_by_their_pointers_type)
{
	ck_assert_int_eq(c_load_atomic(&c_nodes[0]), c_load_plain(&c_nodes[0]));
	ck_assert(has_atomic_access((const unsigned char *)(uintptr_t)c_load_atomic));
	ck_assert(!has_atomic_access((const unsigned char *)(uintptr_t)c_load_plain));
}
END_TEST

START_TEST(an_atomic_that_is_also_accessed_plainly_says_by_whom)
{
	render_race((void *)0x7000, cxx_load_out_of_line(),
		    (const unsigned char *)(uintptr_t)cxx_load_plain);
	expect_text("error: data-race");
	expect_text("T3 (right) reads Node.plain, 4 bytes, not atomic by its source, holding no");
	ck_assert_ptr_null(strstr(text, "Note:"));
	ck_assert_ptr_null(strstr(text, "cannot tell"));
}
END_TEST

START_TEST(an_access_at_an_unknown_place_is_not_taken_for_a_plain_one)
{
	render_race((void *)0x7000, NULL, cxx_load_out_of_line());
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
}
END_TEST

START_TEST(an_error_is_not_held_back)
{
	begin_model(FINDING_DATA_RACE, SEVERITY_ERROR, 0);
	add_access(2, ACTION_WRITE, &c_flag, NULL);
	add_access(3, ACTION_READ, &c_flag, NULL);
	render_text();
	expect_text("error: data-race: c_flag");
}
END_TEST

/* Wider than an atomic access: plain by its instruction. */
extern const unsigned char load_vector[];

__asm__(".text\nload_vector: movups (%rdi), %xmm0\nret\n");

/* Race @id on @address, read by a vector if it is plain, of accesses that finding @rests_on may
 * order. */
static void add_race(uint32_t id, const void *address, bool is_plain, uint32_t rests_on)
{
	begin_model(FINDING_DATA_RACE, SEVERITY_WARNING, DETAIL_MAY_BE_ATOMIC);
	finding.id = id;
	finding.rests_on.numbers[0] = rests_on;
	add_access(2, ACTION_WRITE, address, NULL);
	add_access(3, ACTION_READ, address, is_plain ? load_vector : NULL);
	image_finding(image, 1, &finding, 1);
}

/* The third one was held back for the second, which was so for the first. */
static void render_chain(bool is_first_plain)
{
	if (is_first_plain)
		add_race(1, &plain_flag, true, 0);
	else
		add_race(1, &c_flag, false, 0);
	add_race(2, &c_nodes[1].plain, true, 1);
	add_race(3, &c_nodes[2].plain, true, 2);
	text = render_image(image, text_write, &options);
}

START_TEST(what_is_in_order_itself_sets_nothing_free)
{
	render_chain(false);
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
}
END_TEST

START_TEST(what_is_set_free_sets_others_free)
{
	render_chain(true);
	expect_text("snarl: 2 errors (2 findings, 3 occurrences)");
}
END_TEST

START_TEST(a_flag_that_is_atomic_needs_no_mark)
{
	begin_model(FINDING_UNMARKED_SYNC, SEVERITY_NOTE, DETAIL_SPIN);
	add_access(2, ACTION_WRITE, &c_flag, NULL);
	add_access(3, ACTION_READ, &c_flag, NULL);
	render_text();
	ck_assert_str_eq(text, "snarl: no findings in ./prog\n");
}
END_TEST

START_TEST(an_update_made_of_an_atomic_load_and_store_is_a_warning)
{
	begin_model(FINDING_LOST_UPDATE, SEVERITY_ERROR, 0);
	add_access(2, ACTION_UPDATE, &c_flag, NULL);
	add_access(3, ACTION_UPDATE, &c_flag, NULL);
	render_text();
	expect_text("warning: lost-update: c_flag");
	expect_text("Note: each load and store of it is atomic, but the update");
}
END_TEST

START_TEST(atomic_functions_are_known_by_their_names)
{
	static const char *const atomic[] = {
		"std::atomic<int>::load(std::memory_order) const",
		"std::__atomic_base<unsigned long>::operator++()",
		"std::atomic<bool>::operator bool() const",
		"int std::atomic_load<int>(std::atomic<int> const*)",
		"std::atomic_flag::test(std::memory_order) const",
		"core::sync::atomic::AtomicUsize::load",
		"core::sync::atomic::atomic_store",
		"<core::sync::atomic::AtomicBool>::store",
		"pg_atomic_read_u32",
		"__atomic_load_8",
		"g_atomic_int_get",
		"atomic_load_explicit",
	};
	static const char *const plain[] = {
		"transfer",
		"std::vector<std::atomic<int>, std::allocator<std::atomic<int> > >::size() const",
		"publish(std::atomic<int>&)",
		"void publish<std::atomic<int> >(int)",
		"get_anatomic_region::run",
		"atomic",
		"load",
		"std::shared_ptr<std::atomic<int> >::get() const",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(atomic); i++)
		ck_assert_msg(words_is_atomic_function(atomic[i]), "%s", atomic[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(plain); i++)
		ck_assert_msg(!words_is_atomic_function(plain[i]), "%s", plain[i]);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_race_of_an_atomic_variable_is_held_back);
	tcase_add_test(tests, what_is_held_back_is_counted);
	tcase_add_test(tests, an_atomic_field_is_atomic_and_its_neighbour_is_not);
	tcase_add_test(tests, a_plain_variable_stays_with_what_its_type_says);
	tcase_add_test(tests, without_debug_information_it_is_asked_for);
	tcase_add_test(tests, variables_of_atomic_classes_are_atomic);
	tcase_add_test(tests, inlined_members_of_atomic_classes_are_atomic);
	tcase_add_test(tests, members_that_were_not_inlined_are_atomic_too);
	tcase_add_test(tests, fields_of_heap_blocks_are_atomic_by_their_pointers_type);
	tcase_add_test(tests, an_atomic_that_is_also_accessed_plainly_says_by_whom);
	tcase_add_test(tests, an_access_at_an_unknown_place_is_not_taken_for_a_plain_one);
	tcase_add_test(tests, an_error_is_not_held_back);
	tcase_add_test(tests, what_is_in_order_itself_sets_nothing_free);
	tcase_add_test(tests, what_is_set_free_sets_others_free);
	tcase_add_test(tests, a_flag_that_is_atomic_needs_no_mark);
	tcase_add_test(tests, an_update_made_of_an_atomic_load_and_store_is_a_warning);
	tcase_add_test(tests, atomic_functions_are_known_by_their_names);
}

int main(void)
{
	Suite *suite = suite_create("report_atomics");
	TCase *tests = tcase_create("report_atomics");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	add_tests(tests);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The names of this program's variables, fields and parts of heap blocks. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"
#include "reports/formats/formats.h"
#include "../finding/results_image.h"

#define FUNCTION_BYTES 48

struct inner {
	short a;
	short b[3];
	union {
		int number;
		double real;
		char bytes[8];
	} as;
};

struct outer {
	char tag;
	struct inner in[2];
	struct {
		int x, y;
	} point;
	union {
		long wide;
		struct {
			int low, high;
		};
	};
	unsigned first : 3, second : 7;
	bool flag;
	int tail[];
};

typedef struct {
	long value;
} wrapped;

static struct outer outer;
static wrapped wraps[3];
static unsigned char *image;
static char *text;
static struct finding finding;
static const struct view_options options = {.program = "./prog"};

static void set_up(void)
{
	image = image_new();
	image_process(image, 1, 0, PROCESS_STARTED, "/somewhere/prog");
	image_own_modules(image, 1);
	image_thread(image, 1, 2, 1, 0, 0, "left");
	image_thread(image, 1, 3, 1, 0, 0, "right");
	finding = (struct finding){
		.id = 1, .kind = FINDING_DATA_RACE, .severity = SEVERITY_ERROR};
}

static void tear_down(void)
{
	free(text);
	text = NULL;
	free(image);
}

static void add_record(thread_id thread, enum finding_action action, uint64_t address,
		uint64_t size_bytes, stack_id stack)
{
	struct finding_event *event = image_event(&finding, thread, action, 0, stack);

	event->address = address;
	event->size_bytes = size_bytes;
}

static void render_text(void)
{
	image_finding(image, 1, &finding, 1);
	text = render_image(image, text_write, &options);
}

/* A race on @size_bytes at @address. */
static void add_race(const void *address, uint64_t size_bytes)
{
	add_record(2, ACTION_WRITE, (uint64_t)(uintptr_t)address, size_bytes, 0);
	add_record(3, ACTION_WRITE, (uint64_t)(uintptr_t)address, size_bytes, 0);
	render_text();
}

static void expect_text(const char *part)
{
	ck_assert_msg(strstr(text, part), "no '%s' in:\n%s", part, text);
}

START_TEST(members_of_a_union_are_told_by_their_size)
{
	add_race(&outer.in[1].as.number, 4);
	expect_text("data-race: outer.in[1].as.number (");
	expect_text("  Memory: outer.in[1].as.number: int, at offset 8 of struct inner, global");
}
END_TEST

START_TEST(bytes_that_no_member_is_are_the_unions)
{
	add_race(&outer.in[1].as.bytes[2], 2);
	expect_text("data-race: outer.in[1].as+2 (");
	expect_text("  Memory: outer.in[1].as+2: union, at offset 8 of struct inner, global");
}
END_TEST

START_TEST(fields_of_unnamed_structures_count_from_the_named_one)
{
	add_race(&outer.point.y, 4);
	expect_text("data-race: outer.point.y (");
	expect_text("  Memory: outer.point.y: int, at offset 44 of struct outer, global");
}
END_TEST

START_TEST(members_of_unnamed_unions_are_found)
{
	add_race(&outer.high, 4);
	expect_text("data-race: outer.high (");
	expect_text("  Memory: outer.high: int, at offset 52 of struct outer, global");
}
END_TEST

START_TEST(a_field_behind_bit_fields_is_its_own)
{
	add_race(&outer.flag, 1);
	expect_text("data-race: outer.flag (");
}
END_TEST

START_TEST(an_unnamed_structure_is_called_by_its_typedef)
{
	add_race(&wraps[1], 8);
	expect_text("data-race: wraps[1].value (");
	expect_text("  Memory: wraps[1].value: long int, at offset 0 of wrapped, global");
}
END_TEST

/* --- Values, as their types print them -------------------------------------- */

static float ratio;
static unsigned full;
static signed char small;
static long far_below;

static void race_over(const void *address, uint64_t size_bytes, uint64_t value)
{
	add_record(2, ACTION_WRITE, (uint64_t)(uintptr_t)address, size_bytes, 0);
	add_record(3, ACTION_WRITE, (uint64_t)(uintptr_t)address, size_bytes, 0);
	finding.events[1].has_value = true;
	finding.events[1].value = value;
	render_text();
}

START_TEST(a_float_is_told_as_one)
{
	race_over(&ratio, sizeof(ratio), 0x3fc00000);
	expect_text(" writes ratio, 4 bytes, found 1.5");
}
END_TEST

START_TEST(what_is_unsigned_is_never_negative)
{
	race_over(&full, sizeof(full), 0xffffffff);
	expect_text(" writes full, 4 bytes, found 4294967295");
}
END_TEST

START_TEST(what_is_signed_is_negative_at_any_size)
{
	race_over(&small, sizeof(small), 0x80);
	expect_text(" writes small, 1 byte, found -128");
	tear_down();
	set_up();
	race_over(&far_below, sizeof(far_below), (uint64_t)-10000000000);
	expect_text(" writes far_below, 8 bytes, found -10000000000");
}
END_TEST

/* --- Heap blocks, by the code that accesses them ----------------------------- */

static void race_by(const unsigned char *code, uint64_t offset, uint64_t size_bytes,
		    uint64_t block_bytes)
{
	uint64_t frame = (uint64_t)(uintptr_t)code + 1;

	image_stack(image, 1, 4, &frame, 1);
	add_record(2, ACTION_ALLOCATE, 0x7000, block_bytes, 0);
	add_record(2, ACTION_WRITE, 0x7000 + offset, size_bytes, 0);
	add_record(3, ACTION_WRITE, 0x7000 + offset, size_bytes, 4);
	render_text();
}

/* Which instruction it is depends on the compiler: is one of the function's it?  None
 * may say another field. */
static bool is_named(const void *function, uint64_t offset, uint64_t size_bytes,
		     uint64_t block_bytes, const char *name)
{
	const unsigned char *code = function;
	bool is_found = false;

	for (int i = 0; i < FUNCTION_BYTES; i++) {
		tear_down();
		set_up();
		race_by(code + i, offset, size_bytes, block_bytes);
		is_found |= strstr(text, name) != NULL;
	}
	return is_found;
}

__attribute__((noinline)) static void add_to_element(struct inner *elements, long index)
{
	elements[index].as.number++;
}

START_TEST(an_element_of_a_block_is_named_by_its_type_and_offset)
{
	struct inner elements[4] = {{0}};

	add_to_element(elements, 2);
	ck_assert_int_eq(elements[2].as.number, 1);
	ck_assert(is_named((const void *)(uintptr_t)add_to_element, 40, 4, sizeof(elements),
			   "struct inner.as.number at offset 40 of a 64-byte block"));
}
END_TEST

__attribute__((noinline)) static void add_to_tail(struct outer *open)
{
	open->tail[3]++;
}

START_TEST(an_array_without_an_end_is_not_taken_for_the_next_element)
{
	struct outer *open = calloc(1, sizeof(*open) + 16);

	ck_assert_ptr_nonnull(open);
	add_to_tail(open);
	ck_assert_int_eq(open->tail[3], 1);
	ck_assert(is_named((const void *)(uintptr_t)add_to_tail,
			   offsetof(struct outer, tail) + 12, 4, sizeof(*open) + 16,
			   "struct outer.tail[] at offset"));
	free(open);
}
END_TEST

static wrapped *found;

__attribute__((noinline)) static wrapped *find_wrapped(struct inner *key)
{
	__asm__ volatile("" : : "r"(key) : "memory");
	return found;
}

__attribute__((noinline)) static void add_to_returned(struct inner *key)
{
	find_wrapped(key)->value++;
}

START_TEST(what_a_function_returns_is_known_by_its_type)
{
	struct inner key = {0};

	found = &wraps[0];
	add_to_returned(&key);
	ck_assert_int_eq(wraps[0].value, 1);
	ck_assert(is_named((const void *)(uintptr_t)add_to_returned, 0, 8, 8,
			   "wrapped.value in an 8-byte block"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_names");
	TCase *tests = tcase_create("report_names");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, members_of_a_union_are_told_by_their_size);
	tcase_add_test(tests, bytes_that_no_member_is_are_the_unions);
	tcase_add_test(tests, fields_of_unnamed_structures_count_from_the_named_one);
	tcase_add_test(tests, members_of_unnamed_unions_are_found);
	tcase_add_test(tests, a_field_behind_bit_fields_is_its_own);
	tcase_add_test(tests, an_unnamed_structure_is_called_by_its_typedef);
	tcase_add_test(tests, a_float_is_told_as_one);
	tcase_add_test(tests, what_is_unsigned_is_never_negative);
	tcase_add_test(tests, what_is_signed_is_negative_at_any_size);
	tcase_add_test(tests, an_element_of_a_block_is_named_by_its_type_and_offset);
	tcase_add_test(tests, an_array_without_an_end_is_not_taken_for_the_next_element);
	tcase_add_test(tests, what_a_function_returns_is_known_by_its_type);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

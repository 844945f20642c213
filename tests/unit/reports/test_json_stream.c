#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "reports/formats/json/json_stream.h"

static char *text;
static size_t length;

static void tear_down(void)
{
	free(text);
	text = NULL;
}

/* What the stream writes of @value, which it frees. */
static const char *write_value(json_t *value, bool is_compact, bool is_in_page)
{
	FILE *out = open_memstream(&text, &length);
	struct json_stream stream = {
		.out = out, .is_compact = is_compact, .is_in_page = is_in_page};

	json_stream_add(&stream, NULL, value);
	ck_assert(json_stream_end(&stream));
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

/* All that there is in documents; a value in it three times, at two depths. */
static json_t *make_nasty(void)
{
	json_t *shared = json_pack("{s:s, s:[i, i], s:{}, s:[]}", "a", "b", "numbers", 1, -2,
				   "empty", "none");
	json_t *value = json_pack("{s:s, s:b, s:b, s:n, s:I}", "text",
				  "\"\\/\b\f\n\r\t\x01\x1f\x7f <\xc3\xa4>", "yes", 1, "no", 0,
				  "null", "large", (json_int_t)-9007199254740993);

	json_object_set(value, "shared", shared);
	json_object_set_new(value, "list", json_pack("[O, O, [i]]", shared, shared, 3));
	json_decref(shared);
	return value;
}

static void expect_as_jansson(size_t layout, bool is_compact)
{
	json_t *value = make_nasty();
	char *expected = json_dumps(value, layout | JSON_PRESERVE_ORDER);

	ck_assert_str_eq(write_value(value, is_compact, false), expected);
	free(expected);
}

START_TEST(documents_are_indented_as_jansson_would)
{
	expect_as_jansson(JSON_INDENT(2), false);
}
END_TEST

START_TEST(lines_are_compact_as_jansson_would)
{
	expect_as_jansson(JSON_COMPACT, true);
}
END_TEST

START_TEST(no_text_ends_the_element_of_a_page)
{
	json_t *read;

	ck_assert_ptr_null(strchr(write_value(make_nasty(), false, true), '<'));
	read = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(strchr(json_string_value(json_object_get(read, "text")), '<'));
	json_decref(read);
}
END_TEST

/* More shared values than the first table has room for, and each at its own depth. */
START_TEST(many_shared_values_keep_their_texts)
{
	json_t *list = json_array();
	json_t *copy;

	for (int i = 0; i < 5000; i++) {
		json_t *row = json_pack("{s:i}", "number", i);

		json_array_append(list, row);
		json_array_append_new(list, json_pack("[o]", row));
	}
	copy = json_deep_copy(list);
	list = json_loads(write_value(list, false, false), 0, NULL);
	ck_assert(json_equal(list, copy));
	json_decref(list);
	json_decref(copy);
}
END_TEST

START_TEST(a_value_that_is_missing_is_null)
{
	ck_assert_str_eq(write_value(NULL, true, false), "null");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_stream");
	TCase *tests = tcase_create("json_stream");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_add_test(tests, documents_are_indented_as_jansson_would);
	tcase_add_test(tests, lines_are_compact_as_jansson_would);
	tcase_add_test(tests, no_text_ends_the_element_of_a_page);
	tcase_add_test(tests, many_shared_values_keep_their_texts);
	tcase_add_test(tests, a_value_that_is_missing_is_null);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#include <check.h>
#include <stdlib.h>

#include "results_image.h"

static unsigned char *image;
static uint64_t offset;
static uint64_t torn;
static const char *why;
static const struct record_header *record;
static struct finding finding;
static struct finding decoded;
static unsigned char payload[FINDING_PAYLOAD_MAX];

static void set_up(void)
{
	image = image_new();
	offset = torn = 0;
	why = NULL;
}

static void tear_down(void)
{
	free(image);
}

static int next_record(uint64_t size)
{
	return results_next(image, size, &offset, &record, &torn, &why);
}

/* Encodes and decodes 'finding'. */
static bool round_trip(void)
{
	struct byte_writer writer = {payload, payload + sizeof(payload), false};
	struct byte_reader reader;
	uint64_t count;

	finding_encode(&writer, &finding);
	ck_assert(!writer.failed);
	reader = (struct byte_reader){payload, writer.next, false};
	return finding_decode(&reader, &decoded, &count) && reader.next == reader.end;
}

static void make_finding(void)
{
	finding = (struct finding){
		.id = 7, .replaces = 3, .kind = FINDING_DEADLOCK, .severity = SEVERITY_ERROR};
	image_event(&finding, 2, ACTION_WAIT, 5, 11)->hold_count = 2;
	finding.events[0].holds[1].lock = 9;
	finding.events[0].process = 4;
}

START_TEST(an_empty_image_has_no_records)
{
	ck_assert(results_check(image, IMAGE_BYTES, &why));
	ck_assert_int_eq(next_record(IMAGE_BYTES), 0);
	ck_assert_uint_eq(torn, 0);
}
END_TEST

START_TEST(records_are_read_in_the_order_written)
{
	image_text(image, 1, "first");
	image_end(image, 2, PROCESS_EXITED);
	ck_assert_int_eq(next_record(IMAGE_BYTES), 1);
	ck_assert_uint_eq(record->type, RECORD_TEXT);
	ck_assert_int_eq(next_record(IMAGE_BYTES), 1);
	ck_assert_uint_eq(record->type, RECORD_END);
	ck_assert_uint_eq(record->process, 2);
	ck_assert_int_eq(next_record(IMAGE_BYTES), 0);
}
END_TEST

START_TEST(uncommitted_records_are_skipped_and_counted)
{
	image_text(image, 1, "first");
	ck_assert_ptr_nonnull(record_reserve(image, RECORD_TEXT, 1, 40, 0));
	image_text(image, 1, "last");
	ck_assert_int_eq(next_record(IMAGE_BYTES), 1);
	ck_assert_int_eq(next_record(IMAGE_BYTES), 1);
	ck_assert_uint_eq(torn, 1);
	ck_assert_int_eq(next_record(IMAGE_BYTES), 0);
}
END_TEST

START_TEST(a_changed_byte_is_damage_at_its_record)
{
	uint64_t second;

	image_text(image, 1, "first");
	second = image_size(image);
	image_text(image, 1, "second");
	image[second + sizeof(struct record_header) + 5] ^= 1;
	ck_assert_int_eq(next_record(IMAGE_BYTES), 1);
	ck_assert_int_eq(next_record(IMAGE_BYTES), -1);
	ck_assert_uint_eq(offset, second);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(live_bytes_may_change_after_the_commit)
{
	make_finding();
	image_finding(image, 1, &finding, 1);
	image[RESULTS_RECORDS_OFFSET + sizeof(struct record_header)] = 99;
	ck_assert_int_eq(next_record(IMAGE_BYTES), 1);
}
END_TEST

START_TEST(a_file_cut_off_is_damage)
{
	image_text(image, 1, "first");
	ck_assert_int_eq(next_record(image_size(image) - 8), -1);
}
END_TEST

START_TEST(a_full_image_counts_what_did_not_fit)
{
	struct results_header *header = (void *)image;

	header->capacity_bytes = RESULTS_RECORDS_OFFSET + 64;
	ck_assert_ptr_null(record_reserve(image, RECORD_TEXT, 1, 64, 0));
	ck_assert_uint_eq(header->dropped_count, 1);
	ck_assert_uint_eq(header->tail, RESULTS_RECORDS_OFFSET);
}
END_TEST

START_TEST(other_files_are_told_apart)
{
	ck_assert(!results_check(image, 100, &why));
	image[0] ^= 1;
	ck_assert(!results_check(image, IMAGE_BYTES, &why));
}
END_TEST

START_TEST(a_finding_survives_its_encoding)
{
	make_finding();
	ck_assert(round_trip());
	ck_assert_uint_eq(decoded.id, 7);
	ck_assert_uint_eq(decoded.replaces, 3);
	ck_assert_uint_eq(decoded.events[0].stack, 11);
	ck_assert_uint_eq(decoded.events[0].process, 4);
	ck_assert_uint_eq(decoded.events[0].holds[1].lock, 9);
}
END_TEST

START_TEST(nonsense_is_no_finding)
{
	make_finding();
	finding.kind = FINDING_KIND_COUNT;
	ck_assert(!round_trip());
	make_finding();
	finding.severity = 0;
	ck_assert(!round_trip());
	make_finding();
	finding.events[0].action = FINDING_ACTION_COUNT;
	ck_assert(!round_trip());
	make_finding();
	finding.events[0].mode = HOLD_SHARED + 1;
	ck_assert(!round_trip());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("results");
	TCase *tests = tcase_create("results");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_empty_image_has_no_records);
	tcase_add_test(tests, records_are_read_in_the_order_written);
	tcase_add_test(tests, uncommitted_records_are_skipped_and_counted);
	tcase_add_test(tests, a_changed_byte_is_damage_at_its_record);
	tcase_add_test(tests, live_bytes_may_change_after_the_commit);
	tcase_add_test(tests, a_file_cut_off_is_damage);
	tcase_add_test(tests, a_full_image_counts_what_did_not_fit);
	tcase_add_test(tests, other_files_are_told_apart);
	tcase_add_test(tests, a_finding_survives_its_encoding);
	tcase_add_test(tests, nonsense_is_no_finding);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Call frame information of this program's modules, intact and damaged. */
#include <check.h>
#include <dwarf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "elf/eh_frame.h"

/* --- A table made by hand ----------------------------------------------------------- */

#define HEADER 0x10000u /* the address of what follows */
#define FUNCTION 0x20000u
#define FUNCTION_BYTES 0x40u
#define LSDA_AT 0xa0u

/* A header with three functions, a CIE with an LSDA, three entries, an LSDA. */
static unsigned char table[0xc0];
static struct image_segment segment;
static struct eh_frame frames;
static const char *why;

static void put_word(size_t at, uint32_t value)
{
	memcpy(table + at, &value, sizeof(value));
}

static void put_header(void)
{
	static const unsigned char encodings[] = {1, DW_EH_PE_pcrel | DW_EH_PE_sdata4,
						  DW_EH_PE_udata4,
						  DW_EH_PE_datarel | DW_EH_PE_sdata4};

	memcpy(table, encodings, sizeof(encodings));
	put_word(4, 0x24 - 4);
	put_word(8, 3);
	for (uint32_t i = 0; i < 3; i++) {
		put_word(12 + 8 * i, FUNCTION - HEADER + i * FUNCTION_BYTES);
		put_word(16 + 8 * i, 0x40 + 0x20 * i);
	}
}

/* Of version 1: code by 1, data by -8, the return address is 16.  Seven bytes of
 * data: a personality of four, and twice DW_EH_PE_pcrel | DW_EH_PE_sdata4. */
static void put_common(void)
{
	static const char common[] = "\0\0\0\0\1zPLR\0\1\x78\x10\7\3\1\2\3\4\x1b\x1b";

	put_word(0x24, 0x40 - 0x28);
	memcpy(table + 0x28, common, sizeof(common) - 1);
}

/* The second one is without an LSDA. */
static void put_entry(uint32_t index)
{
	uint32_t at = 0x40 + 0x20 * index;

	put_word(at, 0x1c);
	put_word(at + 4, at + 4 - 0x24);
	put_word(at + 8, FUNCTION + index * FUNCTION_BYTES - (HEADER + at + 8));
	put_word(at + 12, FUNCTION_BYTES);
	table[at + 16] = 4;
	put_word(at + 17, index == 1 ? 0 : LSDA_AT - (at + 17));
	table[at + 21] = DW_CFA_advance_loc | 1;
}

/* Two calls: one with a landing pad, one without. */
static void put_lsda(void)
{
	static const unsigned char lsda[] = {
		DW_EH_PE_omit, DW_EH_PE_omit, DW_EH_PE_uleb128, 8, 0, 4, 0x30, 0, 4, 4, 0, 0};

	memcpy(table + LSDA_AT, lsda, sizeof(lsda));
}

static void set_up(void)
{
	memset(table, 0, sizeof(table));
	put_header();
	put_common();
	for (uint32_t i = 0; i < 3; i++)
		put_entry(i);
	put_lsda();
	segment = (struct image_segment){
		.start = HEADER,
		.end = HEADER + sizeof(table),
		.bytes = table,
		.byte_count = sizeof(table),
	};
}

static bool open_table(void)
{
	return eh_frame_open(&frames, &segment, 1, HEADER, &why);
}

/* The entry that covers @address. */
static bool find_rules(uint64_t address, struct eh_frame_entry *entry)
{
	uint64_t function, entry_address;

	memset(entry, 0, sizeof(*entry));
	return open_table() && eh_frame_search(&frames, address, &function, &entry_address) &&
	       eh_frame_read(&frames, entry_address, entry) && entry->function == function;
}

START_TEST(an_entry_says_what_it_covers)
{
	struct eh_frame_entry entry;

	ck_assert(find_rules(FUNCTION + FUNCTION_BYTES, &entry));
	ck_assert_uint_eq(entry.function, FUNCTION + FUNCTION_BYTES);
	ck_assert_uint_eq(entry.function_end, FUNCTION + 2 * FUNCTION_BYTES);
	ck_assert_uint_eq(entry.lsda, 0);
	ck_assert_uint_eq(entry.code_alignment, 1);
	ck_assert_int_eq(entry.data_alignment, -8);
	ck_assert_ptr_eq(entry.own, table + 0x60 + 21);
	ck_assert_ptr_eq(entry.own_end, table + 0x80);
	ck_assert_ptr_eq(entry.common, table + 0x28 + 21);
	ck_assert_ptr_eq(entry.common_end, table + 0x40);
	ck_assert(!entry.is_signal_frame);
}
END_TEST

START_TEST(the_search_finds_the_last_function_below)
{
	uint64_t function, at;

	ck_assert(open_table());
	ck_assert(!eh_frame_search(&frames, FUNCTION - 1, &function, &at));
	for (uint32_t i = 0; i < 3 * FUNCTION_BYTES; i++) {
		ck_assert(eh_frame_search(&frames, FUNCTION + i, &function, &at));
		ck_assert_uint_eq(function, FUNCTION + i / FUNCTION_BYTES * FUNCTION_BYTES);
		ck_assert_uint_eq(at, HEADER + 0x40 + 0x20 * (i / FUNCTION_BYTES));
	}
	ck_assert(eh_frame_search(&frames, UINT32_MAX, &function, &at));
	ck_assert_uint_eq(function, FUNCTION + 2 * FUNCTION_BYTES);
}
END_TEST

START_TEST(signal_frames_are_told)
{
	struct eh_frame_entry entry;

	memcpy(table + 0x2d, "zRS", 4);
	memmove(table + 0x31, table + 0x32, 3);
	table[0x34] = 1;
	table[0x35] = DW_EH_PE_pcrel | DW_EH_PE_sdata4;
	ck_assert(find_rules(FUNCTION, &entry));
	ck_assert(entry.is_signal_frame);
	ck_assert_uint_eq(entry.lsda, 0);
}
END_TEST

START_TEST(unknown_parts_are_not_understood)
{
	static const struct {
		unsigned char at, value;
	} changes[] = {
		{0x28, 1},    /* no CIE */
		{0x2c, 2},    /* another version */
		{0x2d, 'y'},  /* without the length of the data */
		{0x2f, 'X'},  /* an unknown letter */
		{0x34, 15},   /* another return address */
		{0x3c, 0x50}, /* aligned pointers */
		{0x3c, 0x05}, /* an invalid form */
		{0x44, 0},    /* an invalid entry */
		{0x40, 0xff}, /* longer than the section */
		{0x50, 0xff}, /* data longer than the entry */
		{0x35, 0xff}, /* data longer than the CIE */
	};
	struct eh_frame_entry entry;

	for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
		set_up();
		ck_assert(find_rules(FUNCTION, &entry));
		table[changes[i].at] = changes[i].value;
		ck_assert_msg(!find_rules(FUNCTION, &entry), "change %zu", i);
	}
}
END_TEST

START_TEST(unknown_headers_are_refused_with_a_reason)
{
	static const struct {
		unsigned char at, value;
	} changes[] = {{0, 2},	{2, DW_EH_PE_omit}, {3, 0x1b}, {3, DW_EH_PE_omit}, {1, 0x0f},
		       {10, 1}, {11, 0x80}};

	for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
		set_up();
		ck_assert(open_table());
		table[changes[i].at] = changes[i].value;
		ck_assert_msg(!open_table() && why, "change %zu", i);
	}
	ck_assert(!eh_frame_open(&frames, &segment, 1, HEADER - 1, &why));
	ck_assert(!eh_frame_open(&frames, &segment, 0, HEADER, &why));
}
END_TEST

/* --- Images ------------------------------------------------------------------------- */

static struct image image;

static void make_image(bool has_header, unsigned char *bytes, size_t size_bytes)
{
	image = (struct image){.segment_count = 1,
			       .unwind_header = has_header ? HEADER : 0,
			       .unwind_entries = {HEADER + 0x24, sizeof(table) - 0x24 - 0x20}};
	image.segments[0] = segment;
	image.segments[0].bytes = bytes;
	image.segments[0].byte_count = size_bytes;
}

struct calls {
	unsigned count;
	uint64_t sum;
};

static void note_entry(void *context, const struct eh_frame_entry *entry)
{
	struct calls *calls = context;

	calls->count++;
	calls->sum += entry->function + 3 * entry->function_end + 7 * entry->lsda;
}

static void note_pad(void *context, uint64_t address)
{
	struct calls *calls = context;

	calls->count++;
	calls->sum += address;
}

START_TEST(with_and_without_header_the_entries_are_the_same)
{
	struct calls with = {0}, without = {0};

	make_image(true, table, sizeof(table));
	ck_assert(eh_frame_each(&image, note_entry, &with, &why));
	ck_assert_uint_eq(eh_frame_count(&image), 3);
	make_image(false, table, sizeof(table));
	ck_assert(eh_frame_each(&image, note_entry, &without, &why));
	ck_assert_uint_eq(eh_frame_count(&image), 3);
	ck_assert_uint_eq(with.count, 3);
	ck_assert_uint_eq(without.count, 3);
	ck_assert_uint_eq(with.sum, without.sum);
}
END_TEST

START_TEST(landing_pads_are_told)
{
	struct calls pads = {0};

	make_image(true, table, sizeof(table));
	ck_assert(eh_frame_each_landing_pad(&image, HEADER + LSDA_AT, FUNCTION, note_pad, &pads));
	ck_assert_uint_eq(pads.count, 1);
	ck_assert_uint_eq(pads.sum, FUNCTION + 0x30);
	table[LSDA_AT + 3] = 0x7f;
	ck_assert(!eh_frame_each_landing_pad(&image, HEADER + LSDA_AT, FUNCTION, note_pad, &pads));
	ck_assert(!eh_frame_each_landing_pad(&image, 0, FUNCTION, note_pad, &pads));
}
END_TEST

/* Reads everything, in a copy whose end AddressSanitizer knows. */
static void read_all(size_t size_bytes)
{
	unsigned char *copy = malloc(size_bytes ? size_bytes : 1);
	struct calls calls = {0};

	memcpy(copy, table, size_bytes);
	for (int has_header = 0; has_header < 2; has_header++) {
		make_image(has_header, copy, size_bytes);
		(void)eh_frame_each(&image, note_entry, &calls, &why);
		ck_assert_uint_le(calls.count, sizeof(table));
		(void)eh_frame_count(&image);
		(void)eh_frame_each_landing_pad(&image, HEADER + LSDA_AT, FUNCTION, note_pad,
						&calls);
	}
	free(copy);
}

START_TEST(tables_cut_anywhere_are_survived)
{
	for (size_t size = 0; size <= sizeof(table); size++)
		read_all(size);
}
END_TEST

/* Replaces each byte, and each four bytes, by harmful numbers. */
START_TEST(hostile_numbers_are_survived)
{
	static const uint32_t numbers[] = {0,	       1,	   0x7f,	  0x80,
					   0xff,       0x80808080, 0x7fffffff,	  0x80000000,
					   UINT32_MAX, 0xfffffff0, sizeof(table), 0xffffff7f};
	unsigned char kept[sizeof(table)];

	memcpy(kept, table, sizeof(table));
	for (size_t at = 0; at + 4 <= sizeof(table); at++) {
		for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
			table[at] = (unsigned char)numbers[i];
			read_all(sizeof(table));
			put_word(at, numbers[i]);
			read_all(sizeof(table));
			memcpy(table, kept, sizeof(table));
		}
	}
}
END_TEST

/* --- Real modules --------------------------------------------------------------------- */

struct module_calls {
	struct eh_frame frames;
	unsigned count;
};

static void check_entry(void *context, const struct eh_frame_entry *entry)
{
	struct module_calls *calls = context;
	uint64_t function, entry_address;
	struct eh_frame_entry again = {0};

	ck_assert(eh_frame_search(&calls->frames, entry->function, &function, &entry_address));
	ck_assert_uint_eq(function, entry->function);
	ck_assert(eh_frame_read(&calls->frames, entry_address, &again));
	ck_assert_uint_eq(again.function_end, entry->function_end);
	calls->count++;
}

static int check_module(struct dl_phdr_info *info, size_t size_bytes, void *context)
{
	struct module_calls calls = {.count = 0};

	(void)size_bytes;
	if (!image_from_memory(&image, info->dlpi_name, info->dlpi_phdr, info->dlpi_phnum,
			       info->dlpi_addr, &why))
		return 0;
	ck_assert(eh_frame_open(&calls.frames, image.segments, image.segment_count,
				image.unwind_header, &why));
	ck_assert(eh_frame_each(&image, check_entry, &calls, &why));
	ck_assert_uint_eq(calls.count, calls.frames.row_count);
	*(unsigned *)context += calls.count;
	return 0;
}

START_TEST(every_entry_of_loaded_modules_is_read_and_found)
{
	unsigned count = 0;

	dl_iterate_phdr(check_module, &count);
	ck_assert_uint_gt(count, 3000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("eh_frame");
	TCase *tests = tcase_create("eh_frame");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, an_entry_says_what_it_covers);
	tcase_add_test(tests, the_search_finds_the_last_function_below);
	tcase_add_test(tests, signal_frames_are_told);
	tcase_add_test(tests, unknown_parts_are_not_understood);
	tcase_add_test(tests, unknown_headers_are_refused_with_a_reason);
	tcase_add_test(tests, with_and_without_header_the_entries_are_the_same);
	tcase_add_test(tests, landing_pads_are_told);
	tcase_add_test(tests, tables_cut_anywhere_are_survived);
	tcase_add_test(tests, hostile_numbers_are_survived);
	tcase_add_test(tests, every_entry_of_loaded_modules_is_read_and_found);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

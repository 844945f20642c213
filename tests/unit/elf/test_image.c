/* ELF files and loaded modules: this program, intact and damaged. */
#include <check.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "elf/mapped_file.h"
#include "elf/image.h"

static struct mapped_file mapped;
static struct elf_file file;
static struct image in_file, in_memory;
static const char *why;

/* The main program is the first one. */
static int read_program(struct dl_phdr_info *info, size_t size_bytes, void *context)
{
	(void)size_bytes;
	(void)context;
	ck_assert(image_from_memory(&in_memory, "", info->dlpi_phdr, info->dlpi_phnum,
				    info->dlpi_addr, &why));
	return 1;
}

static void set_up(void)
{
	ck_assert_int_eq(mapped_file_open(&mapped, "/proc/self/exe"), 0);
	ck_assert(elf_file_open(&file, mapped.bytes, mapped.size_bytes, &why));
	ck_assert(image_from_file(&in_file, "", &file, &why));
	dl_iterate_phdr(read_program, NULL);
}

static void tear_down(void)
{
	mapped_file_close(&mapped);
}

/* --- What is found ------------------------------------------------------------------- */

struct found {
	uint64_t bias, count, sum;
};

static void put_note(struct found *found, uint64_t first, uint64_t second, const char *name)
{
	uint64_t sum = 3 * (first - found->bias) + 5 * (second - found->bias);

	for (; *name; name++)
		sum = 31 * sum + (unsigned char)*name;
	found->sum += sum;
	found->count++;
}

static void note_symbol(void *context, const char *name, uint64_t address, uint64_t size_bytes)
{
	struct found *found = context;

	put_note(found, address, found->bias + size_bytes, name);
}

static void note_pointer(void *context, uint64_t place, uint64_t value)
{
	put_note(context, place, value, "");
}

static void note_import(void *context, const char *name, uint64_t slot_address)
{
	put_note(context, slot_address, slot_address, name);
}

static struct found find_all(const struct image *image)
{
	struct found found = {.bias = image->bias};

	image_each_symbol(image, note_symbol, &found);
	image_each_pointer(image, note_pointer, &found);
	image_each_import(image, note_import, &found);
	return found;
}

START_TEST(a_file_and_what_was_loaded_of_it_agree)
{
	struct found file_found = find_all(&in_file), memory_found = find_all(&in_memory);

	ck_assert_uint_gt(file_found.count, 30);
	ck_assert_uint_eq(file_found.count, memory_found.count);
	ck_assert_uint_eq(file_found.sum, memory_found.sum);
	ck_assert_uint_eq(in_file.segment_count, in_memory.segment_count);
	ck_assert_uint_eq(in_file.unwind_header, in_memory.unwind_header - in_memory.bias);
	ck_assert_uint_eq(in_file.relro_end, in_memory.relro_end - in_memory.bias);
	ck_assert_uint_eq(in_file.text_bytes, in_memory.text_bytes);
	ck_assert_mem_eq(in_file.text, in_memory.text, in_file.text_bytes);
}
END_TEST

static void find_import(void *context, const char *name, uint64_t slot_address)
{
	if (strcmp(name, "dl_iterate_phdr") == 0)
		*(uint64_t *)context = slot_address;
}

START_TEST(imports_are_filled_with_what_they_name)
{
	uint64_t slot_address = 0;

	image_each_import(&in_memory, find_import, &slot_address);
	ck_assert_uint_ne(slot_address, 0);
	ck_assert_uint_eq(*(uintptr_t *)slot_address, (uintptr_t)dl_iterate_phdr);
}
END_TEST

START_TEST(writable_and_read_only_data_are_told_apart)
{
	static const int constant = 5;

	ck_assert(image_is_read_only(&in_memory, (uintptr_t)&constant));
	ck_assert(!image_is_read_only(&in_memory, (uintptr_t)&mapped));
	ck_assert(!image_is_read_only(&in_memory, 0));
}
END_TEST

START_TEST(needed_libraries_are_named)
{
	unsigned count = 0;
	Elf64_Dyn entry;

	for (uint64_t i = 0; image_dynamic(&in_file, i, &entry); i++)
		if (entry.d_tag == DT_NEEDED)
			count += strcmp(image_string(&in_file, entry.d_un.d_val), "libc.so.6") == 0;
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(image_string(&in_file, in_file.strings.size_bytes), "");
	ck_assert_str_eq(image_string(&in_file, UINT64_MAX), "");
}
END_TEST

/* --- Files --------------------------------------------------------------------------- */

static bool find_main(void *context, const Elf64_Sym *symbol, const char *name)
{
	bool is_it = strcmp(name, "main") == 0;

	if (is_it)
		*(uint64_t *)context = symbol->st_value;
	return !is_it;
}

int main(void);

START_TEST(symbols_have_names_and_addresses)
{
	uint64_t address = 0;
	Elf64_Shdr table;

	ck_assert(elf_file_find_section(&file, SHT_SYMTAB, &table));
	elf_file_each_symbol(&file, &table, find_main, &address);
	ck_assert_uint_eq(address + in_memory.bias, (uintptr_t)main);
	table.sh_link = UINT32_MAX;
	address = 0;
	elf_file_each_symbol(&file, &table, find_main, &address);
	ck_assert_uint_eq(address, 0);
}
END_TEST

START_TEST(parts_outside_the_file_are_not_there)
{
	uint64_t size = file.size_bytes;
	Elf64_Phdr segment;
	Elf64_Shdr section;

	ck_assert_ptr_nonnull(elf_file_bytes(&file, size, 0));
	ck_assert_ptr_null(elf_file_bytes(&file, size, 1));
	ck_assert_ptr_null(elf_file_bytes(&file, 1, UINT64_MAX));
	ck_assert_ptr_null(elf_file_bytes(&file, UINT64_MAX, 1));
	ck_assert(!elf_file_segment(&file, file.header.e_phnum, &segment));
	ck_assert(!elf_file_segment(&file, UINT64_MAX, &segment));
	file.header.e_shoff = size - sizeof(section) + 1;
	ck_assert(!elf_file_section(&file, 0, &section));
	file.header.e_shoff = UINT64_MAX - 8;
	ck_assert(!elf_file_section(&file, 1, &section));
}
END_TEST

START_TEST(strings_end_within_their_table)
{
	static const char text[] = "ab\0cd";
	struct elf_file small = {.bytes = (const void *)text, .size_bytes = 5};

	ck_assert_str_eq(elf_file_string(&small, 0, 5, 0), "ab");
	ck_assert_str_eq(elf_file_string(&small, 0, UINT64_MAX, 1), "b");
	ck_assert_ptr_null(elf_file_string(&small, 0, UINT64_MAX, 3));
	ck_assert_ptr_null(elf_file_string(&small, 0, 2, 0));
	ck_assert_ptr_null(elf_file_string(&small, 0, 5, 5));
	ck_assert_ptr_null(elf_file_string(&small, 5, 5, 0));
	ck_assert_ptr_null(elf_file_string(&small, UINT64_MAX, 5, 0));
}
END_TEST

/* --- Headers that the loader gives ------------------------------------------------------ */

START_TEST(a_range_spans_all_loaded_segments)
{
	static const Elf64_Phdr headers[] = {
		{.p_type = PT_NOTE, .p_vaddr = 0, .p_memsz = 0x9000},
		{.p_type = PT_LOAD, .p_vaddr = 0x3000, .p_memsz = 0x1000},
		{.p_type = PT_LOAD, .p_vaddr = 0x1000, .p_memsz = 0x500}};
	uint64_t start, end;

	image_find_range(headers, 3, 0x10000, &start, &end);
	ck_assert_uint_eq(start, 0x11000);
	ck_assert_uint_eq(end, 0x14000);
	image_find_range(headers, 1, 0x10000, &start, &end);
	ck_assert_uint_eq(end, 0);
}
END_TEST

/* Of the first @size_bytes of @notes. */
static const unsigned char *find_id(const uint32_t *notes, size_t size_bytes, uint32_t *id_bytes)
{
	/* A copy whose end AddressSanitizer knows. */
	static unsigned char *copy;
	Elf64_Phdr header = {.p_type = PT_NOTE, .p_memsz = size_bytes};

	free(copy);
	copy = malloc(size_bytes ? size_bytes : 1);
	memcpy(copy, notes, size_bytes);
	return image_find_build_id(&header, 1, (uintptr_t)copy, id_bytes);
}

START_TEST(a_build_id_is_found_behind_other_notes)
{
	uint32_t notes[] = {4, 2, 7, 0x554e47, 0, 4, 3, NT_GNU_BUILD_ID, 0x554e47, 0x030201};
	uint32_t id_bytes;
	const unsigned char *id = find_id(notes, sizeof(notes) - 1, &id_bytes);

	ck_assert_ptr_nonnull(id);
	ck_assert_uint_eq(id_bytes, 3);
	ck_assert_mem_eq(id, "\1\2\3", 3);
	for (size_t size = 0; size < sizeof(notes) - 1; size++)
		ck_assert_ptr_null(find_id(notes, size, &id_bytes));
	for (size_t i = 0; i < ARRAY_LENGTH(notes) - 1; i++) {
		uint32_t kept = notes[i];

		notes[i] = UINT32_MAX;
		(void)find_id(notes, sizeof(notes), &id_bytes);
		notes[i] = INT32_MAX;
		(void)find_id(notes, sizeof(notes), &id_bytes);
		notes[i] = kept;
	}
}
END_TEST

START_TEST(a_note_is_told_by_owner_and_type)
{
	static const uint32_t notes[] = {4, 0, 7, 0x554e47, 6, 0, 1, 0x72616e73, 0x6c};
	Elf64_Phdr header = {.p_type = PT_NOTE, .p_memsz = sizeof(notes)};
	uint64_t bias = (uintptr_t)notes;

	ck_assert(image_has_note(&header, 1, bias, "snarl", 1));
	ck_assert(image_has_note(&header, 1, bias, "GNU", 7));
	ck_assert(!image_has_note(&header, 1, bias, "snarl", 7));
	ck_assert(!image_has_note(&header, 1, bias, "snar", 1));
	ck_assert(!image_has_note(&header, 0, bias, "snarl", 1));
	header.p_type = PT_LOAD;
	ck_assert(!image_has_note(&header, 1, bias, "snarl", 1));
}
END_TEST

/* --- Damage --------------------------------------------------------------------------- */

/* Reads everything, in a copy whose end AddressSanitizer knows. */
static void read_damaged(const unsigned char *bytes, size_t size_bytes)
{
	unsigned char *copy = malloc(size_bytes ? size_bytes : 1);
	struct elf_file damaged;
	struct image image;
	Elf64_Shdr table;
	uint64_t address;

	memcpy(copy, bytes, size_bytes);
	if (elf_file_open(&damaged, copy, size_bytes, &why)) {
		if (elf_file_find_section(&damaged, SHT_SYMTAB, &table))
			elf_file_each_symbol(&damaged, &table, find_main, &address);
		if (!image_from_file(&image, "", &damaged, &why))
			ck_assert_ptr_nonnull(why);
		(void)find_all(&image);
	} else {
		ck_assert_ptr_nonnull(why);
	}
	free(copy);
}

START_TEST(files_cut_anywhere_are_survived)
{
	for (size_t size = 0; size < mapped.size_bytes; size += size < 2048 ? 1 : 997)
		read_damaged(mapped.bytes, size);
}
END_TEST

/* In the ELF header, the program headers, and where the dynamic section is. */
START_TEST(hostile_numbers_are_survived)
{
	static const uint64_t numbers[] = {0,	       1,	  0xff,	      INT32_MAX,
					   UINT32_MAX, INT64_MAX, UINT64_MAX, UINT64_MAX - 7};
	const unsigned char *dynamic =
		image_bytes(&in_file, in_file.dynamic.address, in_file.dynamic.size_bytes);
	size_t places[] = {0, file.header.e_phoff, (size_t)(dynamic - mapped.bytes)};
	unsigned char *bytes = malloc(mapped.size_bytes);

	memcpy(bytes, mapped.bytes, mapped.size_bytes);
	for (size_t place = 0; place < ARRAY_LENGTH(places); place++) {
		for (size_t at = places[place]; at < places[place] + 512; at += 8) {
			const uint64_t *number = &numbers[(at / 8 + place) % ARRAY_LENGTH(numbers)];

			memcpy(bytes + at, number, 8);
			read_damaged(bytes, mapped.size_bytes);
			memcpy(bytes + at, mapped.bytes + at, 8);
			memcpy(bytes + at, number, 2);
			read_damaged(bytes, mapped.size_bytes);
			memcpy(bytes + at, mapped.bytes + at, 8);
		}
	}
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image");
	TCase *tests = tcase_create("image");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_file_and_what_was_loaded_of_it_agree);
	tcase_add_test(tests, imports_are_filled_with_what_they_name);
	tcase_add_test(tests, writable_and_read_only_data_are_told_apart);
	tcase_add_test(tests, needed_libraries_are_named);
	tcase_add_test(tests, symbols_have_names_and_addresses);
	tcase_add_test(tests, parts_outside_the_file_are_not_there);
	tcase_add_test(tests, strings_end_within_their_table);
	tcase_add_test(tests, a_range_spans_all_loaded_segments);
	tcase_add_test(tests, a_build_id_is_found_behind_other_notes);
	tcase_add_test(tests, a_note_is_told_by_owner_and_type);
	tcase_add_test(tests, files_cut_anywhere_are_survived);
	tcase_add_test(tests, hostile_numbers_are_survived);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

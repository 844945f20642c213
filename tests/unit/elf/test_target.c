#include <check.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "elf/target.h"

#define LOAD_ADDRESS 0x400000u

/* A small program file whose parts can be damaged one by one. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3]; /* loaded, interpreter, dynamic */
	Elf64_Dyn dynamic[4];	/* strings, needed, soname */
	Elf64_Shdr sections[3]; /* none, symbols, names */
	Elf64_Sym symbols[2];
	char loader[64];
	char names[128];
};

static struct file file;
static struct target target;

/* Adds a name to the string table; returns its offset. */
static uint32_t add_name(const char *name)
{
	uint32_t at = 1;

	while (file.names[at])
		at += (uint32_t)strlen(file.names + at) + 1;
	strcpy(file.names + at, name);
	return at;
}

static void set_up_segments(void)
{
	file.segments[0] = (Elf64_Phdr){.p_type = PT_LOAD,
					.p_vaddr = LOAD_ADDRESS,
					.p_filesz = sizeof(file),
					.p_memsz = sizeof(file)};
	file.segments[1] = (Elf64_Phdr){.p_type = PT_INTERP,
					.p_offset = offsetof(struct file, loader),
					.p_filesz = sizeof(file.loader)};
	file.segments[2] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
					.p_offset = offsetof(struct file, dynamic),
					.p_vaddr = LOAD_ADDRESS + offsetof(struct file, dynamic),
					.p_filesz = sizeof(file.dynamic),
					.p_memsz = sizeof(file.dynamic)};
	file.dynamic[0].d_tag = DT_STRTAB;
	file.dynamic[0].d_un.d_ptr = LOAD_ADDRESS + offsetof(struct file, names);
	file.dynamic[1].d_tag = DT_NEEDED;
	file.dynamic[1].d_un.d_val = add_name("libc.so.6");
	strcpy(file.loader, "/lib64/ld-linux-x86-64.so.2");
}

static void set_up_sections(void)
{
	file.sections[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
					.sh_offset = offsetof(struct file, symbols),
					.sh_size = sizeof(file.symbols),
					.sh_link = 2};
	file.sections[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
					.sh_offset = offsetof(struct file, names),
					.sh_size = sizeof(file.names)};
	file.symbols[1].st_name = add_name("main");
	file.symbols[1].st_shndx = 1;
}

static void set_up(void)
{
	memset(&file, 0, sizeof(file));
	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_type = ET_DYN;
	file.header.e_machine = EM_X86_64;
	file.header.e_phentsize = sizeof(Elf64_Phdr);
	file.header.e_phoff = offsetof(struct file, segments);
	file.header.e_phnum = 3;
	file.header.e_shoff = offsetof(struct file, sections);
	file.header.e_shnum = 3;
	set_up_segments();
	set_up_sections();
}

/* Inspects a copy whose end AddressSanitizer knows. */
static enum target_kind inspect_bytes(const void *bytes, size_t size_bytes)
{
	unsigned char *copy = malloc(size_bytes ? size_bytes : 1);

	memcpy(copy, bytes, size_bytes);
	target_inspect(copy, size_bytes, &target);
	free(copy);
	ck_assert_ptr_nonnull(memchr(target.detail, '\0', sizeof(target.detail)));
	return target.kind;
}

static enum target_kind inspect_file(void)
{
	return inspect_bytes(&file, sizeof(file));
}

static enum target_kind inspect_text(const char *text)
{
	return inspect_bytes(text, strlen(text));
}

START_TEST(a_dynamic_program_is_observable)
{
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
	ck_assert_ptr_null(target_reason(TARGET_OBSERVABLE));
}
END_TEST

START_TEST(no_loader_means_static)
{
	file.segments[1].p_type = PT_NULL;
	ck_assert_int_eq(inspect_file(), TARGET_STATIC);
	file.segments[2].p_type = PT_NULL;
	ck_assert_int_eq(inspect_file(), TARGET_STATIC);
}
END_TEST

START_TEST(the_loader_itself_preloads)
{
	file.segments[1].p_type = PT_NULL;
	file.dynamic[2].d_tag = DT_SONAME;
	file.dynamic[2].d_un.d_val = add_name("ld-linux-x86-64.so.2");
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
}
END_TEST

START_TEST(other_machines_and_widths_are_told)
{
	file.header.e_machine = EM_AARCH64;
	ck_assert_int_eq(inspect_file(), TARGET_OTHER_MACHINE);
	file.header.e_machine = EM_X86_64;
	file.header.e_ident[EI_DATA] = ELFDATA2MSB;
	ck_assert_int_eq(inspect_file(), TARGET_OTHER_MACHINE);
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	ck_assert_int_eq(inspect_file(), TARGET_32_BIT);
}
END_TEST

START_TEST(other_c_libraries_are_told_by_their_loader)
{
	strcpy(file.loader, "/lib/ld-musl-x86_64.so.1");
	ck_assert_int_eq(inspect_file(), TARGET_OTHER_LIBC);
	ck_assert_str_eq(target.detail, "/lib/ld-musl-x86_64.so.1");
	strcpy(file.loader, "/system/bin/linker64");
	ck_assert_int_eq(inspect_file(), TARGET_OTHER_LIBC);
	strcpy(file.loader, "/nix/ld-musl/store/ld-linux-x86-64.so.2");
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
}
END_TEST

START_TEST(sanitizer_libraries_are_told)
{
	static const char *const names[] = {"libasan.so.8",
					    "libtsan.so.2",
					    "liblsan.so.0",
					    "libhwasan.so.0",
					    "libclang_rt.asan-x86_64.so",
					    "libclang_rt.tsan_dyn.so"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		set_up();
		file.dynamic[2].d_tag = DT_NEEDED;
		file.dynamic[2].d_un.d_val = add_name(names[i]);
		ck_assert_int_eq(inspect_file(), TARGET_SANITIZED);
		ck_assert_str_eq(target.detail, names[i]);
	}
}
END_TEST

START_TEST(libraries_of_like_names_are_fine)
{
	static const char *const names[] = {"libubsan.so.1", "libasanything.so", "asan.so",
					    "libclang_rt.ubsan_standalone.so", "libts.so"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		set_up();
		file.dynamic[2].d_tag = DT_NEEDED;
		file.dynamic[2].d_un.d_val = add_name(names[i]);
		ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
	}
}
END_TEST

START_TEST(a_sanitizer_linked_in_is_told_by_its_symbols)
{
	file.symbols[1].st_name = add_name("__tsan_init");
	ck_assert_int_eq(inspect_file(), TARGET_SANITIZED);
	ck_assert_str_eq(target.detail, "__tsan_init");
	file.sections[1].sh_type = SHT_DYNSYM;
	ck_assert_int_eq(inspect_file(), TARGET_SANITIZED);
	file.symbols[1].st_shndx = SHN_UNDEF;
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
	file.symbols[1].st_shndx = 1;
	file.symbols[1].st_name = add_name("__tsan_initial");
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
}
END_TEST

START_TEST(a_name_that_its_table_cuts_short_is_none)
{
	uint32_t name = add_name("__tsan_init");
	const uint64_t end = name + sizeof("__tsan_init");

	file.symbols[1].st_name = name;
	file.sections[2].sh_size = end;
	ck_assert_int_eq(inspect_file(), TARGET_SANITIZED);
	file.sections[2].sh_size = end - 1;
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
	file.sections[2].sh_size = name;
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
	file.sections[2].sh_size = 0;
	ck_assert_int_eq(inspect_file(), TARGET_OBSERVABLE);
}
END_TEST

START_TEST(scripts_name_their_interpreter)
{
	ck_assert_int_eq(inspect_text("#!/bin/sh\necho"), TARGET_SCRIPT);
	ck_assert_str_eq(target.detail, "/bin/sh");
	ck_assert_int_eq(inspect_text("#! \t/usr/bin/env -S python3 -u\n"), TARGET_SCRIPT);
	ck_assert_str_eq(target.detail, "/usr/bin/env");
	ck_assert_int_eq(inspect_text("#!/bin/sh"), TARGET_SCRIPT);
	ck_assert_str_eq(target.detail, "/bin/sh");
}
END_TEST

START_TEST(other_texts_are_not_programs)
{
	char line[600];

	ck_assert_int_eq(inspect_text(""), TARGET_NOT_ELF);
	ck_assert_int_eq(inspect_text("#"), TARGET_NOT_ELF);
	ck_assert_int_eq(inspect_text("#!"), TARGET_NOT_ELF);
	ck_assert_int_eq(inspect_text("#!  \n"), TARGET_NOT_ELF);
	ck_assert_int_eq(inspect_text("\177EL"), TARGET_NOT_ELF);
	ck_assert_int_eq(inspect_text("echo"), TARGET_NOT_ELF);
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!", 2);
	ck_assert_int_eq(inspect_bytes(line, sizeof(line)), TARGET_NOT_ELF);
}
END_TEST

START_TEST(a_header_cut_off_is_damage)
{
	for (size_t size = SELFMAG; size < offsetof(struct file, dynamic); size++)
		ck_assert_int_eq(inspect_bytes(&file, size), TARGET_DAMAGED);
}
END_TEST

START_TEST(files_cut_anywhere_are_survived)
{
	for (size_t size = 0; size <= sizeof(file); size++)
		(void)inspect_bytes(&file, size);
}
END_TEST

START_TEST(a_loader_outside_the_file_is_damage)
{
	file.segments[1].p_offset = UINT64_MAX;
	ck_assert_int_eq(inspect_file(), TARGET_DAMAGED);
	file.segments[1].p_offset = sizeof(file);
	ck_assert_int_eq(inspect_file(), TARGET_DAMAGED);
}
END_TEST

START_TEST(segments_outside_the_file_are_damage)
{
	file.header.e_phoff = UINT64_MAX - 8;
	ck_assert_int_eq(inspect_file(), TARGET_DAMAGED);
	file.header.e_phoff = sizeof(file) - 8;
	ck_assert_int_eq(inspect_file(), TARGET_DAMAGED);
	file.header.e_phoff = offsetof(struct file, segments);
	file.header.e_phnum = UINT16_MAX;
	ck_assert_int_eq(inspect_file(), TARGET_DAMAGED);
	file.header.e_phnum = 0;
	ck_assert_int_eq(inspect_file(), TARGET_DAMAGED);
}
END_TEST

START_TEST(loaders_paths_of_any_length_are_survived)
{
	static struct {
		struct file file;
		char path[4096];
	} big;

	big.file = file;
	memset(big.path, 'x', sizeof(big.path) - 1);
	big.file.segments[1].p_offset = sizeof(file);
	ck_assert_int_eq(inspect_bytes(&big, sizeof(big)), TARGET_OBSERVABLE);
}
END_TEST

/* Replaces each 2, 4 or 8 bytes of the file by harmful numbers. */
START_TEST(hostile_numbers_are_survived)
{
	static const uint64_t numbers[] = {0,
					   1,
					   UINT64_MAX,
					   UINT64_MAX - 7,
					   INT64_MAX,
					   (uint64_t)1 << 63,
					   UINT32_MAX,
					   sizeof(struct file) - 1,
					   LOAD_ADDRESS + sizeof(struct file) - 1};

	file.symbols[1].st_name = add_name("__asan_init");
	for (size_t at = SELFMAG; at + 8 <= sizeof(file); at += 2) {
		for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
			struct file kept = file;

			memcpy((char *)&file + at, &numbers[i], 8);
			(void)inspect_file();
			file = kept;
			memcpy((char *)&file + at, &numbers[i], 2);
			(void)inspect_file();
			file = kept;
		}
	}
}
END_TEST

START_TEST(every_refusal_has_a_reason)
{
	for (int kind = TARGET_DAMAGED; kind <= TARGET_SANITIZED; kind++)
		ck_assert_ptr_nonnull(target_reason((enum target_kind)kind));
}
END_TEST

static void add_bad_input_tests(TCase *tests)
{
	tcase_add_test(tests, a_header_cut_off_is_damage);
	tcase_add_test(tests, files_cut_anywhere_are_survived);
	tcase_add_test(tests, a_loader_outside_the_file_is_damage);
	tcase_add_test(tests, segments_outside_the_file_are_damage);
	tcase_add_test(tests, loaders_paths_of_any_length_are_survived);
	tcase_add_test(tests, hostile_numbers_are_survived);
}

int main(void)
{
	Suite *suite = suite_create("target");
	TCase *tests = tcase_create("target");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, a_dynamic_program_is_observable);
	tcase_add_test(tests, no_loader_means_static);
	tcase_add_test(tests, the_loader_itself_preloads);
	tcase_add_test(tests, other_machines_and_widths_are_told);
	tcase_add_test(tests, other_c_libraries_are_told_by_their_loader);
	tcase_add_test(tests, sanitizer_libraries_are_told);
	tcase_add_test(tests, libraries_of_like_names_are_fine);
	tcase_add_test(tests, a_sanitizer_linked_in_is_told_by_its_symbols);
	tcase_add_test(tests, a_name_that_its_table_cuts_short_is_none);
	tcase_add_test(tests, scripts_name_their_interpreter);
	tcase_add_test(tests, other_texts_are_not_programs);
	tcase_add_test(tests, every_refusal_has_a_reason);
	add_bad_input_tests(tests);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

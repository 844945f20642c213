/*
 * Symbolizing this very program: its stacks are recorded and looked up again.
 */
#include <check.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdlib.h>

#include "reports/symbols/elf_image.h"
#include "reports/symbols/symbol_index.h"
#include "reports/types/data.h"
#include "../finding/results_image.h"

#define FRAMES_MAX 64

struct account {
	long balance;
	pthread_mutex_t lock;
};

static struct account accounts[4];
static pthread_mutex_t grid[2][3];
static pthread_mutex_t *local_lock;

static unsigned char *image;
static struct model model;
static struct symbolizer *symbolizer;
static int inner_line;
static int outer_line;

__attribute__((noinline)) static void record_stack(void)
{
	uint64_t caller = (uint64_t)(uintptr_t)__builtin_return_address(0);
	uint64_t frames[FRAMES_MAX];
	int count = backtrace((void **)frames, FRAMES_MAX);
	int first = 0;

	/* Without this function's own frame, and those of a sanitizer's backtrace(). */
	while (first < count && frames[first] != caller)
		first++;
	image_stack(image, 1, 1, frames + first, (uint32_t)(count - first));
}

/* Keeps a call from being the last thing that a function does. */
#define NO_TAIL_CALL() __asm__ volatile("")

__attribute__((always_inline)) static inline void inlined_function(void)
{
	inner_line = __LINE__ + 1;
	record_stack();
	NO_TAIL_CALL();
}

__attribute__((noinline)) static void outer_function(void)
{
	outer_line = __LINE__ + 1;
	inlined_function();
	NO_TAIL_CALL();
}

__attribute__((noinline)) static void use_local_lock(void)
{
	static pthread_mutex_t inside;

	local_lock = &inside;
}

/* Places with several names, of which one counts. */
__asm__(".pushsection .text\n"
	".weak weak_name, last_weak_name\n"
	".globl global_name, last_global_name\n"
	".type local_name, @function\n"
	".type weak_name, @function\n"
	".type global_name, @function\n"
	".type last_global_name, @function\n"
	".type last_weak_name, @function\n"
	".balign 16\n"
	"local_name: weak_name: global_name: last_global_name: last_weak_name:\n"
	"	ret\n"
	"	.fill 15, 1, 0x90\n"
	".size local_name, 16\n"
	".size weak_name, 16\n"
	".size global_name, 16\n"
	".size last_global_name, 8\n"
	".size last_weak_name, 16\n"
	".popsection\n");

static void set_up(void)
{
	image = image_new();
	image_process(image, 1, 0, PROCESS_STARTED, "./prog");
	image_own_modules(image, 1);
	outer_function();
	use_local_lock();
	model_init(&model);
	ck_assert_int_eq(model_read_image(&model, "test", image, IMAGE_BYTES), 0);
	model_finish(&model);
	symbolizer = symbolizer_new(&model.pool);
}

static void tear_down(void)
{
	symbolizer_free(symbolizer);
	model_free(&model);
	free(image);
}

static const struct source_frame *find_frame(size_t index)
{
	const struct source_stack *stack = symbolize_stack(symbolizer, model.processes[0], 1);

	ck_assert_ptr_nonnull(stack);
	ck_assert_uint_gt(stack->frame_count, index);
	return &stack->frames[index];
}

static const char *symbol_name(const void *address)
{
	return data_name(symbolizer, model.processes[0], (uint64_t)(uintptr_t)address);
}

START_TEST(an_inlined_call_has_a_frame_of_its_own)
{
	ck_assert_str_eq(find_frame(0)->function, "inlined_function");
	ck_assert(find_frame(0)->is_inlined);
	ck_assert_uint_eq(find_frame(0)->line, (unsigned)inner_line);
}
END_TEST

START_TEST(its_caller_stands_at_the_line_of_the_call)
{
	ck_assert_str_eq(find_frame(1)->function, "outer_function");
	ck_assert(!find_frame(1)->is_inlined);
	ck_assert_uint_eq(find_frame(1)->line, (unsigned)outer_line);
	ck_assert_ptr_nonnull(strstr(find_frame(1)->file, "test_symbols.c"));
}
END_TEST

START_TEST(its_path_is_kept_beside_the_file_as_it_was_compiled)
{
	const struct source_frame *frame = find_frame(1);
	struct source_frame moved = *frame;

	ck_assert_ptr_nonnull(frame->path);
	ck_assert_int_eq(frame->path[0], '/');
	ck_assert_str_eq(strrchr(frame->path, '/'), "/test_symbols.c");
	/* It is not made anew for each question. */
	ck_assert_ptr_eq(source_frame_path(&model.pool, frame), frame->path);
	moved.path = NULL;
	ck_assert_str_eq(source_frame_path(&model.pool, &moved), frame->path);
}
END_TEST

START_TEST(return_addresses_are_looked_up_in_the_call)
{
	ck_assert_str_eq(find_frame(2)->function, "set_up");
}
END_TEST

START_TEST(start_up_code_is_not_visible)
{
	const struct source_stack *stack = symbolize_stack(symbolizer, model.processes[0], 1);

	ck_assert_uint_lt(stack->visible_count, stack->frame_count);
	ck_assert_str_eq(stack->frames[stack->visible_count - 1].function, "main");
}
END_TEST

START_TEST(variables_are_named_with_element_and_field)
{
	ck_assert_str_eq(symbol_name(&accounts[2].lock), "test_symbols.c:accounts[2].lock");
	ck_assert_str_eq(symbol_name(&grid[1][2]), "test_symbols.c:grid[1][2]");
}
END_TEST

START_TEST(static_variables_of_functions_name_the_function)
{
	ck_assert_str_eq(symbol_name(local_lock), "test_symbols.c:use_local_lock::inside");
}
END_TEST

START_TEST(heap_addresses_have_no_name)
{
	void *block = calloc(1, 8);

	ck_assert_ptr_null(symbol_name(block));
	free(block);
}
END_TEST

START_TEST(an_image_with_another_build_id_is_not_used)
{
	struct elf_image *other = elf_image_open(&model.pool, "/proc/self/exe", "0123456789abcdef");
	uint64_t distance;

	ck_assert_ptr_null(elf_image_symbol(other, find_frame(1)->offset, true, &distance));
	ck_assert(other->has_changed);
	elf_image_close(other);
}
END_TEST

START_TEST(the_unwind_table_knows_where_functions_start)
{
	struct elf_image *self =
		elf_image_open(&model.pool, find_frame(1)->module_path, find_frame(1)->build_id);
	uint64_t start;

	ck_assert(elf_image_function_start(self, find_frame(1)->offset, &start));
	ck_assert_uint_eq(start, find_frame(1)->function_start);
	elf_image_close(self);
}
END_TEST

START_TEST(symbols_are_those_that_libdw_finds)
{
	struct elf_image *self = symbolizer_image(
		symbolizer, &(struct model_module){.path = "/proc/self/exe", .build_id = ""});
	const struct symbol_index *index = symbol_index_new(&model.pool, self->module);
	uint64_t middle = find_frame(1)->offset;

	for (uint64_t address = middle - 8192; address < middle + 8192; address += 8) {
		const struct indexed_symbol *found = symbol_index_find(index, address);
		GElf_Off distance;
		GElf_Sym symbol;
		const char *name = dwfl_module_addrinfo(self->module, address, &distance, &symbol,
							NULL, NULL, NULL);

		ck_assert_str_eq(found ? found->name : "", name ? name : "");
		ck_assert(!found || found->start == address - distance);
	}
}
END_TEST

START_TEST(names_of_other_languages_are_demangled)
{
	ck_assert_str_eq(demangle_name(&model.pool, "_ZN4bank8transferEii"),
			 "bank::transfer(int, int)");
	ck_assert_str_eq(
		demangle_name(&model.pool, "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE"),
		"core::fmt::Write::write_fmt");
	ck_assert_str_eq(demangle_name(&model.pool, "_RNvC7mycrate4main"), "mycrate::main");
	ck_assert_str_eq(demangle_name(&model.pool, "_start"), "_start");
}
END_TEST

START_TEST(the_code_of_the_system_is_in_its_libraries_and_headers)
{
	const struct source_frame own[] = {
		{.module_path = "/home/me/bank", .file = "bank.c", .line = 3},
		{.module_path = "/home/me/libbank.so", .function = "pay"},
		{.module_path = "/usr/sbin/server", .function = "serve"},
		{.module_path = "/usr/sbin/server", .file = "./server.c", .line = 3},
	};
	const struct source_frame of_system[] = {
		{.function = "pay"},
		{.module_path = "/lib/x86_64-linux-gnu/libc.so.6", .file = "wait.c", .line = 3},
		{.module_path = "/usr/lib/libstdc++.so.6", .function = "join"},
		{.module_path = "/home/me/bank", .file = "/usr/include/bits/stdio.h", .line = 3},
		{.module_path = "/usr/sbin/server", .function = "std::thread::join()"},
		{.module_path = "/home/me/bank",
		 .file = "mod.rs",
		 .directory = "/rustc/0123",
		 .line = 3},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(own); i++)
		ck_assert_msg(!source_frame_is_system(&own[i]), "%zu", i);
	for (size_t i = 0; i < ARRAY_LENGTH(of_system); i++)
		ck_assert_msg(source_frame_is_system(&of_system[i]), "%zu", i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_symbols");
	TCase *tests = tcase_create("report_symbols");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_inlined_call_has_a_frame_of_its_own);
	tcase_add_test(tests, its_caller_stands_at_the_line_of_the_call);
	tcase_add_test(tests, its_path_is_kept_beside_the_file_as_it_was_compiled);
	tcase_add_test(tests, return_addresses_are_looked_up_in_the_call);
	tcase_add_test(tests, start_up_code_is_not_visible);
	tcase_add_test(tests, variables_are_named_with_element_and_field);
	tcase_add_test(tests, static_variables_of_functions_name_the_function);
	tcase_add_test(tests, heap_addresses_have_no_name);
	tcase_add_test(tests, an_image_with_another_build_id_is_not_used);
	tcase_add_test(tests, the_unwind_table_knows_where_functions_start);
	tcase_add_test(tests, symbols_are_those_that_libdw_finds);
	tcase_add_test(tests, names_of_other_languages_are_demangled);
	tcase_add_test(tests, the_code_of_the_system_is_in_its_libraries_and_headers);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

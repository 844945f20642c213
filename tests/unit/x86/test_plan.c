#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "x86/decode/decode.h"
#include "x86/survey/function.h"
#include "elf/image.h"
#include "x86/survey/module.h"
#include "x86/plan.h"

/* Files to plan: this program, and libraries that every system has. */
static const char *const files[] = {
	"/proc/self/exe",
	"/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/x86_64-linux-gnu/libm.so.6",
	"/lib64/ld-linux-x86-64.so.2",
};

static struct decoder decoder;
static unsigned char *bytes;
static size_t size_bytes;
static struct image image;
static struct plan *plan;

static void read_file(const char *path)
{
	int descriptor = open(path, O_RDONLY);
	struct stat facts;

	ck_assert_int_ge(descriptor, 0);
	ck_assert_int_eq(fstat(descriptor, &facts), 0);
	size_bytes = (size_t)facts.st_size;
	/* A private copy, to be damaged. */
	bytes = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
	ck_assert_ptr_ne(bytes, MAP_FAILED);
	close(descriptor);
}

static void *place_clones(void *context, size_t clone_bytes, uint64_t *address)
{
	(void)context;
	*address = image.text_address + 0x10000000;
	return malloc(clone_bytes);
}

static const char *make_plan_by(size_t given_bytes, struct plan_options options)
{
	static struct arena arena;
	struct elf_file file;
	const char *why = NULL;

	plan = NULL;
	if (!elf_file_open(&file, bytes, given_bytes, &why) ||
	    !image_from_file(&image, "file", &file, &why))
		return why;
	ck_assert(decoder_init_linked(&decoder));
	arena_init(&arena, pages_from_kernel);
	plan = plan_make(&decoder, &image, &options, &arena, &why);
	ck_assert((plan != NULL) == (why == NULL));
	return why;
}

static const char *make_plan(size_t given_bytes, bool forgets)
{
	return make_plan_by(given_bytes, (struct plan_options){.first_site = 1,
							       .place = place_clones,
							       .keeps_instructions = true,
							       .forget_targets = forgets});
}

/* --- The safe rule ------------------------------------------------------------------- */

/* Bytes of the text: what patches do to them, and what has been walked. */
enum { FIRST = 1, INSIDE = 2, WALKED = 4 };
static unsigned char *state;

static void note_patches(void)
{
	state = calloc(image.text_bytes + 16u, 1);
	for (uint32_t i = 0; i < plan->patch_count; i++) {
		const struct plan_patch *patch = &plan->patches[i];

		for (unsigned j = 0; j < patch->length; j++) {
			ck_assert_uint_eq(state[patch->offset + j], 0);
			state[patch->offset + j] = j == 0 ? FIRST : INSIDE;
		}
	}
}

static bool is_patched(uint32_t offset)
{
	return state[offset] & FIRST;
}

static const struct function *find_function(int64_t offset)
{
	struct module module = {.functions = (struct function *)(uintptr_t)plan->functions,
				.function_count = plan->function_count};

	return module_find(&module, offset);
}

/* Walks what the original still runs from instruction @index on. */
static void walk_plan(const struct function *function, uint32_t index)
{
	for (; index < function->count; index++) {
		const struct instruction *instruction = &function->instructions[index];
		const struct function *to;
		uint32_t offset = instruction->offset;

		if (is_patched(offset) || state[offset] & WALKED)
			return;
		state[offset] |= WALKED;
		for (unsigned i = 0; i < instruction->length; i++)
			ck_assert_msg(!(state[offset + i] & (FIRST | INSIDE)),
				      "%#x is overwritten, and runs", offset + i);
		if (instruction->kind == INSTRUCTION_BRANCH ||
		    instruction->kind == INSTRUCTION_BRANCH_IF ||
		    instruction->kind == INSTRUCTION_LOOP) {
			to = find_function(instruction->target);
			if (to && to->is_usable)
				walk_plan(to, function_find(to, (uint32_t)instruction->target));
		}
		if (instruction->kind != INSTRUCTION_PLAIN &&
		    instruction->kind != INSTRUCTION_BRANCH_IF &&
		    instruction->kind != INSTRUCTION_LOOP)
			return;
	}
}

static bool is_root(const struct function *function, uint32_t index)
{
	return function->reach[index] & (REACH_ENTRY | REACH_ANCHOR) ||
	       function->has_unknown_targets || !function->patch_count;
}

static void check_safe_rule(void)
{
	note_patches();
	for (uint32_t i = 0; i < plan->function_count; i++) {
		const struct function *function = &plan->functions[i];

		for (uint32_t j = 0; function->is_usable && j < function->count; j++)
			if (is_root(function, j))
				walk_plan(function, j);
		for (uint32_t j = function->start; !function->is_usable && j < function->end; j++)
			ck_assert_uint_eq(state[j], 0);
	}
	free(state);
}

START_TEST(no_byte_is_overwritten_that_still_runs)
{
	const char *why;

	read_file(files[_i / 2]);
	why = make_plan(size_bytes, _i % 2);
	ck_assert_msg(plan != NULL, "%s", why);
	ck_assert_uint_gt(plan->patch_count, 0);
	check_safe_rule();
}
END_TEST

/* Entries of a text, as a plan without --forget-targets finds them. */
static unsigned char *find_entries(void)
{
	unsigned char *entries = calloc(image.text_bytes, 1);

	for (uint32_t i = 0; i < plan->function_count; i++)
		for (uint32_t j = 0; plan->functions[i].is_usable && j < plan->functions[i].count;
		     j++)
			entries[plan->functions[i].instructions[j].offset] =
				plan->functions[i].reach[j] & REACH_ENTRY;
	return entries;
}

START_TEST(targets_that_were_forgotten_can_be_run)
{
	unsigned char *entries;

	read_file(files[_i]);
	make_plan(size_bytes, false);
	entries = find_entries();
	make_plan(size_bytes, true);
	note_patches();
	for (uint32_t i = 0; i < plan->function_count; i++) {
		const struct function *function = &plan->functions[i];

		for (uint32_t j = 0; function->is_usable && j < function->count; j++)
			if (entries[function->instructions[j].offset])
				walk_plan(function, j);
	}
	free(state);
	free(entries);
}
END_TEST

START_TEST(patches_jump_to_clones_or_islands)
{
	read_file(files[_i]);
	make_plan(size_bytes, false);
	for (uint32_t i = 0; i < plan->patch_count; i++) {
		const struct plan_patch *patch = &plan->patches[i];
		uint64_t after = image.text_address + patch->offset + patch->length;
		int32_t distance;

		if (patch->length == 2) {
			ck_assert_uint_eq(patch->bytes[0], 0xeb);
			/* The row before is its island. */
			ck_assert_uint_eq(plan->patches[i - 1].offset,
					  patch->offset + 2 + (int8_t)patch->bytes[1]);
			continue;
		}
		ck_assert_uint_eq(patch->length, 5);
		ck_assert_uint_eq(patch->bytes[0], 0xe9);
		memcpy(&distance, patch->bytes + 1, sizeof(distance));
		ck_assert_uint_lt(after + (uint64_t)(int64_t)distance - plan->clone_address,
				  plan->clone_bytes);
	}
}
END_TEST

START_TEST(counts_add_up)
{
	const struct plan_statistics *counts;

	read_file(files[_i]);
	make_plan(size_bytes, false);
	counts = &plan->statistics;
	ck_assert_uint_eq(counts->functions, plan->function_count);
	ck_assert_uint_eq(counts->functions, counts->cloned + counts->without_accesses +
						     counts->undecodable + counts->conflicting);
	ck_assert_uint_le(counts->checked + counts->on_stack + counts->read_only +
				  counts->thread_local_ + counts->unchecked,
			  counts->accesses);
}
END_TEST

/* --- Files that are none --------------------------------------------------------------- */

START_TEST(file_cut_short_is_refused_with_a_reason)
{
	static const size_t sizes[] = {0, 3, 4, 40, 64, 200, 4096, 50000};

	read_file(files[0]);
	ck_assert_uint_gt(size_bytes, sizes[_i]);
	ck_assert_ptr_nonnull(make_plan(sizes[_i], false));
}
END_TEST

START_TEST(file_of_another_kind_is_refused_with_a_reason)
{
	read_file(files[0]);
	bytes[18] = 0xb7; /* AArch64 */
	ck_assert_str_eq(make_plan(size_bytes, false), "it is not for x86-64");
	bytes[0] = 'M';
	ck_assert_str_eq(make_plan(size_bytes, false), "it is not an ELF file");
}
END_TEST

START_TEST(damaged_file_does_no_harm)
{
	uint64_t header, dynamic;

	read_file(files[0]);
	ck_assert_ptr_null(make_plan(size_bytes, false));
	header = (uint64_t)(image_bytes(&image, image.unwind_header, 16) - bytes);
	dynamic = (uint64_t)(image_bytes(&image, image.dynamic.address, 16) - bytes);
	srand((unsigned)_i);
	for (int i = 0; i < 12; i++) {
		uint64_t places[] = {0, 64, header, dynamic, header + 2048};

		bytes[places[i % 5] + (unsigned)rand() % 512] = (unsigned char)rand();
	}
	for (int i = 0; i < 40; i++)
		bytes[(header + (unsigned)rand() % 60000) % size_bytes] ^= (unsigned char)rand();
	make_plan(size_bytes, false);
}
END_TEST

/* --- Atomics alone --------------------------------------------------------------------- */

extern const char __ehdr_start[];

#ifdef __clang__
#define AS_WRITTEN __attribute__((noinline, aligned(16)))
#else
#define AS_WRITTEN __attribute__((noipa, aligned(16)))
#endif

static AS_WRITTEN int wake(void)
{
	static volatile int count;

	return ++count;
}

/* Calls that are followed by something are no jumps. */
static AS_WRITTEN int unlock_locked(long *word)
{
	__atomic_fetch_sub(word, 1, __ATOMIC_RELEASE);
	return wake() + 1;
}

static AS_WRITTEN int unlock_by_move(long *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
	return wake() + 1;
}

static AS_WRITTEN long load_by_move(const long *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static AS_WRITTEN int wake_twice(void)
{
	return wake() + wake();
}

/* Too long to be a part of a lock. */
static AS_WRITTEN int fill(long *words)
{
	for (int i = 0; i < 8; i++) {
		words[i] = wake();
		words[i + 8] = words[i] * 3 + words[7 - i];
		words[i + 16] = words[i] * 5 + words[8 - i] + wake();
	}
	return wake() + 1;
}

/* The same, which hands over by moves and a fence. */
static AS_WRITTEN int fill_fenced(long *words)
{
	int result = fill(words + 1);

	for (int i = 0; i < 8; i++)
		words[i] = words[i + 8] * 3 + words[7 - i];
	words[0] = 1;
	__asm__ volatile("mfence" : : : "memory");
	return words[1] ? wake() + result : wake() + 1;
}

#define GIANT_STORES 5000

static AS_WRITTEN void store_often(long *word)
{
	__asm__ volatile(".rept %c1\n\tmovl $1, (%0)\n\t.endr\n\tlock incl (%0)\n\t"
			 ".rept %c1\n\tmovl $1, (%0)\n\t.endr"
			 :
			 : "r"(word), "i"(GIANT_STORES)
			 : "memory", "cc");
}

static bool is_copied(uintptr_t address)
{
	uint64_t place = address - (uintptr_t)__ehdr_start + image.segments[0].start;
	const struct function *function = find_function((int64_t)(place - image.text_address));

	ck_assert_ptr_nonnull(function);
	return function->patch_count;
}

START_TEST(of_atomics_alone_parts_of_locks_are_copied)
{
	read_file(files[0]);
	make_plan_by(size_bytes, (struct plan_options){.first_site = 1,
						       .place = place_clones,
						       .keeps_instructions = true,
						       .only_atomics = true});
	ck_assert(is_copied((uintptr_t)unlock_locked));
	ck_assert(is_copied((uintptr_t)unlock_by_move));
	ck_assert(is_copied((uintptr_t)load_by_move));
	ck_assert(!is_copied((uintptr_t)wake_twice));
	ck_assert(!is_copied((uintptr_t)fill));
	ck_assert(is_copied((uintptr_t)fill_fenced));
}
END_TEST

START_TEST(of_giants_what_is_near_atomics_is_checked)
{
	const struct function *function;
	uint32_t count = 0;
	uintptr_t place;

	read_file(files[0]);
	make_plan_by(size_bytes, (struct plan_options){.first_site = 1,
						       .place = place_clones,
						       .keeps_instructions = true,
						       .only_atomics = true});
	place = (uintptr_t)store_often - (uintptr_t)__ehdr_start + image.segments[0].start;
	function = find_function((int64_t)(place - image.text_address));
	ck_assert_ptr_nonnull(function);
	for (uint32_t i = 0; i < plan->site_count; i++)
		count += plan->sites[i].offset >= function->start &&
			 plan->sites[i].offset < function->end;
	ck_assert_uint_gt(count, 100);
	ck_assert_uint_lt(count, 300);
}
END_TEST

START_TEST(of_what_has_no_atomics_nothing_is_copied)
{
	read_file("/lib/x86_64-linux-gnu/libm.so.6");
	make_plan_by(size_bytes, (struct plan_options){.first_site = 1,
						       .place = place_clones,
						       .keeps_instructions = true,
						       .only_atomics = true});
	ck_assert_uint_gt(plan->function_count, 100);
	ck_assert_uint_eq(plan->statistics.atomics, 0);
	ck_assert_uint_eq(plan->patch_count, 0);
	ck_assert_uint_eq(plan->site_count, 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");
	int count = (int)(sizeof(files) / sizeof(files[0]));

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, no_byte_is_overwritten_that_still_runs, 0, 2 * count);
	tcase_add_loop_test(tests, targets_that_were_forgotten_can_be_run, 0, count);
	tcase_add_loop_test(tests, patches_jump_to_clones_or_islands, 0, count);
	tcase_add_loop_test(tests, counts_add_up, 0, count);
	tcase_add_loop_test(tests, file_cut_short_is_refused_with_a_reason, 0, 8);
	tcase_add_test(tests, file_of_another_kind_is_refused_with_a_reason);
	tcase_add_test(tests, of_atomics_alone_parts_of_locks_are_copied);
	tcase_add_test(tests, of_giants_what_is_near_atomics_is_checked);
	tcase_add_test(tests, of_what_has_no_atomics_nothing_is_copied);
	tcase_add_loop_test(tests, damaged_file_does_no_harm, 0, 40);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#include <check.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/image.h"
#include "elf/mapped_file.h"
#include "x86/cache/plan_file.h"
#include "x86/decode/decode.h"

#define LIBRARY "/lib/x86_64-linux-gnu/libm.so.6"
#define PLACE_BYTES ((size_t)64 << 20)

static struct decoder decoder;
static struct image image;
static struct arena arena;
static struct plan_key key;
static int file;

/* --- Memory of one reading ------------------------------------------------------------ */

#define BLOCKS_MOST 256

static struct block {
	void *start;
	size_t size_bytes;
} blocks[BLOCKS_MOST];
static unsigned block_count;

static void *take_pages(size_t size_bytes)
{
	ck_assert_uint_lt(block_count, BLOCKS_MOST);
	blocks[block_count] = (struct block){pages_from_kernel(size_bytes), size_bytes};
	return blocks[block_count++].start;
}

static void begin_memory(void)
{
	while (block_count) {
		block_count--;
		munmap(blocks[block_count].start, blocks[block_count].size_bytes);
	}
	arena_init(&arena, take_pages);
}

/* --- Places ------------------------------------------------------------------------------ */

struct place {
	unsigned char *memory;
	uint64_t distance; /* from the text */
	uint64_t wanted;   /* what the last call asked for */
};

static struct place here = {.distance = 0x10000000}, there = {.distance = 0x23450000}, elsewhere;

static void *place_clones(void *context, size_t size_bytes, uint64_t *address)
{
	struct place *place = context;

	ck_assert_uint_le(size_bytes, PLACE_BYTES);
	if (!place->memory)
		place->memory = mmap(NULL, PLACE_BYTES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	place->wanted = *address;
	*address = image.text_address + place->distance;
	return place->memory;
}

static struct plan_options options_here(void)
{
	return (struct plan_options){
		.current_tls = -8,
		.shared_tls = -16,
		.ahead_tls = -24,
		.first_site = 1,
		.place = place_clones,
		.context = &here,
	};
}

static struct plan_options options_there(void)
{
	struct plan_options options = options_here();

	options.current_tls = -1000;
	options.shared_tls = -520;
	options.ahead_tls = -528;
	options.first_site = 70000;
	options.context = &there;
	memset(&options.thunks, 0x5a, sizeof(options.thunks));
	return options;
}

/* --- Modules ----------------------------------------------------------------------------- */

static void open_library(void)
{
	static struct mapped_file mapped;
	struct elf_file elf;
	const char *why;

	ck_assert_int_eq(mapped_file_open(&mapped, LIBRARY), 0);
	ck_assert(elf_file_open(&elf, mapped.bytes, mapped.size_bytes, &why));
	ck_assert(image_from_file(&image, "", &elf, &why));
}

static int open_loaded(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *why;

	(void)size;
	return strstr(info->dlpi_name, context) &&
	       image_from_memory(&image, "", info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr,
				 &why);
}

/* The kernel's own library, in each process: so small that each of its bytes can be tried. */
static void open_small(void)
{
	ck_assert(dl_iterate_phdr(open_loaded, (void *)(uintptr_t) "linux-vdso"));
}

static struct plan *make_plan(const struct plan_options *options)
{
	struct plan *plan;
	const char *why = "";

	begin_memory();
	ck_assert(decoder_init_linked(&decoder));
	plan = plan_make(&decoder, &image, options, &arena, &why);
	ck_assert_msg(plan != NULL, "%s", why);
	ck_assert_uint_gt(plan->patch_count, 0);
	return plan;
}

/* --- Files ------------------------------------------------------------------------------- */

static size_t write_file(const struct plan *plan, const struct plan_options *options)
{
	file = memfd_create("plan", 0);
	ck_assert_int_ge(file, 0);
	plan_key_make(&key, &decoder, &image, options);
	ck_assert(plan_file_write(file, &key, plan, &image, options));
	return plan_file_bytes(plan);
}

/* Tests run twice, as files may be mapped or not. */
static bool is_mapped;

static struct plan *read_file(size_t size_bytes, const struct plan_options *options)
{
	struct plan_source source = {file, size_bytes, is_mapped, false};

	return plan_file_read(&source, &key, &image, options, &arena);
}

static void assert_refused(size_t size_bytes, const struct plan_options *options)
{
	begin_memory();
	ck_assert_ptr_null(read_file(size_bytes, options));
}

static void flip(size_t at)
{
	unsigned char byte;

	ck_assert_int_eq(pread(file, &byte, 1, (off_t)at), 1);
	byte ^= 1u << at % 8;
	ck_assert_int_eq(pwrite(file, &byte, 1, (off_t)at), 1);
}

/* --- What is read is what was written ----------------------------------------------------- */

START_TEST(plan_that_is_read_is_the_one_that_was_written)
{
	struct plan_options options = options_here();
	struct plan *plan, *kept;
	struct stat facts;
	size_t size_bytes;

	open_library();
	is_mapped = _i;
	plan = make_plan(&options);
	size_bytes = write_file(plan, &options);
	ck_assert_int_eq(fstat(file, &facts), 0);
	ck_assert_uint_eq((size_t)facts.st_size, size_bytes);
	options.context = &there;
	there.distance = here.distance;
	kept = read_file(size_bytes, &options);
	ck_assert_ptr_nonnull(kept);
	ck_assert(plan_file_is_same(kept, plan));
	ck_assert_mem_eq(&kept->statistics, &plan->statistics, sizeof(plan->statistics));
}
END_TEST

START_TEST(plan_moves_to_where_another_process_has_it)
{
	struct plan_options options = options_here(), others = options_there();
	struct plan *wanted, *kept;
	size_t size_bytes;

	open_library();
	is_mapped = _i;
	size_bytes = write_file(make_plan(&options), &options);
	wanted = make_plan(&others);
	others.context = &here;
	here.distance = there.distance;
	kept = read_file(size_bytes, &others);
	ck_assert_ptr_nonnull(kept);
	ck_assert(plan_file_is_same(kept, wanted));
	ck_assert_uint_eq(kept->clone_bytes, wanted->clone_bytes);
	ck_assert_mem_eq(kept->clone, wanted->clone, wanted->clone_bytes);
}
END_TEST

START_TEST(clones_stay_as_they_are_in_the_file_where_it_asks_for)
{
	struct plan_options options = options_here(), others;
	struct plan *plan, *kept;
	size_t size_bytes;

	open_library();
	is_mapped = _i;
	plan = make_plan(&options);
	size_bytes = write_file(plan, &options);
	others = options;
	others.places_pages = true;
	others.context = &there;
	there.distance = here.distance;
	kept = read_file(size_bytes, &others);
	ck_assert_ptr_nonnull(kept);
	ck_assert_uint_eq(there.wanted, plan->clone_address);
	ck_assert_mem_eq(kept->clone, plan->clone, plan->clone_bytes);
	ck_assert_int_eq(mprotect(kept->clone, kept->clone_bytes, PROT_READ | PROT_WRITE), 0);
	/* What one process does with its clones is not in the file. */
	kept->clone[kept->clone_bytes - 1] ^= 1;
	others.context = &elsewhere;
	elsewhere.distance = here.distance;
	kept = read_file(size_bytes, &others);
	ck_assert_ptr_nonnull(kept);
	ck_assert_mem_eq(kept->clone, plan->clone, plan->clone_bytes);
}
END_TEST

START_TEST(clones_that_are_mapped_move)
{
	struct plan_options options = options_here(), others = options_there();
	struct plan *wanted, *kept;
	size_t size_bytes;

	open_library();
	is_mapped = _i;
	size_bytes = write_file(make_plan(&options), &options);
	wanted = make_plan(&others);
	others.places_pages = true;
	others.context = &here;
	here.distance = there.distance;
	kept = read_file(size_bytes, &others);
	ck_assert_ptr_nonnull(kept);
	ck_assert(plan_file_is_same(kept, wanted));
	ck_assert_mem_eq(kept->clone, wanted->clone, wanted->clone_bytes);
}
END_TEST

START_TEST(plans_of_other_options_are_not_the_same)
{
	struct plan_options options = options_here(), others = options;
	struct plan *plan, *forgetful;
	const char *why;

	open_library();
	plan = make_plan(&options);
	others.forget_targets = true;
	others.context = &there;
	forgetful = plan_make(&decoder, &image, &others, &arena, &why);
	ck_assert_ptr_nonnull(forgetful);
	ck_assert(plan_file_is_same(plan, plan));
	ck_assert(!plan_file_is_same(plan, forgetful));
}
END_TEST

START_TEST(plan_out_of_reach_is_refused)
{
	struct plan_options options = options_here();
	size_t size_bytes;

	open_library();
	is_mapped = _i;
	size_bytes = write_file(make_plan(&options), &options);
	here.distance = 0x7ffff000;
	assert_refused(size_bytes, &options);
}
END_TEST

/* --- Damage ------------------------------------------------------------------------------- */

START_TEST(each_flipped_byte_is_refused)
{
	struct plan_options options = options_here();
	size_t size_bytes;

	open_small();
	is_mapped = _i;
	size_bytes = write_file(make_plan(&options), &options);
	for (size_t at = 0; at < size_bytes; at++) {
		flip(at);
		assert_refused(size_bytes, &options);
		flip(at);
	}
	begin_memory();
	ck_assert_ptr_nonnull(read_file(size_bytes, &options));
}
END_TEST

START_TEST(each_other_length_is_refused)
{
	struct plan_options options = options_here();
	size_t size_bytes;

	open_small();
	is_mapped = _i;
	size_bytes = write_file(make_plan(&options), &options);
	assert_refused(size_bytes + 1, &options);
	for (size_t length = size_bytes; length-- > 0;) {
		ck_assert_int_eq(ftruncate(file, (off_t)length), 0);
		assert_refused(length, &options);
		/* Cut short once its length was known.  In its last page a mapped file goes on
		 * with zeros, which may be what it had there. */
		if (!is_mapped || length % 4096 == 0)
			assert_refused(size_bytes, &options);
	}
}
END_TEST

/* --- Keys --------------------------------------------------------------------------------- */

static bool is_key(const struct plan_key *other)
{
	return memcmp(&key, other, sizeof(key)) == 0;
}

START_TEST(another_key_is_refused)
{
	struct plan_options options = options_here();
	size_t size_bytes;

	open_small();
	is_mapped = _i;
	size_bytes = write_file(make_plan(&options), &options);
	key.words[1]++;
	assert_refused(size_bytes, &options);
}
END_TEST

START_TEST(key_is_the_same_in_the_file_and_in_memory)
{
	struct plan_options options = options_here(), others = options_there();
	struct plan_key loaded;

	ck_assert(decoder_init_linked(&decoder));
	open_library();
	plan_key_make(&key, &decoder, &image, &options);
	ck_assert(dl_iterate_phdr(open_loaded, (void *)(uintptr_t) "libm.so"));
	plan_key_make(&loaded, &decoder, &image, &others);
	ck_assert(is_key(&loaded));
}
END_TEST

START_TEST(key_changes_with_what_a_plan_rests_on)
{
	struct plan_options options = options_here(), others = options;
	struct decoder newer;
	struct image moved;
	struct plan_key other;
	unsigned char *text;

	ck_assert(decoder_init_linked(&decoder));
	open_library();
	plan_key_make(&key, &decoder, &image, &options);
	others.only_atomics = true;
	plan_key_make(&other, &decoder, &image, &others);
	ck_assert(!is_key(&other));
	others = options;
	others.forget_targets = true;
	plan_key_make(&other, &decoder, &image, &others);
	ck_assert(!is_key(&other));
	newer = decoder;
	newer.version++;
	plan_key_make(&other, &newer, &image, &options);
	ck_assert(!is_key(&other));
	moved = image;
	moved.relro_end += 4096;
	plan_key_make(&other, &decoder, &moved, &options);
	ck_assert(!is_key(&other));
	moved = image;
	for (unsigned i = 0; i < image.segment_count; i++) {
		if (!image.segments[i].is_executable)
			continue;
		text = malloc(image.segments[i].byte_count);
		memcpy(text, image.segments[i].bytes, image.segments[i].byte_count);
		text[image.segments[i].byte_count / 2] ^= 4;
		moved.segments[i].bytes = text;
	}
	plan_key_make(&other, &decoder, &moved, &options);
	ck_assert(!is_key(&other));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("plan_file");
	TCase *tests = tcase_create("plan_file");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, plan_that_is_read_is_the_one_that_was_written, 0, 2);
	tcase_add_loop_test(tests, plan_moves_to_where_another_process_has_it, 0, 2);
	tcase_add_loop_test(tests, clones_stay_as_they_are_in_the_file_where_it_asks_for, 0, 2);
	tcase_add_loop_test(tests, clones_that_are_mapped_move, 0, 2);
	tcase_add_test(tests, plans_of_other_options_are_not_the_same);
	tcase_add_loop_test(tests, plan_out_of_reach_is_refused, 0, 2);
	tcase_add_loop_test(tests, each_flipped_byte_is_refused, 0, 2);
	tcase_add_loop_test(tests, each_other_length_is_refused, 0, 2);
	tcase_add_loop_test(tests, another_key_is_refused, 0, 2);
	tcase_add_test(tests, key_is_the_same_in_the_file_and_in_memory);
	tcase_add_test(tests, key_changes_with_what_a_plan_rests_on);
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

#include "x86/cache/plan_file.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "elf/image.h"
#include "x86/cache/digest.h"

#define PAGE ((size_t)4096)
#define JUMP_LONG 0xe9
#define THUNKS_BYTES sizeof(struct thunk_addresses)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* What the checksum itself takes, and the magic before it. */
#define SUMMED offsetof(struct plan_file_header, key)

/* The rows of each part; a part has a whole number of them. */
static const uint32_t row_bytes[PART_COUNT] = {
	[PART_CODE] = 1,
	[PART_SITES] = sizeof(struct plan_site),
	[PART_ROWS] = 1,
	[PART_BLOCKS] = sizeof(struct state_block),
	[PART_STEPS] = sizeof(struct state_step),
	[PART_PATCHES] = sizeof(struct plan_patch),
	[PART_CALLS... PART_COUNT - 1] = sizeof(uint32_t),
};

static size_t whole_pages(size_t size_bytes)
{
	return (size_bytes + PAGE - 1) & ~(PAGE - 1);
}

/* Where each part of a file begins.  Returns where the file ends. */
static uint64_t lay_out(const uint64_t part_bytes[PART_COUNT], uint64_t offsets[PART_COUNT])
{
	uint64_t at = PAGE;

	for (unsigned i = 0; i < PART_COUNT; i++) {
		offsets[i] = i <= PART_PATCHES ? whole_pages(at) : at;
		at = offsets[i] + part_bytes[i];
	}
	return at;
}

static uint64_t checksum_of(const unsigned char *file, uint64_t file_bytes)
{
	struct digest digest;
	uint64_t words[2];

	digest_begin(&digest);
	digest_add(&digest, file + SUMMED, file_bytes - SUMMED);
	digest_end(&digest, words);
	return words[0];
}

/* --- Writing ---------------------------------------------------------------------------- */

struct part {
	const void *bytes;
	size_t size_bytes;
};

static struct part part_of(const struct growing *growing)
{
	return (struct part){growing->bytes, growing->count};
}

static void list_parts(const struct plan *plan, struct part parts[PART_COUNT])
{
	parts[PART_CODE] = (struct part){plan->clone, plan->clone ? plan->clone_bytes : 0};
	parts[PART_SITES] = (struct part){plan->sites, plan->site_count * sizeof(*plan->sites)};
	parts[PART_ROWS] = part_of(&plan->states.rows);
	parts[PART_BLOCKS] = part_of(&plan->states.blocks);
	parts[PART_STEPS] = part_of(&plan->states.steps);
	parts[PART_PATCHES] =
		(struct part){plan->patches, plan->patch_count * sizeof(*plan->patches)};
	parts[PART_CALLS] = part_of(&plan->calls);
	for (unsigned i = 0; i < PLAN_BASES; i++)
		parts[PART_POSITIONS + i] = part_of(&plan->positions[i]);
}

static uint64_t lay_out_parts(const struct part parts[PART_COUNT], uint64_t part_bytes[PART_COUNT],
			      uint64_t offsets[PART_COUNT])
{
	for (unsigned i = 0; i < PART_COUNT; i++)
		part_bytes[i] = parts[i].size_bytes;
	return lay_out(part_bytes, offsets);
}

uint64_t plan_file_bytes(const struct plan *plan)
{
	uint64_t part_bytes[PART_COUNT], offsets[PART_COUNT];
	struct part parts[PART_COUNT];

	list_parts(plan, parts);
	return lay_out_parts(parts, part_bytes, offsets);
}

bool plan_file_is_same(const struct plan *plan, const struct plan *other)
{
	struct part parts[PART_COUNT], others[PART_COUNT];

	list_parts(plan, parts);
	list_parts(other, others);
	for (unsigned i = 0; i < PART_COUNT; i++) {
		size_t skipped = i == PART_CODE && parts[i].size_bytes ? THUNKS_BYTES : 0;

		if (parts[i].size_bytes != others[i].size_bytes ||
		    (parts[i].size_bytes && memcmp((const char *)parts[i].bytes + skipped,
						   (const char *)others[i].bytes + skipped,
						   parts[i].size_bytes - skipped) != 0))
			return false;
	}
	return plan->states.count == other->states.count &&
	       plan->update_group_count == other->update_group_count;
}

static void fill_file(unsigned char *file, const struct plan_key *key, const struct plan *plan,
		      const struct image *image, const struct plan_options *options)
{
	struct plan_file_header *header = (void *)file;
	struct part parts[PART_COUNT];
	uint64_t offsets[PART_COUNT];
	uint64_t file_bytes;

	list_parts(plan, parts);
	file_bytes = lay_out_parts(parts, header->part_bytes, offsets);
	memcpy(header->magic, PLAN_FILE_MAGIC, sizeof(header->magic));
	header->key = *key;
	header->state_count = plan->states.count;
	header->update_group_count = plan->update_group_count;
	header->statistics = plan->statistics;
	plan_bases(plan, image->text_address, options, header->bases);
	for (unsigned i = 0; i < PART_COUNT; i++)
		if (parts[i].size_bytes)
			memcpy(file + offsets[i], parts[i].bytes, parts[i].size_bytes);
	if (parts[PART_CODE].size_bytes)
		memset(file + offsets[PART_CODE], 0, THUNKS_BYTES);
	header->checksum = checksum_of(file, file_bytes);
}

bool plan_file_write(int descriptor, const struct plan_key *key, const struct plan *plan,
		     const struct image *image, const struct plan_options *options)
{
	uint64_t file_bytes = plan_file_bytes(plan);
	unsigned char *file = pages_from_kernel(file_bytes);
	bool is_written;

	if (!file)
		return false;
	fill_file(file, key, plan, image, options);
	is_written = kernel_call3(SYS_write, descriptor, file, file_bytes) == (long)file_bytes;
	kernel_call2(SYS_munmap, file, file_bytes);
	return is_written;
}

/* --- Into memory ------------------------------------------------------------------------- */

/* What lies behind the end of a file that was cut short meanwhile is a failure here; to
 * touch it would be a signal.  One that is known to be whole stays so. */
static unsigned char *map_file(const struct plan_source *source)
{
	long at = kernel_call6(SYS_mmap, 0, (long)source->size_bytes, PROT_READ, MAP_PRIVATE,
			       source->descriptor, 0);

	if (at < 0 && at > -4096)
		return NULL;
	if (source->is_known ||
	    kernel_call3(SYS_madvise, at, source->size_bytes, MADV_POPULATE_READ) == 0)
		return (unsigned char *)at;
	kernel_call2(SYS_munmap, at, source->size_bytes);
	return NULL;
}

static unsigned char *read_file(const struct plan_source *source)
{
	unsigned char *file = pages_from_kernel(source->size_bytes);

	if (!file || kernel_call4(SYS_pread64, source->descriptor, file, source->size_bytes, 0) ==
			     (long)source->size_bytes)
		return file;
	kernel_call2(SYS_munmap, file, source->size_bytes);
	return NULL;
}

static unsigned char *load_file(const struct plan_source *source)
{
	unsigned char *file = source->may_be_mapped ? map_file(source) : NULL;

	return file ? file : read_file(source);
}

/* --- Is it right? ------------------------------------------------------------------------ */

static bool are_parts_right(const struct plan_file_header *header, uint64_t file_bytes,
			    uint64_t offsets[PART_COUNT])
{
	uint64_t code_bytes = header->part_bytes[PART_CODE];

	for (unsigned i = 0; i < PART_COUNT; i++)
		if (header->part_bytes[i] > file_bytes || header->part_bytes[i] % row_bytes[i])
			return false;
	return lay_out(header->part_bytes, offsets) == file_bytes &&
	       (!code_bytes || code_bytes >= THUNKS_BYTES) &&
	       header->part_bytes[PART_BLOCKS] / sizeof(struct state_block) ==
		       (header->state_count + STATE_BLOCK_ROWS - 1) / STATE_BLOCK_ROWS;
}

static bool is_right(const struct plan_source *source, const unsigned char *file,
		     const struct plan_key *key, uint64_t offsets[PART_COUNT])
{
	const struct plan_file_header *header = (const void *)file;

	return memcmp(header->magic, PLAN_FILE_MAGIC, sizeof(header->magic)) == 0 &&
	       memcmp(&header->key, key, sizeof(*key)) == 0 &&
	       are_parts_right(header, source->size_bytes, offsets) &&
	       (source->is_known || header->checksum == checksum_of(file, source->size_bytes));
}

static bool are_sites_right(const struct plan *plan, const struct image *image)
{
	bool is_right = true;

	for (uint32_t i = 0; i < plan->site_count; i++)
		is_right &= plan->sites[i].offset < image->text_bytes &&
			    plan->sites[i].next_member <= plan->site_count;
	return is_right;
}

static bool are_calls_right(const struct plan *plan)
{
	const uint32_t *calls = (const void *)plan->calls.bytes;
	bool is_right = true;

	for (size_t i = 0; i < plan->calls.count / sizeof(*calls); i++)
		is_right &= calls[i] < plan->site_count;
	return is_right;
}

static bool are_patches_right(const struct plan *plan, const struct image *image)
{
	bool is_right = true;

	for (uint32_t i = 0; i < plan->patch_count; i++)
		is_right &= plan->clone_bytes &&
			    plan->patches[i].length <= sizeof(plan->patches[i].bytes) &&
			    plan->patches[i].offset < image->text_bytes &&
			    image->text_bytes - plan->patches[i].offset >= plan->patches[i].length;
	return is_right;
}

/* --- Taking it to pieces ------------------------------------------------------------------ */

/* A part of whole pages, which are given back with it. */
static struct growing take_pages(unsigned char *file, const uint64_t offsets[PART_COUNT],
				 const uint64_t part_bytes[PART_COUNT], unsigned part)
{
	size_t room = whole_pages(part_bytes[part]);

	if (!room)
		return (struct growing){0};
	return (struct growing){file + offsets[part], part_bytes[part], room, false};
}

/* A part that goes with the patches. */
static struct growing list_in(unsigned char *file, const uint64_t offsets[PART_COUNT],
			      const uint64_t part_bytes[PART_COUNT], unsigned part)
{
	return (struct growing){.bytes = file + offsets[part], .count = part_bytes[part]};
}

/* Takes all but header and code, which are left to the caller. */
static void take_parts(struct plan *plan, unsigned char *file, uint64_t file_bytes,
		       const uint64_t offsets[PART_COUNT])
{
	const struct plan_file_header *header = (const void *)file;
	const uint64_t *part_bytes = header->part_bytes;
	struct growing sites = take_pages(file, offsets, part_bytes, PART_SITES);

	plan->statistics = header->statistics;
	plan->sites = (void *)sites.bytes;
	plan->site_room = sites.room;
	plan->site_count = (uint32_t)(sites.count / sizeof(*plan->sites));
	plan->states = (struct plan_states){
		.rows = take_pages(file, offsets, part_bytes, PART_ROWS),
		.blocks = take_pages(file, offsets, part_bytes, PART_BLOCKS),
		.steps = take_pages(file, offsets, part_bytes, PART_STEPS),
		.count = (uint32_t)header->state_count,
	};
	plan->patches = (void *)(file + offsets[PART_PATCHES]);
	plan->patch_count = (uint32_t)(part_bytes[PART_PATCHES] / sizeof(*plan->patches));
	plan->patch_room = whole_pages(file_bytes - offsets[PART_PATCHES]);
	plan->calls = list_in(file, offsets, part_bytes, PART_CALLS);
	plan->update_group_count = (uint32_t)header->update_group_count;
	for (unsigned i = 0; i < PLAN_BASES; i++)
		plan->positions[i] = list_in(file, offsets, part_bytes, PART_POSITIONS + i);
}

/* --- Moving to their place ------------------------------------------------------------------ */

/* Takes @code, whole pages, to where the file asks for it, or to another place. */
static bool place_code(struct plan *plan, unsigned char *code, uint64_t wanted,
		       const struct plan_options *options)
{
	size_t room = whole_pages(plan->clone_bytes);

	plan->clone_address = wanted;
	plan->clone = options->place(options->context, plan->clone_bytes, &plan->clone_address);
	if (plan->clone && !options->places_pages)
		memcpy(plan->clone, code, plan->clone_bytes);
	if (plan->clone && options->places_pages)
		return kernel_call6(SYS_mremap, (long)code, (long)room, (long)room,
				    MREMAP_MAYMOVE | MREMAP_FIXED, (long)plan->clone,
				    0) == (long)plan->clone;
	kernel_call2(SYS_munmap, code, room);
	return plan->clone;
}

static bool make_writable(const void *pages, size_t size_bytes)
{
	return kernel_call3(SYS_mprotect, pages, whole_pages(size_bytes), PROT_READ | PROT_WRITE) ==
	       0;
}

static bool move_patches(struct plan *plan, int64_t by)
{
	if (!by || !plan->patch_count)
		return true;
	if (!make_writable(plan->patches, plan->patch_room))
		return false;
	for (uint32_t i = 0; i < plan->patch_count; i++) {
		uint8_t *bytes = plan->patches[i].bytes;
		uint32_t distance;

		if (bytes[0] != JUMP_LONG)
			continue;
		memcpy(&distance, bytes + 1, sizeof(distance));
		distance += (uint32_t)by;
		memcpy(bytes + 1, &distance, sizeof(distance));
	}
	return true;
}

/* Makes the clones what they would be, had they been made here with @bases. */
static bool move_code(struct plan *plan, const int64_t kept_bases[PLAN_BASES],
		      const int64_t bases[PLAN_BASES], const struct plan_options *options)
{
	bool is_elsewhere = memcmp(bases, kept_bases, PLAN_BASES * sizeof(*bases)) != 0;

	if (options->places_pages &&
	    !make_writable(plan->clone, is_elsewhere ? plan->clone_bytes : THUNKS_BYTES))
		return false;
	for (unsigned i = 0; is_elsewhere && i < PLAN_BASES; i++)
		if (!plan_rebase(plan->clone, plan->clone_bytes, (enum plan_base)i,
				 &plan->positions[i], bases[i] - kept_bases[i]))
			return false;
	/* Last, as a position in the table would be wrong. */
	memcpy(plan->clone, &options->thunks, THUNKS_BYTES);
	return true;
}

static bool use_code(struct plan *plan, unsigned char *code, const int64_t kept_bases[PLAN_BASES],
		     const struct image *image, const struct plan_options *options)
{
	int64_t bases[PLAN_BASES];

	if (!place_code(plan, code, image->text_address - (uint64_t)kept_bases[BASE_TEXT], options))
		return false;
	plan->first_site = options->first_site;
	if (options->reserve && plan->site_count)
		plan->first_site = options->reserve(options->context, plan->site_count);
	if (options->reserve && plan->site_count && !plan->first_site)
		return false;
	plan_bases(plan, image->text_address, options, bases);
	return move_code(plan, kept_bases, bases, options) &&
	       move_patches(plan, kept_bases[BASE_TEXT] - bases[BASE_TEXT]);
}

/* Uses the parts of a file that is right.  It then belongs to @plan, but for its header. */
static bool use_file(struct plan *plan, unsigned char *file, const struct plan_source *source,
		     const uint64_t offsets[PART_COUNT], const struct image *image,
		     const struct plan_options *options)
{
	const struct plan_file_header *header = (const void *)file;
	unsigned char *code = file + offsets[PART_CODE];

	take_parts(plan, file, source->size_bytes, offsets);
	plan->clone_bytes = header->part_bytes[PART_CODE];
	if (source->is_known || (are_sites_right(plan, image) && are_calls_right(plan) &&
				 are_patches_right(plan, image)))
		return !plan->clone_bytes ||
		       use_code(plan, code, header->bases, image, options);
	if (plan->clone_bytes)
		kernel_call2(SYS_munmap, code, whole_pages(plan->clone_bytes));
	return false;
}

struct plan *plan_file_read(const struct plan_source *source, const struct plan_key *key,
			    const struct image *image, const struct plan_options *options,
			    struct arena *arena)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	uint64_t offsets[PART_COUNT];
	unsigned char *file;
	bool is_used;

	if (!plan || source->size_bytes < PAGE || source->size_bytes >= UINT32_MAX)
		return NULL;
	file = load_file(source);
	if (!file)
		return NULL;
	if (!is_right(source, file, key, offsets)) {
		kernel_call2(SYS_munmap, file, source->size_bytes);
		return NULL;
	}
	is_used = use_file(plan, file, source, offsets, image, options);
	kernel_call2(SYS_munmap, file, PAGE);
	if (is_used)
		return plan;
	plan_free(plan);
	return NULL;
}

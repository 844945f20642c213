#include "x86/cache/plan_file.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "x86/cache/digest.h"
#include "base/kernel.h"
#include "elf/image.h"

#define PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
#define JUMP_LONG 0xe9
#define THUNKS_BYTES sizeof(struct thunk_addresses)

/* Of the header, behind what the checksum itself takes. */
#define SUMMED offsetof(struct plan_file_header, key)

/* The rows of each part; a part has a whole number of them. */
static const uint32_t row_bytes[PART_COUNT] = {
	[PART_CODE] = 1,
	[PART_SITES] = sizeof(struct plan_site),
	[PART_PATCHES] = sizeof(struct plan_patch),
	[PART_ROWS] = 1,
	[PART_BLOCKS] = sizeof(struct state_block),
	[PART_STEPS] = sizeof(struct state_step),
	[PART_POSITIONS... PART_COUNT - 1] = sizeof(uint32_t),
};

/* The parts in memory: their order is the file's. */
struct parts {
	struct iovec rows[PART_COUNT];
};

static uint64_t checksum_of(const struct plan_file_header *header, const struct parts *parts)
{
	struct digest digest;
	uint64_t words[2];

	digest_begin(&digest);
	digest_add(&digest, (const char *)header + SUMMED, sizeof(*header) - SUMMED);
	for (unsigned i = 0; i < PART_COUNT; i++)
		digest_add(&digest, parts->rows[i].iov_base, parts->rows[i].iov_len);
	digest_end(&digest, words);
	return words[0];
}

/* --- Writing ---------------------------------------------------------------------------- */

static struct iovec bytes_of(const struct growing *growing)
{
	return (struct iovec){growing->bytes, growing->count};
}

static void list_parts(const struct plan *plan, struct parts *parts)
{
	struct iovec *rows = parts->rows;
	size_t code_bytes = plan->clone ? plan->clone_bytes - THUNKS_BYTES : 0;

	rows[PART_CODE] = (struct iovec){plan->clone + (code_bytes ? THUNKS_BYTES : 0), code_bytes};
	rows[PART_SITES] = (struct iovec){plan->sites, plan->site_count * sizeof(*plan->sites)};
	rows[PART_PATCHES] =
		(struct iovec){plan->patches, plan->patch_count * sizeof(*plan->patches)};
	rows[PART_ROWS] = bytes_of(&plan->states.rows);
	rows[PART_BLOCKS] = bytes_of(&plan->states.blocks);
	rows[PART_STEPS] = bytes_of(&plan->states.steps);
	for (unsigned i = 0; i < PLAN_BASES; i++)
		rows[PART_POSITIONS + i] = bytes_of(&plan->positions[i]);
}

static uint64_t sum_parts(const struct parts *parts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < PART_COUNT; i++)
		sum += parts->rows[i].iov_len;
	return sum;
}

uint64_t plan_file_bytes(const struct plan *plan)
{
	struct parts parts;

	list_parts(plan, &parts);
	return sizeof(struct plan_file_header) + sum_parts(&parts);
}

bool plan_file_is_same(const struct plan *plan, const struct plan *other)
{
	struct parts parts, others;

	list_parts(plan, &parts);
	list_parts(other, &others);
	for (unsigned i = 0; i < PART_COUNT; i++)
		if (parts.rows[i].iov_len != others.rows[i].iov_len ||
		    (parts.rows[i].iov_len &&
		     memcmp(parts.rows[i].iov_base, others.rows[i].iov_base,
			    parts.rows[i].iov_len) != 0))
			return false;
	return plan->states.count == other->states.count;
}

bool plan_file_write(int descriptor, const struct plan_key *key, const struct plan *plan,
		     const struct image *image, const struct plan_options *options)
{
	struct plan_file_header header = {
		.magic = PLAN_FILE_MAGIC,
		.key = *key,
		.state_count = plan->states.count,
		.statistics = plan->statistics,
	};
	struct parts parts;

	list_parts(plan, &parts);
	plan_bases(plan, image->text_address, options, header.bases);
	for (unsigned i = 0; i < PART_COUNT; i++)
		header.part_bytes[i] = parts.rows[i].iov_len;
	header.checksum = checksum_of(&header, &parts);
	return kernel_call3(SYS_write, descriptor, &header, sizeof(header)) == sizeof(header) &&
	       kernel_call3(SYS_writev, descriptor, parts.rows, PART_COUNT) ==
		       (long)sum_parts(&parts);
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Fewer faults, each of which takes longer than to read its page. */
static void advise_huge(void *start, size_t size_bytes)
{
	uintptr_t first = ((uintptr_t)start + PAGE - 1) & ~(PAGE - 1);
	uintptr_t end = ((uintptr_t)start + size_bytes) & ~(PAGE - 1);

	if (end > first && end - first >= HUGE_PAGE)
		kernel_call3(SYS_madvise, first, end - first, MADV_HUGEPAGE);
}

static bool is_right_header(const struct plan_file_header *header, uint64_t file_bytes,
			    const struct plan_key *key)
{
	uint64_t sum = sizeof(*header);

	if (memcmp(header->magic, PLAN_FILE_MAGIC, sizeof(header->magic)) != 0 ||
	    memcmp(&header->key, key, sizeof(*key)) != 0)
		return false;
	for (unsigned i = 0; i < PART_COUNT; i++) {
		if (header->part_bytes[i] > file_bytes || header->part_bytes[i] % row_bytes[i])
			return false;
		sum += header->part_bytes[i];
	}
	return sum == file_bytes && file_bytes < UINT32_MAX &&
	       header->part_bytes[PART_BLOCKS] / sizeof(struct state_block) ==
		       (header->state_count + STATE_BLOCK_ROWS - 1) / STATE_BLOCK_ROWS;
}

/* Room for the clones in their place. */
static bool place_code(struct plan *plan, uint64_t part_bytes, const struct plan_options *options,
		       struct iovec *row)
{
	if (!part_bytes)
		return true;
	plan->clone_bytes = part_bytes + THUNKS_BYTES;
	plan->clone = options->place(options->context, plan->clone_bytes, &plan->clone_address);
	if (!plan->clone)
		return false;
	*row = (struct iovec){plan->clone + THUNKS_BYTES, part_bytes};
	advise_huge(plan->clone, plan->clone_bytes);
	return true;
}

static bool map_part(struct growing *growing, size_t size_bytes, struct iovec *row)
{
	if (size_bytes && !growing_add(growing, size_bytes))
		return false;
	growing_finish(growing);
	*row = (struct iovec){growing->bytes, size_bytes};
	return true;
}

/* Room for what outlives the arena. */
static bool map_lasting(struct plan *plan, const struct plan_file_header *header,
			struct iovec *rows)
{
	struct growing *states[] = {&plan->states.rows, &plan->states.blocks, &plan->states.steps};
	struct growing sites = {0};

	if (!map_part(&sites, header->part_bytes[PART_SITES], &rows[PART_SITES]))
		return false;
	plan->sites = (void *)sites.bytes;
	plan->site_room = sites.room;
	for (unsigned i = 0; i < ARRAY_LENGTH(states); i++)
		if (!map_part(states[i], header->part_bytes[PART_ROWS + i], &rows[PART_ROWS + i]))
			return false;
	plan->states.count = (uint32_t)header->state_count;
	return true;
}

static bool is_lasting(unsigned part)
{
	return part == PART_SITES || (part >= PART_ROWS && part <= PART_STEPS);
}

/* Room for the other parts, one after another. */
static bool allocate_rest(const struct plan_file_header *header, struct iovec *rows,
			  struct arena *arena)
{
	size_t sum = HUGE_PAGE;
	char *at;

	for (unsigned i = PART_SITES; i < PART_COUNT; i++)
		sum += is_lasting(i) ? 0 : header->part_bytes[i];
	at = arena_alloc(arena, sum);
	if (!at)
		return false;
	at = (char *)(((uintptr_t)at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	advise_huge(at, sum - HUGE_PAGE);
	for (unsigned i = PART_SITES; i < PART_COUNT; i++) {
		if (is_lasting(i))
			continue;
		rows[i] = (struct iovec){at, header->part_bytes[i]};
		at += header->part_bytes[i];
	}
	return true;
}

static void take_rest(struct plan *plan, const struct plan_file_header *header,
		      const struct iovec *rows)
{
	plan->statistics = header->statistics;
	plan->site_count = (uint32_t)(rows[PART_SITES].iov_len / sizeof(*plan->sites));
	plan->patches = rows[PART_PATCHES].iov_base;
	plan->patch_count = (uint32_t)(rows[PART_PATCHES].iov_len / sizeof(*plan->patches));
	for (unsigned i = 0; i < PLAN_BASES; i++)
		plan->positions[i] = (struct growing){
			.bytes = rows[PART_POSITIONS + i].iov_base,
			.count = rows[PART_POSITIONS + i].iov_len,
		};
}

/* --- Is it right? ------------------------------------------------------------------------- */

static bool are_sites_right(const struct plan *plan, const struct image *image)
{
	bool is_right = true;

	for (uint32_t i = 0; i < plan->site_count; i++)
		is_right &= plan->sites[i].offset < image->text_bytes &&
			    plan->sites[i].next_member <= plan->site_count;
	return is_right;
}

static bool are_patches_right(const struct plan *plan, const struct image *image)
{
	bool is_right = true;

	for (uint32_t i = 0; i < plan->patch_count; i++)
		is_right &= plan->clone &&
			    plan->patches[i].length <= sizeof(plan->patches[i].bytes) &&
			    plan->patches[i].offset < image->text_bytes &&
			    image->text_bytes - plan->patches[i].offset >= plan->patches[i].length;
	return is_right;
}

/* --- Moving to their place ------------------------------------------------------------------ */

static void move_patches(struct plan *plan, int64_t by)
{
	for (uint32_t i = 0; i < plan->patch_count; i++) {
		uint8_t *bytes = plan->patches[i].bytes;
		uint32_t distance;

		if (bytes[0] != JUMP_LONG)
			continue;
		memcpy(&distance, bytes + 1, sizeof(distance));
		distance += (uint32_t)by;
		memcpy(bytes + 1, &distance, sizeof(distance));
	}
}

/* Makes the clones what they would be, had they been made here. */
static bool move_code(struct plan *plan, const struct plan_file_header *header,
		      const struct image *image, const struct plan_options *options)
{
	int64_t bases[PLAN_BASES];

	plan->first_site = options->first_site;
	if (options->reserve && plan->site_count)
		plan->first_site = options->reserve(options->context, plan->site_count);
	if (options->reserve && plan->site_count && !plan->first_site)
		return false;
	plan_bases(plan, image->text_address, options, bases);
	for (unsigned i = 0; i < PLAN_BASES; i++)
		if (!plan_rebase(plan->clone, plan->clone_bytes, (enum plan_base)i,
				 &plan->positions[i], bases[i] - header->bases[i]))
			return false;
	move_patches(plan, header->bases[BASE_TEXT] - bases[BASE_TEXT]);
	/* Last, as a position in the table would be wrong. */
	memcpy(plan->clone, &options->thunks, THUNKS_BYTES);
	return true;
}

static bool read_parts(int descriptor, struct plan *plan, const struct plan_file_header *header,
		       const struct plan_options *options, struct arena *arena)
{
	struct parts parts = {0};

	if (!place_code(plan, header->part_bytes[PART_CODE], options, &parts.rows[PART_CODE]) ||
	    !map_lasting(plan, header, parts.rows) || !allocate_rest(header, parts.rows, arena) ||
	    kernel_call3(SYS_readv, descriptor, parts.rows, PART_COUNT) !=
		    (long)sum_parts(&parts) ||
	    header->checksum != checksum_of(header, &parts))
		return false;
	take_rest(plan, header, parts.rows);
	return true;
}

struct plan *plan_file_read(int descriptor, uint64_t file_bytes, const struct plan_key *key,
			    const struct image *image, const struct plan_options *options,
			    struct arena *arena)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	struct plan_file_header header;

	if (!plan ||
	    kernel_call3(SYS_read, descriptor, &header, sizeof(header)) != sizeof(header) ||
	    !is_right_header(&header, file_bytes, key))
		return NULL;
	if (read_parts(descriptor, plan, &header, options, arena) && are_sites_right(plan, image) &&
	    are_patches_right(plan, image) &&
	    (!plan->clone || move_code(plan, &header, image, options)))
		return plan;
	plan_free(plan);
	return NULL;
}

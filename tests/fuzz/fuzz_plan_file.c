/*
 * Any bytes as a kept plan: reading must neither crash nor write outside the clones.
 * Built with -fsanitize=fuzzer,address; the input is what follows magic, checksum and key,
 * and these are mended, so that mutations reach what is behind them.
 *
 *   clang -g -O1 -D_GNU_SOURCE -Isrc -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_plan_file.c src/x86/cache/plan_file.c src/x86/emit/relocate.c \
 *     src/x86/states/state.c src/x86/cache/digest.c src/base/arena.c \
 *     -o fuzz_plan_file && ./fuzz_plan_file -max_total_time=60 CORPUS
 *
 * A corpus: the files of a cache without their first 32 bytes.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "x86/cache/digest.h"
#include "elf/image.h"
#include "x86/cache/plan_file.h"
#include "x86/emit/emit.h"
#include "x86/flow/accessors.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define KEY_END (offsetof(struct plan_file_header, key) + sizeof(struct plan_key))
#define TEXT_BYTES 65536u
#define BLOCKS_MOST 64

kernel_gate_function kernel_gate;

static void *blocks[BLOCKS_MOST];
static size_t block_bytes[BLOCKS_MOST];
static unsigned block_count;
static void *clone;

static void *take_pages(size_t size_bytes)
{
	if (block_count == BLOCKS_MOST || size_bytes > 64u << 20)
		return NULL;
	blocks[block_count] = pages_from_kernel(size_bytes);
	block_bytes[block_count] = size_bytes;
	return blocks[block_count++];
}

/* From the heap, so that what is written beside it is seen. */
static void *place_clones(void *context, size_t size_bytes, uint64_t *address)
{
	(void)context;
	*address = 0x10000000;
	clone = calloc(1, size_bytes);
	return clone;
}

/* Emission is not linked. */
uint32_t emitter_clone_offset(const struct emitter *emitter, int64_t text_offset)
{
	(void)emitter;
	(void)text_offset;
	return 0;
}

void accessors_use_callees(const struct module *module)
{
	(void)module;
}

uint32_t accessors_put_forwards(const struct module *module, struct growing *sites)
{
	(void)module;
	(void)sites;
	return 0;
}

void accessors_settle(const struct module *module, struct plan_site *sites, uint32_t count,
		      uint32_t *update_group_count)
{
	(void)module;
	(void)sites;
	(void)count;
	(void)update_group_count;
}

void state_pack(struct state_packer *packer, const struct plan_state *row)
{
	(void)packer;
	(void)row;
}

bool state_packer_finish(struct state_packer *packer)
{
	(void)packer;
	return false;
}

void scratch_free(struct scratch *scratch)
{
	(void)scratch;
}

void plan_free(struct plan *plan)
{
	if (plan->site_room)
		munmap(plan->sites, plan->site_room);
	if (plan->patch_room)
		munmap(plan->patches, plan->patch_room);
	plan_states_free(&plan->states);
}

/* The checksum that the content wants. */
static void mend(unsigned char *bytes, size_t size)
{
	struct plan_file_header *header = (void *)bytes;
	struct digest digest;
	uint64_t words[2];

	memcpy(header->magic, PLAN_FILE_MAGIC, sizeof(header->magic));
	memset(&header->key, 0, sizeof(header->key));
	digest_begin(&digest);
	digest_add(&digest, &header->key, size - offsetof(struct plan_file_header, key));
	digest_end(&digest, words);
	header->checksum = words[0];
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const struct plan_options options = {.first_site = 1, .place = place_clones};
	static const struct image image = {.text_bytes = TEXT_BYTES, .text_address = 0x400000};
	static const struct plan_key key;
	size_t total = KEY_END + size;
	unsigned char *bytes = calloc(1, total + sizeof(struct plan_file_header));
	int file = memfd_create("plan", 0);
	struct plan_source source = {file, total, size % 2};
	struct arena arena;
	struct plan *plan;

	memcpy(bytes + KEY_END, data, size);
	if (total >= sizeof(struct plan_file_header))
		mend(bytes, total);
	if (write(file, bytes, total) != (ssize_t)total)
		abort();
	arena_init(&arena, take_pages);
	clone = NULL;
	plan = plan_file_read(&source, &key, &image, &options, &arena);
	if (plan)
		plan_free(plan);
	free(clone);
	while (block_count) {
		block_count--;
		munmap(blocks[block_count], block_bytes[block_count]);
	}
	close(file);
	free(bytes);
	return 0;
}

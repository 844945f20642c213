#include "x86/cache/plan_key.h"

#include "x86/cache/digest.h"
#include "base/hash.h"
#include "elf/image.h"
#include "x86/cache/planner_id.h"
#include "x86/decode/decode.h"
#include "x86/emit/plan_data.h"

static void add_number(struct digest *digest, uint64_t number)
{
	digest_add(digest, &number, sizeof(number));
}

/* 0 stands for none. */
static void add_address(struct digest *digest, const struct image *image, uint64_t address)
{
	add_number(digest, address ? address - image->bias : 0);
}

static void add_table(struct digest *digest, const struct image *image,
		      const struct image_table *table)
{
	add_address(digest, image, table->address);
	add_number(digest, table->size_bytes);
}

/* What can be written is in the file of a module at a fixed address, as in that only
 * (image_is_of_file) may planning read it; else pointers are all that is read of it. */
static void add_segment(struct digest *digest, const struct image *image,
			const struct image_segment *segment)
{
	add_address(digest, image, segment->start);
	add_number(digest, segment->end - segment->start);
	add_number(digest, (unsigned)segment->is_writable | (unsigned)segment->is_executable << 1);
	if (!segment->is_writable || image->is_fixed)
		digest_add(digest, segment->bytes, segment->byte_count);
}

static void add_layout(struct digest *digest, const struct image *image)
{
	add_number(digest, image->is_fixed);
	for (unsigned i = 0; i < image->segment_count; i++)
		add_segment(digest, image, &image->segments[i]);
	add_address(digest, image, image->text_address);
	add_address(digest, image, image->relro_start);
	add_address(digest, image, image->relro_end);
	add_address(digest, image, image->unwind_header);
	add_address(digest, image, image->symbols);
	add_address(digest, image, image->hash);
	add_address(digest, image, image->gnu_hash);
	add_table(digest, image, &image->unwind_entries);
	add_table(digest, image, &image->relocations);
	add_table(digest, image, &image->plt_relocations);
	add_table(digest, image, &image->packed_relocations);
	add_table(digest, image, &image->strings);
}

struct pointers {
	const struct image *image;
	uint64_t hash;
};

static void add_pointer(void *context, uint64_t place, uint64_t value)
{
	struct pointers *pointers = context;

	pointers->hash = hash_append(pointers->hash, place - pointers->image->bias);
	pointers->hash = hash_append(pointers->hash, value - pointers->image->bias);
}

void plan_key_make(struct plan_key *key, const struct decoder *decoder, const struct image *image,
		   const struct plan_options *options)
{
	struct pointers pointers = {.image = image};
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, PLANNER_ID, sizeof(PLANNER_ID));
	add_number(&digest, decoder->version);
	add_number(&digest,
		   (unsigned)options->forget_targets | (unsigned)options->only_atomics << 1 |
			   (unsigned)options->force << 2);
	add_layout(&digest, image);
	/* All others stand in tables that cannot be written to. */
	if (image->packed_relocations.size_bytes)
		image_each_pointer(image, add_pointer, &pointers);
	add_number(&digest, pointers.hash);
	digest_end(&digest, key->words);
}

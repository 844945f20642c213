#include "finding/timeline.h"

static struct timeline_ring *ring_at(void *base, uint64_t offset)
{
	return (struct timeline_ring *)(void *)((char *)base + offset);
}

struct timeline_ring *timeline_of(void *base)
{
	const struct results_header *header = base;

	return header->timeline_bytes ? ring_at(base, header->timeline_offset) : NULL;
}

void timeline_format(void *base, uint64_t size_bytes)
{
	struct results_header *header = base;

	header->timeline_offset = header->capacity_bytes;
	header->timeline_bytes = size_bytes;
	ring_at(base, header->timeline_offset)->block_count =
		size_bytes / sizeof(struct timeline_block) - 1;
}

uint64_t timeline_pack(void *base)
{
	struct results_header *header = base;
	struct timeline_ring *ring = timeline_of(base);

	header->capacity_bytes = header->tail;
	if (!ring)
		return header->tail;
	if (ring->block_count > ring->next_turn)
		ring->block_count = ring->next_turn;
	header->timeline_offset = header->tail;
	header->timeline_bytes = (1 + ring->block_count) * sizeof(struct timeline_block);
	memmove((char *)base + header->timeline_offset, ring, header->timeline_bytes);
	return header->timeline_offset + header->timeline_bytes;
}

const struct timeline_ring *timeline_check(const void *base, uint64_t size_bytes)
{
	const struct results_header *header = base;
	uint64_t offset = header->timeline_offset;
	uint64_t ring_bytes = header->timeline_bytes;
	const struct timeline_ring *ring;

	if (ring_bytes < sizeof(struct timeline_block) || offset % 8 || offset > size_bytes ||
	    ring_bytes > size_bytes - offset)
		return NULL;
	ring = (const void *)((const char *)base + offset);
	return ring->block_count < ring_bytes / sizeof(struct timeline_block) ? ring : NULL;
}

uint64_t timeline_lost(const struct timeline_ring *ring)
{
	uint64_t count = ring->lost_count;

	for (uint64_t i = 0; i < ring->block_count; i++)
		count += timeline_block(ring, i)->left_out_count;
	return count;
}

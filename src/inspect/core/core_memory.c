#include "inspect/core/core_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* With many mappings their number stands in the first section. */
static uint64_t header_count(const struct core *core)
{
	Elf64_Shdr first;

	if (core->elf.header.e_phnum != PN_XNUM || !elf_file_section(&core->elf, 0, &first))
		return core->elf.header.e_phnum;
	return first.sh_info;
}

bool core_header(const struct core *core, uint64_t index, Elf64_Phdr *header)
{
	const unsigned char *bytes =
		index < header_count(core)
			? elf_file_bytes(&core->elf,
					 core->elf.header.e_phoff + index * sizeof(*header),
					 sizeof(*header))
			: NULL;

	if (bytes)
		memcpy(header, bytes, sizeof(*header));
	return bytes != NULL;
}

static int compare_segments(const void *left, const void *right)
{
	const struct core_segment *a = left;
	const struct core_segment *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

bool core_list_segments(struct core *core, struct pool *pool)
{
	Elf64_Phdr header;

	for (uint64_t i = 0; i < header_count(core); i++) {
		struct core_segment segment;

		if (!core_header(core, i, &header))
			return false;
		segment = (struct core_segment){.start = header.p_vaddr,
						.end = header.p_vaddr + header.p_memsz,
						.byte_count = header.p_filesz};
		if (header.p_type != PT_LOAD || segment.end < segment.start)
			continue;
		segment.bytes = elf_file_bytes(&core->elf, header.p_offset, header.p_filesz);
		if (!segment.bytes || header.p_filesz > header.p_memsz)
			return false;
		core->segments =
			pool_grow(pool, core->segments, core->segment_count, sizeof(segment));
		core->segments[core->segment_count++] = segment;
	}
	if (core->segment_count)
		qsort(core->segments, core->segment_count, sizeof(*core->segments),
		      compare_segments);
	return true;
}

static const struct core_segment *find_segment(const struct core *core, uint64_t address)
{
	size_t low = 0;
	size_t high = core->segment_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (core->segments[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < core->segments[low - 1].end ? &core->segments[low - 1] : NULL;
}

struct core_mapping *core_find_mapping(const struct core *core, uint64_t address)
{
	for (size_t i = 0; i < core->mapping_count; i++)
		if (address >= core->mappings[i].start && address < core->mappings[i].end)
			return &core->mappings[i];
	return NULL;
}

/* Devices are left alone: to read one may have an effect. */
static void map_file(struct core_mapping *mapping)
{
	struct stat status;

	if (!mapping->is_tried && stat(mapping->path, &status) == 0 && S_ISREG(status.st_mode) &&
	    mapped_file_open(&mapping->file, mapping->path) != 0)
		mapping->file = (struct mapped_file){0};
	mapping->is_tried = true;
}

/* What is there from @address on, up to @wanted bytes; their number. */
static uint64_t find_bytes(const struct core *core, uint64_t address, uint64_t wanted,
			   const unsigned char **bytes)
{
	const struct core_segment *segment = find_segment(core, address);
	struct core_mapping *mapping;
	uint64_t offset;
	uint64_t left;

	if (segment && address - segment->start < segment->byte_count) {
		left = segment->byte_count - (address - segment->start);
		*bytes = segment->bytes + (address - segment->start);
		return left < wanted ? left : wanted;
	}
	mapping = core_find_mapping(core, address);
	if (!mapping)
		return 0;
	map_file(mapping);
	offset = mapping->offset + (address - mapping->start);
	if (offset < mapping->offset || offset >= mapping->file.size_bytes)
		return 0;
	left = mapping->file.size_bytes - offset;
	if (left > mapping->end - address)
		left = mapping->end - address;
	*bytes = mapping->file.bytes + offset;
	return left < wanted ? left : wanted;
}

bool core_read(struct target *target, uint64_t address, void *to, size_t size_bytes)
{
	unsigned char *next = to;

	while (size_bytes) {
		const unsigned char *bytes;
		uint64_t count = find_bytes(target->source, address, size_bytes, &bytes);

		if (!count)
			return false;
		memcpy(next, bytes, count);
		next += count;
		address += count;
		size_bytes -= count;
	}
	return true;
}

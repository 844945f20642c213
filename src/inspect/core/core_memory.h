/* The memory of a core file: segments that it holds, and files that were mapped. */
#ifndef INSPECT_CORE_CORE_MEMORY_H
#define INSPECT_CORE_CORE_MEMORY_H

#include "elf/file.h"
#include "elf/mapped_file.h"
#include "inspect/base/target.h"

struct core_segment {
	uint64_t start, end;
	const unsigned char *bytes;
	uint64_t byte_count; /* the rest is not in the core */
};

/* A file that was mapped, by NT_FILE. */
struct core_mapping {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	const char *path;
	bool is_tried;
	struct mapped_file file;
};

struct core {
	struct mapped_file mapped;
	struct elf_file elf;
	struct core_segment *segments; /* by address */
	size_t segment_count;
	struct core_mapping *mappings;
	size_t mapping_count;
	uint64_t program_headers; /* their address, or 0 */
	uint64_t vdso;		  /* its address, or 0 */
};

/* Program header @index.  False: there is none. */
bool core_header(const struct core *core, uint64_t index, Elf64_Phdr *header);

/* Lists the segments.  False: the file ends before they do. */
bool core_list_segments(struct core *core, struct pool *pool);

/* The target's reader. */
bool core_read(struct target *target, uint64_t address, void *to, size_t size_bytes);

struct core_mapping *core_find_mapping(const struct core *core, uint64_t address);

#endif

/*
 * An image: a program or library as planning sees it, loaded or in its file.
 *
 * Addresses are those that it has, or would have, when loaded at 'bias'.  What
 * is read of it is checked against the bytes that are there, so damaged files
 * are safe.  Where code may be reached from is asked of relocation tables,
 * which say the same before and after the loader has applied them.
 */
#ifndef ELF_IMAGE_H
#define ELF_IMAGE_H

#include "elf/file.h"

#define IMAGE_SEGMENTS_MAX 16

struct image_segment {
	uint64_t start, end;
	const unsigned char *bytes;
	uint64_t byte_count; /* the rest, up to 'end', is zero at first */
	bool is_writable, is_executable;
};

/* A table in the image: where it begins, and how many bytes it has. */
struct image_table {
	uint64_t address, size_bytes;
};

struct image {
	const char *name;
	uint64_t bias;
	bool is_fixed; /* linked for one address: pointers need no relocations */
	struct image_segment segments[IMAGE_SEGMENTS_MAX];
	unsigned segment_count;

	const unsigned char *text; /* the executable segment */
	uint64_t text_address;
	uint32_t text_bytes;
	uint64_t code_bytes; /* in all executable segments */

	uint64_t relro_start, relro_end;   /* read-only once relocated */
	uint64_t unwind_header;		   /* .eh_frame_hdr, or 0 */
	struct image_table unwind_entries; /* .eh_frame, if there is no header */
	struct image_table dynamic, relocations, plt_relocations, packed_relocations;
	uint64_t symbols, hash, gnu_hash;
	struct image_table strings;
};

/* A module that the loader has mapped at @bias, relocated or not yet.  @headers
 * are its program headers.  False with *@why if it has no code that we could plan. */
bool image_from_memory(struct image *image, const char *name, const Elf64_Phdr *headers,
		       unsigned header_count, uint64_t bias, const char **why);

/* A module's file, as if loaded at its own addresses.  False with *@why as above, but
 * what could be read is there. */
bool image_from_file(struct image *image, const char *name, const struct elf_file *file,
		     const char **why);

/* The bytes at @address, all @count of them; NULL if they are not there. */
const unsigned char *image_bytes(const struct image *image, uint64_t address, uint64_t count);

/* Copies them out, as nothing in a file need be aligned.  False if they are not there. */
bool image_copy(const struct image *image, uint64_t address, void *to, size_t size_bytes);

/* The one of @count segments that has @address, or NULL. */
static inline const struct image_segment *
image_find_segment(const struct image_segment *segments, unsigned count, uint64_t address)
{
	for (unsigned i = 0; i < count; i++)
		if (address >= segments[i].start && address < segments[i].end)
			return &segments[i];
	return NULL;
}

static inline const struct image_segment *image_segment_of(const struct image *image,
							   uint64_t address)
{
	return image_find_segment(image->segments, image->segment_count, address);
}

/* Whether nobody can write there once the program runs. */
bool image_is_read_only(const struct image *image, uint64_t address);

/* The address that @value stands for in the dynamic section or in a word with a
 * packed relocation: the loader adds the bias, but not before it gets there. */
uint64_t image_find_address(const struct image *image, uint64_t value);

/* Entry @index of the dynamic section; false past its end. */
bool image_dynamic(const struct image *image, uint64_t index, Elf64_Dyn *entry);

/* The dynamic string at @offset, "" if it is not there. */
const char *image_string(const struct image *image, uint64_t offset);

/* Calls for each word that holds an address of the module's own text: where
 * the word is, what it says. */
typedef void (*image_pointer_function)(void *context, uint64_t place, uint64_t value);
void image_each_pointer(const struct image *image, image_pointer_function call, void *context);

/* Calls for each word that the loader fills with the address of a named symbol
 * for use by the module's code. */
typedef void (*image_import_function)(void *context, const char *name, uint64_t slot_address);
void image_each_import(const struct image *image, image_import_function call, void *context);

/* Calls for each dynamic symbol defined in the module's text. */
typedef void (*image_symbol_function)(void *context, const char *name, uint64_t address,
				      uint64_t size_bytes);
void image_each_symbol(const struct image *image, image_symbol_function call, void *context);

/* Of a module that the loader has mapped at @bias: where it is, and the bytes of its
 * build id, or NULL. */
void image_find_range(const Elf64_Phdr *headers, unsigned header_count, uint64_t bias,
		      uint64_t *start, uint64_t *end);
const unsigned char *image_find_build_id(const Elf64_Phdr *headers, unsigned header_count,
					 uint64_t bias, uint32_t *size_bytes);

/* Has it a note of @type by @owner? */
bool image_has_note(const Elf64_Phdr *headers, unsigned header_count, uint64_t bias,
		    const char *owner, uint32_t type);

#endif

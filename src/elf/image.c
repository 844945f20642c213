#include "elf/image.h"

#include <string.h>

#include "elf/cursor.h"

/* Code outside of the text that may be left alone: start-up, a hand-written piece. */
#define OTHER_CODE_PART 8u

const unsigned char *image_bytes(const struct image *image, uint64_t address, uint64_t count)
{
	const struct image_segment *segment = image_segment_of(image, address);
	uint64_t offset;

	if (!segment)
		return NULL;
	offset = address - segment->start;
	if (offset > segment->byte_count || segment->byte_count - offset < count)
		return NULL;
	return segment->bytes + offset;
}

bool image_copy(const struct image *image, uint64_t address, void *to, size_t size_bytes)
{
	const unsigned char *bytes = image_bytes(image, address, size_bytes);

	if (bytes)
		memcpy(to, bytes, size_bytes);
	return bytes != NULL;
}

bool image_is_read_only(const struct image *image, uint64_t address)
{
	const struct image_segment *segment = image_segment_of(image, address);

	if (address >= image->relro_start && address < image->relro_end)
		return true;
	return segment && !segment->is_writable;
}

uint64_t image_find_address(const struct image *image, uint64_t value)
{
	return image_segment_of(image, value) ? value : value + image->bias;
}

bool image_dynamic(const struct image *image, uint64_t index, Elf64_Dyn *entry)
{
	return index < image->dynamic.size_bytes / sizeof(*entry) &&
	       image_copy(image, image->dynamic.address + index * sizeof(*entry), entry,
			  sizeof(*entry)) &&
	       entry->d_tag != DT_NULL;
}

const char *image_string(const struct image *image, uint64_t offset)
{
	const unsigned char *strings =
		image_bytes(image, image->strings.address, image->strings.size_bytes);

	if (!strings || offset >= image->strings.size_bytes ||
	    !memchr(strings + offset, '\0', image->strings.size_bytes - offset))
		return "";
	return (const char *)strings + offset;
}

static const struct {
	int64_t tag;
	size_t field; /* of struct image: a uint64_t */
	bool is_address;
} dynamic_fields[] = {
	{DT_SYMTAB, offsetof(struct image, symbols), true},
	{DT_HASH, offsetof(struct image, hash), true},
	{DT_GNU_HASH, offsetof(struct image, gnu_hash), true},
	{DT_STRTAB, offsetof(struct image, strings.address), true},
	{DT_STRSZ, offsetof(struct image, strings.size_bytes), false},
	{DT_RELA, offsetof(struct image, relocations.address), true},
	{DT_RELASZ, offsetof(struct image, relocations.size_bytes), false},
	{DT_JMPREL, offsetof(struct image, plt_relocations.address), true},
	{DT_PLTRELSZ, offsetof(struct image, plt_relocations.size_bytes), false},
	{DT_RELR, offsetof(struct image, packed_relocations.address), true},
	{DT_RELRSZ, offsetof(struct image, packed_relocations.size_bytes), false},
};

static void note_dynamic(struct image *image, const Elf64_Dyn *entry)
{
	for (size_t i = 0; i < ARRAY_LENGTH(dynamic_fields); i++) {
		void *field = (char *)image + dynamic_fields[i].field;
		uint64_t value = entry->d_un.d_val;

		if (dynamic_fields[i].tag != entry->d_tag)
			continue;
		if (dynamic_fields[i].is_address)
			value = image_find_address(image, value);
		memcpy(field, &value, sizeof(value));
	}
}

static void read_dynamic(struct image *image)
{
	const struct image_segment *segment;
	Elf64_Dyn entry;

	for (uint64_t i = 0; image_dynamic(image, i, &entry); i++)
		note_dynamic(image, &entry);
	/* The loader does without the size, so some files do. */
	segment = image_segment_of(image, image->strings.address);
	if (segment && !image->strings.size_bytes)
		image->strings.size_bytes =
			segment->byte_count - (image->strings.address - segment->start);
}

/* @bytes: of the segment's contents; NULL if these are at its address. */
static void add_segment(struct image *image, const Elf64_Phdr *header, const unsigned char *bytes)
{
	struct image_segment *segment = &image->segments[image->segment_count];
	uint64_t start = image->bias + header->p_vaddr;

	if (image->segment_count == IMAGE_SEGMENTS_MAX || header->p_memsz == 0 ||
	    header->p_memsz > UINT64_MAX - start)
		return;
	image->segment_count++;
	*segment = (struct image_segment){
		.start = start,
		.end = start + header->p_memsz,
		.bytes = bytes ? bytes : (const unsigned char *)start,
		/* What the loader has zeroed, the program may have filled. */
		.byte_count = bytes ? header->p_filesz : header->p_memsz,
		.is_writable = (header->p_flags & PF_W) != 0,
		.is_executable = (header->p_flags & PF_X) != 0,
	};
	if (!segment->is_executable)
		return;
	image->code_bytes += header->p_filesz;
	/* The largest executable segment is the text. */
	if (header->p_filesz > image->text_bytes && header->p_filesz < INT32_MAX) {
		image->text = segment->bytes;
		image->text_address = start;
		image->text_bytes = (uint32_t)header->p_filesz;
	}
}

static void note_header(struct image *image, const Elf64_Phdr *header, const unsigned char *bytes)
{
	uint64_t start = image->bias + header->p_vaddr;

	switch (header->p_type) {
	case PT_LOAD:
		add_segment(image, header, bytes);
		break;
	case PT_GNU_EH_FRAME:
		image->unwind_header = start;
		break;
	case PT_GNU_RELRO:
		/* The loader protects whole pages: those that begin in it. */
		image->relro_start = start & ~(uint64_t)4095;
		image->relro_end = (start + header->p_memsz) & ~(uint64_t)4095;
		break;
	case PT_DYNAMIC:
		image->dynamic = (struct image_table){start, header->p_memsz};
		break;
	default:
		break;
	}
}

static bool finish_image(struct image *image, const char *flaw, const char **why)
{
	read_dynamic(image);
	*why = flaw;
	if (flaw)
		return false;
	if (!image->text)
		*why = "it has no code";
	else if (image->code_bytes - image->text_bytes > image->text_bytes / OTHER_CODE_PART)
		*why = "its code lies in several segments, as optimisers of binaries leave it";
	else if (!image->unwind_header && !image->unwind_entries.size_bytes)
		*why = "it has no table of unwind information (.eh_frame_hdr)";
	return !*why;
}

bool image_from_memory(struct image *image, const char *name, const Elf64_Phdr *headers,
		       unsigned header_count, uint64_t bias, const char **why)
{
	*image = (struct image){.name = name, .bias = bias, .is_fixed = bias == 0};
	for (unsigned i = 0; i < header_count; i++)
		note_header(image, &headers[i], NULL);
	return finish_image(image, NULL, why);
}

static bool is_inside(const struct elf_file *file, const Elf64_Phdr *header)
{
	return header->p_type != PT_LOAD ||
	       (elf_file_bytes(file, header->p_offset, header->p_filesz) &&
		header->p_filesz <= header->p_memsz);
}

/* Linkers leave the header out of static programs: the section will do. */
static void find_unwind_section(struct image *image, const struct elf_file *file)
{
	Elf64_Shdr names, section;

	if (!elf_file_section(file, file->header.e_shstrndx, &names))
		return;
	for (unsigned i = 0; elf_file_section(file, i, &section); i++) {
		const char *name =
			elf_file_string(file, names.sh_offset, names.sh_size, section.sh_name);

		if (name && strcmp(name, ".eh_frame") == 0)
			image->unwind_entries =
				(struct image_table){section.sh_addr, section.sh_size};
	}
}

bool image_from_file(struct image *image, const char *name, const struct elf_file *file,
		     const char **why)
{
	const char *flaw = NULL;
	Elf64_Phdr header;

	*image = (struct image){.name = name, .is_fixed = file->header.e_type == ET_EXEC};
	if (file->header.e_type != ET_EXEC && file->header.e_type != ET_DYN)
		flaw = "it is neither a program nor a shared library";
	else if (file->header.e_phnum && file->header.e_phentsize != sizeof(header))
		flaw = "its program headers have an unknown size";
	for (unsigned i = 0; i < file->header.e_phnum && !flaw; i++) {
		if (!elf_file_segment(file, i, &header) || !is_inside(file, &header))
			flaw = "a segment lies outside the file";
		else
			note_header(image, &header,
				    elf_file_bytes(file, header.p_offset, header.p_filesz));
	}
	if (!image->unwind_header)
		find_unwind_section(image, file);
	return finish_image(image, flaw, why);
}

void image_find_range(const Elf64_Phdr *headers, unsigned header_count, uint64_t bias,
		      uint64_t *start, uint64_t *end)
{
	*start = UINT64_MAX;
	*end = 0;
	for (unsigned i = 0; i < header_count; i++) {
		uint64_t from = bias + headers[i].p_vaddr;

		if (headers[i].p_type != PT_LOAD)
			continue;
		if (from < *start)
			*start = from;
		if (from + headers[i].p_memsz > *end)
			*end = from + headers[i].p_memsz;
	}
}

struct note {
	const char *owner;
	uint32_t type;
	uint32_t size_bytes; /* of its data, once found */
};

/* The data of @wanted among @notes, or NULL. */
static const unsigned char *find_note(struct byte_cursor notes, struct note *wanted)
{
	size_t owner_bytes = strlen(wanted->owner) + 1;

	while (cursor_left(&notes)) {
		uint32_t name_bytes = (uint32_t)cursor_take(&notes, 4);
		uint32_t data_bytes = (uint32_t)cursor_take(&notes, 4);
		uint32_t type = (uint32_t)cursor_take(&notes, 4);
		const unsigned char *name = notes.at, *data;

		cursor_skip(&notes, (name_bytes + UINT64_C(3)) & ~UINT64_C(3));
		data = notes.at;
		cursor_skip(&notes, data_bytes);
		wanted->size_bytes = data_bytes;
		if (!notes.failed && type == wanted->type && name_bytes == owner_bytes &&
		    memcmp(name, wanted->owner, owner_bytes) == 0)
			return data;
		cursor_skip(&notes, -data_bytes & 3);
	}
	return NULL;
}

static const unsigned char *find_in_headers(const Elf64_Phdr *headers, unsigned header_count,
					    uint64_t bias, struct note *wanted)
{
	const unsigned char *data = NULL;

	for (unsigned i = 0; i < header_count && !data; i++) {
		const unsigned char *notes = (const void *)(bias + headers[i].p_vaddr);

		if (headers[i].p_type == PT_NOTE)
			data = find_note(cursor_begin(notes, notes + headers[i].p_memsz), wanted);
	}
	return data;
}

const unsigned char *image_find_build_id(const Elf64_Phdr *headers, unsigned header_count,
					 uint64_t bias, uint32_t *size_bytes)
{
	struct note build_id = {.owner = "GNU", .type = NT_GNU_BUILD_ID};
	const unsigned char *data = find_in_headers(headers, header_count, bias, &build_id);

	*size_bytes = build_id.size_bytes;
	return data;
}

bool image_has_note(const Elf64_Phdr *headers, unsigned header_count, uint64_t bias,
		    const char *owner, uint32_t type)
{
	struct note wanted = {.owner = owner, .type = type};

	return find_in_headers(headers, header_count, bias, &wanted);
}

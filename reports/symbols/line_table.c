#include "reports/symbols/line_table.h"

#include <dwarf.h>
#include <gelf.h>
#include <string.h>

#define ENTRY_FORMATS_MAX 16u
#define LONG_LENGTH 0xffffffffu

/* A part of the table that is being read; 'at' is NULL once it was too short. */
struct reader {
	const unsigned char *at, *end;
	size_t offset_bytes; /* 4, or 8 in the 64-bit format */
};

/* What each entry of a list has, in order. */
struct entry_formats {
	uint64_t contents[ENTRY_FORMATS_MAX], forms[ENTRY_FORMATS_MAX];
	size_t count;
};

static const unsigned char *skip_bytes(struct reader *reader, uint64_t bytes)
{
	const unsigned char *at = reader->at;

	if (at && (uint64_t)(reader->end - at) >= bytes)
		reader->at += bytes;
	else
		reader->at = NULL;
	return reader->at ? at : NULL;
}

/* 0 past the end. */
static uint64_t read_number(struct reader *reader, size_t bytes)
{
	const unsigned char *at = skip_bytes(reader, bytes);
	uint64_t number = 0;

	if (at)
		memcpy(&number, at, bytes);
	return number;
}

static uint64_t read_leb128(struct reader *reader)
{
	uint64_t number = 0;
	const unsigned char *byte;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		byte = skip_bytes(reader, 1);
		if (!byte)
			return 0;
		number |= (uint64_t)(*byte & 0x7f) << shift;
		if (!(*byte & 0x80))
			return number;
	}
	reader->at = NULL;
	return 0;
}

static void skip_string(struct reader *reader)
{
	const unsigned char *end =
		reader->at ? memchr(reader->at, 0, (size_t)(reader->end - reader->at)) : NULL;

	reader->at = end ? end + 1 : NULL;
}

static void skip_form(struct reader *reader, uint64_t form)
{
	switch (form) {
	case DW_FORM_string:
		skip_string(reader);
		break;
	case DW_FORM_line_strp:
	case DW_FORM_strp:
		skip_bytes(reader, reader->offset_bytes);
		break;
	case DW_FORM_udata:
		read_leb128(reader);
		break;
	case DW_FORM_data1:
		skip_bytes(reader, 1);
		break;
	case DW_FORM_data2:
		skip_bytes(reader, 2);
		break;
	case DW_FORM_data4:
		skip_bytes(reader, 4);
		break;
	case DW_FORM_data8:
		skip_bytes(reader, 8);
		break;
	case DW_FORM_data16:
		skip_bytes(reader, LINE_TABLE_DIGEST_BYTES);
		break;
	case DW_FORM_block:
		skip_bytes(reader, read_leb128(reader));
		break;
	default:
		reader->at = NULL;
	}
}

static void read_formats(struct reader *reader, struct entry_formats *formats)
{
	formats->count = read_number(reader, 1);
	if (formats->count > ENTRY_FORMATS_MAX)
		reader->at = NULL;
	for (size_t i = 0; i < formats->count && reader->at; i++) {
		formats->contents[i] = read_leb128(reader);
		formats->forms[i] = read_leb128(reader);
	}
}

/* Past one entry; where its digest is, or NULL. */
static const unsigned char *read_entry(struct reader *reader, const struct entry_formats *formats)
{
	const unsigned char *digest = NULL;

	for (size_t i = 0; i < formats->count; i++) {
		if (formats->contents[i] == DW_LNCT_MD5 && formats->forms[i] == DW_FORM_data16)
			digest = reader->at;
		skip_form(reader, formats->forms[i]);
	}
	return reader->at ? digest : NULL;
}

/* To the list of directories.  False if it is no table of DWARF 5. */
static bool read_header(struct reader *reader)
{
	uint64_t length = read_number(reader, 4);

	reader->offset_bytes = length == LONG_LENGTH ? 8 : 4;
	if (length == LONG_LENGTH)
		length = read_number(reader, 8);
	if (!reader->at || length > (uint64_t)(reader->end - reader->at))
		return false;
	reader->end = reader->at + length;
	if (read_number(reader, 2) != 5)
		return false;
	skip_bytes(reader, 2 + reader->offset_bytes); /* sizes of addresses and segments, length */
	skip_bytes(reader, 5);			      /* up to the range of lines */
	skip_bytes(reader, read_number(reader, 1) - 1);
	return reader->at != NULL;
}

static const unsigned char *find_digest(struct reader *reader, size_t index)
{
	struct entry_formats formats;
	uint64_t count;

	if (!read_header(reader))
		return NULL;
	read_formats(reader, &formats);
	count = read_leb128(reader);
	for (uint64_t i = 0; i < count && reader->at; i++)
		read_entry(reader, &formats);
	read_formats(reader, &formats);
	count = read_leb128(reader);
	for (uint64_t i = 0; i < count && i < index && reader->at; i++)
		read_entry(reader, &formats);
	return index < count ? read_entry(reader, &formats) : NULL;
}

/* The section .debug_line; false if there is none, or it is compressed. */
static bool find_section(Dwarf *dwarf, struct reader *reader)
{
	Elf *elf = dwarf_getelf(dwarf);
	Elf_Scn *section = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) != 0)
		return false;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		const char *name;
		const Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_flags & SHF_COMPRESSED)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		data = name && strcmp(name, ".debug_line") == 0 ? elf_rawdata(section, NULL) : NULL;
		if (!data || !data->d_buf)
			continue;
		reader->at = data->d_buf;
		reader->end = reader->at + data->d_size;
		return true;
	}
	return false;
}

const unsigned char *line_table_digest(struct elf_image *image, Dwarf_Die *unit, size_t index)
{
	Dwarf *dwarf = elf_image_dwarf(image);
	Dwarf_Attribute attribute;
	struct reader reader;
	Dwarf_Word offset;

	if (!dwarf || !find_section(dwarf, &reader) ||
	    dwarf_formudata(dwarf_attr(unit, DW_AT_stmt_list, &attribute), &offset) != 0)
		return NULL;
	skip_bytes(&reader, offset);
	return find_digest(&reader, index);
}

#include "elf/file.h"

#include <string.h>

#include "base/arch/arch.h"

bool elf_file_open(struct elf_file *file, const unsigned char *bytes, uint64_t size_bytes,
		   const char **why)
{
	*file = (struct elf_file){.bytes = bytes, .size_bytes = size_bytes};
	*why = NULL;
	if (size_bytes < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		*why = "it is not an ELF file";
	else if (size_bytes < sizeof(file->header))
		*why = "its ELF header is cut short";
	if (*why)
		return false;
	memcpy(&file->header, bytes, sizeof(file->header));
	if (bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB ||
	    file->header.e_machine != ARCH_ELF_MACHINE)
		*why = "it is not for " ARCH_NAME;
	return !*why;
}

const unsigned char *elf_file_bytes(const struct elf_file *file, uint64_t offset, uint64_t count)
{
	if (offset > file->size_bytes || file->size_bytes - offset < count)
		return NULL;
	return file->bytes + offset;
}

const char *elf_file_string(const struct elf_file *file, uint64_t table, uint64_t table_bytes,
			    uint64_t offset)
{
	const char *strings = (const char *)elf_file_bytes(file, table, 0);

	if (!strings)
		return NULL;
	if (table_bytes > file->size_bytes - table)
		table_bytes = file->size_bytes - table;
	if (offset >= table_bytes || !memchr(strings + offset, '\0', table_bytes - offset))
		return NULL;
	return strings + offset;
}

/* Row @index of a table, whose rows have @size_bytes. */
static bool read_row(const struct elf_file *file, uint64_t table, uint64_t index, void *to,
		     size_t size_bytes)
{
	const unsigned char *from = NULL;

	if (table <= file->size_bytes && index < file->size_bytes / size_bytes)
		from = elf_file_bytes(file, table + index * size_bytes, size_bytes);
	if (from)
		memcpy(to, from, size_bytes);
	return from != NULL;
}

bool elf_file_segment(const struct elf_file *file, uint64_t index, Elf64_Phdr *segment)
{
	return index < file->header.e_phnum &&
	       read_row(file, file->header.e_phoff, index, segment, sizeof(*segment));
}

bool elf_file_section(const struct elf_file *file, uint64_t index, Elf64_Shdr *section)
{
	return index < file->header.e_shnum &&
	       read_row(file, file->header.e_shoff, index, section, sizeof(*section));
}

bool elf_file_has_segments(const struct elf_file *file, const Elf64_Phdr *segments, unsigned count)
{
	Elf64_Phdr segment;
	unsigned i = 0;

	while (i < count && elf_file_segment(file, i, &segment) &&
	       memcmp(&segment, &segments[i], sizeof(segment)) == 0)
		i++;
	return i == count && count == file->header.e_phnum;
}

bool elf_file_find_segment(const struct elf_file *file, uint32_t type, Elf64_Phdr *segment)
{
	for (unsigned i = 0; elf_file_segment(file, i, segment); i++)
		if (segment->p_type == type)
			return true;
	return false;
}

bool elf_file_find_section(const struct elf_file *file, uint32_t type, Elf64_Shdr *section)
{
	for (unsigned i = 0; elf_file_section(file, i, section); i++)
		if (section->sh_type == type)
			return true;
	return false;
}

/* The strings of @section, and in @room_bytes how many bytes there are up to the end of the
 * last one: what begins there is terminated. */
static const char *find_strings(const struct elf_file *file, uint64_t section, uint64_t *room_bytes)
{
	const char *strings;
	Elf64_Shdr table;

	*room_bytes = 0;
	if (!elf_file_section(file, section, &table))
		return NULL;
	strings = (const char *)elf_file_bytes(file, table.sh_offset, 0);
	if (!strings)
		return NULL;
	*room_bytes = file->size_bytes - table.sh_offset;
	if (*room_bytes > table.sh_size)
		*room_bytes = table.sh_size;
	while (*room_bytes && strings[*room_bytes - 1])
		--*room_bytes;
	return strings;
}

void elf_file_each_symbol(const struct elf_file *file, const Elf64_Shdr *table,
			  elf_symbol_function call, void *context)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	uint64_t room_bytes;
	const char *strings = find_strings(file, table->sh_link, &room_bytes);
	Elf64_Sym symbol;

	for (uint64_t i = 0; i < count; i++) {
		if (!read_row(file, table->sh_offset, i, &symbol, sizeof(symbol)))
			return;
		if (symbol.st_name < room_bytes &&
		    !call(context, &symbol, strings + symbol.st_name))
			return;
	}
}

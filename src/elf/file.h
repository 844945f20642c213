/*
 * An ELF file's bytes: its headers, sections, strings and symbols.
 *
 * Nothing that a file says is trusted: each part is looked for within the bytes
 * that are there, and copied out, as it need not be aligned.  Pure: no malloc, no
 * stdio.  Reports read files by elfutils, for the debug information.
 */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <elf.h>

#include "base/types.h"

struct elf_file {
	const unsigned char *bytes;
	uint64_t size_bytes;
	Elf64_Ehdr header;
};

/* False with *@why: these are not the bytes of a file for this machine. */
bool elf_file_open(struct elf_file *file, const unsigned char *bytes, uint64_t size_bytes,
		   const char **why);

/* The bytes at @offset, all @count of them; NULL if they are not there. */
const unsigned char *elf_file_bytes(const struct elf_file *file, uint64_t offset, uint64_t count);

/* The terminated string at @offset of a table, which lies at @table; or NULL. */
const char *elf_file_string(const struct elf_file *file, uint64_t table, uint64_t table_bytes,
			    uint64_t offset);

/* False: there is none of that index, or it lies outside the file. */
bool elf_file_segment(const struct elf_file *file, uint64_t index, Elf64_Phdr *segment);
bool elf_file_section(const struct elf_file *file, uint64_t index, Elf64_Shdr *section);

/* Are these all of them? */
bool elf_file_has_segments(const struct elf_file *file, const Elf64_Phdr *segments, unsigned count);

/* The first one of @type.  False: there is none. */
bool elf_file_find_segment(const struct elf_file *file, uint32_t type, Elf64_Phdr *segment);
bool elf_file_find_section(const struct elf_file *file, uint32_t type, Elf64_Shdr *section);

/* Calls for each symbol of the section @table, in their order, while @call says so:
 * those that have a name. */
typedef bool (*elf_symbol_function)(void *context, const Elf64_Sym *symbol, const char *name);
void elf_file_each_symbol(const struct elf_file *file, const Elf64_Shdr *table,
			  elf_symbol_function call, void *context);

#endif

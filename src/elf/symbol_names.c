#include "elf/symbol_names.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	const unsigned char *at;
	size_t size_bytes;
};

static const void *find_in(const struct bytes *file, uint64_t offset, uint64_t size_bytes)
{
	if (offset > file->size_bytes || file->size_bytes - offset < size_bytes)
		return NULL;
	return file->at + offset;
}

static bool read_section(const struct bytes *file, const Elf64_Ehdr *elf, unsigned index,
			 Elf64_Shdr *section)
{
	const void *from =
		find_in(file, elf->e_shoff + (uint64_t)index * sizeof(*section), sizeof(*section));

	if (!from || index >= elf->e_shnum)
		return false;
	memcpy(section, from, sizeof(*section));
	return true;
}

static bool find_section(const struct bytes *file, const Elf64_Ehdr *elf, uint32_t type,
			 Elf64_Shdr *section)
{
	for (unsigned i = 0; i < elf->e_shnum; i++)
		if (read_section(file, elf, i, section) && section->sh_type == type)
			return true;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	const struct symbol_name *left = a, *right = b;

	return (left->address > right->address) - (left->address < right->address);
}

static void add_symbols(struct symbol_names *names, const struct bytes *file,
			const Elf64_Shdr *symbols, const Elf64_Shdr *strings)
{
	size_t count = symbols->sh_size / sizeof(Elf64_Sym);
	const char *text = find_in(file, strings->sh_offset, strings->sh_size);
	const unsigned char *from = find_in(file, symbols->sh_offset, symbols->sh_size);

	if (!text || !from || !strings->sh_size || text[strings->sh_size - 1] != '\0')
		return;
	names->rows = calloc(count + 1, sizeof(*names->rows));
	for (size_t i = 0; names->rows && i < count; i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, from + i * sizeof(symbol), sizeof(symbol));
		if ((ELF64_ST_TYPE(symbol.st_info) == STT_FUNC ||
		     ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC) &&
		    symbol.st_shndx != SHN_UNDEF && symbol.st_name < strings->sh_size)
			names->rows[names->count++] =
				(struct symbol_name){symbol.st_value, text + symbol.st_name};
	}
	if (names->rows)
		qsort(names->rows, names->count, sizeof(*names->rows), compare_names);
}

void symbol_names_read(struct symbol_names *names, const unsigned char *file, size_t size_bytes)
{
	struct bytes bytes = {file, size_bytes};
	Elf64_Shdr symbols, strings;
	Elf64_Ehdr elf;

	*names = (struct symbol_names){NULL, 0};
	if (size_bytes < sizeof(elf))
		return;
	memcpy(&elf, file, sizeof(elf));
	if ((find_section(&bytes, &elf, SHT_SYMTAB, &symbols) ||
	     find_section(&bytes, &elf, SHT_DYNSYM, &symbols)) &&
	    read_section(&bytes, &elf, symbols.sh_link, &strings))
		add_symbols(names, &bytes, &symbols, &strings);
}

void symbol_names_free(struct symbol_names *names)
{
	free(names->rows);
	*names = (struct symbol_names){NULL, 0};
}

const char *symbol_names_find(const struct symbol_names *names, uint64_t address)
{
	struct symbol_name wanted = {address, NULL};
	const struct symbol_name *found = NULL;

	if (names->count)
		found = bsearch(&wanted, names->rows, names->count, sizeof(wanted), compare_names);
	return found ? found->name : NULL;
}

#include "preload/debugger/function_names.h"

#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/kernel.h"
#include "preload/guest/text.h"
#include "x86/survey/module.h"

#define BYTES_MOST (1ull << 30) /* of a table of symbols: a larger one is damaged */

/* The symbol tables of a file, and copies of them in memory. */
struct symbol_tables {
	Elf64_Shdr symbols, strings;
	Elf64_Sym *rows;
	char *names;
	uint32_t *by_function;
};

static bool read_at(long file, void *to, size_t size_bytes, uint64_t offset)
{
	return kernel_call4(SYS_pread64, file, to, size_bytes, offset) == (long)size_bytes;
}

/* Is it the file that was loaded?  Another one may have got its name. */
static bool is_loaded_file(long file, const struct clone_region *region, Elf64_Ehdr *header)
{
	const void *loaded = NULL;

	for (uint32_t i = 0; i < region->header_count; i++)
		if (region->headers[i].p_type == PT_LOAD && region->headers[i].p_offset == 0)
			loaded = (const void *)(region->bias + region->headers[i].p_vaddr);
	return loaded && read_at(file, header, sizeof(*header), 0) &&
	       memcmp(header, loaded, sizeof(*header)) == 0 &&
	       header->e_shentsize == sizeof(Elf64_Shdr);
}

/* Finds the table of all symbols or, if there is none, that of dynamic symbols. */
static bool find_tables(long file, const Elf64_Ehdr *header, struct symbol_tables *tables)
{
	Elf64_Shdr section;

	tables->symbols.sh_type = SHT_NULL;
	for (uint32_t i = 0; i < header->e_shnum; i++) {
		if (!read_at(file, &section, sizeof(section),
			     header->e_shoff + i * sizeof(section)))
			return false;
		if (section.sh_type == SHT_SYMTAB ||
		    (section.sh_type == SHT_DYNSYM && tables->symbols.sh_type == SHT_NULL))
			tables->symbols = section;
	}
	return tables->symbols.sh_type != SHT_NULL &&
	       tables->symbols.sh_entsize == sizeof(Elf64_Sym) &&
	       read_at(file, &tables->strings, sizeof(tables->strings),
		       header->e_shoff + tables->symbols.sh_link * sizeof(section)) &&
	       tables->strings.sh_type == SHT_STRTAB && tables->symbols.sh_size < BYTES_MOST &&
	       tables->strings.sh_size && tables->strings.sh_size < BYTES_MOST;
}

/* Reads all into one block.  The names end with a zero, even in a damaged file. */
static bool read_tables(long file, struct function_names *names, struct symbol_tables *tables)
{
	size_t index_bytes = (names->count * sizeof(*names->by_function) + 7) & ~(size_t)7;

	names->page_bytes =
		(index_bytes + tables->symbols.sh_size + tables->strings.sh_size + 1 + 4095) &
		~(size_t)4095;
	names->pages = pages_from_kernel(names->page_bytes);
	if (!names->pages)
		return false;
	tables->by_function = names->pages;
	tables->rows = (void *)((char *)names->pages + index_bytes);
	tables->names = (char *)tables->rows + tables->symbols.sh_size;
	return read_at(file, tables->rows, tables->symbols.sh_size, tables->symbols.sh_offset) &&
	       read_at(file, tables->names, tables->strings.sh_size, tables->strings.sh_offset);
}

/* A function with several names gets the first one. */
static void assign_names(const struct symbol_tables *tables, const struct image *image,
			 const struct plan *plan)
{
	uint64_t count = tables->symbols.sh_size / sizeof(Elf64_Sym);
	const struct function *function;

	for (uint64_t i = 0; i < count; i++) {
		const Elf64_Sym *symbol = &tables->rows[i];
		uint64_t offset = symbol->st_value + image->bias - image->text_address;
		uint32_t *name;

		if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
		    symbol->st_name >= tables->strings.sh_size || offset >= image->text_bytes)
			continue;
		function = module_find(plan->module, (int64_t)offset);
		if (!function || function->start != offset)
			continue;
		name = &tables->by_function[function - plan->functions];
		if (!*name)
			*name = symbol->st_name;
	}
}

void function_names_free(struct function_names *names)
{
	if (names->pages)
		kernel_call2(SYS_munmap, names->pages, names->page_bytes);
	names->pages = NULL;
	names->by_function = NULL;
}

void function_names_read(struct function_names *names, const char *path,
			 const struct clone_region *region, const struct image *image,
			 const struct plan *plan)
{
	const char *slash = strrchr(path, '/');
	struct symbol_tables tables;
	Elf64_Ehdr header;
	long file = kernel_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	*names = (struct function_names){
		.count = plan->function_count,
		.module = !*image->name ? "program"
			  : slash	? slash + 1
					: path,
	};
	if (file < 0)
		return;
	if (is_loaded_file(file, region, &header) && find_tables(file, &header, &tables) &&
	    read_tables(file, names, &tables)) {
		assign_names(&tables, image, plan);
		names->by_function = tables.by_function;
		names->strings = tables.names;
	} else {
		function_names_free(names);
	}
	kernel_call1(SYS_close, file);
}

size_t function_name_write(const struct function_names *names, uint32_t index, uint64_t from,
			   char name[FUNCTION_NAME_BYTES])
{
	struct text text = text_begin(name, FUNCTION_NAME_BYTES);

	if (names->by_function && names->by_function[index]) {
		text_add(&text, names->strings + names->by_function[index]);
	} else {
		text_add(&text, names->module);
		text_add(&text, "+0x");
		text_add_hexadecimal(&text, from);
	}
	return text.length;
}

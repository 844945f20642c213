/* Where a module's code may be reached from, as its dynamic symbols and relocations say. */
#include <string.h>

#include "base/arch/arch.h"
#include "elf/image.h"

static bool is_in_text(const struct image *image, uint64_t address)
{
	return address - image->text_address < image->text_bytes;
}

static bool read_symbol(const struct image *image, uint64_t index, Elf64_Sym *symbol)
{
	return image->symbols && index < UINT32_MAX &&
	       image_copy(image, image->symbols + index * sizeof(*symbol), symbol, sizeof(*symbol));
}

/* Symbols that have a hash are the last ones; each chain ends with a set bit. */
static uint32_t count_by_gnu_hash(const struct image *image)
{
	uint32_t head[4]; /* buckets, first hashed symbol, words of the filter, shift */
	uint64_t buckets, chains;
	uint32_t last = 0, value;

	if (!image_copy(image, image->gnu_hash, head, sizeof(head)))
		return 0;
	buckets = image->gnu_hash + sizeof(head) + 8 * (uint64_t)head[2];
	chains = buckets + 4 * (uint64_t)head[0];
	for (uint32_t i = 0; i < head[0]; i++) {
		if (!image_copy(image, buckets + 4 * (uint64_t)i, &value, sizeof(value)))
			return 0;
		last = value > last ? value : last;
	}
	if (last < head[1])
		return head[1];
	while (image_copy(image, chains + 4 * (uint64_t)(last - head[1]), &value, sizeof(value)) &&
	       !(value & 1))
		last++;
	return last + 1;
}

static uint32_t count_symbols(const struct image *image)
{
	uint32_t head[2]; /* buckets, chains: one for each symbol */

	if (image->hash && image_copy(image, image->hash, head, sizeof(head)))
		return head[1];
	return image->gnu_hash ? count_by_gnu_hash(image) : 0;
}

void image_each_symbol(const struct image *image, image_symbol_function call, void *context)
{
	uint32_t count = count_symbols(image);
	Elf64_Sym symbol;

	for (uint32_t i = 1; i < count && read_symbol(image, i, &symbol); i++)
		if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) != STT_TLS &&
		    is_in_text(image, image->bias + symbol.st_value))
			call(context, image_string(image, symbol.st_name),
			     image->bias + symbol.st_value, symbol.st_size);
}

static bool read_relocation(const struct image *image, const struct image_table *table,
			    uint64_t index, Elf64_Rela *relocation)
{
	return index < table->size_bytes / sizeof(*relocation) &&
	       image_copy(image, table->address + index * sizeof(*relocation), relocation,
			  sizeof(*relocation));
}

/* What the word will hold, if it is an address of this module; else 0. */
static uint64_t find_value(const struct image *image, const Elf64_Rela *relocation)
{
	Elf64_Sym symbol;
	uint64_t addend = (uint64_t)relocation->r_addend;

	switch (ELF64_R_TYPE(relocation->r_info)) {
	case ARCH_RELOCATION_RELATIVE:
	case ARCH_RELOCATION_FUNCTION:
		return image->bias + addend;
	case ARCH_RELOCATION_GOT:
	case ARCH_RELOCATION_PLT:
		addend = 0;
		break;
	case ARCH_RELOCATION_ADDRESS:
		break;
	default:
		return 0;
	}
	if (!read_symbol(image, ELF64_R_SYM(relocation->r_info), &symbol) ||
	    symbol.st_shndx == SHN_UNDEF)
		return 0;
	return image->bias + symbol.st_value + addend;
}

static void call_for_table(const struct image *image, const struct image_table *table,
			   image_pointer_function call, void *context)
{
	Elf64_Rela relocation;

	for (uint64_t i = 0; read_relocation(image, table, i, &relocation); i++) {
		uint64_t value = find_value(image, &relocation);

		if (is_in_text(image, value))
			call(context, image->bias + relocation.r_offset, value);
	}
}

static void call_for_word(const struct image *image, uint64_t place, image_pointer_function call,
			  void *context)
{
	uint64_t value;

	if (!image_copy(image, place, &value, sizeof(value)))
		return;
	value = image_find_address(image, value);
	if (is_in_text(image, value))
		call(context, place, value);
}

/* Packed relative relocations: an even word is a place to relocate; an odd one
 * has bits for the 63 words after the place reached so far. */
static void call_for_packed(const struct image *image, image_pointer_function call, void *context)
{
	const struct image_table *table = &image->packed_relocations;
	uint64_t place = 0, entry;

	for (uint64_t at = 0; at + sizeof(entry) <= table->size_bytes; at += sizeof(entry)) {
		if (!image_copy(image, table->address + at, &entry, sizeof(entry)))
			return;
		if (entry & 1) {
			for (unsigned bit = 1; bit < 64; bit++)
				if (entry >> bit & 1)
					call_for_word(image, place + 8 * (uint64_t)(bit - 1), call,
						      context);
			place += 8 * (uint64_t)63;
		} else {
			place = image->bias + entry;
			call_for_word(image, place, call, context);
			place += 8;
		}
	}
}

/* Without relocations every word may be a pointer, in code's segment, too: linkers may put
 * tables of constants there. */
static void call_for_words(const struct image *image, image_pointer_function call, void *context)
{
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];
		uint64_t first = -segment->start & 7;
		uint64_t value;

		for (uint64_t at = first; at + 8 <= segment->byte_count; at += 8) {
			memcpy(&value, segment->bytes + at, sizeof(value));
			if (is_in_text(image, value))
				call(context, segment->start + at, value);
		}
	}
}

void image_each_pointer(const struct image *image, image_pointer_function call, void *context)
{
	call_for_table(image, &image->relocations, call, context);
	call_for_table(image, &image->plt_relocations, call, context);
	call_for_packed(image, call, context);
	if (image->is_fixed)
		call_for_words(image, call, context);
}

static void call_for_imports(const struct image *image, const struct image_table *table,
			     image_import_function call, void *context)
{
	Elf64_Rela relocation;
	Elf64_Sym symbol;

	for (uint64_t i = 0; read_relocation(image, table, i, &relocation); i++) {
		uint32_t type = (uint32_t)ELF64_R_TYPE(relocation.r_info);

		if ((type == ARCH_RELOCATION_PLT || type == ARCH_RELOCATION_GOT) &&
		    read_symbol(image, ELF64_R_SYM(relocation.r_info), &symbol))
			call(context, image_string(image, symbol.st_name),
			     image->bias + relocation.r_offset);
	}
}

void image_each_import(const struct image *image, image_import_function call, void *context)
{
	call_for_imports(image, &image->relocations, call, context);
	call_for_imports(image, &image->plt_relocations, call, context);
}

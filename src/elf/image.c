#include "elf/image.h"

#include <string.h>

#include "base/arch/arch.h"

/* Code outside of the text that may be left alone: start-up, a hand-written piece. */
#define OTHER_CODE_PART 8u

const struct image_segment *image_segment_of(const struct image *image, uint64_t address)
{
	return image_find_segment(image->segments, image->segment_count, address);
}

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

bool image_is_read_only(const struct image *image, uint64_t address)
{
	const struct image_segment *segment = image_segment_of(image, address);

	if (address >= image->relro_start && address < image->relro_end)
		return true;
	return segment && !segment->is_writable;
}

/* Nothing in a file need be aligned.  False if it is not there. */
static bool copy_out(const struct image *image, uint64_t address, void *to, size_t size_bytes)
{
	const unsigned char *bytes = image_bytes(image, address, size_bytes);

	if (bytes)
		memcpy(to, bytes, size_bytes);
	return bytes != NULL;
}

static bool is_in_text(const struct image *image, uint64_t address)
{
	return address - image->text_address < image->text_bytes;
}

/* --- The dynamic section ---------------------------------------------------------- */

/* The loader adds the bias to what it finds, but not before it gets there. */
static uint64_t relocate_value(const struct image *image, uint64_t value)
{
	return image_segment_of(image, value) ? value : value + image->bias;
}

static void note_dynamic(struct image *image, const Elf64_Dyn *entry)
{
	uint64_t value = entry->d_un.d_val;

	switch (entry->d_tag) {
	case DT_SYMTAB:
		image->symbols = relocate_value(image, value);
		break;
	case DT_HASH:
		image->hash = relocate_value(image, value);
		break;
	case DT_GNU_HASH:
		image->gnu_hash = relocate_value(image, value);
		break;
	case DT_STRTAB:
		image->strings.address = relocate_value(image, value);
		break;
	case DT_STRSZ:
		image->strings.size_bytes = value;
		break;
	case DT_RELA:
		image->relocations.address = relocate_value(image, value);
		break;
	case DT_RELASZ:
		image->relocations.size_bytes = value;
		break;
	case DT_JMPREL:
		image->plt_relocations.address = relocate_value(image, value);
		break;
	case DT_PLTRELSZ:
		image->plt_relocations.size_bytes = value;
		break;
	case DT_RELR:
		image->packed_relocations.address = relocate_value(image, value);
		break;
	case DT_RELRSZ:
		image->packed_relocations.size_bytes = value;
		break;
	default:
		break;
	}
}

static void read_dynamic(struct image *image)
{
	Elf64_Dyn entry;

	for (uint64_t at = 0; at + sizeof(entry) <= image->dynamic.size_bytes;
	     at += sizeof(entry)) {
		if (!copy_out(image, image->dynamic.address + at, &entry, sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			return;
		note_dynamic(image, &entry);
	}
}

/* --- Making images ------------------------------------------------------------------ */

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

static void note_header(struct image *image, const Elf64_Phdr *header)
{
	uint64_t start = image->bias + header->p_vaddr;

	switch (header->p_type) {
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

static bool finish_image(struct image *image, const char **why)
{
	read_dynamic(image);
	*why = NULL;
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
		if (headers[i].p_type == PT_LOAD)
			add_segment(image, &headers[i], NULL);
	for (unsigned i = 0; i < header_count; i++)
		note_header(image, &headers[i]);
	return finish_image(image, why);
}

/* Reads program header @index; false if it, or what it describes, is not in the file. */
static bool read_header(const unsigned char *file, size_t size_bytes, const Elf64_Ehdr *elf,
			unsigned index, Elf64_Phdr *header)
{
	uint64_t at = elf->e_phoff + (uint64_t)index * sizeof(*header);

	if (at > size_bytes || size_bytes - at < sizeof(*header))
		return false;
	memcpy(header, file + at, sizeof(*header));
	return header->p_type != PT_LOAD || (header->p_offset <= size_bytes &&
					     header->p_filesz <= size_bytes - header->p_offset &&
					     header->p_filesz <= header->p_memsz);
}

static bool read_section(const unsigned char *file, size_t size_bytes, const Elf64_Ehdr *elf,
			 unsigned index, Elf64_Shdr *section)
{
	uint64_t at = elf->e_shoff + (uint64_t)index * sizeof(*section);

	if (index >= elf->e_shnum || at > size_bytes || size_bytes - at < sizeof(*section))
		return false;
	memcpy(section, file + at, sizeof(*section));
	return true;
}

/* Linkers leave the header out of static programs: the section will do. */
static void find_unwind_section(struct image *image, const unsigned char *file, size_t size_bytes,
				const Elf64_Ehdr *elf)
{
	static const char wanted[] = ".eh_frame";
	Elf64_Shdr names, section;

	if (!read_section(file, size_bytes, elf, elf->e_shstrndx, &names))
		return;
	for (unsigned i = 0; read_section(file, size_bytes, elf, i, &section); i++) {
		uint64_t at = names.sh_offset + section.sh_name;

		if (at <= size_bytes && size_bytes - at >= sizeof(wanted) &&
		    memcmp(file + at, wanted, sizeof(wanted)) == 0)
			image->unwind_entries =
				(struct image_table){section.sh_addr, section.sh_size};
	}
}

static const char *find_flaw(const unsigned char *file, size_t size_bytes, Elf64_Ehdr *elf)
{
	if (size_bytes < SELFMAG || memcmp(file, ELFMAG, SELFMAG) != 0)
		return "it is not an ELF file";
	if (size_bytes < sizeof(*elf))
		return "its ELF header is cut short";
	memcpy(elf, file, sizeof(*elf));
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf->e_machine != ARCH_ELF_MACHINE)
		return "it is not for " ARCH_NAME;
	if (elf->e_type != ET_EXEC && elf->e_type != ET_DYN)
		return "it is neither a program nor a shared library";
	if (elf->e_phnum && elf->e_phentsize != sizeof(Elf64_Phdr))
		return "its program headers have an unknown size";
	return NULL;
}

bool image_from_file(struct image *image, const char *name, const unsigned char *file,
		     size_t size_bytes, const char **why)
{
	Elf64_Ehdr elf = {0};
	Elf64_Phdr header;

	*image = (struct image){.name = name};
	*why = find_flaw(file, size_bytes, &elf);
	if (*why)
		return false;
	image->is_fixed = elf.e_type == ET_EXEC;
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		if (!read_header(file, size_bytes, &elf, i, &header)) {
			*why = "a segment lies outside the file";
			return false;
		}
		if (header.p_type == PT_LOAD)
			add_segment(image, &header, file + header.p_offset);
	}
	for (unsigned i = 0; i < elf.e_phnum; i++)
		if (read_header(file, size_bytes, &elf, i, &header))
			note_header(image, &header);
	if (!image->unwind_header)
		find_unwind_section(image, file, size_bytes, &elf);
	return finish_image(image, why);
}

/* --- Symbols -------------------------------------------------------------------------- */

static bool read_symbol(const struct image *image, uint64_t index, Elf64_Sym *symbol)
{
	return image->symbols && index < UINT32_MAX &&
	       copy_out(image, image->symbols + index * sizeof(*symbol), symbol, sizeof(*symbol));
}

/* "" for none. */
static const char *symbol_name(const struct image *image, const Elf64_Sym *symbol)
{
	const unsigned char *strings =
		image_bytes(image, image->strings.address, image->strings.size_bytes);
	size_t left = image->strings.size_bytes - symbol->st_name;

	if (!strings || symbol->st_name >= image->strings.size_bytes ||
	    !memchr(strings + symbol->st_name, '\0', left))
		return "";
	return (const char *)strings + symbol->st_name;
}

/* Symbols that have a hash are the last ones; each chain ends with a set bit. */
static uint32_t count_by_gnu_hash(const struct image *image)
{
	uint32_t head[4]; /* buckets, first hashed symbol, words of the filter, shift */
	uint64_t buckets, chains;
	uint32_t last = 0, value;

	if (!copy_out(image, image->gnu_hash, head, sizeof(head)))
		return 0;
	buckets = image->gnu_hash + sizeof(head) + 8 * (uint64_t)head[2];
	chains = buckets + 4 * (uint64_t)head[0];
	for (uint32_t i = 0; i < head[0]; i++) {
		if (!copy_out(image, buckets + 4 * (uint64_t)i, &value, sizeof(value)))
			return 0;
		last = value > last ? value : last;
	}
	if (last < head[1])
		return head[1];
	while (copy_out(image, chains + 4 * (uint64_t)(last - head[1]), &value, sizeof(value)) &&
	       !(value & 1))
		last++;
	return last + 1;
}

static uint32_t count_symbols(const struct image *image)
{
	uint32_t head[2]; /* buckets, chains: one for each symbol */

	if (image->hash && copy_out(image, image->hash, head, sizeof(head)))
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
			call(context, symbol_name(image, &symbol), image->bias + symbol.st_value,
			     symbol.st_size);
}

/* --- Relocations ------------------------------------------------------------------------ */

static bool read_relocation(const struct image *image, const struct image_table *table,
			    uint64_t index, Elf64_Rela *relocation)
{
	return index < table->size_bytes / sizeof(*relocation) &&
	       copy_out(image, table->address + index * sizeof(*relocation), relocation,
			sizeof(*relocation));
}

/* What the word will hold, if it is an address of this module; else 0. */
static uint64_t value_of(const struct image *image, const Elf64_Rela *relocation)
{
	Elf64_Sym symbol;
	uint64_t addend = (uint64_t)relocation->r_addend;

	switch (ELF64_R_TYPE(relocation->r_info)) {
	case R_X86_64_RELATIVE:
	case R_X86_64_IRELATIVE:
		return image->bias + addend;
	case R_X86_64_GLOB_DAT:
	case R_X86_64_JUMP_SLOT:
		addend = 0;
		break;
	case R_X86_64_64:
		break;
	default:
		return 0;
	}
	if (!read_symbol(image, ELF64_R_SYM(relocation->r_info), &symbol) ||
	    symbol.st_shndx == SHN_UNDEF)
		return 0;
	return image->bias + symbol.st_value + addend;
}

static void each_in_table(const struct image *image, const struct image_table *table,
			  image_pointer_function call, void *context)
{
	Elf64_Rela relocation;

	for (uint64_t i = 0; read_relocation(image, table, i, &relocation); i++) {
		uint64_t value = value_of(image, &relocation);

		if (is_in_text(image, value))
			call(context, image->bias + relocation.r_offset, value);
	}
}

static void call_for_word(const struct image *image, uint64_t place, image_pointer_function call,
			  void *context)
{
	uint64_t value;

	if (!copy_out(image, place, &value, sizeof(value)))
		return;
	value = relocate_value(image, value);
	if (is_in_text(image, value))
		call(context, place, value);
}

/*
 * Packed relative relocations: an even word is a place to relocate; an odd one
 * has bits for the 63 words after the place reached so far.
 */
static void each_packed(const struct image *image, image_pointer_function call, void *context)
{
	const struct image_table *table = &image->packed_relocations;
	uint64_t place = 0, entry;

	for (uint64_t at = 0; at + sizeof(entry) <= table->size_bytes; at += sizeof(entry)) {
		if (!copy_out(image, table->address + at, &entry, sizeof(entry)))
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

/* Without relocations every word may be a pointer. */
static void each_word(const struct image *image, image_pointer_function call, void *context)
{
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];
		uint64_t first = -segment->start & 7;
		uint64_t value;

		if (segment->is_executable)
			continue;
		for (uint64_t at = first; at + 8 <= segment->byte_count; at += 8) {
			memcpy(&value, segment->bytes + at, sizeof(value));
			if (is_in_text(image, value))
				call(context, segment->start + at, value);
		}
	}
}

void image_each_pointer(const struct image *image, image_pointer_function call, void *context)
{
	each_in_table(image, &image->relocations, call, context);
	each_in_table(image, &image->plt_relocations, call, context);
	each_packed(image, call, context);
	if (image->is_fixed)
		each_word(image, call, context);
}

static void each_import_in(const struct image *image, const struct image_table *table,
			   image_import_function call, void *context)
{
	Elf64_Rela relocation;
	Elf64_Sym symbol;

	for (uint64_t i = 0; read_relocation(image, table, i, &relocation); i++) {
		uint32_t type = (uint32_t)ELF64_R_TYPE(relocation.r_info);

		if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
		    read_symbol(image, ELF64_R_SYM(relocation.r_info), &symbol))
			call(context, symbol_name(image, &symbol),
			     image->bias + relocation.r_offset);
	}
}

void image_each_import(const struct image *image, image_import_function call, void *context)
{
	each_import_in(image, &image->relocations, call, context);
	each_import_in(image, &image->plt_relocations, call, context);
}

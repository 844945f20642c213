#include "reports/code/straight.h"

#include <string.h>

#include "base/types.h"
#include "reports/types/code.h"

/* The content of section @index, of @type and its number of rows; NULL if there is none. */
static const void *section_rows(Elf *elf, size_t index, GElf_Word type, size_t *count,
				GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	const Elf_Data *data;

	while ((section = elf_nextscn(elf, section)) && elf_ndxscn(section) != index)
		;
	data = section && gelf_getshdr(section, header) && header->sh_type == type
		       ? elf_rawdata(section, NULL)
		       : NULL;
	if (!data || !data->d_buf || !header->sh_entsize)
		return NULL;
	*count = data->d_size / header->sh_entsize;
	return data->d_buf;
}

/* The name of the symbol by which the loader fills in the word at @slot, if a relocation of
 * section @index does; else NULL. */
static const char *name_by_section(Elf *elf, size_t index, uint64_t slot)
{
	GElf_Shdr header, symbols_header;
	size_t count, symbol_count;
	const Elf64_Rela *rows = section_rows(elf, index, SHT_RELA, &count, &header);
	const Elf64_Sym *symbols;

	if (!rows || header.sh_entsize != sizeof(*rows))
		return NULL;
	symbols = section_rows(elf, header.sh_link, SHT_DYNSYM, &symbol_count, &symbols_header);
	if (!symbols || symbols_header.sh_entsize != sizeof(*symbols))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		uint64_t symbol = ELF64_R_SYM(rows[i].r_info);

		if (rows[i].r_offset == slot && symbol && symbol < symbol_count)
			return elf_strptr(elf, symbols_header.sh_link, symbols[symbol].st_name);
	}
	return NULL;
}

static const char *name_of_slot(struct elf_image *image, uint64_t slot)
{
	GElf_Addr bias;
	Elf *elf = image->module ? dwfl_module_getelf(image->module, &bias) : NULL;
	Elf_Scn *section = NULL;
	const char *name = NULL;

	while (elf && !name && (section = elf_nextscn(elf, section)))
		name = name_by_section(elf, elf_ndxscn(section), slot);
	return name;
}

#define STUB_INSTRUCTIONS 2u /* endbr64, jump */

/* The slot that the stub at @start in the linkage table jumps by; 0 if it is none. */
static uint64_t slot_of_stub(struct elf_image *image, uint64_t start)
{
	uint64_t address = start;

	for (unsigned i = 0; i < STUB_INSTRUCTIONS; i++) {
		const struct instruction *last;
		struct code code;

		if (!code_decode(image, start, address, &code))
			return 0;
		last = &code.instructions[code.count - 1];
		if (last->kind == INSTRUCTION_JUMP_INDIRECT)
			return last->is_rip_relative ? start + (uint64_t)last->target : 0;
		address += last->length;
	}
	return 0;
}

/* The other module's function that the last instruction of @code calls; or NULL. */
static const char *imported_callee(struct elf_image *image, const struct code *code)
{
	const struct instruction *call = &code->instructions[code->count - 1];
	uint64_t slot = 0;

	if (call->kind == INSTRUCTION_CALL)
		slot = slot_of_stub(image, code->start + (uint64_t)call->target);
	else if (call->kind == INSTRUCTION_CALL_INDIRECT && call->is_rip_relative)
		slot = code->start + (uint64_t)call->target;
	return slot ? name_of_slot(image, slot) : NULL;
}

static const char *const makers[] = {
#define MAKER(name) #name,
#include "reports/code/makers.def"
};

bool straight_makes_memory(struct elf_image *image, uint64_t address)
{
	struct code code;
	const char *name = code_read(image, address, &code) ? imported_callee(image, &code) : NULL;

	for (size_t i = 0; name && i < ARRAY_LENGTH(makers); i++)
		if (strcmp(name, makers[i]) == 0)
			return true;
	return false;
}

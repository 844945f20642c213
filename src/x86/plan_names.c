#include "x86/plan_names.h"

#include "elf/image.h"
#include "x86/plan.h"
#include "x86/survey/function.h"
#include "x86/survey/module.h"

struct naming {
	const struct plan *plan;
	const struct image *image;
	const char **names;
};

static bool note_symbol(void *context, const Elf64_Sym *symbol, const char *name)
{
	const struct naming *naming = context;
	const struct image *image = naming->image;
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	uint64_t offset = symbol->st_value + image->bias - image->text_address;
	const struct function *function = NULL;

	if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
	    offset < image->text_bytes && *name)
		function = module_find(naming->plan->module, (int64_t)offset);
	if (function && function->start == offset) {
		const char **place = &naming->names[function - naming->plan->functions];

		if (!*place)
			*place = name;
	}
	return true;
}

void plan_names_read(const struct plan *plan, const struct image *image,
		     const struct elf_file *file, const char **names)
{
	struct naming naming = {plan, image, names};
	Elf64_Shdr table;

	if (elf_file_find_section(file, SHT_SYMTAB, &table) ||
	    elf_file_find_section(file, SHT_DYNSYM, &table))
		elf_file_each_symbol(file, &table, note_symbol, &naming);
}

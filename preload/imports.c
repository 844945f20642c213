#define _GNU_SOURCE
#include "preload/imports.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>

#include "base/atomic.h"
#include "base/kernel.h"
#include "preload/ranges.h"

#define PAGE 4096ul

/* What a dynamic section says of relocations, as addresses. */
struct dynamic {
	const ElfW(Sym) *symbols;
	const char *names;
	const ElfW(Rela) *relocations[2]; /* of data, of calls */
	size_t bytes[2];
};

/* The loader has turned offsets into addresses, but not in all modules. */
static uintptr_t at(const struct dl_phdr_info *info, uintptr_t value)
{
	return value < info->dlpi_addr ? info->dlpi_addr + value : value;
}

static void read_dynamic(const struct dl_phdr_info *info, const ElfW(Dyn) *entry,
			 struct dynamic *dynamic)
{
	for (; entry->d_tag != DT_NULL; entry++) {
		switch (entry->d_tag) {
		case DT_SYMTAB:
			dynamic->symbols = (const void *)at(info, entry->d_un.d_ptr);
			break;
		case DT_STRTAB:
			dynamic->names = (const void *)at(info, entry->d_un.d_ptr);
			break;
		case DT_RELA:
			dynamic->relocations[0] = (const void *)at(info, entry->d_un.d_ptr);
			break;
		case DT_RELASZ:
			dynamic->bytes[0] = entry->d_un.d_val;
			break;
		case DT_JMPREL:
			dynamic->relocations[1] = (const void *)at(info, entry->d_un.d_ptr);
			break;
		case DT_PLTRELSZ:
			dynamic->bytes[1] = entry->d_un.d_val;
			break;
		default:
			break;
		}
	}
}

/* Is @address code of this module: of its PLT, where it is not bound yet? */
static bool is_in_module(const struct dl_phdr_info *info, uintptr_t address)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD &&
		    address - info->dlpi_addr - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

/* Is it in the part that the loader made read-only after relocation? */
static bool is_read_only(const struct dl_phdr_info *info, uintptr_t address)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_GNU_RELRO && address >= (start & ~(PAGE - 1)) &&
		    address < ((start + segment->p_memsz) & ~(PAGE - 1)))
			return true;
	}
	return false;
}

/* A slot is one aligned word: other threads read the old address or the new. */
static void write_slot(const struct dl_phdr_info *info, uintptr_t *slot, uintptr_t value)
{
	uintptr_t page = (uintptr_t)slot & ~(PAGE - 1);
	bool is_protected = is_read_only(info, (uintptr_t)slot);

	if (is_protected && kernel_call3(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE) != 0)
		return;
	store_release(slot, value); /* release: the wrapper needs nothing more */
	if (is_protected)
		kernel_call3(SYS_mprotect, page, PAGE, PROT_READ);
}

static void redirect(const struct dl_phdr_info *info, const char *name, uintptr_t *slot)
{
	uintptr_t original = load_relaxed(slot); /* relaxed: any of its values will do */
	void *wrapper;

	if (!range_wrapper(name, NULL))
		return;
	if (is_in_module(info, original))
		original = (uintptr_t)dlsym(RTLD_DEFAULT, name);
	wrapper = original ? range_wrapper(name, (void *)original) : NULL;
	if (wrapper)
		write_slot(info, slot, (uintptr_t)wrapper);
}

static void redirect_table(const struct dl_phdr_info *info, const struct dynamic *dynamic,
			   const ElfW(Rela) *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t type = ELF64_R_TYPE(table[i].r_info);
		const ElfW(Sym) *symbol = &dynamic->symbols[ELF64_R_SYM(table[i].r_info)];

		if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
		    symbol->st_shndx == SHN_UNDEF)
			redirect(info, dynamic->names + symbol->st_name,
				 (uintptr_t *)(info->dlpi_addr + table[i].r_offset));
	}
}

void imports_redirect(const struct dl_phdr_info *info)
{
	struct dynamic dynamic = {0};

	for (unsigned int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			read_dynamic(info, (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
				     &dynamic);
	if (!dynamic.symbols || !dynamic.names)
		return;
	for (unsigned int i = 0; i < ARRAY_LENGTH(dynamic.relocations); i++)
		if (dynamic.relocations[i])
			redirect_table(info, &dynamic, dynamic.relocations[i],
				       dynamic.bytes[i] / sizeof(ElfW(Rela)));
}

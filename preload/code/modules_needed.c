#define _GNU_SOURCE
#include "preload/code/modules_needed.h"

#include <string.h>

#include "elf/image.h"
#include "x86/decode/locked.h"
#include "x86/emit/plan_data.h"

#define NEEDED_MOST 512u

/* Larger ones (compilers, browsers) would take seconds to plan. */
#define TEXT_BYTES_MOST ((size_t)24 << 20)

/* Names, in the string tables of loaded modules. */
static const char *needed[NEEDED_MOST];
static unsigned int needed_count;

void modules_needed_begin(void)
{
	needed_count = 0;
}

void modules_needed_note(const struct dl_phdr_info *info)
{
	static struct image image; /* large for a stack; planning is serialised */
	ElfW(Dyn) entry;
	const char *why;

	/* Also of modules that cannot be planned. */
	(void)image_from_memory(&image, "", info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr,
				&why);
	for (uint64_t i = 0; image_dynamic(&image, i, &entry); i++)
		if (entry.d_tag == DT_NEEDED && needed_count < NEEDED_MOST)
			needed[needed_count++] = image_string(&image, entry.d_un.d_val);
}

bool modules_are_needed(const struct dl_phdr_info *info)
{
	const char *slash = strrchr(info->dlpi_name, '/');
	const char *name = slash ? slash + 1 : info->dlpi_name;

	for (unsigned int i = 0; i < needed_count; i++)
		if (strcmp(needed[i], name) == 0)
			return true;
	return false;
}

static bool is_code(const ElfW(Phdr) *header)
{
	return header->p_type == PT_LOAD && header->p_flags & PF_X && header->p_flags & PF_R;
}

bool modules_have_atomics(const struct dl_phdr_info *info)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (is_code(header) &&
		    locked_count((const void *)(info->dlpi_addr + header->p_vaddr),
				 header->p_filesz, 1))
			return true;
	}
	return false;
}

static bool has_more_code(const struct dl_phdr_info *info, size_t bytes)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++)
		if (is_code(&info->dlpi_phdr[i]) && info->dlpi_phdr[i].p_filesz > bytes)
			return true;
	return false;
}

bool modules_are_large(const struct dl_phdr_info *info)
{
	return has_more_code(info, TEXT_BYTES_MOST);
}

bool modules_are_small(const struct dl_phdr_info *info)
{
	return !has_more_code(info, PLAN_SMALL_TEXT_BYTES);
}

#define _GNU_SOURCE
#include "preload/code/copies.h"

#include "elf/image.h"
#include "preload/guest/modules.h"
#include "preload/guest/text.h"

#define NOTE_OWNER "snarl"
#define NOTE_TYPE 1

/* Lengths of the owner and of no data, the type, the owner. */
__asm__(".pushsection .note." NOTE_OWNER ", \"a\", @note\n"
	".balign 4\n"
	".long 2f - 1f, 0, 1\n"
	"1: .asciz \"" NOTE_OWNER "\"\n"
	"2: .balign 4\n"
	".popsection");

bool copies_is_one(const struct dl_phdr_info *info)
{
	return modules_is_own(info->dlpi_addr) ||
	       image_has_note(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, NOTE_OWNER,
			      NOTE_TYPE);
}

static int look_for_first(struct dl_phdr_info *info, size_t size, void *is_first)
{
	(void)size;
	if (!copies_is_one(info))
		return 0;
	*(bool *)is_first = modules_is_own(info->dlpi_addr);
	return 1;
}

bool copies_is_first(void)
{
	bool is_first = true;

	dl_iterate_phdr(look_for_first, &is_first);
	return is_first;
}

static int look_for_other(struct dl_phdr_info *info, size_t size, void *path)
{
	(void)size;
	if (modules_is_own(info->dlpi_addr) || !copies_is_one(info))
		return 0;
	text_add(path, info->dlpi_name);
	return 1;
}

bool copies_find_other(char *path, size_t size_bytes)
{
	struct text text = text_begin(path, size_bytes);

	return dl_iterate_phdr(look_for_other, &text);
}

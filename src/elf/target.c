#include "elf/target.h"

#include <string.h>

#include "base/strings.h"
#include "elf/image.h"

static void set_detail(struct target *target, const char *text, size_t length)
{
	if (length >= sizeof(target->detail))
		length = sizeof(target->detail) - 1;
	memcpy(target->detail, text, length);
	target->detail[length] = '\0';
}

/* UBSan is not among them: it intercepts nothing, and both can work at once. */
static const char *const sanitizers[] = {"asan", "tsan", "msan", "hwasan", "lsan"};

/* What follows the name of a sanitizer at @text; NULL: there is none. */
static const char *skip_sanitizer(const char *text)
{
	for (size_t i = 0; i < ARRAY_LENGTH(sanitizers); i++)
		if (string_has_prefix(text, sanitizers[i]))
			return text + strlen(sanitizers[i]);
	return NULL;
}

/* "libtsan.so.2", "libclang_rt.asan-x86_64.so" */
static bool is_sanitizer_library(const char *name)
{
	const char *rest = NULL;

	if (string_has_prefix(name, "libclang_rt."))
		rest = skip_sanitizer(name + strlen("libclang_rt."));
	else if (string_has_prefix(name, "lib"))
		rest = skip_sanitizer(name + strlen("lib"));
	return rest && (*rest == '.' || *rest == '-' || *rest == '_');
}

/* "__asan_init" */
static bool is_sanitizer_symbol(const char *name)
{
	const char *rest = string_has_prefix(name, "__") ? skip_sanitizer(name + 2) : NULL;

	return rest && strcmp(rest, "_init") == 0;
}

/* What a dynamic entry of type @tag names, if @accepts takes it; or NULL. */
static const char *find_dynamic_name(const struct image *image, int64_t tag,
				     bool (*accepts)(const char *name))
{
	Elf64_Dyn entry;

	for (uint64_t i = 0; image_dynamic(image, i, &entry); i++) {
		const char *name = image_string(image, entry.d_un.d_val);

		if (entry.d_tag == tag && accepts(name))
			return name;
	}
	return NULL;
}

/* Stops at a symbol that a sanitizer's runtime defines. */
static bool note_symbol(void *context, const Elf64_Sym *symbol, const char *name)
{
	const char **found = context;

	if (symbol->st_shndx != SHN_UNDEF && is_sanitizer_symbol(name))
		*found = name;
	return !*found;
}

/* What of a sanitizer's runtime the program brings or needs, or NULL. */
static const char *find_sanitizer(const struct elf_file *file, const struct image *image)
{
	const char *found = find_dynamic_name(image, DT_NEEDED, is_sanitizer_library);
	Elf64_Shdr section;

	for (unsigned i = 0; !found && elf_file_section(file, i, &section); i++)
		if (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM)
			elf_file_each_symbol(file, &section, note_symbol, &found);
	return found;
}

static bool is_glibc_loader(const char *name)
{
	return string_has_prefix(name, "ld-linux");
}

static bool is_other_loader(const char *name)
{
	return string_has_prefix(name, "ld-musl") || string_has_prefix(name, "ld-uClibc") ||
	       string_has_prefix(name, "linker64");
}

static enum target_kind inspect_dynamic(const struct elf_file *file, const struct image *image,
					const Elf64_Phdr *segment, struct target *target)
{
	const char *loader = elf_file_string(file, segment->p_offset, UINT64_MAX, 0);
	const char *sanitizer;

	if (!loader)
		return TARGET_DAMAGED;
	set_detail(target, loader, strlen(loader));
	if (is_other_loader(path_base_name(loader)))
		return TARGET_OTHER_LIBC;
	sanitizer = find_sanitizer(file, image);
	if (!sanitizer)
		return TARGET_OBSERVABLE;
	set_detail(target, sanitizer, strlen(sanitizer));
	return TARGET_SANITIZED;
}

static enum target_kind inspect_elf(const unsigned char *bytes, size_t size_bytes,
				    struct target *target)
{
	struct elf_file file;
	struct image image;
	Elf64_Phdr segment;
	const char *why;

	/* A 32-bit file has a shorter header. */
	if (size_bytes >= sizeof(Elf32_Ehdr) && bytes[EI_CLASS] == ELFCLASS32)
		return TARGET_32_BIT;
	if (size_bytes < sizeof(Elf64_Ehdr))
		return TARGET_DAMAGED;
	if (!elf_file_open(&file, bytes, size_bytes, &why))
		return TARGET_OTHER_MACHINE;
	if (!elf_file_segment(&file, file.header.e_phnum - UINT64_C(1), &segment))
		return TARGET_DAMAGED;
	/* Also of files that cannot be planned. */
	(void)image_from_file(&image, "", &file, &why);
	if (elf_file_find_segment(&file, PT_INTERP, &segment))
		return inspect_dynamic(&file, &image, &segment, target);
	/* Without an interpreter a program is static, unless it is glibc's loader,
	 * which preloads when it is run as `ld.so PROGRAM`. */
	return find_dynamic_name(&image, DT_SONAME, is_glibc_loader) ? TARGET_OBSERVABLE
								     : TARGET_STATIC;
}

/* The interpreter of a script's first line, as the kernel finds it. */
static enum target_kind inspect_script(const char *line, size_t size_bytes, struct target *target)
{
	size_t room = size_bytes < TARGET_DETAIL_BYTES ? size_bytes : TARGET_DETAIL_BYTES;
	size_t start = 2;
	size_t end;

	while (start < room && (line[start] == ' ' || line[start] == '\t'))
		start++;
	for (end = start; end < room; end++)
		if (line[end] == ' ' || line[end] == '\t' || line[end] == '\n' || !line[end])
			break;
	if (end == start || end == TARGET_DETAIL_BYTES)
		return TARGET_NOT_ELF;
	set_detail(target, line + start, end - start);
	return TARGET_SCRIPT;
}

void target_inspect(const unsigned char *bytes, size_t size_bytes, struct target *target)
{
	target->detail[0] = '\0';
	if (size_bytes >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0)
		target->kind = inspect_elf(bytes, size_bytes, target);
	else if (size_bytes >= 2 && bytes[0] == '#' && bytes[1] == '!')
		target->kind = inspect_script((const char *)bytes, size_bytes, target);
	else
		target->kind = TARGET_NOT_ELF;
}

const char *target_reason(enum target_kind kind)
{
	switch (kind) {
	case TARGET_DAMAGED:
		return "it is damaged";
	case TARGET_STATIC:
		return "it is statically linked";
	case TARGET_32_BIT:
		return "it is a 32-bit program";
	case TARGET_OTHER_MACHINE:
		return "it is made for another machine";
	case TARGET_OTHER_LIBC:
		return "it uses another C library (musl or the like)";
	case TARGET_SANITIZED:
		return "it is linked to a sanitizer's runtime";
	case TARGET_OBSERVABLE:
	case TARGET_SCRIPT:
	case TARGET_NOT_ELF:
		break;
	}
	return NULL;
}

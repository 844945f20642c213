#include "elf/target.h"

#include <elf.h>
#include <string.h>

#include "base/arch/arch.h"
#include "base/strings.h"

/* The bytes of a file, and the parts of it that are looked at again. */
struct image {
	const unsigned char *bytes;
	size_t size_bytes;
	Elf64_Ehdr header;
};

/* A dynamic section's strings, within the file. */
struct strings {
	const char *text;
	size_t size_bytes;
};

/* Copies out, as nothing in a file need be aligned.  False beyond its end. */
static bool read_at(const struct image *image, uint64_t offset, void *to, size_t size_bytes)
{
	if (offset > image->size_bytes || image->size_bytes - offset < size_bytes)
		return false;
	memcpy(to, image->bytes + offset, size_bytes);
	return true;
}

/* A table's entry; false if it lies outside the file. */
static bool read_entry(const struct image *image, uint64_t table, uint64_t index, void *to,
		       size_t size_bytes)
{
	if (index >= image->size_bytes / size_bytes || table > image->size_bytes)
		return false;
	return read_at(image, table + index * size_bytes, to, size_bytes);
}

/* The terminated string at @offset, or NULL. */
static const char *find_string(const struct strings *strings, uint64_t offset)
{
	if (offset >= strings->size_bytes ||
	    !memchr(strings->text + offset, '\0', strings->size_bytes - offset))
		return NULL;
	return strings->text + offset;
}

static void set_detail(struct target *target, const char *text, size_t length)
{
	if (length >= sizeof(target->detail))
		length = sizeof(target->detail) - 1;
	memcpy(target->detail, text, length);
	target->detail[length] = '\0';
}

static bool find_segment(const struct image *image, uint32_t type, Elf64_Phdr *found)
{
	for (unsigned i = 0; i < image->header.e_phnum; i++)
		if (read_entry(image, image->header.e_phoff, i, found, sizeof(*found)) &&
		    found->p_type == type)
			return true;
	return false;
}

/* Where the file has the byte that is loaded at @address, and how many follow. */
static bool find_loaded(const struct image *image, uint64_t address, uint64_t *offset,
			uint64_t *left)
{
	Elf64_Phdr segment;

	for (unsigned i = 0; i < image->header.e_phnum; i++) {
		if (!read_entry(image, image->header.e_phoff, i, &segment, sizeof(segment)) ||
		    segment.p_type != PT_LOAD || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*left = segment.p_filesz - (address - segment.p_vaddr);
		*offset = segment.p_offset + (address - segment.p_vaddr);
		if (*offset >= image->size_bytes || *offset < segment.p_offset)
			return false;
		if (*left > image->size_bytes - *offset)
			*left = image->size_bytes - *offset;
		return true;
	}
	return false;
}

/* Calls for each entry until the table's end; false when there is no more. */
static bool next_dynamic(const struct image *image, const Elf64_Phdr *dynamic, uint64_t *index,
			 Elf64_Dyn *entry)
{
	if (*index >= dynamic->p_filesz / sizeof(*entry) ||
	    !read_entry(image, dynamic->p_offset, *index, entry, sizeof(*entry)) ||
	    entry->d_tag == DT_NULL)
		return false;
	++*index;
	return true;
}

static bool find_strings(const struct image *image, const Elf64_Phdr *dynamic,
			 struct strings *strings)
{
	Elf64_Dyn entry;
	uint64_t index = 0;
	uint64_t offset;
	uint64_t left;

	while (next_dynamic(image, dynamic, &index, &entry)) {
		if (entry.d_tag != DT_STRTAB ||
		    !find_loaded(image, entry.d_un.d_ptr, &offset, &left))
			continue;
		*strings = (struct strings){(const char *)image->bytes + offset, left};
		return true;
	}
	return false;
}

/* UBSan is not among them: it intercepts nothing, and both can work at once. */
static const char *const sanitizers[] = {"asan", "tsan", "msan", "hwasan", "lsan"};

/* "libtsan.so.2", "libclang_rt.asan-x86_64.so" */
static bool is_sanitizer_library(const char *name)
{
	const char *rest = name;

	if (string_has_prefix(rest, "libclang_rt."))
		rest += strlen("libclang_rt.");
	else if (string_has_prefix(rest, "lib"))
		rest += strlen("lib");
	else
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(sanitizers); i++) {
		size_t length = strlen(sanitizers[i]);

		if (strncmp(rest, sanitizers[i], length) == 0 &&
		    (rest[length] == '.' || rest[length] == '-' || rest[length] == '_'))
			return true;
	}
	return false;
}

/* "__asan_init" */
static bool is_sanitizer_symbol(const char *name)
{
	if (!string_has_prefix(name, "__"))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(sanitizers); i++) {
		size_t length = strlen(sanitizers[i]);

		if (strncmp(name + 2, sanitizers[i], length) == 0 &&
		    strcmp(name + 2 + length, "_init") == 0)
			return true;
	}
	return false;
}

/* The name of a string that dynamic entries of type @tag give and @accepts. */
static const char *find_dynamic_name(const struct image *image, const Elf64_Phdr *dynamic,
				     int64_t tag, bool (*accepts)(const char *name))
{
	struct strings strings;
	Elf64_Dyn entry;
	uint64_t index = 0;

	if (!find_strings(image, dynamic, &strings))
		return NULL;
	while (next_dynamic(image, dynamic, &index, &entry)) {
		const char *name;

		if (entry.d_tag != tag)
			continue;
		name = find_string(&strings, entry.d_un.d_val);
		if (name && accepts(name))
			return name;
	}
	return NULL;
}

static bool read_section(const struct image *image, uint64_t index, Elf64_Shdr *section)
{
	return index < image->header.e_shnum &&
	       read_entry(image, image->header.e_shoff, index, section, sizeof(*section));
}

/* A symbol of @table that a sanitizer's runtime defines, or NULL. */
static const char *find_sanitizer_symbol(const struct image *image, const Elf64_Shdr *table)
{
	Elf64_Shdr names;
	struct strings strings;
	Elf64_Sym symbol;

	if (!read_section(image, table->sh_link, &names) || names.sh_offset >= image->size_bytes)
		return NULL;
	strings.text = (const char *)image->bytes + names.sh_offset;
	strings.size_bytes = image->size_bytes - names.sh_offset;
	if (names.sh_size < strings.size_bytes)
		strings.size_bytes = names.sh_size;
	for (uint64_t i = 0; i < table->sh_size / sizeof(symbol); i++) {
		const char *name;

		if (!read_entry(image, table->sh_offset, i, &symbol, sizeof(symbol)))
			return NULL;
		name = find_string(&strings, symbol.st_name);
		if (symbol.st_shndx != SHN_UNDEF && name && is_sanitizer_symbol(name))
			return name;
	}
	return NULL;
}

/* What of a sanitizer's runtime the program brings or needs, or NULL. */
static const char *find_sanitizer(const struct image *image)
{
	Elf64_Phdr dynamic;
	Elf64_Shdr section;
	const char *found = NULL;

	if (find_segment(image, PT_DYNAMIC, &dynamic))
		found = find_dynamic_name(image, &dynamic, DT_NEEDED, is_sanitizer_library);
	for (unsigned i = 0; !found && read_section(image, i, &section); i++)
		if (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM)
			found = find_sanitizer_symbol(image, &section);
	return found;
}

static bool is_glibc_loader(const char *name)
{
	return string_has_prefix(name, "ld-linux");
}

/* A file without an interpreter is static, unless it is glibc's loader itself,
 * which preloads when it is run as `ld.so PROGRAM`. */
static enum target_kind inspect_without_loader(const struct image *image)
{
	Elf64_Phdr dynamic;

	if (find_segment(image, PT_DYNAMIC, &dynamic) &&
	    find_dynamic_name(image, &dynamic, DT_SONAME, is_glibc_loader))
		return TARGET_OBSERVABLE;
	return TARGET_STATIC;
}

static enum target_kind inspect_dynamic(const struct image *image, const Elf64_Phdr *segment,
					struct target *target)
{
	struct strings path;
	const char *loader;
	const char *sanitizer;

	if (segment->p_offset >= image->size_bytes)
		return TARGET_DAMAGED;
	path.text = (const char *)image->bytes + segment->p_offset;
	path.size_bytes = image->size_bytes - segment->p_offset;
	loader = find_string(&path, 0);
	if (!loader)
		return TARGET_DAMAGED;
	set_detail(target, loader, strlen(loader));
	if (string_has_prefix(path_base_name(loader), "ld-musl") ||
	    string_has_prefix(path_base_name(loader), "ld-uClibc") ||
	    string_has_prefix(path_base_name(loader), "linker64"))
		return TARGET_OTHER_LIBC;
	sanitizer = find_sanitizer(image);
	if (!sanitizer)
		return TARGET_OBSERVABLE;
	set_detail(target, sanitizer, strlen(sanitizer));
	return TARGET_SANITIZED;
}

static enum target_kind inspect_elf(struct image *image, struct target *target)
{
	Elf64_Phdr segment;

	/* e_machine is at the same place in both classes. */
	if (image->size_bytes < sizeof(Elf32_Ehdr))
		return TARGET_DAMAGED;
	if (image->bytes[EI_CLASS] == ELFCLASS32)
		return TARGET_32_BIT;
	if (!read_at(image, 0, &image->header, sizeof(image->header)))
		return TARGET_DAMAGED;
	if (image->bytes[EI_CLASS] != ELFCLASS64 || image->bytes[EI_DATA] != ELFDATA2LSB ||
	    image->header.e_machine != ARCH_ELF_MACHINE)
		return TARGET_OTHER_MACHINE;
	if (image->header.e_phnum == 0 ||
	    !read_entry(image, image->header.e_phoff, image->header.e_phnum - 1u, &segment,
			sizeof(segment)))
		return TARGET_DAMAGED;
	if (find_segment(image, PT_INTERP, &segment))
		return inspect_dynamic(image, &segment, target);
	return inspect_without_loader(image);
}

/* The interpreter of a script's first line, as the kernel finds it. */
static enum target_kind inspect_script(const struct image *image, struct target *target)
{
	size_t room =
		image->size_bytes < TARGET_DETAIL_BYTES ? image->size_bytes : TARGET_DETAIL_BYTES;
	const char *line = (const char *)image->bytes;
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
	struct image image = {.bytes = bytes, .size_bytes = size_bytes};

	target->detail[0] = '\0';
	if (size_bytes >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0)
		target->kind = inspect_elf(&image, target);
	else if (size_bytes >= 2 && bytes[0] == '#' && bytes[1] == '!')
		target->kind = inspect_script(&image, target);
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

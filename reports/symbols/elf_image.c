#include "reports/symbols/elf_image.h"

#include <dwarf.h>
#include <libiberty/demangle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strings.h"
#include "elf/eh_frame.h"
#include "reports/symbols/symbol_index.h"

static char *debug_directories;

/* May there be a file @link in one of the folders where debug information of @file may be? */
static bool may_have_linked_file(const char *file, const char *link)
{
	static const char *const folders[][2] = {{"", ""}, {"", ".debug/"}, {"/usr/lib/debug", ""}};
	int length = (int)(path_base_name(file) - file);
	char path[1024];

	for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
		int written = snprintf(path, sizeof(path), "%s%.*s%s%s", folders[i][0], length,
				       file, folders[i][1], link);

		if (written >= (int)sizeof(path) || access(path, R_OK) == 0)
			return true;
	}
	return strchr(link, '/');
}

/* The library that asks servers loads thirty others.  It is left out where there is none to ask. */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			  const char *file, const char *link, GElf_Word checksum, char **found)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	int fd = dwfl_build_id_find_debuginfo(module, data, name, base, file, link, checksum,
					      found);

	if (fd >= 0 || (!(servers && *servers) && !(link && may_have_linked_file(file, link))))
		return fd;
	return dwfl_standard_find_debuginfo(module, data, name, base, file, link, checksum, found);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debug_directories,
};

/* True if @image has the recorded build id, or if one of them is unknown. */
static bool has_recorded_build_id(struct elf_image *image)
{
	const unsigned char *bits;
	GElf_Addr address;
	int length = dwfl_module_build_id(image->module, &bits, &address);

	if (length <= 0 || !image->build_id[0])
		return true;
	if (strlen(image->build_id) != 2 * (size_t)length)
		return false;
	for (int i = 0; i < length; i++) {
		char digits[3];

		snprintf(digits, sizeof(digits), "%02x", bits[i]);
		if (memcmp(digits, image->build_id + 2 * (ptrdiff_t)i, 2) != 0)
			return false;
	}
	return true;
}

static bool open_path(struct elf_image *image, const char *path)
{
	GElf_Addr bias;

	image->dwfl = dwfl_begin(&callbacks);
	if (!image->dwfl)
		return false;
	dwfl_report_begin(image->dwfl);
	/* Base 0: the module's addresses are the file's own. */
	image->module = dwfl_report_elf(image->dwfl, path, path, -1, 0, true);
	dwfl_report_end(image->dwfl, NULL, NULL);
	if (image->module && dwfl_module_getelf(image->module, &bias)) {
		if (has_recorded_build_id(image))
			return true;
		image->has_changed = true;
	}
	image->module = NULL;
	dwfl_end(image->dwfl);
	image->dwfl = NULL;
	return false;
}

/* If the file itself was deleted or replaced: its debug file has the names. */
static bool open_debug_file(struct pool *pool, struct elf_image *image)
{
	if (strlen(image->build_id) < 4 || strchr(image->build_id, '/'))
		return false;
	return open_path(image, pool_format(pool, "/usr/lib/debug/.build-id/%.2s/%s.debug",
					    image->build_id, image->build_id + 2));
}

struct elf_image *elf_image_open(struct pool *pool, const char *path, const char *build_id)
{
	struct elf_image *image = pool_alloc(pool, sizeof(*image));

	elf_version(EV_CURRENT);
	image->pool = pool;
	image->path = path;
	image->build_id = build_id;
	/* "[vdso]" has no file. */
	if (path[0] == '/' && !open_path(image, path))
		open_debug_file(pool, image);
	return image;
}

void elf_image_close(struct elf_image *image)
{
	if (image->dwfl)
		dwfl_end(image->dwfl);
}

Dwarf *elf_image_dwarf(struct elf_image *image)
{
	Dwarf_Addr bias;

	if (!image->is_dwarf_tried && image->module)
		image->dwarf = dwfl_module_getdwarf(image->module, &bias);
	image->is_dwarf_tried = true;
	return image->dwarf;
}

/* "memcpy@@GLIBC_2.14" becomes "memcpy". */
static const char *without_version(struct pool *pool, const char *name)
{
	size_t length = strcspn(name, "@");

	return name[length] && length ? pool_copy(pool, name, length) : name;
}

const char *elf_image_symbol(struct elf_image *image, uint64_t address, bool is_code,
			     uint64_t *distance)
{
	const struct indexed_symbol *symbol;

	if (!image->module)
		return NULL;
	if (!image->symbols)
		image->symbols = symbol_index_new(image->pool, image->module);
	symbol = symbol_index_find(image->symbols, address);
	if (!symbol || (is_code ? symbol->type == STT_OBJECT
				: symbol->type == STT_FUNC || symbol->end == symbol->start))
		return NULL;
	*distance = address - symbol->start;
	return without_version(image->pool, symbol->name);
}

bool elf_image_find_symbol(struct elf_image *image, const char *name, uint64_t *address,
			   uint64_t *size_bytes)
{
	int count = image->module ? dwfl_module_getsymtab(image->module) : 0;

	for (int i = 0; i < count; i++) {
		GElf_Sym symbol;
		const char *found = dwfl_module_getsym_info(image->module, i, &symbol, address,
							    NULL, NULL, NULL);

		*size_bytes = symbol.st_size;
		/* "sem_wait@@GLIBC_2.34" is it, too. */
		if (found && symbol.st_shndx != SHN_UNDEF &&
		    strncmp(found, name, strlen(name)) == 0 && strchr("@", found[strlen(name)]))
			return true;
	}
	return false;
}

/* @data is .eh_frame_hdr, whose address is @at. */
static bool search_unwind_table(const Elf_Data *data, uint64_t at, uint64_t address,
				uint64_t *start)
{
	const struct image_segment segment = {
		.start = at,
		.end = at + data->d_size,
		.bytes = data->d_buf,
		.byte_count = data->d_size,
	};
	struct eh_frame frames;
	uint64_t entry_address;
	const char *why;

	return eh_frame_open(&frames, &segment, 1, at, &why) &&
	       eh_frame_search(&frames, address, start, &entry_address);
}

bool elf_image_header(struct elf_image *image, uint32_t type, GElf_Phdr *header)
{
	GElf_Addr bias;
	Elf *elf = image->module ? dwfl_module_getelf(image->module, &bias) : NULL;
	size_t count = 0;

	if (!elf || elf_getphdrnum(elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, header) && header->p_type == type)
			return true;
	return false;
}

bool elf_image_function_start(struct elf_image *image, uint64_t address, uint64_t *start)
{
	GElf_Addr bias;
	GElf_Phdr header;
	Elf_Data *data;

	if (!elf_image_header(image, PT_GNU_EH_FRAME, &header))
		return false;
	data = elf_getdata_rawchunk(dwfl_module_getelf(image->module, &bias),
				    (int64_t)header.p_offset, header.p_filesz, ELF_T_BYTE);
	return data && search_unwind_table(data, header.p_vaddr, address, start);
}

bool elf_image_is_signal_return(struct elf_image *image, uint64_t address)
{
	Dwarf_Addr bias;
	Dwarf_Addr start;
	Dwarf_Addr end;
	Dwarf_Frame *frame;
	Dwarf_CFI *table;
	bool is_signal = false;

	table = image->module ? dwfl_module_eh_cfi(image->module, &bias) : NULL;
	if (!table || dwarf_cfi_addrframe(table, address - bias, &frame) != 0)
		return false;
	dwarf_frame_info(frame, &start, &end, &is_signal);
	free(frame);
	return is_signal;
}

/* A range of code of one unit; [start, end). */
struct unit_range {
	Dwarf_Addr start;
	Dwarf_Addr end;
	Dwarf_Die unit;
	Dwarf_Addr bias;
};

struct unit_index {
	struct unit_range *rows; /* sorted by start */
	size_t count;
};

static int compare_units(const void *left, const void *right)
{
	const struct unit_range *a = left;
	const struct unit_range *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static struct unit_index *index_units(struct elf_image *image)
{
	struct unit_index *index = pool_alloc(image->pool, sizeof(*index));
	struct unit_range range;
	Dwarf_Die *unit = NULL;

	while ((unit = dwfl_module_nextcu(image->module, unit, &range.bias))) {
		ptrdiff_t next = 0;
		Dwarf_Addr base;

		range.unit = *unit;
		while ((next = dwarf_ranges(unit, next, &base, &range.start, &range.end)) > 0) {
			index->rows = pool_grow(image->pool, index->rows, index->count,
						sizeof(range));
			index->rows[index->count++] = range;
		}
	}
	if (index->count)
		qsort(index->rows, index->count, sizeof(*index->rows), compare_units);
	return index;
}

bool elf_image_unit(struct elf_image *image, uint64_t address, Dwarf_Die *unit, Dwarf_Addr *bias)
{
	const struct unit_range *row;
	size_t low = 0;
	size_t high;

	if (!elf_image_dwarf(image))
		return false;
	/* Not from .debug_aranges: clang does not write it. */
	if (!image->units)
		image->units = index_units(image);
	high = image->units->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		row = &image->units->rows[middle];
		if (row->start + row->bias <= address)
			low = middle + 1;
		else
			high = middle;
	}
	row = low ? &image->units->rows[low - 1] : NULL;
	if (!row || address - row->bias >= row->end)
		return false;
	*unit = row->unit;
	*bias = row->bias;
	return true;
}

void elf_image_enter_split_unit(Dwarf_Die *unit)
{
	Dwarf_Die content;
	uint8_t type;

	if (dwarf_cu_info(unit->cu, NULL, &type, NULL, &content, NULL, NULL, NULL) == 0 &&
	    type == DW_UT_skeleton && dwarf_tag(&content) != DW_TAG_invalid)
		*unit = content;
}

/* "names[abi:cxx11]" becomes "names". */
static void remove_abi_tags(char *name)
{
	char *tag;

	while ((tag = strstr(name, "[abi:"))) {
		char *end = strchr(tag, ']');

		if (!end)
			return;
		memmove(tag, end + 1, strlen(end + 1) + 1);
	}
}

const char *demangle_name(struct pool *pool, const char *name)
{
	char *demangled;
	char *copy;

	/* glibc's own name of a function of the program's. */
	if (string_has_prefix(name, "__GI_"))
		return name + strlen("__GI_");
	if (name[0] != '_' || (name[1] != 'Z' && name[1] != 'R'))
		return name;
	demangled = cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
	if (!demangled)
		return name;
	copy = pool_copy(pool, demangled, strlen(demangled));
	free(demangled);
	remove_abi_tags(copy);
	return copy;
}

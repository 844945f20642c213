#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "inspect/base/target.h"

#define HEADERS_MAX 32u
#define NOTE_BYTES_MAX 1024u

struct target_thread *target_find_thread(struct target *target, uint32_t inner_id)
{
	size_t low = 0;
	size_t high = target->thread_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (target->threads[middle].inner_id < inner_id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < target->thread_count && target->threads[low].inner_id == inner_id)
		return &target->threads[low];
	return NULL;
}

const struct target_range *target_find_range(const struct target *target, uint64_t address)
{
	size_t low = 0;
	size_t high = target->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (target->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < target->range_count && target->ranges[low].start <= address
		       ? &target->ranges[low]
		       : NULL;
}

struct target_module *target_find_module(const struct target *target, uint64_t address)
{
	for (size_t i = 0; i < target->module_count; i++)
		if (address >= target->modules[i].start && address < target->modules[i].end)
			return &target->modules[i];
	return NULL;
}

static const char *hexadecimal(struct pool *pool, const unsigned char *bytes, uint32_t count)
{
	char *text = pool_alloc(pool, 2 * (size_t)count + 1);

	for (uint32_t i = 0; i < count; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return text;
}

/* The build id among the notes at @address, or "". */
static const char *read_build_id(struct target *target, uint64_t address, uint64_t size_bytes)
{
	unsigned char notes[NOTE_BYTES_MAX];
	uint64_t at = 0;

	if (size_bytes > sizeof(notes) || !target_read(target, address, notes, size_bytes))
		return "";
	while (at + sizeof(Elf64_Nhdr) + 4 <= size_bytes) {
		Elf64_Nhdr note;
		uint64_t content;

		memcpy(&note, notes + at, sizeof(note));
		content = at + sizeof(note) + ((uint64_t)note.n_namesz + 3) / 4 * 4;
		if (content + note.n_descsz > size_bytes)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4)
			return hexadecimal(target->pool, notes + content, note.n_descsz);
		at = content + ((uint64_t)note.n_descsz + 3) / 4 * 4;
	}
	return "";
}

static void read_header(struct target *target, struct target_module *module,
			const Elf64_Phdr *header)
{
	uint64_t address = module->bias + header->p_vaddr;

	if (header->p_type == PT_GNU_EH_FRAME)
		module->unwind_header = address;
	else if (header->p_type == PT_NOTE && !module->build_id[0])
		module->build_id = read_build_id(target, address, header->p_memsz);
}

void target_add_module(struct target *target, const char *path, uint64_t start, uint64_t end)
{
	struct target_module module = {.path = path, .build_id = "", .start = start, .end = end};
	static Elf64_Phdr headers[HEADERS_MAX];
	Elf64_Ehdr elf;
	size_t count;

	if (!target_read(target, start, &elf, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(*headers))
		return;
	count = elf.e_phnum < HEADERS_MAX ? elf.e_phnum : HEADERS_MAX;
	if (!target_read(target, start + elf.e_phoff, headers, count * sizeof(*headers)))
		return;
	module.bias = start;
	for (size_t i = count; i-- > 0;)
		if (headers[i].p_type == PT_LOAD)
			module.bias = start - (headers[i].p_vaddr & ~(uint64_t)4095);
	for (size_t i = 0; i < count; i++)
		read_header(target, &module, &headers[i]);
	target->modules =
		pool_grow(target->pool, target->modules, target->module_count, sizeof(module));
	target->modules[target->module_count++] = module;
}

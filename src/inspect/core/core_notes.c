#include "inspect/core/core_notes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "base/bytes.h"

#define PAGE_BYTES_MAX 65536u

static void read_thread(struct target *target, struct byte_reader *reader)
{
	struct target_thread thread = {0};
	struct user_regs_struct registers;
	struct elf_prstatus status;
	const void *bytes = read_bytes(reader, sizeof(status));

	if (!bytes)
		return;
	memcpy(&status, bytes, sizeof(status));
	memcpy(&registers, status.pr_reg, sizeof(registers));
	thread.id = thread.inner_id = (uint32_t)status.pr_pid;
	target_set_registers(&thread, &registers);
	target->threads =
		pool_grow(target->pool, target->threads, target->thread_count, sizeof(thread));
	target->threads[target->thread_count++] = thread;
}

static void read_process(struct target *target, struct byte_reader *reader)
{
	struct elf_prpsinfo info;
	const void *bytes = read_bytes(reader, sizeof(info));

	if (!bytes)
		return;
	memcpy(&info, bytes, sizeof(info));
	target->pid = info.pr_pid;
	if (!target->program)
		target->program = pool_copy(target->pool, info.pr_fname,
					    strnlen(info.pr_fname, sizeof(info.pr_fname)));
}

/* Count, size of a page, then start, end and page of each; then their names. */
static void read_mappings(struct target *target, struct core *core, struct byte_reader *reader)
{
	uint64_t count = read_u64(reader);
	uint64_t page_bytes = read_u64(reader);
	const char *names;
	const char *end = (const char *)reader->end;

	if (page_bytes > PAGE_BYTES_MAX || count > (uint64_t)(reader->end - reader->next) / 24)
		return;
	names = (const char *)reader->next + count * 24;
	for (uint64_t i = 0; i < count && names < end; i++) {
		struct core_mapping mapping = {.start = read_u64(reader),
					       .end = read_u64(reader),
					       .offset = read_u64(reader) * page_bytes};
		size_t length = strnlen(names, (size_t)(end - names));

		mapping.path = pool_copy(target->pool, names, length);
		names += length + 1;
		core->mappings = pool_grow(target->pool, core->mappings, core->mapping_count,
					   sizeof(mapping));
		core->mappings[core->mapping_count++] = mapping;
	}
}

static void read_auxiliary(struct core *core, struct byte_reader *reader)
{
	while (reader->next < reader->end && !reader->failed) {
		uint64_t type = read_u64(reader);
		uint64_t value = read_u64(reader);

		if (type == AT_PHDR)
			core->program_headers = value;
		else if (type == AT_SYSINFO_EHDR)
			core->vdso = value;
	}
}

static void read_note(struct target *target, struct core *core, uint32_t type,
		      struct byte_reader *reader)
{
	if (type == NT_PRSTATUS)
		read_thread(target, reader);
	else if (type == NT_PRPSINFO)
		read_process(target, reader);
	else if (type == NT_FILE)
		read_mappings(target, core, reader);
	else if (type == NT_AUXV)
		read_auxiliary(core, reader);
}

static void read_segment(struct target *target, struct core *core, const unsigned char *notes,
			 uint64_t size_bytes)
{
	struct byte_reader reader = {notes, notes + size_bytes, false};

	while (reader.next < reader.end) {
		uint64_t name_bytes = ((uint64_t)read_u32(&reader) + 3) / 4 * 4;
		uint64_t content_bytes = read_u32(&reader);
		uint32_t type = read_u32(&reader);
		const unsigned char *content;
		struct byte_reader inner;

		(void)read_bytes(&reader, name_bytes);
		content = read_bytes(&reader, content_bytes);
		if (!content)
			return;
		inner = (struct byte_reader){content, content + content_bytes, false};
		read_note(target, core, type, &inner);
		if ((uint64_t)(reader.end - reader.next) >= (4 - content_bytes % 4) % 4)
			reader.next += (4 - content_bytes % 4) % 4;
	}
}

static int compare_threads(const void *left, const void *right)
{
	const struct target_thread *a = left;
	const struct target_thread *b = right;

	return a->inner_id < b->inner_id ? -1 : a->inner_id > b->inner_id;
}

void core_read_notes(struct target *target, struct core *core)
{
	Elf64_Phdr header;

	for (uint64_t i = 0; core_header(core, i, &header); i++) {
		const unsigned char *notes =
			header.p_type == PT_NOTE
				? elf_file_bytes(&core->elf, header.p_offset, header.p_filesz)
				: NULL;

		if (notes)
			read_segment(target, core, notes, header.p_filesz);
	}
	if (target->thread_count)
		qsort(target->threads, target->thread_count, sizeof(*target->threads),
		      compare_threads);
}

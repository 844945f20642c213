#include "results_image.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

#define PAYLOAD_MAX (FINDING_PAYLOAD_MAX + 4096u)

/* A payload being put together; the image gets it at the end. */
struct draft {
	unsigned char bytes[PAYLOAD_MAX];
	struct byte_writer writer;
};

static struct draft draft;

static struct byte_writer *begin_record(void)
{
	draft.writer = (struct byte_writer){draft.bytes, draft.bytes + PAYLOAD_MAX, false};
	return &draft.writer;
}

static void finish_record(void *image, enum record_type type, uint32_t process, uint32_t live_bytes)
{
	uint32_t size = (uint32_t)(draft.writer.next - draft.bytes);
	struct record_header *record = record_reserve(image, type, process, size, live_bytes);

	if (!record || draft.writer.failed)
		abort();
	memcpy(record + 1, draft.bytes, size);
	record_commit(record);
}

unsigned char *image_new(void)
{
	unsigned char *image = calloc(1, IMAGE_BYTES);

	if (!image)
		abort();
	results_format(image, IMAGE_BYTES);
	return image;
}

void image_take_slots(void *image, uint32_t count)
{
	struct results_header *header = image;

	header->slot_count = count;
}

void image_process(void *image, uint32_t process, uint32_t parent, enum process_start how,
		   const char *path)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, 1000 + process);
	write_u32(writer, parent);
	write_u32(writer, how);
	write_string(writer, path);
	write_u32(writer, 1);
	write_string(writer, path);
	finish_record(image, RECORD_PROCESS, process, 0);
}

void image_module(void *image, uint32_t process, uint32_t id, uint64_t start, uint64_t end,
		  uint64_t bias, const char *path, const char *build_id)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, id);
	write_u64(writer, start);
	write_u64(writer, end);
	write_u64(writer, bias);
	write_u32(writer, 0);
	write_u32(writer, UINT32_MAX);
	write_string(writer, path);
	write_string(writer, build_id);
	finish_record(image, RECORD_MODULE, process, 0);
}

void image_stack(void *image, uint32_t process, uint32_t id, const uint64_t *frames, uint32_t count)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, id);
	write_u32(writer, 0);
	write_u32(writer, 0);
	write_u32(writer, count);
	write_bytes(writer, frames, count * sizeof(*frames));
	finish_record(image, RECORD_STACK, process, 0);
}

void image_thread(void *image, uint32_t process, uint32_t id, uint32_t creator,
		  uint32_t creation_stack, uint32_t flags, const char *name)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, id);
	write_u32(writer, 2000 + id);
	write_u32(writer, creator);
	write_u32(writer, creation_stack);
	write_u32(writer, flags);
	write_string(writer, name);
	finish_record(image, RECORD_THREAD, process, 0);
}

void image_lock(void *image, uint32_t process, uint32_t id, enum object_kind kind, uint64_t address,
		uint32_t creation_stack, uint32_t first_stack, uint32_t stack_thread,
		const char *name)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, id);
	write_u32(writer, kind);
	write_u64(writer, address);
	write_u32(writer, id);
	write_u32(writer, creation_stack);
	write_u32(writer, first_stack);
	write_u32(writer, stack_thread);
	write_u32(writer, 0);
	write_string(writer, name);
	finish_record(image, RECORD_LOCK, process, 0);
}

void image_shared_lock(void *image, uint32_t process, uint32_t id, uint64_t key,
		       uint32_t creation_stack)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, id);
	write_u32(writer, OBJECT_MUTEX);
	write_u64(writer, 0x7000);
	write_u32(writer, id);
	write_u32(writer, creation_stack);
	write_u32(writer, 0);
	write_u32(writer, 0);
	write_u32(writer, LOCK_IS_PROCESS_SHARED | LOCK_HAS_KEY);
	write_string(writer, "");
	write_u64(writer, key);
	finish_record(image, RECORD_LOCK, process, 0);
}

void image_finding(void *image, uint32_t process, const struct finding *finding, uint64_t count)
{
	struct byte_writer *writer = begin_record();

	finding_encode(writer, finding);
	memcpy(draft.bytes, &count, sizeof(count));
	finish_record(image, RECORD_FINDING, process, sizeof(count));
}

void image_retract(void *image, uint32_t process, uint32_t finding)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, finding);
	write_u32(writer, 0);
	finish_record(image, RECORD_RETRACT, process, 0);
}

void image_counters(void *image, uint32_t process, const uint64_t *counters)
{
	write_bytes(begin_record(), counters, COUNTER_COUNT * sizeof(*counters));
	finish_record(image, RECORD_COUNTERS, process, COUNTER_COUNT * sizeof(*counters));
}

void image_end(void *image, uint32_t process, enum process_end how)
{
	struct byte_writer *writer = begin_record();

	write_u32(writer, how);
	write_u32(writer, 0);
	finish_record(image, RECORD_END, process, 0);
}

void image_text(void *image, uint32_t process, const char *text)
{
	write_string(begin_record(), text);
	finish_record(image, RECORD_TEXT, process, 0);
}

void image_variable(void *image, uint32_t process, uint64_t address, uint64_t size_bytes,
		    const char *name)
{
	struct byte_writer *writer = begin_record();

	write_u64(writer, address);
	write_u64(writer, size_bytes);
	write_string(writer, name);
	finish_record(image, RECORD_VARIABLE, process, 0);
}

void image_timeout(void *image, uint32_t process, const struct image_state *states)
{
	struct byte_writer *writer = begin_record();
	uint32_t count = 0;

	while (states[count].name)
		count++;
	write_u32(writer, STATES_AT_TIMEOUT);
	write_u32(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		write_u32(writer, 90000 + i);
		write_u32(writer, states[i].call);
		write_u64(writer, states[i].argument);
		write_u32(writer, 0);
		write_string(writer, states[i].name);
		/* What it waits for is not told. */
		for (unsigned left = 0; left < 8; left++)
			write_u32(writer, 0);
		write_string(writer, "");
		write_string(writer, "");
	}
	finish_record(image, RECORD_STATES, process, 0);
}

void image_unobserved(void *image, uint32_t process, const char *path, const char *why)
{
	struct byte_writer *writer = begin_record();

	write_string(writer, path);
	write_string(writer, why);
	finish_record(image, RECORD_UNOBSERVED, process, 0);
}

struct finding_event *image_event(struct finding *finding, thread_id thread,
				  enum finding_action action, lock_id lock, stack_id stack)
{
	struct finding_event *event = &finding->events[finding->event_count++];

	event->thread = thread;
	event->action = action;
	event->lock = lock;
	event->stack = stack;
	return event;
}

/* The build id in a note segment, as hexadecimal digits; "" if there is none. */
static void find_build_id(const struct dl_phdr_info *info, char *digits, size_t room)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const char *note = (const char *)(info->dlpi_addr + header->p_vaddr);
		const char *end = note + header->p_memsz;

		while (header->p_type == PT_NOTE && note + sizeof(ElfW(Nhdr)) <= end) {
			const ElfW(Nhdr) *head = (const void *)note;
			const unsigned char *bits =
				(const unsigned char *)(head + 1) + ((head->n_namesz + 3u) & ~3u);

			for (unsigned j = 0; head->n_type == NT_GNU_BUILD_ID &&
					     j < head->n_descsz && 2 * j + 2 < room;
			     j++)
				snprintf(digits + (size_t)2 * j, 3, "%02x", bits[j]);
			note = (const char *)bits + ((head->n_descsz + 3u) & ~3u);
		}
	}
}

struct module_writer {
	void *image;
	uint32_t process;
	uint32_t count;
};

static int write_own_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct module_writer *modules = context;
	char build_id[64] = "";
	uint64_t start = UINT64_MAX;
	uint64_t end = 0;
	char path[512];

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t at = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		start = at < start ? at : start;
		end = at + header->p_memsz > end ? at + header->p_memsz : end;
	}
	snprintf(path, sizeof(path), "%s", info->dlpi_name);
	if (modules->count++ == 0 && !realpath("/proc/self/exe", path))
		return 1;
	find_build_id(info, build_id, sizeof(build_id));
	image_module(modules->image, modules->process, modules->count, start, end, info->dlpi_addr,
		     path, build_id);
	return 0;
}

void image_own_modules(void *image, uint32_t process)
{
	struct module_writer modules = {image, process, 0};

	dl_iterate_phdr(write_own_module, &modules);
}

void image_inversion(void *image, uint32_t process, uint64_t count)
{
	static struct finding finding;

	image_thread(image, process, 1, 0, 0, THREAD_IS_MAIN, "");
	image_thread(image, process, 2, 1, 0, 0, "left");
	image_thread(image, process, 3, 1, 0, 0, "right");
	image_lock(image, process, 1, OBJECT_MUTEX, 0x1000, 0, 0, 0, "A");
	image_lock(image, process, 2, OBJECT_MUTEX, 0x2000, 0, 0, 0, "B");
	finding = (struct finding){
		.id = 1,
		.kind = FINDING_LOCK_ORDER_INVERSION,
		.severity = SEVERITY_ERROR,
	};
	image_event(&finding, 2, ACTION_HOLD, 1, 0);
	image_event(&finding, 2, ACTION_WAIT, 2, 0);
	image_event(&finding, 3, ACTION_HOLD, 2, 0);
	image_event(&finding, 3, ACTION_WAIT, 1, 0);
	image_finding(image, process, &finding, count);
}

uint64_t image_size(const void *image)
{
	const struct results_header *header = image;

	return header->tail;
}

#include "detect/base/thread.h"
#include "preload/results/sink_record.h"

#include "preload/guest/guest.h"
#include "preload/guest/modules.h"
#include "preload/results/shared.h"
#include "preload/results/sink.h"

static void sink_describe_module(struct module *module)
{
	struct byte_writer writer;
	struct record_header *record;

	if (!module || module->is_described)
		return;
	record = sink_begin_record(RECORD_MODULE,
				   4 + 3 * 8 + 2 * 4 + sink_string_bytes(module->path) +
					   sink_string_bytes(module->build_id),
				   0, &writer);
	if (!record)
		return;
	write_u32(&writer, module->id);
	write_u64(&writer, module->start);
	write_u64(&writer, module->end);
	write_u64(&writer, module->bias);
	write_u32(&writer, module->first_generation);
	write_u32(&writer, module->last_generation);
	write_string(&writer, module->path);
	write_string(&writer, module->build_id);
	record_commit(record);
	module->is_described = true;
}

void sink_describe_stack(struct detector *detector, stack_id id)
{
	struct stack *stack = stack_depot_get(&detector->stacks, id);
	struct byte_writer writer;
	struct record_header *record;

	if (!stack || stack->is_described)
		return;
	for (uint32_t i = 0; i < stack->frame_count; i++)
		sink_describe_module(modules_find(stack->frames[i], stack->code_generation));
	record = sink_begin_record(RECORD_STACK, 16 + stack->frame_count * 8, 0, &writer);
	if (!record)
		return;
	write_u32(&writer, id & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, stack->code_generation);
	write_u32(&writer, stack->flags);
	write_u32(&writer, stack->frame_count);
	for (uint32_t i = 0; i < stack->frame_count; i++)
		write_u64(&writer, stack->frames[i]);
	record_commit(record);
	stack->is_described = true;
}

static uint32_t thread_flags(const struct thread *thread)
{
	uint32_t flags = 0;

	if (thread->id == 1)
		flags |= THREAD_IS_MAIN;
	if (thread->is_adopted)
		flags |= THREAD_IS_ADOPTED;
	if (thread->state == THREAD_ENDED || thread->state == THREAD_ENDING)
		flags |= THREAD_HAS_ENDED;
	return flags;
}

static void write_thread(struct detector *detector, struct thread *thread)
{
	struct byte_writer writer;
	struct record_header *record;

	sink_describe_stack(detector, thread->created);
	record = sink_begin_record(RECORD_THREAD, 20 + sink_string_bytes(thread->name), 0, &writer);
	if (!record)
		return;
	write_u32(&writer, thread->id);
	write_u32(&writer, thread->kernel_id);
	write_u32(&writer, thread->creator);
	write_u32(&writer, thread->created & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, thread_flags(thread));
	write_string(&writer, thread->name);
	record_commit(record);
}

void sink_describe_thread(struct detector *detector, thread_id id)
{
	/* A chain of creators is short. */
	for (struct thread *thread = detector_thread(detector, id); thread && !thread->is_described;
	     thread = detector_thread(detector, thread->creator)) {
		thread->is_described = true;
		write_thread(detector, thread);
	}
}

void sink_describe_lock(struct detector *detector, lock_id id)
{
	struct sync_info *info = detector_lock(detector, id);
	struct byte_writer writer;
	struct record_header *record;
	uint64_t key = 0;
	uint32_t flags = 0;

	if (!info || info->is_described)
		return;
	info->is_described = true;
	sink_describe_stack(detector, info->created);
	sink_describe_stack(detector, info->first);
	sink_describe_thread(detector, info->stack_thread);
	sink_describe_module(modules_find(info->address, guest_code_generation));
	if (info->attributes & SYNC_PROCESS_SHARED)
		flags |= LOCK_IS_PROCESS_SHARED;
	if (info->attributes & SYNC_RECURSIVE)
		flags |= LOCK_IS_RECURSIVE;
	if (info->attributes & SYNC_ROBUST)
		flags |= LOCK_IS_ROBUST;
	if ((flags & LOCK_IS_PROCESS_SHARED) || info->kind == OBJECT_FILE_LOCK)
		key = shared_lock_key(info);
	if (key)
		flags |= LOCK_HAS_KEY;
	record = sink_begin_record(
		RECORD_LOCK, 4 + 4 + 8 + 5 * 4 + sink_string_bytes("") + (key ? 8 : 0), 0, &writer);
	if (!record)
		return;
	write_u32(&writer, info->id);
	write_u32(&writer, info->kind);
	write_u64(&writer, info->address);
	write_u32(&writer, info->class);
	write_u32(&writer, info->created & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, info->first & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, info->stack_thread);
	write_u32(&writer, flags);
	write_string(&writer, "");
	if (key)
		write_u64(&writer, key);
	record_commit(record);
}

void sink_describe_memory(uintptr_t address)
{
	sink_describe_module(modules_find(address, guest_code_generation));
}

void sink_renamed(struct detector *detector, struct thread *thread)
{
	if (thread->is_described)
		write_thread(detector, thread);
}

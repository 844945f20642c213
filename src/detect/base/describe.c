#include "detect/base/describe.h"

#include "detect/base/memory_block.h"
#include "detect/base/thread.h"
#include "finding/results.h"

#define LOADED_NOW UINT32_MAX /* a code generation: of what is still loaded */

static void describe_module(struct detector *detector, uintptr_t address, uint32_t generation)
{
	if (detector->hooks->describe_module)
		detector->hooks->describe_module(address, generation);
}

static thread_id shown_id(const struct detector *detector, thread_id id)
{
	return detector->hooks->shown_thread ? detector->hooks->shown_thread(detector, id) : id;
}

void describe_stack(struct detector *detector, stack_id id)
{
	struct stack *stack = stack_depot_get(&detector->stacks, id);
	struct byte_writer writer;
	struct record_header *record;

	if (!stack || stack->is_described)
		return;
	for (uint32_t i = 0; i < stack->frame_count; i++)
		describe_module(detector, stack_frame(stack, i), stack->code_generation);
	record = detector->hooks->begin_record(detector, RECORD_STACK, 16 + stack->frame_count * 8,
					       &writer);
	if (!record)
		return;
	write_u32(&writer, id & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, stack->code_generation);
	write_u32(&writer, stack->flags);
	write_u32(&writer, stack->frame_count);
	for (uint32_t i = 0; i < stack->frame_count; i++)
		write_u64(&writer, stack_frame(stack, i));
	record_commit(record);
	stack->is_described = true;
}

/* --- Threads -------------------------------------------------------------------------- */

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
	const char *name = detector->hooks->thread_name
				   ? detector->hooks->thread_name(detector, thread)
				   : thread->name;
	struct byte_writer writer;
	struct record_header *record;

	describe_stack(detector, thread->created);
	record = detector->hooks->begin_record(detector, RECORD_THREAD,
					       20 + describe_string_bytes(name), &writer);
	if (!record)
		return;
	write_u32(&writer, shown_id(detector, thread->id));
	write_u32(&writer, thread->kernel_id);
	write_u32(&writer, shown_id(detector, thread->creator));
	write_u32(&writer, thread->created & ~STACK_ID_IN_HANDLER);
	write_u32(&writer, thread_flags(thread));
	write_string(&writer, name);
	record_commit(record);
}

/* A thread that had not begun when it was first spoken of has a number of the kernel's since. */
bool describe_has_thread(const struct thread *thread)
{
	return thread->is_described && thread->described_kernel_id == thread->kernel_id;
}

void describe_thread(struct detector *detector, thread_id id)
{
	/* A chain of creators is short. */
	for (struct thread *thread = detector_thread(detector, id);
	     thread && !describe_has_thread(thread) && shown_id(detector, thread->id);
	     thread = detector_thread(detector, thread->creator)) {
		thread->is_described = true;
		thread->described_kernel_id = thread->kernel_id;
		write_thread(detector, thread);
	}
}

void describe_renamed(struct detector *detector, struct thread *thread)
{
	if (thread->is_described)
		write_thread(detector, thread);
}

/* --- Locks ------------------------------------------------------------------------------ */

static uint32_t lock_flags(const struct sync_info *info)
{
	uint32_t flags = 0;

	if (info->attributes & SYNC_PROCESS_SHARED)
		flags |= LOCK_IS_PROCESS_SHARED;
	if (info->attributes & SYNC_RECURSIVE)
		flags |= LOCK_IS_RECURSIVE;
	if (info->attributes & SYNC_ROBUST)
		flags |= LOCK_IS_ROBUST;
	return flags;
}

static void write_lock_fields(struct detector *detector, const struct sync_info *info,
			      const char *name, uint32_t flags, struct byte_writer *writer)
{
	write_u32(writer, info->id);
	write_u32(writer, info->kind);
	write_u64(writer, info->address);
	write_u32(writer, info->class);
	write_u32(writer, info->created & ~STACK_ID_IN_HANDLER);
	write_u32(writer, info->first & ~STACK_ID_IN_HANDLER);
	write_u32(writer, shown_id(detector, info->stack_thread));
	write_u32(writer, flags);
	write_string(writer, name);
}

void describe_lock_in(struct detector *detector, const struct sync_info *info,
		      unsigned char bytes[RESULTS_LOCK_BYTES])
{
	struct byte_writer writer = {bytes, bytes + RESULTS_LOCK_BYTES, false};

	write_lock_fields(detector, info, "", lock_flags(info), &writer);
}

/* Where the block was allocated in which a lock lies that nobody initialised: who took it
 * first is chance.  0: there is none, or it is not known. */
static stack_id allocation_of(struct detector *detector, const struct sync_info *info)
{
	struct memory_block block;

	if (info->created || info->stack_thread || !detector->hooks->block_of ||
	    !detector->hooks->block_of(detector, info->address, &block) || block.is_freed)
		return 0;
	return block.stack & ~STACK_ID_IN_HANDLER;
}

static void write_lock(struct detector *detector, const struct sync_info *info)
{
	const struct detector_hooks *hooks = detector->hooks;
	const char *name = hooks->lock_name ? hooks->lock_name(detector, info)
			   : info->name	    ? info->name
					    : "";
	uint64_t key = hooks->shared_key ? hooks->shared_key(info) : 0;
	stack_id allocation = allocation_of(detector, info);
	uint32_t flags =
		lock_flags(info) | (key ? LOCK_HAS_KEY : 0) | (allocation ? LOCK_HAS_BLOCK : 0);
	struct byte_writer writer;
	struct record_header *record;

	describe_stack(detector, allocation);
	record = hooks->begin_record(detector, RECORD_LOCK,
				     RESULTS_LOCK_BYTES - describe_string_bytes("") +
					     describe_string_bytes(name) + (key ? 8 : 0) +
					     (allocation ? 4 : 0),
				     &writer);
	if (!record)
		return;
	write_lock_fields(detector, info, name, flags, &writer);
	if (key)
		write_u64(&writer, key);
	if (allocation)
		write_u32(&writer, allocation);
	record_commit(record);
}

void describe_origins(struct detector *detector, struct sync_info *info)
{
	if (info->has_origins)
		return;
	info->has_origins = true;
	describe_stack(detector, info->created);
	describe_stack(detector, info->first);
	describe_thread(detector, info->stack_thread);
	describe_module(detector, info->address, LOADED_NOW);
}

void describe_lock(struct detector *detector, lock_id id)
{
	struct sync_info *info = detector_lock(detector, id);

	if (!info || info->is_described)
		return;
	info->is_described = true;
	describe_origins(detector, info);
	write_lock(detector, info);
}

/* --- Findings ---------------------------------------------------------------------------- */

static void describe_event(struct detector *detector, struct finding_event *event)
{
	uint32_t count =
		event->hold_count < FINDING_HOLD_MAX ? event->hold_count : FINDING_HOLD_MAX;

	describe_thread(detector, event->thread);
	describe_thread(detector, event->target);
	describe_lock(detector, event->lock);
	describe_stack(detector, event->stack);
	if (event->size_bytes)
		describe_module(detector, event->address, LOADED_NOW);
	event->thread = shown_id(detector, event->thread);
	event->target = shown_id(detector, event->target);
	event->stack &= ~STACK_ID_IN_HANDLER;
	for (uint32_t i = 0; i < count; i++) {
		describe_lock(detector, event->holds[i].lock);
		describe_stack(detector, event->holds[i].stack);
		event->holds[i].stack &= ~STACK_ID_IN_HANDLER;
	}
}

void describe_finding(struct detector *detector, struct finding *finding)
{
	for (uint32_t i = 0; i < finding->event_count; i++)
		if (!finding->events[i].process)
			describe_event(detector, &finding->events[i]);
}

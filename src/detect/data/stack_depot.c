#include "detect/data/stack_depot.h"

#include <string.h>

#include "base/hash.h"

#define BUCKETS_FIRST 1024u

/* A stack as it is looked for. */
struct wanted {
	const struct stack *outer;
	const uintptr_t *frames;
	uint32_t own_count; /* of these */
	uint32_t frame_count;
	uint32_t code_generation;
	uint32_t flags;
	uint32_t signal_number;
	uint64_t hash;
};

static uint64_t hash_stack(const uintptr_t *frames, uint32_t count, uint64_t seed)
{
	uint64_t hash = seed * 0x9e3779b97f4a7c15ull + count;

	for (uint32_t i = 0; i < count; i++) {
		hash = (hash ^ frames[i]) * 0xff51afd7ed558ccdull;
		hash ^= hash >> 32;
	}
	return hash;
}

bool stack_depot_init(struct stack_depot *depot, page_source pages)
{
	*depot = (struct stack_depot){0};
	arena_init(&depot->arena, pages);
	return intern_begin(&depot->by_frames, &depot->arena, BUCKETS_FIRST);
}

static bool is_wanted(const struct stack *stack, const struct wanted *wanted)
{
	return stack->hash == wanted->hash && stack->outer == wanted->outer &&
	       stack->frame_count == wanted->frame_count &&
	       stack->code_generation == wanted->code_generation &&
	       stack->flags == wanted->flags &&
	       memcmp(stack->frames, wanted->frames,
		      wanted->own_count * sizeof(*stack->frames)) == 0;
}

static struct stack *find_stack(const struct stack_depot *depot, const struct wanted *wanted)
{
	struct stack *stack = intern_first(&depot->by_frames, wanted->hash);

	while (stack && !is_wanted(stack, wanted))
		stack = intern_next(stack);
	return stack;
}

static uint64_t hash_of(const void *stack)
{
	return ((const struct stack *)stack)->hash;
}

static struct stack *add_stack(struct stack_depot *depot, const struct wanted *wanted)
{
	size_t size = sizeof(struct stack) + wanted->own_count * sizeof(*wanted->frames);
	struct stack *stack = arena_alloc(&depot->arena, size);

	if (!stack)
		return NULL;
	stack->id = depot->by_id.last + 1;
	stack->outer = wanted->outer;
	stack->frame_count = wanted->frame_count;
	stack->code_generation = wanted->code_generation;
	stack->flags = wanted->flags;
	stack->signal_number = wanted->signal_number;
	stack->hash = wanted->hash;
	memcpy(stack->frames, wanted->frames, wanted->own_count * sizeof(*wanted->frames));
	if (!id_table_set(&depot->by_id, &depot->arena, stack->id, stack)) {
		arena_free(&depot->arena, stack, size);
		return NULL;
	}
	intern_add(&depot->by_frames, stack, stack->hash);
	intern_grow(&depot->by_frames, &depot->arena, hash_of);
	return stack;
}

static stack_id intern_stack(struct stack_depot *depot, const struct wanted *wanted)
{
	struct stack *stack;
	stack_id id;

	runtime_lock(&depot->lock);
	stack = find_stack(depot, wanted);
	if (!stack)
		stack = add_stack(depot, wanted);
	id = stack ? stack->id : 0;
	if (stack && (stack->flags & STACK_IN_HANDLER))
		id |= STACK_ID_IN_HANDLER;
	runtime_unlock(&depot->lock);
	return id;
}

stack_id stack_depot_intern(struct stack_depot *depot, const uintptr_t *frames,
			    uint32_t frame_count, uint32_t code_generation, uint32_t flags,
			    uint32_t signal_number)
{
	const struct wanted wanted = {
		.frames = frames,
		.own_count = frame_count,
		.frame_count = frame_count,
		.code_generation = code_generation,
		.flags = flags,
		.signal_number = signal_number,
		.hash = hash_stack(frames, frame_count, code_generation * 4ull + flags),
	};

	return intern_stack(depot, &wanted);
}

stack_id stack_depot_extend(struct stack_depot *depot, stack_id outer, uintptr_t frame,
			    uint32_t depth_max)
{
	const struct stack *stack = stack_depot_get(depot, outer);
	struct wanted wanted = {.outer = stack, .frames = &frame, .own_count = 1};

	if (!stack)
		return 0;
	wanted.frame_count = stack->frame_count < depth_max ? stack->frame_count + 1 : depth_max;
	wanted.code_generation = stack->code_generation;
	wanted.flags = stack->flags;
	wanted.signal_number = stack->signal_number;
	wanted.hash = hash_mix(frame ^ stack->hash);
	return intern_stack(depot, &wanted);
}

#include "detect/data/stack_depot.h"

#include <string.h>

#define BUCKETS_FIRST 1024u

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

static struct stack *find_stack(const struct stack_depot *depot, const uintptr_t *frames,
				uint32_t count, uint32_t generation, uint32_t flags, uint64_t hash)
{
	struct stack *stack = intern_first(&depot->by_frames, hash);

	while (stack && (stack->hash != hash || stack->frame_count != count ||
			 stack->code_generation != generation || stack->flags != flags ||
			 memcmp(stack->frames, frames, count * sizeof(*frames)) != 0))
		stack = intern_next(stack);
	return stack;
}

static uint64_t hash_of(const void *stack)
{
	return ((const struct stack *)stack)->hash;
}

static struct stack *add_stack(struct stack_depot *depot, const uintptr_t *frames, uint32_t count,
			       uint64_t hash)
{
	size_t size = sizeof(struct stack) + count * sizeof(*frames);
	struct stack *stack = arena_alloc(&depot->arena, size);

	if (!stack)
		return NULL;
	stack->id = depot->by_id.last + 1;
	stack->frame_count = count;
	stack->hash = hash;
	memcpy(stack->frames, frames, count * sizeof(*frames));
	if (!id_table_set(&depot->by_id, &depot->arena, stack->id, stack)) {
		arena_free(&depot->arena, stack, size);
		return NULL;
	}
	intern_add(&depot->by_frames, stack, hash);
	intern_grow(&depot->by_frames, &depot->arena, hash_of);
	return stack;
}

stack_id stack_depot_intern(struct stack_depot *depot, const uintptr_t *frames,
			    uint32_t frame_count, uint32_t code_generation, uint32_t flags,
			    uint32_t signal_number)
{
	uint64_t hash = hash_stack(frames, frame_count, code_generation * 4ull + flags);
	struct stack *stack;
	stack_id id;

	runtime_lock(&depot->lock);
	stack = find_stack(depot, frames, frame_count, code_generation, flags, hash);
	if (!stack) {
		stack = add_stack(depot, frames, frame_count, hash);
		if (stack) {
			stack->code_generation = code_generation;
			stack->flags = flags;
			stack->signal_number = signal_number;
		}
	}
	id = stack ? stack->id : 0;
	if (stack && (flags & STACK_IN_HANDLER))
		id |= STACK_ID_IN_HANDLER;
	runtime_unlock(&depot->lock);
	return id;
}

#include "detect/base/thread.h"

#include "detect/base/clock.h"
#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/base/slot.h"

static struct thread_memory *make_memory(struct detector *detector)
{
	struct thread_memory *memory = arena_alloc(&detector->arena, sizeof(*memory));

	if (!memory)
		return NULL;
	arena_init(&memory->arena, detector->pages);
	memory->held = arena_alloc(&memory->arena, (HELD_LOCKS_FIRST + 2) * sizeof(*memory->held));
	memory->held_capacity = HELD_LOCKS_FIRST;
	return memory->held ? memory : NULL;
}

static struct thread_memory *take_memory(struct detector *detector)
{
	struct thread_memory *memory = detector->free_memory;

	if (!memory)
		return make_memory(detector);
	detector->free_memory = memory->next_free;
	return memory;
}

static void give_memory(struct detector *detector, struct thread *thread)
{
	struct thread_memory *memory = thread->memory;

	if (thread->clocks.recorded_epoch)
		thread->known = clock_at_end(thread);
	slot_give(detector, thread, clock_free(thread));
	arena_free(&memory->arena, thread->accesses.stale_reads, thread->accesses.stale_read_bytes);
	thread->accesses.stale_reads = NULL;
	thread->accesses.stale_read_count = 0;
	thread->accesses.stale_read_places = 0;
	arena_free(&memory->arena, thread->clocks.seen,
		   thread->clocks.seen_capacity * sizeof(uint64_t));
	while (thread->held.count)
		held_locks_pop(&thread->held);
	memory->held = thread->held.locks - 1;
	memory->held_capacity = thread->held.capacity;
	memory->chains = thread->held.chain_cache;
	memory->next_free = detector->free_memory;
	detector->free_memory = memory;
	thread->memory = NULL;
	held_locks_end(&thread->held);
	thread->held.chain_cache = NULL;
}

struct thread *thread_new(struct detector *detector, const struct thread *creator)
{
	struct thread *thread = arena_alloc(&detector->arena, sizeof(*thread));
	uint64_t first;

	if (!thread)
		return NULL;
	thread->memory = take_memory(detector);
	thread->detector = detector;
	thread->id = detector->threads.last + 1;
	first = slot_take(detector, thread, creator);
	if (!thread->memory || !first ||
	    !id_table_set(&detector->threads, &detector->arena, thread->id, thread))
		return NULL;
	held_locks_begin(&thread->held, thread->memory->held, thread->memory->held_capacity);
	thread->held.chain_cache = thread->memory->chains;
	thread->held.lowest_on_stack = UINTPTR_MAX;
	thread->clocks.predicts = detector->predicts_races;
	if (!clock_init(thread, first))
		return NULL;
	return thread;
}

static void forget_thread(struct detector *detector, struct thread *thread)
{
	snapshot_drop(thread->known, &detector->arena);
	thread->known = NULL;
	if (thread->is_described || thread->is_referenced)
		return;
	id_table_set(&detector->threads, &detector->arena, thread->id, NULL);
	arena_free(&detector->arena, thread, sizeof(*thread));
}

/* Reports may name @thread for a while, and others acquire from it. */
static void keep_a_while(struct detector *detector, struct thread *thread)
{
	struct thread **place = &detector->ended[detector->ended_count++ % ENDED_KEPT];

	if (*place)
		forget_thread(detector, *place);
	*place = thread;
}

void thread_bury(struct detector *detector, struct thread *thread)
{
	if (thread->memory)
		give_memory(detector, thread);
	thread->state = THREAD_ENDED;
	if (thread->clocks.recorded_epoch)
		keep_a_while(detector, thread);
	else
		forget_thread(detector, thread);
}

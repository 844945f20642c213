#define _GNU_SOURCE
#include "preload/results/timeline.h"

#include <time.h>

#include "detect/base/describe.h"
#include "detect/base/thread.h"
#include "detect/deadlock/wait.h"
#include "preload/guest/guest.h"
#include "preload/guest/real.h"
#include "preload/results/sink.h"

#define NOTES_BYTES 4096u
#define HOLDS_MAX 125u
#define SHORT_NS 100000u

struct noted_hold {
	const struct sync_object *object;
	uint64_t since_ns;
	lock_id lock;
	stack_id stack;
	uint8_t mode;
	bool is_written; /* its begin is */
};

/* What of a thread is in the ring already. */
struct thread_notes {
	struct timeline_block *block; /* that it fills ... */
	uint64_t turn;		      /* ... while this is its turn */
	uint64_t wait_version;
	uint64_t operation_count;
	uint32_t held_count;
	uint32_t count; /* of holds */
	struct noted_hold holds[HOLDS_MAX];
};

_Static_assert(sizeof(struct thread_notes) <= NOTES_BYTES, "notes are a page");

static struct timeline_ring *ring; /* NULL: no events are kept */

void timeline_begin(void)
{
	ring = sink_base() ? timeline_of(sink_base()) : NULL;
	guest_keeps_events = ring && ring->block_count;
}

/* By the kernel's page of shared code: no system call. */
static uint64_t read_clock(void)
{
	struct timespec now = {0};

	REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* NULL without memory.  A context is used for one thread after the other. */
static struct thread_notes *find_notes(struct guest_thread *self)
{
	if (self->noted_thread == self->thread->id)
		return self->notes;
	if (!self->notes)
		self->notes = pages_from_kernel(NOTES_BYTES);
	if (!self->notes)
		return NULL;
	*self->notes = (struct thread_notes){.block = NULL};
	self->noted_thread = self->thread->id;
	return self->notes;
}

/* --- The ring ----------------------------------------------------------------- */

/* relaxed: counts, and a hint. */
static bool is_half_full(void)
{
	return load_relaxed(&ring->next_turn) > ring->block_count / 2;
}

static struct timeline_block *take_block(struct guest_thread *self, struct thread_notes *notes)
{
	/* relaxed: blocks are read after the run, or at the reader's risk. */
	uint64_t turn = fetch_add_relaxed(&ring->next_turn, 1u);
	struct timeline_block *block = &timeline_blocks(ring)[turn % ring->block_count];

	if (block->turn)
		fetch_add_relaxed(&ring->lost_count,
				  (uint64_t)block->used + block->left_out_count);
	store_relaxed(&block->used, 0u);
	block->left_out_count = 0;
	block->process = sink_process();
	block->thread = self->thread->id;
	store_release(&block->turn, turn + 1);
	notes->block = block;
	notes->turn = turn + 1;
	return block;
}

/* The block to add an event to. */
static struct timeline_block *open_block(struct guest_thread *self, struct thread_notes *notes)
{
	struct timeline_block *block = notes->block;

	/* relaxed: another thread may take it at any time. */
	if (block && load_relaxed(&block->turn) == notes->turn &&
	    block->used < TIMELINE_BLOCK_EVENTS)
		return block;
	return take_block(self, notes);
}

static void add_event(struct guest_thread *self, struct thread_notes *notes,
		      struct timeline_event event)
{
	struct timeline_block *block = open_block(self, notes);

	event.stack &= ~STACK_ID_IN_HANDLER;
	event.other_stack &= ~STACK_ID_IN_HANDLER;
	block->events[block->used % TIMELINE_BLOCK_EVENTS] = event;
	/* release: pairs with the reader of a run whose end was not orderly. */
	store_release(&block->used, block->used + 1);
}

/* --- Holds -------------------------------------------------------------------- */

static void begin_hold(struct guest_thread *self, struct thread_notes *notes,
		       const struct held_lock *held, uint64_t now_ns)
{
	/* The life may have ended in the meantime. */
	const struct sync_info *info = load_acquire(&held->object->info);
	struct noted_hold *hold = &notes->holds[notes->count++];

	*hold = (struct noted_hold){
		.object = held->object,
		.since_ns = now_ns,
		.lock = info ? sink_describe_event(self->thread, info->id, held->stack) : 0,
		.stack = held->stack,
		.mode = held->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
	};
}

/* Those whose end may be far. */
static void write_begun(struct guest_thread *self, struct thread_notes *notes)
{
	for (uint32_t i = 0; i < notes->count; i++) {
		struct noted_hold *hold = &notes->holds[i];

		if (hold->is_written)
			continue;
		hold->is_written = true;
		add_event(self, notes,
			  (struct timeline_event){.time_ns = hold->since_ns,
						  .kind = TIMELINE_HOLD_BEGIN,
						  .mode = hold->mode,
						  .lock = hold->lock,
						  .stack = hold->stack});
	}
}

static void end_hold(struct guest_thread *self, struct thread_notes *notes,
		     const struct noted_hold *hold, uint64_t now_ns)
{
	struct timeline_event event = {
		.time_ns = hold->is_written ? now_ns : hold->since_ns,
		.held_ns = now_ns - hold->since_ns,
		.kind = hold->is_written ? TIMELINE_HOLD_END : TIMELINE_HOLD,
		.mode = hold->mode,
		.lock = hold->lock,
		.stack = hold->stack,
	};

	if (hold->is_written || event.held_ns >= SHORT_NS || !is_half_full())
		add_event(self, notes, event);
	else
		open_block(self, notes)->left_out_count++;
}

static bool is_held(const struct held_locks *held, const struct noted_hold *hold)
{
	return held_locks_find(held, hold->object);
}

/*
 * Usually the last lock alone was taken or released: then those below it are the same, as
 * no lock is held twice.
 */
static void note_holds(struct guest_thread *self, struct thread_notes *notes, uint64_t now_ns)
{
	const struct held_locks *held = &self->thread->held;
	uint32_t count = held->count < HOLDS_MAX ? held->count : HOLDS_MAX;
	uint32_t same = count < notes->count ? count : notes->count;
	uint32_t kept;

	if (same && notes->holds[same - 1].object != held->locks[same - 1].object)
		same = 0;
	for (uint32_t i = notes->count; i-- > same;)
		if (!is_held(held, &notes->holds[i]))
			end_hold(self, notes, &notes->holds[i], now_ns);
	kept = same;
	for (uint32_t i = same; i < notes->count; i++)
		if (is_held(held, &notes->holds[i]))
			notes->holds[kept++] = notes->holds[i];
	notes->count = kept;
	while (notes->count < count)
		begin_hold(self, notes, &held->locks[notes->count], now_ns);
	if (held->count > HOLDS_MAX && held->count > notes->held_count)
		open_block(self, notes)->left_out_count++;
}

/* --- Waits -------------------------------------------------------------------- */

static void begin_wait(struct guest_thread *self, struct thread_notes *notes, uint64_t now_ns)
{
	const struct wait *wait = &self->thread->waiting.wait;
	const struct sync_info *info = wait->object ? load_acquire(&wait->object->info) : NULL;
	struct timeline_event event = {
		.time_ns = now_ns,
		.kind = TIMELINE_WAIT_BEGIN,
		.mode = wait->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
		.action = (uint8_t)wait_action(wait),
		.stack = wait->stack,
		.other = wait->target,
	};

	event.lock = sink_describe_event(self->thread, info ? info->id : 0, wait->stack);
	if (wait->object)
		event.other = sink_holder(&guest_detector, wait->object, &event.other_stack);
	if (event.other)
		sink_describe_event(detector_thread(&guest_detector, event.other), 0,
				    event.other_stack);
	write_begun(self, notes);
	add_event(self, notes, event);
}

static void note_wait(struct guest_thread *self, struct thread_notes *notes, uint64_t now_ns,
		      bool is_begin)
{
	uint64_t version = self->thread->waiting.wait.version;
	uint64_t noted = notes->wait_version;

	if (version == noted)
		return;
	if (!is_begin && noted % 2)
		add_event(self, notes,
			  (struct timeline_event){.time_ns = now_ns, .kind = TIMELINE_WAIT_END});
	if (is_begin && version % 2)
		begin_wait(self, notes, now_ns);
	if (is_begin)
		notes->wait_version = version;
}

/* --- What is called ----------------------------------------------------------- */

static bool has_changed(const struct thread_notes *notes, const struct thread *thread)
{
	return notes->held_count != thread->held.count ||
	       notes->operation_count != thread->held.operation_count ||
	       notes->wait_version != thread->waiting.wait.version;
}

void timeline_left(struct guest_thread *self)
{
	struct thread_notes *notes = find_notes(self);
	const struct thread *thread = self->thread;
	uint64_t now_ns;

	if (!notes || !has_changed(notes, thread))
		return;
	guest_raise(self);
	now_ns = read_clock();
	note_wait(self, notes, now_ns, false);
	note_holds(self, notes, now_ns);
	note_wait(self, notes, now_ns, true);
	if (!is_half_full())
		write_begun(self, notes);
	notes->held_count = thread->held.count;
	notes->operation_count = thread->held.operation_count;
	fence_signal();
	self->guard = 0;
	fence_signal();
}

void timeline_signalled(struct guest_thread *self, enum timeline_kind kind,
			const struct sync_object *object, stack_id stack)
{
	struct thread_notes *notes = self->leaving & LEAVING_NOTED ? find_notes(self) : NULL;
	const struct sync_info *info = load_acquire(&object->info);

	if (notes && info)
		add_event(self, notes,
			  (struct timeline_event){.time_ns = read_clock(),
						  .kind = (uint16_t)kind,
						  .lock = sink_describe_event(self->thread,
									      info->id, stack),
						  .stack = stack});
}

void timeline_found(struct detector *detector, uint32_t finding)
{
	struct guest_thread *self = guest_self;
	struct thread_notes *notes =
		self && self->leaving & LEAVING_NOTED ? find_notes(self) : NULL;

	if (!notes)
		return;
	describe_thread(detector, self->thread->id);
	add_event(self, notes,
		  (struct timeline_event){
			  .time_ns = read_clock(), .kind = TIMELINE_FINDING, .lock = finding});
}

void timeline_end(void)
{
	struct guest_thread *self = guest_self;
	struct thread_notes *notes =
		self && self->leaving & LEAVING_NOTED ? find_notes(self) : NULL;

	if (notes)
		add_event(self, notes,
			  (struct timeline_event){.time_ns = read_clock(),
						  .kind = TIMELINE_PROCESS_END});
}

void timeline_run_ended(void)
{
	if (ring)
		ring->end_ns = read_clock();
}

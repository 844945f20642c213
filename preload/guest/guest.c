#define _GNU_SOURCE
#include "preload/guest/guest.h"

#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "finding/results.h"
#include "preload/access/access.h"
#include "preload/results/bare.h"
#include "preload/code/call_site.h"
#include "preload/heap/heap.h"
#include "preload/channels/descriptors.h"
#include "preload/guest/modules.h"
#include "preload/outside/outside.h"
#include "preload/results/shared.h"
#include "preload/signals/signals.h"
#include "preload/results/sink.h"
#include "preload/sync/wrap_lock.h"
#include "preload/sync/wrap_syscall.h"
#include "preload/process/wrap_process.h"

__thread struct guest_thread *guest_self __attribute__((tls_model("initial-exec")));
struct detector guest_detector;
struct options guest_options;
enum guest_state guest_state;
uint32_t guest_code_generation;

/* Contexts of living threads, and free ones. */
static struct guest_thread *living;
static struct guest_thread *unused;
static struct arena arena;
/* Protects the above.  Inside detector.lock. */
static struct runtime_lock contexts_lock;

static uint64_t early_count; /* events that came while another thread was at it */
static uint32_t start_state; /* 0: not begun, 1: somebody is at it, 2: done */

/* --- Stacks ----------------------------------------------------------------- */

/* The program's frames, without ours in between.  Returns their number. */
static uint32_t keep_program_frames(const struct unwind_result *result, uintptr_t *frames)
{
	uint32_t depth = (uint32_t)guest_options.stack_depth;
	uint32_t count = 0;

	for (uint32_t i = 0; i < result->frame_count && count < depth; i++)
		if (!modules_is_own(result->frames[i]))
			frames[count++] = result->frames[i];
	return count;
}

/* A handler that was not given its number in memory: it runs with its own
 * signal blocked beside those that the interrupted code blocked.  0 if its
 * action blocks others too. */
static uint32_t signal_of_handler(const struct unwind_result *result)
{
	uint64_t blocked = 0;
	uint64_t added;

	if (!result->crosses_signal_frame || result->signal_number)
		return result->signal_number;
	kernel_call4(SYS_rt_sigprocmask, 0, NULL, &blocked, sizeof(blocked));
	added = blocked & ~result->interrupted_signals;
	return added && !(added & (added - 1)) ? (uint32_t)__builtin_ctzl(added) + 1 : 0;
}

stack_id guest_intern(void *context, const struct unwind_result *result)
{
	uintptr_t frames[UNWIND_FRAME_MAX];
	uint32_t count = keep_program_frames(result, frames);
	uint32_t flags = 0;

	(void)context;
	if (result->end == UNWIND_NO_TABLE || result->end == UNWIND_UNSUPPORTED) {
		flags |= STACK_INCOMPLETE;
		detector_count(&guest_detector, LOST_STACKS);
	}
	if (result->crosses_signal_frame)
		flags |= STACK_IN_HANDLER;
	return stack_depot_intern(&guest_detector.stacks, frames, count,
				  guest_code_generation, flags, signal_of_handler(result));
}

stack_id guest_site_slowly(struct guest_thread *self, const struct unwind_start *start)
{
	struct guest_site *site = &self->sites[(start->return_address >> 2) % GUEST_SITES];

	site->address = start->return_address;
	site->generation = guest_code_generation;
	site->stack = stack_depot_intern(&guest_detector.stacks, &start->return_address, 1,
					 guest_code_generation, STACK_INCOMPLETE, 0);
	return site->stack;
}

/* --- Threads ---------------------------------------------------------------- */

static void add_living(struct guest_thread *self)
{
	runtime_lock(&contexts_lock);
	self->next = living;
	living = self;
	runtime_unlock(&contexts_lock);
}

struct guest_thread *guest_make_thread(struct thread *thread)
{
	struct guest_thread *self;

	runtime_lock(&contexts_lock);
	self = unused;
	if (self) {
		unused = self->next;
	} else {
		self = arena_alloc(&arena, sizeof(*self));
		if (self)
			self->memo = pages_from_kernel((stack_memo_bytes() + 4095) & ~4095ul);
	}
	runtime_unlock(&contexts_lock);
	if (!self || !self->memo)
		return NULL;
	*self = (struct guest_thread){
		.thread = thread, .memo = self->memo, .deep_block = self->deep_block};
	thread->guest = self;
	add_living(self);
	return self;
}

void guest_begin_thread(struct guest_thread *self, uintptr_t stack_end, size_t stack_bytes)
{
	struct thread *thread = self->thread;

	thread->kernel_id = (uint32_t)kernel_call0(SYS_gettid);
	thread->stack_end = stack_end;
	thread->stack_start = stack_end > stack_bytes ? stack_end - stack_bytes : 0;
	thread->current = &access_current;
	thread->shared = &access_shared;
	access_thread = thread;
	guest_self = self;
}

/* @thread's thread-local storage is gone, or another's. */
static void forget_words(struct thread *thread)
{
	thread->current = &thread->own_current;
	thread->shared = &thread->own_shared;
}

void guest_free_thread(struct guest_thread *self)
{
	forget_words(self->thread);
	runtime_lock(&contexts_lock);
	for (struct guest_thread **link = &living; *link; link = &(*link)->next) {
		if (*link != self)
			continue;
		*link = self->next;
		self->next = unused;
		unused = self;
		break;
	}
	runtime_unlock(&contexts_lock);
}

struct guest_thread *guest_find_thread(uint64_t handle)
{
	struct guest_thread *found;

	runtime_lock(&contexts_lock);
	for (found = living; found && found->handle != handle; found = found->next)
		;
	runtime_unlock(&contexts_lock);
	return found;
}

/* A thread that nobody told us of. */
static struct guest_thread *adopt(bool is_main, uintptr_t sp)
{
	struct thread *thread = thread_adopt(&guest_detector, is_main);
	struct guest_thread *self = thread ? guest_make_thread(thread) : NULL;

	/* Where its stack is, is not known (yet). */
	if (self)
		guest_begin_thread(self, is_main ? 0 : sp, 0);
	return self;
}

/* --- The guard -------------------------------------------------------------- */

static bool is_on_own_stack(const struct guest_thread *self, uintptr_t sp)
{
	return sp >= self->thread->stack_start && sp < self->thread->stack_end;
}

bool guest_guard_is_stale(const struct guest_thread *self, uintptr_t sp)
{
	return sp > self->guard && is_on_own_stack(self, sp) && is_on_own_stack(self, self->guard);
}

struct guest_thread *guest_enter_begun(uintptr_t sp)
{
	struct guest_thread *self = guest_self;

	if (guest_state != GUEST_ON)
		return NULL;
	if (!self) {
		self = adopt(false, sp);
		if (!self)
			return NULL;
		/* libc makes threads for timers by itself. */
		self->guard = sp;
		fence_signal();
		signals_take(self, SIGNAL_OF_TIMERS);
	} else if (self->guard) {
		if (!guest_guard_is_stale(self, sp)) {
			detector_count(&guest_detector, LOST_IN_HANDLER);
			return NULL;
		}
	}
	self->guard = sp;
	fence_signal();
	return self;
}

struct guest_thread *guest_enter_slowly(uintptr_t sp)
{
	if (guest_state == GUEST_EARLY && start_state == 0)
		guest_start();
	early_count += guest_state == GUEST_EARLY;
	return guest_enter_begun(sp);
}

/* --- Hooks ------------------------------------------------------------------ */

static bool is_alive(struct detector *detector, const struct thread *thread)
{
	(void)detector;
	return kernel_call3(SYS_tgkill, kernel_call0(SYS_getpid), thread->kernel_id, 0) == 0;
}

struct emission {
	struct detector *detector;
	const struct finding *finding;
};

static void emit_deeply(void *context)
{
	const struct emission *emission = context;

	sink_emit(emission->detector, emission->finding);
}

/* What is found at an access must not touch vector registers or fill the
 * program's stack. */
static void emit(struct detector *detector, const struct finding *finding)
{
	struct emission emission = {detector, finding};

	if (guest_self)
		access_deeply(guest_self, emit_deeply, &emission);
	else
		emit_deeply(&emission);
}

static const struct detector_hooks hooks = {
	.emit = emit,
	.access_stack = access_stack,
	.block_of = heap_block_of,
	.count = sink_count,
	.retract = sink_retract,
	.can_be_woken = outside_can_wake,
	.may_hold = lock_may_hold,
	.is_asleep = outside_is_asleep,
	.is_alive = is_alive,
};

/* --- Beginning and end ------------------------------------------------------ */

void guest_switch_off(const char *why)
{
	if (guest_state == GUEST_OFF)
		return;
	guest_state = GUEST_OFF;
	detector_count(&guest_detector, LOST_DETECTION_OFF);
	sink_update_counters(&guest_detector);
	sink_text(why);
}

static void begin(void)
{
	const char *why = "no memory";

	if (!bare_read_options())
		return;
	arena_init(&arena, pages_from_kernel);
	if (!detector_init(&guest_detector, &hooks, pages_from_kernel) ||
	    !bare_open_results(&why)) {
		if (why)
			bare_say(why);
		return;
	}
	process_begin();
	sink_begin_process(false);
	shared_process_begins(NULL);
	modules_refresh();
	guest_detector.counters[COUNTER_LOST_EARLY] = early_count;
	guest_state = GUEST_ON;
	heap_begin();
	if (!adopt(true, 0))
		guest_switch_off("no memory to begin with");
}

void guest_start(void)
{
	uint32_t expected = 0;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (!compare_exchange_acq_rel(&start_state, &expected, 1u))
		return;
	begin();
	if (guest_state == GUEST_EARLY)
		guest_state = GUEST_OFF;
	if (guest_self)
		guest_begin_thread(guest_self, outside_stack_end(here), outside_stack_bytes());
	/* release: pairs with the state's readers, who are this thread's heirs. */
	store_release(&start_state, 2u);
}

/* --- Fork --------------------------------------------------------------------- */

/* Their order.  Signals stay blocked from the first to the last. */
static struct runtime_lock *const fork_locks[] = {
	&guest_detector.lock, &contexts_lock, &modules_lock, &guest_detector.objects.lock,
	&guest_detector.stacks.lock, &call_sites_lock, &signals_lock, &guest_channels.lock,
};

void guest_fork_begin(void)
{
	struct guest_thread *self = guest_self ? NULL : guest_enter();

	/* Adopted now, so that the child knows its only thread. */
	if (self)
		guest_leave(self);
	for (unsigned i = 0; i < ARRAY_LENGTH(fork_locks); i++)
		runtime_lock(fork_locks[i]);
}

void guest_fork_end(void)
{
	for (unsigned i = ARRAY_LENGTH(fork_locks); i > 0; i--)
		runtime_unlock(fork_locks[i - 1]);
}

void guest_forked(void)
{
	struct guest_thread *self = guest_self;

	if (guest_state != GUEST_ON)
		return;
	if (!self || guest_options.follow_children == CHOICE_NO) {
		guest_state = GUEST_OFF;
		guest_self = NULL;
		bare_unfollow();
		return;
	}
	for (struct guest_thread *other = living; other; other = other->next)
		if (other != self)
			forget_words(other->thread);
	/* Memos of the other threads may be half written: their contexts are
	 * never used again. */
	self->next = NULL;
	living = self;
	self->slot = 0;
	self->thread->kernel_id_before_fork = self->thread->kernel_id;
	self->thread->kernel_id = (uint32_t)kernel_call0(SYS_gettid);
	detector_forked(&guest_detector, self->thread);
	sink_begin_process(true);
	shared_process_begins(self);
}

void guest_finish(bool is_orderly)
{
	struct guest_thread *self = guest_self;
	uintptr_t guard = self ? self->guard : 0;

	if (guest_state != GUEST_ON)
		return;
	if (self)
		self->guard = (uintptr_t)__builtin_frame_address(0);
	detector_ended(&guest_detector, is_orderly);
	guest_detector.counters[COUNTER_LOST_FOREIGN_LOCKS] = guest_foreign_waits;
	runtime_lock(&guest_detector.lock);
	sink_update_counters(&guest_detector);
	runtime_unlock(&guest_detector.lock);
	if (self)
		self->guard = guard;
}

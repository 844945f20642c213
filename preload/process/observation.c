#define _GNU_SOURCE
#include "preload/process/observation.h"

#include <errno.h>

#include "base/kernel.h"
#include "detect/base/thread.h"
#include "detect/detector.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/read_set.h"
#include "detect/sync/barrier.h"
#include "preload/access/access.h"
#include "preload/channels/descriptors.h"
#include "preload/channels/inner_ends.h"
#include "preload/channels/signal_channels.h"
#include "preload/code/call_site.h"
#include "preload/code/clones.h"
#include "preload/code/copies.h"
#include "preload/guest/modules.h"
#include "preload/guest/perturb.h"
#include "preload/guest/process_id.h"
#include "preload/guest/real.h"
#include "preload/guest/text.h"
#include "preload/heap/heap.h"
#include "preload/heap/reserved.h"
#include "preload/outside/lock_memory.h"
#include "preload/outside/number.h"
#include "preload/outside/outside.h"
#include "preload/outside/shared_homes.h"
#include "preload/outside/twins.h"
#include "preload/process/children.h"
#include "preload/ranges/states.h"
#include "preload/results/bare.h"
#include "preload/results/reporter.h"
#include "preload/results/shared.h"
#include "preload/results/sink.h"
#include "preload/results/timeline.h"
#include "preload/signals/signals.h"

/* --- What the detector needs of its surroundings ------------------------------ */

static bool is_alive(struct detector *detector, const struct thread *thread)
{
	(void)detector;
	return kernel_call3(SYS_tgkill, kernel_call0(SYS_getpid), thread->kernel_id, 0) != -ESRCH;
}

struct emission {
	struct detector *detector;
	const struct finding *finding;
};

static void emit_deeply(void *context)
{
	const struct emission *emission = context;
	const struct finding *finding = emission->finding;

	for (uint32_t i = 0; i < finding->event_count; i++) {
		uintptr_t address = finding->events[i].address;
		const char *name = state_name(address);
		char number[32];
		struct text text = text_begin(number, sizeof(number));

		if (number_at(address) >= 0) {
			text_add(&text, "descriptor ");
			text_add_number(&text, (uint64_t)number_at(address));
			name = number;
		}
		if (name)
			sink_variable(address, 1, name);
	}
	sink_emit(emission->detector, emission->finding);
}

/* A finding at an access must not change vector registers, nor need much of the
 * program's stack. */
static void emit_finding(struct detector *detector, const struct finding *finding)
{
	struct emission emission = {detector, finding};

	if (guest_self)
		access_deeply(guest_self, emit_deeply, &emission);
	else
		emit_deeply(&emission);
}

static const struct detector_hooks hooks = {
	.emit = emit_finding,
	.access_stack = access_stack,
	.value_at = access_value_at,
	.is_observed_call = clones_is_observed_call,
	.block_of = heap_block_of,
	.order = sink_order,
	.count = sink_count,
	.retract = sink_retract,
	.lower = sink_lower,
	.can_be_woken = outside_can_wake,
	.has_handler = outside_has_handler,
	.may_have_input = inner_may_have_input,
	.may_hold = lock_may_hold,
	.is_asleep = outside_is_asleep,
	.is_alive = is_alive,
	.begin_record = sink_begin_description,
	.describe_module = sink_describe_module,
	.shared_key = sink_shared_key,
};

/* --- How far the process is with its end --------------------------------------- */

#define END_NOT_YET 0u
#define END_OVER (1u << 31)
#define END_IN_PROGRESS (1u << 30) /* and the kernel's number of the thread that is at it */

static uint32_t end_state WRITTEN_IN_FORKS;

static void forget_end(void)
{
	end_state = END_NOT_YET;
}

void observation_ended(void)
{
	/* release: pairs with observation_end(). */
	store_release(&end_state, END_OVER);
}

/* --- Forks ----------------------------------------------------------------------- */

/* Signals stay blocked from the first lock to the last. */
static struct runtime_lock *const fork_locks[] = {
#define NONE
#define RESET(lock)
#define TAKEN(lock) &(lock),
#define PART(name, begin, lock, forked, end) lock
#include "preload/process/parts.def"
#undef PART
#undef TAKEN
#undef RESET
#undef NONE
};

void observation_fork_begin(void)
{
	struct guest_thread *self = guest_self ? NULL : guest_enter();

	/* Adopt the calling thread now: it will be the child's only one. */
	if (self)
		guest_leave(self);
	children_begin();
	runtime_lock(fork_locks[0]);
	for (unsigned i = 1; i < ARRAY_LENGTH(fork_locks); i++)
		runtime_lock_inside(fork_locks[i]);
	if (guest_observes_memory)
		atomic_table_forks(guest_detector.atomics);
}

void observation_fork_end(void)
{
	for (unsigned i = ARRAY_LENGTH(fork_locks); i > 0; i--)
		runtime_unlock(fork_locks[i - 1]);
	inner_shared();
}

/* The counters are in the file at once, so that they outlive a killed process. */
static void begin_record(bool is_forked)
{
	sink_begin_process(is_forked);
	store_relaxed(&guest_detector.shown, sink_counters()); /* relaxed: counts */
}

/* A write would copy its page. */
static void reset_spin_lock(struct spin_lock *lock)
{
	if (load_relaxed(&lock->is_taken)) /* relaxed: there is one thread */
		spin_unlock(lock);
}

/* Threads that are not in this child may have held them. */
static void reset_spin_locks(void)
{
#define NONE
#define RESET(lock) reset_spin_lock(&(lock));
#define TAKEN(lock)
#define PART(name, begin, lock, forked, end) lock
#include "preload/process/parts.def"
#undef PART
#undef TAKEN
#undef RESET
#undef NONE
}

/* Is this child of an observed process observed? */
static bool is_followed(void)
{
	if (guest_state != GUEST_ON)
		return false;
	if (guest_self && guest_options.follow_children != CHOICE_NO)
		return true;
	guest_set_state(GUEST_OFF);
	guest_leave_thread();
	bare_unfollow();
	return false;
}

void observation_forked(void)
{
	struct guest_thread *self = is_followed() ? guest_self : NULL;

	if (self)
		reset_spin_locks();
#define NONE (void)0
#define OBSERVED(step) (void)(self && (step, true))
#define PART(name, begin, lock, forked, end) forked;
#include "preload/process/parts.def"
#undef PART
#undef OBSERVED
#undef NONE
}

static void fork_in_child(void)
{
	observation_forked();
	observation_fork_end();
}

/* Programs have fork handlers that lock and call us, so ours must be the
 * innermost: registered first, "prepare" runs last and the others first
 * (pthread_atfork(3)). */
void observation_watch_forks(void)
{
	extern void *__dso_handle __attribute__((visibility("hidden")));
	extern int __register_atfork(void (*prepare)(void), void (*parent)(void),
				     void (*child)(void), void *object);
	static uint32_t are_watched;
	uint32_t expected = 0;

	if (compare_exchange_acq_rel(&are_watched, &expected, 1u))
		REAL(__register_atfork)(observation_fork_begin, observation_fork_end,
					fork_in_child, &__dso_handle);
}

/* --- The end ----------------------------------------------------------------------- */

static void write_counters(void)
{
	runtime_lock(&guest_detector.lock);
	sink_update_counters(&guest_detector);
	runtime_unlock(&guest_detector.lock);
}

void observation_finish(bool is_orderly)
{
	struct guest_thread *self = guest_self;
	uintptr_t guard = self ? self->guard : 0;

	if (guest_state != GUEST_ON)
		return;
	if (self)
		guest_raise(self);
#define NONE (void)0
#define PART(name, begin, lock, forked, end) end;
#include "preload/process/parts.def"
#undef PART
#undef NONE
	if (!self)
		return;
	self->guard = guard;
	if (!guard)
		guest_leave(self);
}

bool observation_end(uint32_t how, uint32_t status, bool is_orderly)
{
	uint32_t own = END_IN_PROGRESS | (uint32_t)kernel_call0(SYS_gettid);
	uint32_t found = END_NOT_YET;

	if (guest_state != GUEST_ON || !process_is_own())
		return false;
	if (compare_exchange_acq_rel(&end_state, &found, own)) {
		observation_finish(is_orderly);
	} else if (found != own) {
		/* Do not go on before the report is written. */
		while (bare_is_reporter() && load_acquire(&end_state) & END_IN_PROGRESS)
			kernel_call2(SYS_ppoll, NULL, 0);
		return false;
	}
	/* Once more if the end calls what ends: a handler, or a stream that is closed. */
	sink_end(how, status);
	return true;
}

/* --- The beginning ------------------------------------------------------------------- */

/* False: @why says why, or NULL if there is nothing to say. */
static bool begin_parts(const char **why)
{
#define NONE true
#define DONE(step) (step, true)
#define PART(name, begin, lock, forked, end)                                                       \
	*why = "no memory";                                                                        \
	if (!(begin))                                                                              \
		return false;
#include "preload/process/parts.def"
#undef PART
#undef DONE
#undef NONE
	return true;
}

/* Once for a run: each program that is executed has a process of its own. */
static void tell_perturbed(void)
{
	char line[96];
	struct text text = text_begin(line, sizeof(line));

	if (!perturb_is_wanted() || sink_process() != 1)
		return;
	text_add(&text, "schedules were perturbed; --perturb=");
	text_add_number(&text, guest_options.perturb);
	text_add(&text, " does so again");
	sink_text(line);
}

/* The same. */
static void tell_copies(void)
{
	char path[256];
	char line[320];
	struct text text = text_begin(line, sizeof(line));

	if (sink_process() != 1 || !copies_find_other(path, sizeof(path)))
		return;
	text_add(&text, "another copy of the library stands aside: ");
	text_add(&text, path);
	sink_text(line);
}

static void begin_all(void)
{
	const char *why;

	if (!begin_parts(&why)) {
		if (why)
			bare_say(why);
		return;
	}
	guest_detector.counters[COUNTER_LOST_EARLY] = guest_early_count;
	guest_set_state(GUEST_ON);
	tell_perturbed();
	tell_copies();
	if (guest_adopt(true, 0))
		return;
	guest_set_state(GUEST_OFF);
	detector_count(&guest_detector, LOST_DETECTION_OFF);
	sink_update_counters(&guest_detector);
	sink_text("no memory to begin with");
}

void observation_begin(void)
{
	static uint32_t has_begun;
	uint32_t expected = 0;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (!compare_exchange_acq_rel(&has_begun, &expected, 1u))
		return;
	begin_all();
	if (guest_state == GUEST_EARLY)
		guest_set_state(GUEST_OFF);
	if (guest_self)
		guest_begin_thread(guest_self, outside_stack_end(here), outside_stack_bytes());
}

/* The C library makes threads for timers by itself; and a handler that comes before its thread's
 * function is one here, which had taken no signal yet. */
static void take_from_senders(struct guest_thread *self)
{
	signals_take_all(self);
}

const struct guest_hooks guest_hooks = {
	.begin = observation_begin,
	.adopted = take_from_senders,
	.left = timeline_left,
};

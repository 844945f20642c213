#include "reports/states/state.h"

#include "reports/states/calls.h"
#include "reports/words/explain.h"
#include "reports/words/names.h"

#include <string.h>

/* What was seen from outside, as the event of a finding. */
static const struct finding_event *seen_event(struct pool *pool, const struct model_state *seen)
{
	struct finding_event *event = pool_alloc(pool, sizeof(*event));

	event->thread = seen->thread;
	event->action = seen->target ? ACTION_JOIN : ACTION_WAIT;
	event->lock = seen->target ? 0 : seen->lock;
	event->target = seen->target;
	event->mode = seen->mode;
	event->stack = seen->stack;
	return event;
}

/* What the library says, as that of one. */
static const struct finding_event *slot_event(struct pool *pool, const struct results_slot *slot)
{
	struct finding_event *event = pool_alloc(pool, sizeof(*event));

	event->thread = slot->thread;
	event->action = slot->action;
	event->lock = slot->target ? 0 : slot->lock;
	event->target = slot->target;
	event->mode = slot->mode == HOLD_SHARED ? HOLD_SHARED : HOLD_EXCLUSIVE;
	event->stack = slot->stack;
	event->hold_count = slot->hold_count;
	for (uint32_t i = 0; i < FINDING_HOLD_MAX && i < slot->hold_count; i++)
		event->holds[i] = (struct finding_hold){
			.lock = slot->holds[i].lock,
			.stack = slot->holds[i].stack,
		};
	return event;
}

static bool is_same_lock(const struct model_process *process, uint32_t one, uint32_t other)
{
	const struct model_lock *a = model_lock(process, one);
	const struct model_lock *b = model_lock(process, other);

	return a && b && a->address == b->address;
}

/* The library knows what the wait is for, and its caller; who has that was seen. */
static void add_slot(struct view *view, const struct model_process *process,
		     const struct results_slot *slot, struct thread_state *state)
{
	struct model_state *seen = &state->seen;

	if (!is_same_lock(process, seen->lock, slot->lock))
		seen->holder = 0;
	if (seen->holder && seen->holder == slot->holder)
		state->taken = slot->holder_stack;
	state->event = slot_event(view->pool, slot);
	state->is_blocked = true;
	seen->thread = slot->thread;
	seen->lock = state->event->lock;
	seen->target = slot->target;
	seen->mode = state->event->mode;
	seen->is_timed = slot->is_timed != 0;
	seen->stack = slot->stack;
}

static struct thread_state *find_state(struct thread_state *states, size_t count, thread_id thread)
{
	for (size_t i = 0; i < count; i++)
		if (states[i].seen.thread == thread)
			return &states[i];
	return NULL;
}

struct thread_state *states_collect(struct view *view, const struct model_process *process,
				    size_t *count)
{
	struct thread_state *states =
		pool_alloc(view->pool, (process->state_count + process->slot_count + 1) *
					       sizeof(*states));

	for (*count = 0; *count < process->state_count; ++*count) {
		struct thread_state *state = &states[*count];
		const struct model_thread *thread =
			model_thread_of_state(process, &process->states[*count]);

		state->seen = process->states[*count];
		state->seen.thread = thread ? thread->id : 0;
		state->is_blocked = state->seen.call != STATE_RUNS;
		state->event = seen_event(view->pool, &state->seen);
	}
	for (size_t i = 0; i < process->slot_count; i++) {
		const struct results_slot *slot = &process->slots[i];
		struct thread_state *state = find_state(states, *count, slot->thread);

		if (!slot->is_blocked)
			continue;
		if (!state) {
			state = &states[(*count)++];
			state->seen = (struct model_state){.name = "", .note = "", .script = ""};
		}
		add_slot(view, process, slot, state);
	}
	return states;
}

/* ", held by T2 (transfer)"; "" if that is not known. */
static const char *holder_words(struct view *view, const struct view_finding *finding,
				const struct model_state *state, uint32_t holder)
{
	const struct model_lock *lock = model_lock(finding->process, state->lock);
	const char *verb = lock && lock->kind == OBJECT_ONCE ? "run" : "held";

	if (!holder)
		return "";
	if (holder == state->thread)
		return pool_format(view->pool, ", %s by itself", verb);
	return pool_format(view->pool, ", %s by %s", verb, thread_name(view, finding, holder));
}

static const char *mutex_words(struct view *view, const struct view_finding *finding,
			       const struct model_state *state)
{
	if (!state->mutex)
		return "";
	return pool_format(view->pool, " with %s%s",
			   lock_name(view, finding->process, state->mutex),
			   holder_words(view, finding, state, state->mutex_holder));
}

const char *state_words(struct view *view, const struct view_finding *finding,
			const struct thread_state *state)
{
	const struct model_state *seen = &state->seen;
	bool is_known = seen->lock || seen->target || state->event->action != ACTION_WAIT;
	const char *words = is_known ? explain_action(view, finding, state->event)
				     : call_words(view->pool, seen);

	return pool_format(view->pool, "%s%s%s%s%s%s", words,
			   holder_words(view, finding, seen, seen->holder),
			   mutex_words(view, finding, seen), seen->note[0] ? ", " : "", seen->note,
			   seen->is_timed ? ", with a time-out" : "");
}

static bool holds_same(const struct finding_event *one, const struct finding_event *other)
{
	return one->hold_count == other->hold_count &&
	       !memcmp(one->holds, other->holds, sizeof(one->holds));
}

bool state_is_same(const struct thread_state *state, const struct thread_state *of)
{
	const struct model_state *one = &state->seen;
	const struct model_state *other = &of->seen;

	return one->stack && one->stack == other->stack && one->call == other->call &&
	       one->lock == other->lock && one->target == other->target &&
	       one->holder == other->holder && one->mutex == other->mutex &&
	       state->taken == of->taken && one->mode == other->mode &&
	       one->is_timed == other->is_timed &&
	       (one->lock || one->target || one->argument == other->argument) &&
	       strcmp(one->note, other->note) == 0 && strcmp(one->script, other->script) == 0 &&
	       holds_same(state->event, of->event);
}

#include "reports/states/state.h"

#include "reports/states/calls.h"
#include "reports/words/explain.h"
#include "reports/words/names.h"

#include <string.h>

const struct finding_event *state_event(struct pool *pool, const struct model_state *state)
{
	struct finding_event *event = pool_alloc(pool, sizeof(*event));

	event->thread = state->thread;
	event->action = state->target ? ACTION_JOIN : ACTION_WAIT;
	event->lock = state->target ? 0 : state->lock;
	event->target = state->target;
	event->mode = state->mode;
	event->stack = state->stack;
	return event;
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
			const struct model_state *state)
{
	const char *words = state->lock || state->target
				    ? explain_action(view, finding, state_event(view->pool, state))
				    : call_words(view->pool, state);

	return pool_format(view->pool, "%s%s%s%s%s%s", words,
			   holder_words(view, finding, state, state->holder),
			   mutex_words(view, finding, state), state->note[0] ? ", " : "",
			   state->note, state->is_timed ? ", with a time-out" : "");
}

bool state_is_same(const struct model_state *one, const struct model_state *other)
{
	return one->stack && one->stack == other->stack && one->call == other->call &&
	       one->lock == other->lock && one->target == other->target &&
	       one->holder == other->holder && one->mutex == other->mutex &&
	       one->mode == other->mode && one->is_timed == other->is_timed &&
	       (one->lock || one->target || one->argument == other->argument) &&
	       strcmp(one->note, other->note) == 0 && strcmp(one->script, other->script) == 0;
}

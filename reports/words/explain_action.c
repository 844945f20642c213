#include <string.h>

#include "reports/words/explain.h"
#include "reports/words/explain_memory.h"
#include "reports/words/names.h"

static const char *acquire_verb(enum object_kind kind, enum hold_mode mode)
{
	if (mode == HOLD_SHARED)
		return "read-locks";
	if (kind == OBJECT_RWLOCK)
		return "write-locks";
	if (kind == OBJECT_CONDITION || kind == OBJECT_BARRIER)
		return "uses";
	return kind == OBJECT_ONCE ? "begins" : "acquires";
}

/* Of a lock that was taken where nobody looked. */
static const char *hold_verb(enum object_kind kind, enum hold_mode mode)
{
	if (mode == HOLD_SHARED)
		return "read-holds";
	return kind == OBJECT_ONCE ? "runs the routine of" : "holds";
}

static const char *wait_verb(enum object_kind kind, enum hold_mode mode)
{
	if (mode == HOLD_SHARED)
		return "waits to read-lock";
	if (kind == OBJECT_RWLOCK)
		return "waits to write-lock";
	return kind == OBJECT_CONDITION || kind == OBJECT_BARRIER ? "waits at" : "waits for";
}

/* The verb for an action on a lock; NULL for other actions. */
static const char *lock_verb(const struct finding_event *event, enum object_kind kind,
			     uint32_t details)
{
	switch (event->action) {
	case ACTION_ACQUIRE:
		return acquire_verb(kind, event->mode);
	case ACTION_HOLD:
		return event->stack || !event->holds_are_unknown
			       ? acquire_verb(kind, event->mode)
			       : hold_verb(kind, event->mode);
	case ACTION_WAIT:
		return wait_verb(kind, event->mode);
	case ACTION_RELEASE:
		return "releases";
	case ACTION_SIGNAL:
		return kind == OBJECT_SEMAPHORE ? "posts" : "signals";
	case ACTION_INIT:
		return "initialises";
	case ACTION_LEAVE:
		return "leaves the stack frame of";
	case ACTION_DESTROY:
		return details & DETAIL_FREED ? "frees the memory of" : "destroys";
	case ACTION_END:
		return "ends, holding";
	case ACTION_REFUSED:
		return "is refused";
	case ACTION_INTERRUPT:
		return "is interrupted by a signal, whose handler takes";
	case ACTION_FORK:
		return "forks, holding";
	case ACTION_JOIN:
	case ACTION_CREATE:
	case ACTION_READ:
	case ACTION_WRITE:
	case ACTION_UPDATE:
	case ACTION_ALLOCATE:
	case ACTION_FREE:
	case ACTION_INPUT:
	case ACTION_OUTPUT:
	case FINDING_ACTION_COUNT:
		break;
	}
	return NULL;
}

/* The words for an action without a lock; %s is the target. */
static const char *plain_action(const struct finding_event *event)
{
	switch (event->action) {
	case ACTION_WAIT:
	case ACTION_JOIN:
		return event->target ? "waits for %s to end" : "waits";
	case ACTION_INPUT:
		return "waits for input that only this process can send";
	case ACTION_OUTPUT:
		return "waits for room that only this process can make";
	case ACTION_CREATE:
		return event->target ? "creates %s" : "creates a thread";
	case ACTION_END:
		return "ends";
	case ACTION_FORK:
		return "forks";
	case ACTION_INTERRUPT:
		return "is interrupted by a signal";
	case ACTION_READ:
	case ACTION_WRITE:
	case ACTION_UPDATE:
	case ACTION_ALLOCATE:
	case ACTION_FREE:
	case ACTION_ACQUIRE:
	case ACTION_HOLD:
	case ACTION_RELEASE:
	case ACTION_SIGNAL:
	case ACTION_INIT:
	case ACTION_LEAVE:
	case ACTION_DESTROY:
	case ACTION_REFUSED:
	case FINDING_ACTION_COUNT:
		break;
	}
	return NULL;
}

static bool is_about_memory(const struct finding_event *event)
{
	return event->action == ACTION_READ || event->action == ACTION_WRITE ||
	       event->action == ACTION_UPDATE || event->action == ACTION_ALLOCATE ||
	       event->action == ACTION_FREE;
}

/* A cycle of one class names one lock of it for both (detect/lock_order/class.c): the first
 * thread takes the one at the lower address first.  Ages say more, if both threads agree. */
static const char *locks_alike(const struct view_finding *finding,
			       const struct finding_event *event)
{
	const struct finding *source = finding->finding;
	size_t index = (size_t)(event - source->events);
	bool is_lower;

	if (!(source->details & DETAIL_CLASSES) || source->event_count != 4)
		return NULL;
	for (uint32_t i = 1; i < source->event_count; i++)
		if (source->events[i].lock != source->events[0].lock)
			return NULL;
	is_lower = index == 0 || index == 3;
	if (source->details & (DETAIL_OLDER_LOWER | DETAIL_OLDER_HIGHER))
		return is_lower == !!(source->details & DETAIL_OLDER_LOWER) ? "an older one"
									    : "a younger one";
	return is_lower ? "one at a lower address" : "one at a higher address";
}

const char *explain_action(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event)
{
	const struct model_lock *lock = model_lock(finding->process, event->lock);
	const char *verb = event->lock ? lock_verb(event, lock ? lock->kind : OBJECT_MUTEX,
						   finding->finding->details)
				       : NULL;
	const char *plain = plain_action(event);
	const char *alike = locks_alike(finding, event);
	const char *target;

	if (is_about_memory(event))
		return memory_action(view, finding, event);
	if (finding->finding->kind == FINDING_WAIT_WITHOUT_LOCK && lock &&
	    lock->kind == OBJECT_MUTEX)
		verb = "does not hold";
	if (verb)
		return pool_format(view->pool, "%s %s", verb,
				   alike ? alike : lock_name(view, finding->process, event->lock));
	if (!plain)
		return pool_format(view->pool, "%s an unknown lock",
				   lock_verb(event, OBJECT_MUTEX, 0));
	target = strstr(plain, "%s");
	if (!target)
		return plain;
	/* Not "creates T2 (created at ...)". */
	if (event->action == ACTION_CREATE && !thread_own_name(view, finding, event->target))
		return pool_format(view->pool, "creates T%u", event->target);
	return pool_format(view->pool, "%.*s%s%s", (int)(target - plain), plain,
			   thread_name(view, finding, event->target), target + 2);
}

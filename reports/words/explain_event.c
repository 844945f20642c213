#include "reports/words/explain.h"
#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

/* Where the access begins, if that is before what the finding is about; else "". */
static const char *begin_words(struct view *view, const struct view_finding *finding,
			       const struct finding_event *event)
{
	const struct view_memory *memory = finding->memory;

	if (event->address >= memory->address)
		return "";
	return pool_format(view->pool, " from %llu before it",
			   (unsigned long long)(memory->address - event->address));
}

bool explain_tells_hold(struct view *view, const struct view_finding *finding,
			const struct finding_hold *hold)
{
	const struct model_lock *lock = model_lock(finding->process, hold->lock);
	const struct source_stack *stack =
		symbolize_stack(view->symbolizer, finding->process, hold->stack);
	size_t i = 0;

	if ((lock && lock->kind != OBJECT_ONCE) || !stack || !stack->frame_count)
		return true;
	/* Who calls call_once()?  Futures of a library have one for themselves. */
	while (i + 1 < stack->frame_count && stack->frames[i].function &&
	       strstr(stack->frames[i].function, "once"))
		i++;
	return !source_frame_is_system(&stack->frames[i]);
}

static bool has_told_holds(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event)
{
	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++)
		if (explain_tells_hold(view, finding, &event->holds[i]))
			return true;
	return false;
}

static const char *locks_words(struct view *view, const struct view_finding *finding,
			       const struct finding_event *event)
{
	if (event->holds_are_unknown)
		return ", locks held not recorded";
	return finding->finding->kind == FINDING_UNMARKED_SYNC ||
			       has_told_holds(view, finding, event)
		       ? ""
		       : ", holding no lock";
}

static const char *access_words(struct view *view, const struct view_finding *finding,
				const struct finding_event *event)
{
	struct finding_event plain = *event;
	const char *value = memory_value_phrase(view, finding, event);
	const char *words;

	plain.has_value = false;
	words = memory_action(view, finding, &plain);
	if (event->action != ACTION_FREE && !(finding->finding->details & DETAIL_HIDDEN) &&
	    finding->finding->kind != FINDING_DESCRIPTOR_RACE)
		words = pool_format(view->pool, "%s, %s%s%s%s", words,
				    count_words(view->pool, event->size_bytes, "byte"),
				    begin_words(view, finding, event), value[0] ? ", " : "", value);
	if (event == finding->plain)
		words = pool_format(view->pool, "%s, %s", words, finding->plain_words);
	return pool_format(view->pool, "%s%s", words, locks_words(view, finding, event));
}

const char *explain_event(struct view *view, const struct view_finding *finding,
			  const struct finding_event *event)
{
	return finding->memory && event->action != ACTION_WAIT
		       ? access_words(view, finding, event)
		       : explain_action(view, finding, event);
}

bool explain_is_possible(const struct view_finding *finding)
{
	enum finding_kind kind = finding->finding->kind;

	return kind == FINDING_LOCK_ORDER_INVERSION || kind == FINDING_LOCK_ORDER_CYCLE ||
	       kind == FINDING_READ_RECURSION || finding->finding->details & DETAIL_POSSIBLE ||
	       memory_is_shown_as_possible(finding);
}

#include "reports/view/missing_lock.h"

#include <string.h>

#include "reports/words/memory.h"
#include "reports/words/names.h"

static bool has_hold(struct view *view, const struct view_finding *finding,
		     const struct finding_event *event, const char *lock)
{
	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++)
		if (event->holds[i].lock && event->holds[i].mode == HOLD_EXCLUSIVE &&
		    strcmp(lock_stable_name(view, finding->process, event->holds[i].lock), lock) ==
			    0)
			return true;
	return false;
}

static const struct source_stack *stack_of(struct view *view, const struct view_finding *finding,
					   const struct finding_event *event)
{
	return symbolize_stack(view->symbolizer, finding->process, event->stack);
}

/* Is @frame's function in @stack? */
static bool has_function(const struct source_stack *stack, const struct source_frame *frame)
{
	for (size_t i = 0; stack && i < stack->visible_count; i++)
		if (stack->frames[i].function &&
		    strcmp(stack->frames[i].function, frame->function) == 0)
			return true;
	return false;
}

/* Are all accesses of @finding in @frame's function without @lock, or elsewhere with it? */
static bool shows_lack(struct view *view, const struct view_finding *finding, const char *lock,
		       const struct source_frame *frame)
{
	bool is_lacking = false;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		bool is_there;

		if (!memory_is_access(finding->finding, event))
			continue;
		is_there = has_function(stack_of(view, finding, event), frame);
		if (is_there == has_hold(view, finding, event, lock))
			return false;
		is_lacking = is_lacking || is_there;
	}
	return is_lacking;
}

/* @bare of @known was without @lock, which @held was with. */
static bool lack_alike(struct view *view, const struct view_finding *known,
		       const struct finding_event *bare, const struct finding_event *held,
		       const char *lock, const struct view_finding *finding)
{
	const struct source_stack *stack = stack_of(view, known, bare);
	const struct source_stack *other = stack_of(view, known, held);

	for (size_t i = 0; stack && i < stack->visible_count; i++) {
		const struct source_frame *frame = &stack->frames[i];

		if (frame->function && !source_frame_is_system(frame) &&
		    !has_function(other, frame) && shows_lack(view, finding, lock, frame))
			return true;
	}
	return false;
}

/* Does @finding show what @known tells of a lock that @held was with? */
static bool tells_of(struct view *view, const struct view_finding *known,
		     const struct finding_event *held, const struct view_finding *finding)
{
	for (uint32_t i = 0; i < held->hold_count && i < FINDING_HOLD_MAX; i++) {
		const char *lock;

		if (!held->holds[i].lock || held->holds[i].mode != HOLD_EXCLUSIVE)
			continue;
		lock = lock_stable_name(view, known->process, held->holds[i].lock);
		for (size_t j = 0; j < known->event_count; j++) {
			const struct finding_event *bare = known->events[j];

			if (memory_is_access(known->finding, bare) && !bare->holds_are_unknown &&
			    !has_hold(view, known, bare, lock) &&
			    lack_alike(view, known, bare, held, lock, finding))
				return true;
		}
	}
	return false;
}

static bool explains(struct view *view, const struct view_finding *known,
		     const struct view_finding *finding)
{
	for (size_t i = 0; i < known->event_count; i++)
		if (memory_is_access(known->finding, known->events[i]) &&
		    tells_of(view, known, known->events[i], finding))
			return true;
	return false;
}

/* An update of what others may write between its halves is lost for the same reason. */
static bool is_unordered(const struct view_finding *finding)
{
	return (finding->finding->kind == FINDING_DATA_RACE ||
		finding->finding->kind == FINDING_LOST_UPDATE) &&
	       !(finding->details & DETAIL_FREED);
}

bool missing_lock_is_same(struct view *view, const struct view_finding *known,
			  const struct view_finding *finding)
{
	return is_unordered(known) && is_unordered(finding) &&
	       (explains(view, known, finding) || explains(view, finding, known));
}

#include "reports/formats/text/thread.h"

#include <string.h>

#include "reports/formats/text/group.h"
#include "reports/formats/text/stack.h"
#include "reports/model/utf8.h"
#include "reports/words/explain.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

/* Are they the same, or two of which only their class is told? */
static bool is_same_lock(struct view *view, const struct view_finding *finding, lock_id a,
			 lock_id b)
{
	if (!(finding->finding->details & DETAIL_CLASSES) || !a || !b)
		return a == b;
	return strcmp(lock_origin_name(view, finding->process, a),
		      lock_origin_name(view, finding->process, b)) == 0;
}

/* True if another event of this thread shows where it took that lock. */
static bool is_shown(struct view *view, const struct view_finding *finding, size_t index,
		     const struct finding_hold *hold)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (i != index && event->thread == finding->events[index]->thread &&
		    event->action != ACTION_WAIT &&
		    is_same_lock(view, finding, event->lock, hold->lock))
			return true;
	}
	return false;
}

/* "while it held bank.c:lock, taken at bank.c:12", and the stack if that says more. */
static void write_hold(struct text_page *page, const struct view_finding *finding,
		       const struct finding_event *event, const struct finding_hold *hold)
{
	const struct model_process *process = finding->process;
	const char *place = text_stack_place(page, process, hold->stack, event->stack);
	struct pool *pool = page->view->pool;
	const struct model_lock *lock = model_lock(process, hold->lock);
	bool is_once = lock && lock->kind == OBJECT_ONCE;
	const char *begun = is_once ? "begun" : "taken";
	const char *taken = hold->stack ? pool_format(pool, ", %s here:", begun) : "";

	if (place)
		taken = pool_format(pool, ", %s at %s", begun, place);
	fputs("    ", page->out);
	text_wrap(page, 4, 6,
		  pool_format(pool, "while it %s %s%s%s",
			      is_once ? "ran the routine of" : "held",
			      hold->lock ? lock_name(page->view, process, hold->lock)
					 : "a lock that has ended since",
			      hold->mode == HOLD_SHARED ? " for reading" : "", taken));
	if (place)
		text_source(page, process, hold->stack);
	else if (hold->stack)
		text_stack(page, process, hold->stack);
}

static uint32_t present_holds(const struct finding_event *event)
{
	return event->hold_count < FINDING_HOLD_MAX ? event->hold_count : FINDING_HOLD_MAX;
}

void text_holds(struct text_page *page, const struct view_finding *finding, size_t index)
{
	const struct finding_event *event = finding->events[index];

	for (uint32_t i = 0; i < present_holds(event); i++)
		if (!is_shown(page->view, finding, index, &event->holds[i]) &&
		    explain_tells_hold(page->view, finding, &event->holds[i]))
			write_hold(page, finding, event, &event->holds[i]);
	if (event->hold_count > present_holds(event))
		fprintf(page->out, "    and %u more locks\n",
			event->hold_count - present_holds(event));
}

bool text_is_first_of_thread(const struct view_finding *finding, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (finding->events[i]->thread == finding->events[index]->thread &&
		    !memory_is_aside(finding, finding->events[i]))
			return false;
	}
	return !memory_is_aside(finding, finding->events[index]);
}

static bool has_same_holds(struct text_page *page, const struct view_finding *finding,
			   const struct finding_event *a, const struct finding_event *b)
{
	if (a->hold_count != b->hold_count)
		return false;
	for (uint32_t i = 0; i < present_holds(a); i++)
		if (a->holds[i].lock != b->holds[i].lock || a->holds[i].mode != b->holds[i].mode ||
		    !text_stack_is_same(page, finding->process, a->holds[i].stack,
					b->holds[i].stack))
			return false;
	return true;
}

/* The first event of its thread; threads are told of in the order of these. */
static size_t first_of_thread(const struct view_finding *finding, size_t index)
{
	thread_id thread = finding->events[index]->thread;

	for (size_t i = 0; i < index; i++)
		if (finding->events[i]->thread == thread &&
		    !memory_is_aside(finding, finding->events[i]))
			return i;
	return index;
}

static bool is_told_before(const struct view_finding *finding, size_t index, size_t other)
{
	size_t first = first_of_thread(finding, index);
	size_t others = first_of_thread(finding, other);

	return first == others ? index < other : first < others;
}

/* The access at the same place that was told of before access @index, or NULL. */
static const struct finding_event *find_same_place(struct text_page *page,
						   const struct view_finding *finding,
						   size_t index)
{
	const struct finding_event *event = finding->events[index];

	if (page->view->options->is_verbose || !finding->memory)
		return NULL;
	for (size_t i = 0; i < finding->event_count; i++)
		if (!memory_is_aside(finding, finding->events[i]) &&
		    is_told_before(finding, i, index) &&
		    text_stack_is_same(page, finding->process, finding->events[i]->stack,
				       event->stack))
			return finding->events[i];
	return NULL;
}

/* @same: as find_same_place() has it. */
static const char *where_words(struct text_page *page, const struct view_finding *finding,
			       const struct finding_event *event, const struct finding_event *same)
{
	if (same && event->hold_count && has_same_holds(page, finding, event, same))
		return event->hold_count == 1 ? ", at the same place with the same lock"
					      : ", at the same place with the same locks";
	if (same)
		return ", at the same place";
	if (event->stack)
		return ":";
	return finding->memory && event->action != ACTION_WAIT ? " (place not known)" : "";
}

static size_t count_events(const struct view_finding *finding, thread_id thread)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++)
		count += finding->events[i]->thread == thread &&
			 !memory_is_aside(finding, finding->events[i]);
	return count;
}

static void write_event(struct text_page *page, const struct view_finding *finding, size_t index,
			size_t column)
{
	const struct finding_event *event = finding->events[index];
	const struct finding_event *same = find_same_place(page, finding, index);

	page->has_gaps |= event->holds_are_unknown || (finding->memory && !event->stack);
	text_wrap(page, column, 6,
		  pool_format(page->view->pool, "%s%s%s",
			      group_count(finding, event->thread) > 1 ? "each " : "",
			      explain_event(page->view, finding, event),
			      where_words(page, finding, event, same)));
	if (event->stack && !same)
		text_stack(page, finding->process, event->stack);
	if (!same || !has_same_holds(page, finding, event, same))
		text_holds(page, finding, index);
}

/* "37 threads here: T2 (worker), T3 (worker) and 35 more", if they all do the same. */
static const char *doer_words(struct text_page *page, const struct view_finding *finding,
			      thread_id thread, size_t count)
{
	const char *names = group_words(page->view, finding, thread);

	return count == 1 ? names
			  : pool_format(page->view->pool, "%zu threads here: %s", count, names);
}

/* "T2 (worker) reads total, 4 bytes:", or the threads alone if they are several or do several
 * things. */
void text_thread(struct text_page *page, const struct view_finding *finding, size_t index)
{
	thread_id thread = finding->events[index]->thread;
	size_t group = group_count(finding, thread);
	const char *name = doer_words(page, finding, thread, group);
	bool is_single = group == 1 && count_events(finding, thread) == 1;

	if (group_first(finding, thread) != thread)
		return;
	fprintf(page->out, "  %s%s%s", text_style_on(page, STYLE_BOLD),
		utf8_plain(page->view->pool, name), text_style_off(page));
	fputc(is_single ? ' ' : '\n', page->out);
	for (size_t i = index; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (event->thread != thread || memory_is_aside(finding, event))
			continue;
		if (!is_single)
			fputs("    ", page->out);
		write_event(page, finding, i, is_single ? 3 + strlen(name) : 4);
	}
}

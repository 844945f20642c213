#include "reports/formats/text/thread.h"

#include <string.h>

#include "reports/formats/text/memory.h"
#include "reports/formats/text/stack.h"
#include "reports/words/explain.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

/* True if another event of this thread shows where it took that lock. */
static bool is_shown(const struct view_finding *finding, size_t index,
		     const struct finding_hold *hold)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (i != index && event->thread == finding->events[index]->thread &&
		    event->lock == hold->lock && event->action != ACTION_WAIT)
			return true;
	}
	return false;
}

/* The other locks that the thread held, with the stacks where it took them. */
static void write_holds(struct text_page *page, const struct view_finding *finding, size_t index)
{
	const struct finding_event *event = finding->events[index];
	uint32_t present =
		event->hold_count < FINDING_HOLD_MAX ? event->hold_count : FINDING_HOLD_MAX;

	for (uint32_t i = 0; i < present; i++) {
		const struct finding_hold *hold = &event->holds[i];

		if (is_shown(finding, index, hold))
			continue;
		fputs("    ", page->out);
		text_wrap(page, 4, 6,
			  pool_format(page->view->pool, "while it held %s%s%s",
				      hold->lock
					      ? lock_name(page->view, finding->process, hold->lock)
					      : "a lock that has ended since",
				      hold->mode == HOLD_SHARED ? " for reading" : "",
				      hold->stack ? ", taken here:" : ""));
		if (hold->stack)
			text_stack(page, finding->process, hold->stack);
	}
	if (event->hold_count > present)
		fprintf(page->out, "    and %u more locks\n", event->hold_count - present);
}

static bool has_creation(const struct view_finding *finding, thread_id thread)
{
	const struct model_thread *row = model_thread(finding->process, thread);

	return row && !(row->flags & THREAD_IS_MAIN) && (row->creation_stack || row->creator);
}

/* At one place, though perhaps by several calls. */
static bool is_created_with(struct text_page *page, const struct view_finding *finding, thread_id a,
			    thread_id b)
{
	const struct model_thread *row = model_thread(finding->process, a);
	const struct model_thread *other = model_thread(finding->process, b);
	struct symbolizer *symbolizer = page->view->symbolizer;
	const char *place;
	const char *others;

	if (row->creator != other->creator)
		return false;
	if (row->creation_stack == other->creation_stack)
		return true;
	place = symbolize_place(symbolizer, finding->process, row->creation_stack);
	others = symbolize_place(symbolizer, finding->process, other->creation_stack);
	return place && others && strcmp(place, others) == 0;
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

static const char *event_words(struct text_page *page, const struct view_finding *finding,
			       const struct finding_event *event)
{
	if (finding->memory && event->action != ACTION_WAIT)
		return text_access_words(page, finding, event);
	return pool_format(page->view->pool, "%s%s", explain_action(page->view, finding, event),
			   event->stack ? ":" : "");
}

static size_t count_events(const struct view_finding *finding, thread_id thread)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++)
		count += finding->events[i]->thread == thread &&
			 !memory_is_aside(finding, finding->events[i]);
	return count;
}

static void write_event(struct text_page *page, const struct view_finding *finding, size_t index)
{
	const struct finding_event *event = finding->events[index];

	if (event->stack)
		text_stack(page, finding->process, event->stack);
	write_holds(page, finding, index);
}

/* "T2 (worker) reads total, 4 bytes:", or the thread alone if it does several things. */
void text_thread(struct text_page *page, const struct view_finding *finding, size_t index)
{
	thread_id thread = finding->events[index]->thread;
	const char *name = thread_name(page->view, finding, thread);
	bool is_single = count_events(finding, thread) == 1;

	fprintf(page->out, "  %s%s%s", text_style_on(page, STYLE_BOLD), name, text_style_off(page));
	fputc(is_single ? ' ' : '\n', page->out);
	for (size_t i = index; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (event->thread != thread || memory_is_aside(finding, event))
			continue;
		if (!is_single)
			fputs("    ", page->out);
		text_wrap(page, is_single ? 3 + strlen(name) : 4, 6,
			  event_words(page, finding, event));
		write_event(page, finding, i);
	}
}

/* --- Creations ------------------------------------------------------------------- */

/* The threads of the finding that were created as @thread was, each once. */
static const char *created_with(struct text_page *page, const struct view_finding *finding,
				thread_id thread, bool *is_first, size_t *count)
{
	const char **names =
		pool_alloc(page->view->pool, (finding->event_count + 1) * sizeof(*names));

	*count = 0;
	*is_first = true;
	for (size_t i = 0; i < finding->event_count; i++) {
		thread_id other = finding->events[i]->thread;

		if (!text_is_first_of_thread(finding, i) || !has_creation(finding, other) ||
		    !is_created_with(page, finding, thread, other))
			continue;
		if (!*count)
			*is_first = other == thread;
		names[(*count)++] = thread_name(page->view, finding, other);
	}
	return join_words(page->view->pool, names, *count);
}

/* Is there more of its stack than one frame of the program? */
static bool has_callers(const struct source_stack *stack)
{
	size_t own = 0;

	for (size_t i = 0; stack && i < stack->visible_count; i++)
		own += !source_frame_is_system(&stack->frames[i]);
	return own > 1;
}

/* Has a finding before this one the creation of @thread? */
static bool was_described(struct text_page *page, const struct view_finding *finding,
			  thread_id thread)
{
	for (const struct view_finding *before = page->view->findings; before < finding; before++) {
		if (before->process != finding->process)
			continue;
		for (size_t i = 0; i < before->event_count; i++)
			if (has_creation(before, before->events[i]->thread) &&
			    is_created_with(page, finding, thread, before->events[i]->thread))
				return true;
	}
	return false;
}

/* "T2 and T3 were created by T1 (main) at bank.c:40", and once the callers. */
static void write_creation(struct text_page *page, const struct view_finding *finding,
			   thread_id thread)
{
	const struct model_thread *row = model_thread(finding->process, thread);
	struct symbolizer *symbolizer = page->view->symbolizer;
	const struct source_stack *stack =
		symbolize_stack(symbolizer, finding->process, row->creation_stack);
	const struct source_frame *site = source_stack_site(stack);
	bool is_first;
	size_t count;
	const char *names = created_with(page, finding, thread, &is_first, &count);
	bool with_stack = has_callers(stack) && !was_described(page, finding, thread);

	if (!is_first)
		return;
	fputs("  ", page->out);
	text_wrap(page, 2, 4,
		  pool_format(page->view->pool, "%s %s created by %s%s%s%s", names,
			      count == 1 ? "was" : "were",
			      thread_name(page->view, finding, row->creator), site ? " at " : "",
			      site ? source_frame_place_from(page->view->pool, site,
							     page->view->options->directory)
				   : "",
			      with_stack || page->view->options->is_verbose ? ":" : ""));
	if (stack && (with_stack || page->view->options->is_verbose))
		text_stack(page, finding->process, row->creation_stack);
}

void text_creations(struct text_page *page, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++)
		if (text_is_first_of_thread(finding, i) &&
		    has_creation(finding, finding->events[i]->thread))
			write_creation(page, finding, finding->events[i]->thread);
}

#include "reports/formats/text/thread.h"

#include <string.h>

#include "reports/formats/text/group.h"
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

void text_holds(struct text_page *page, const struct view_finding *finding, size_t index)
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
	const char *unknown = finding->memory && event->action != ACTION_WAIT
				      ? " (place not known)"
				      : "";

	return pool_format(page->view->pool, "%s%s", explain_event(page->view, finding, event),
			   event->stack ? ":" : unknown);
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

static bool has_creation(const struct model_process *process, thread_id thread)
{
	const struct model_thread *row = model_thread(process, thread);

	return row && !(row->flags & THREAD_IS_MAIN) && (row->creation_stack || row->creator);
}

/* At one place, though perhaps by several calls.  Both have creations. */
static bool is_created_with(struct text_page *page, const struct model_process *process,
			    thread_id a, thread_id b)
{
	const struct model_thread *row = model_thread(process, a);
	const struct model_thread *other = model_thread(process, b);
	struct symbolizer *symbolizer = page->view->symbolizer;
	const char *place;
	const char *others;

	if (row->creator != other->creator)
		return false;
	if (row->creation_stack == other->creation_stack)
		return true;
	place = symbolize_place(symbolizer, process, row->creation_stack);
	others = symbolize_place(symbolizer, process, other->creation_stack);
	return place && others && strcmp(place, others) == 0;
}

/* Has the page the callers of @thread's creation?  If not, it will have them. */
static bool was_described(struct text_page *page, const struct model_process *process,
			  thread_id thread)
{
	for (size_t i = 0; i < page->creation_count; i++)
		if (page->creations[i].process == process &&
		    is_created_with(page, process, thread, page->creations[i].thread))
			return true;
	page->creations = pool_grow(page->view->pool, page->creations, page->creation_count,
				    sizeof(*page->creations));
	page->creations[page->creation_count++] = (struct text_creation){process, thread};
	return false;
}

/* Is there more of its stack than one frame of the program? */
static bool has_callers(const struct source_stack *stack)
{
	size_t own = 0;

	for (size_t i = 0; stack && i < stack->visible_count; i++)
		own += !source_frame_is_system(&stack->frames[i]);
	return own > 1;
}

/* The threads whose creation is known, each once; returns their number. */
static size_t collect_created(const struct view_finding *finding, thread_id *threads)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++)
		if (text_is_first_of_thread(finding, i) &&
		    has_creation(finding->process, finding->events[i]->thread))
			threads[count++] = finding->events[i]->thread;
	return count;
}

/* Moves those that were created as the first to the front; returns their number. */
static size_t gather_created(struct text_page *page, const struct model_process *process,
			     thread_id *threads, size_t count)
{
	size_t same = 1;

	for (size_t i = 1; i < count; i++) {
		thread_id thread = threads[i];

		if (!is_created_with(page, process, threads[0], thread))
			continue;
		memmove(&threads[same + 1], &threads[same], (i - same) * sizeof(*threads));
		threads[same++] = thread;
	}
	return same;
}

/* "T2 and T3 were created by T1 (main) at bank.c:40", and once the callers. */
static void write_creation(struct text_page *page, const struct view_finding *finding,
			   const thread_id *threads, size_t count)
{
	const struct model_process *process = finding->process;
	const struct model_thread *row = model_thread(process, threads[0]);
	const struct view_options *options = page->view->options;
	struct pool *pool = page->view->pool;
	const struct source_stack *stack =
		symbolize_stack(page->view->symbolizer, process, row->creation_stack);
	const struct source_frame *site = source_stack_site(stack);
	const char **names = pool_alloc(pool, count * sizeof(*names));
	bool with_stack = stack && (options->is_verbose ||
				    (has_callers(stack) &&
				     !was_described(page, process, threads[0])));

	for (size_t i = 0; i < count; i++)
		names[i] = thread_name(page->view, finding, threads[i]);
	fputs("  ", page->out);
	text_wrap(page, 2, 4,
		  pool_format(pool, "%s %s created by %s%s%s%s", join_words(pool, names, count),
			      count == 1 ? "was" : "were",
			      thread_name(page->view, finding, row->creator), site ? " at " : "",
			      site ? source_frame_place_from(pool, site, page->root) : "",
			      with_stack ? ":" : ""));
	if (with_stack)
		text_stack(page, process, row->creation_stack);
}

void text_creations(struct text_page *page, const struct view_finding *finding)
{
	thread_id *threads = pool_alloc(page->view->pool,
					(finding->event_count + 1) * sizeof(*threads));
	size_t left = collect_created(finding, threads);

	while (left) {
		size_t count = gather_created(page, finding->process, threads, left);

		write_creation(page, finding, threads, count);
		threads += count;
		left -= count;
	}
}

#include "reports/formats/text_finding.h"

#include <string.h>

#include "reports/filter/generate.h"
#include "reports/words/explain.h"
#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"
#include "reports/formats/text_memory.h"

static enum text_style severity_style(enum severity severity)
{
	if (severity == SEVERITY_ERROR)
		return STYLE_ERROR;
	return severity == SEVERITY_WARNING ? STYLE_WARNING : STYLE_NOTE;
}

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
static void write_holds(const struct text_page *page, const struct view_finding *finding,
			size_t index)
{
	const struct finding_event *event = finding->events[index];
	uint32_t present = event->hold_count < FINDING_HOLD_MAX ? event->hold_count
								: FINDING_HOLD_MAX;

	for (uint32_t i = 0; i < present; i++) {
		const struct finding_hold *hold = &event->holds[i];

		if (is_shown(finding, index, hold))
			continue;
		fprintf(page->out, "    while it held %s%s%s\n",
			hold->lock ? lock_name(page->view, finding->process, hold->lock)
				   : "a lock that has ended since",
			hold->mode == HOLD_SHARED ? " for reading" : "",
			hold->stack ? ", taken here:" : "");
		if (hold->stack)
			text_stack(page, finding->process, hold->stack);
	}
	if (event->hold_count > present)
		fprintf(page->out, "    and %u more locks\n", event->hold_count - present);
}

static void write_creation(const struct text_page *page, const struct view_finding *finding,
			   thread_id thread)
{
	const struct model_thread *row = model_thread(finding->process, thread);

	if (!row || row->flags & THREAD_IS_MAIN || (!row->creation_stack && !row->creator))
		return;
	fprintf(page->out, "    created by %s%s\n", thread_name(page->view, finding, row->creator),
		row->creation_stack ? ":" : "");
	if (row->creation_stack)
		text_stack(page, finding->process, row->creation_stack);
}

static bool is_first_of_thread(const struct view_finding *finding, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (finding->events[i]->thread == finding->events[index]->thread &&
		    !memory_is_aside(finding, finding->events[i]))
			return false;
	}
	return !memory_is_aside(finding, finding->events[index]);
}

static void write_event(const struct text_page *page, const struct view_finding *finding,
			const struct finding_event *event)
{
	if (finding->memory && event->action != ACTION_WAIT) {
		text_access(page, finding, event);
		return;
	}
	fprintf(page->out, "    %s%s\n", explain_action(page->view, finding, event),
		event->stack ? ":" : "");
	if (event->stack)
		text_stack(page, finding->process, event->stack);
}

void text_thread(const struct text_page *page, const struct view_finding *finding, size_t index)
{
	thread_id thread = finding->events[index]->thread;

	fprintf(page->out, "\n  %s%s%s\n", text_style_on(page, STYLE_BOLD),
		thread_name(page->view, finding, thread), text_style_off(page));
	for (size_t i = index; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (event->thread != thread || memory_is_aside(finding, event))
			continue;
		write_event(page, finding, event);
		write_holds(page, finding, i);
	}
	write_creation(page, finding, thread);
}

/* ", created at bank.c:12", unless its name has that. */
static void write_place(const struct text_page *page, const char *name, const char *what,
			const char *place)
{
	if (place && !strstr(name, place))
		fprintf(page->out, ", %s at %s", what, place);
}

/* The kind of a lock, and its origin unless its name has it. */
static void write_lock(const struct text_page *page, const struct model_process *process,
		       lock_id id)
{
	const struct model_lock *lock = model_lock(process, id);
	const char *name = lock_name(page->view, process, id);
	const char *created;
	const char *first;

	if (!lock)
		return;
	created = symbolize_place(page->view->symbolizer, process, lock->creation_stack);
	first = symbolize_place(page->view->symbolizer, process, lock->first_stack);
	fprintf(page->out, "    %s: %s%s%s", name,
		lock->flags & LOCK_IS_RECURSIVE ? "recursive " : "",
		lock->flags & LOCK_IS_ROBUST ? "robust " : "", object_kind_name(lock->kind));
	write_place(page, name, "created", created);
	if (!created || !first || strcmp(created, first) != 0)
		write_place(page, name, "first used", first);
	fputc('\n', page->out);
}

static bool is_first_of_lock(const struct view_finding *finding, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (finding->events[i]->lock == finding->events[index]->lock)
			return false;
	}
	return finding->events[index]->lock != 0;
}

static void write_locks(const struct text_page *page, const struct view_finding *finding)
{
	bool has_head = false;

	for (size_t i = 0; i < finding->event_count; i++) {
		if (!is_first_of_lock(finding, i))
			continue;
		if (!has_head)
			fprintf(page->out, "\n  %sLocks%s\n", text_style_on(page, STYLE_BOLD),
				text_style_off(page));
		has_head = true;
		write_lock(page, finding->process, finding->events[i]->lock);
	}
}

static void write_headline(const struct text_page *page, const struct view_finding *finding)
{
	enum severity severity = finding->severity;
	const char *process = process_phrase(page->view, finding);

	fprintf(page->out, "\n%s%s: %s%s: %s", text_style_on(page, severity_style(severity)),
		severity_name(severity), finding_kind_name(finding->finding->kind),
		text_style_off(page), finding->summary);
	if (process[0])
		fprintf(page->out, ", %s", process);
	if (finding->count > 1)
		fprintf(page->out, " [%llu times]", (unsigned long long)finding->count);
	fputc('\n', page->out);
}

static const char *scenario_title(const struct view_finding *shown)
{
	const struct finding *finding = shown->finding;
	bool is_possible = finding->kind == FINDING_LOCK_ORDER_INVERSION ||
			   finding->kind == FINDING_LOCK_ORDER_CYCLE ||
			   finding->kind == FINDING_READ_RECURSION ||
			   finding->details & DETAIL_POSSIBLE ||
			   memory_is_shown_as_possible(shown);

	return is_possible ? "How it can happen" : "How it happened";
}

void text_finding(const struct text_page *page, const struct view_finding *finding)
{
	write_headline(page, finding);
	for (size_t i = 0; i < finding->event_count; i++) {
		if (is_first_of_thread(finding, i))
			text_thread(page, finding, i);
	}
	if (finding->memory)
		text_memory(page, finding);
	write_locks(page, finding);
	if (finding->step_count) {
		fprintf(page->out, "\n  %s%s%s\n", text_style_on(page, STYLE_BOLD),
			scenario_title(finding), text_style_off(page));
		text_scenario(page, finding);
	}
	fputc('\n', page->out);
	for (size_t i = 0; i < finding->note_count; i++)
		text_paragraph(page, "Note:", finding->notes[i]);
	if (finding->advice[0])
		text_paragraph(page, "To fix:", finding->advice);
	if (page->view->options->is_verbose)
		fprintf(page->out, "  Fingerprint: %s\n", finding->fingerprint);
	if (page->view->options->generates_suppressions) {
		fputs("\n# An entry for --suppressions:\n", page->out);
		suppression_write(page->view, finding, page->out);
	}
}

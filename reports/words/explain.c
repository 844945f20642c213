#include "reports/words/explain.h"

#include <string.h>

#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"
#include "reports/words/template.h"

struct explain_row {
	enum finding_kind kind;
	uint32_t details;
	const char *summary;
	const char *advice;
};

static const struct explain_row explain_rows[] = {
#define EXPLAIN(kind, details, summary, advice) {FINDING_##kind, details, summary, advice},
#include "reports/words/explain.def"
#undef EXPLAIN
};

struct detail_row {
	uint32_t bit;
	const char *name;
	const char *note;
};

static const struct detail_row detail_rows[] = {
#define DETAIL(bit, name, note) {bit, name, note},
#include "reports/words/details.def"
#undef DETAIL
};

const char **detail_names(struct pool *pool, uint32_t details)
{
	const char **names = pool_alloc(pool, (ARRAY_LENGTH(detail_rows) + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(detail_rows); i++) {
		if (details & detail_rows[i].bit)
			names[count++] = detail_rows[i].name;
	}
	return names;
}

static const struct explain_row *find_row(const struct view_finding *finding)
{
	for (size_t i = 0; i < ARRAY_LENGTH(explain_rows); i++) {
		const struct explain_row *row = &explain_rows[i];

		if (row->kind == finding->finding->kind &&
		    (finding->details & row->details) == row->details)
			return row;
	}
	return NULL;
}

static bool is_wait(const struct finding_event *event)
{
	return event->action == ACTION_WAIT || event->action == ACTION_JOIN ||
	       event->action == ACTION_INPUT || event->action == ACTION_OUTPUT;
}

static void add_step(struct view *view, struct view_finding *finding,
		     const struct finding_event *event)
{
	struct scenario_step *step = &finding->steps[finding->step_count++];

	step->thread = event->thread;
	step->what = explain_action(view, finding, event);
}

static bool is_any(const struct finding_event *event)
{
	(void)event;
	return true;
}

static bool is_no_wait(const struct finding_event *event)
{
	return !is_wait(event);
}

/* For reading: as a writer waits already, if the lock is held for reading. */
static bool is_readers_wait(const struct finding_event *event)
{
	return is_wait(event) && event->mode == HOLD_SHARED;
}

static bool is_other_wait(const struct finding_event *event)
{
	return is_wait(event) && event->mode != HOLD_SHARED;
}

static void add_steps(struct view *view, struct view_finding *finding,
		      bool (*is_wanted)(const struct finding_event *event))
{
	for (size_t i = 0; i < finding->event_count; i++)
		if (is_wanted(finding->events[i]))
			add_step(view, finding, finding->events[i]);
}

/* In a cycle each thread takes its lock before any of them waits. */
static void make_steps(struct view *view, struct view_finding *finding)
{
	bool is_cycle = finding_is_cycle(finding->finding);

	/* One thread in one order: the headline says it. */
	if (finding->declared)
		return;
	finding->closing = is_cycle ? "deadlock" : NULL;
	finding->steps =
		pool_alloc(view->pool, (finding->event_count + 1) * sizeof(*finding->steps));
	if (!is_cycle) {
		add_steps(view, finding, is_any);
		return;
	}
	add_steps(view, finding, is_no_wait);
	add_steps(view, finding, is_other_wait);
	add_steps(view, finding, is_readers_wait);
}

static void add_note(struct view *view, struct view_finding *finding, const char *note)
{
	finding->notes = pool_grow(view->pool, finding->notes, finding->note_count,
				   sizeof(*finding->notes));
	finding->notes[finding->note_count++] = note;
}

/* "process 1 is ./server (pid 12), process 3 is ./client (pid 14)" */
static const char *process_names(struct view *view, const struct view_finding *finding)
{
	const struct model *model = view->model;
	const char *text = "";

	for (size_t i = 0; i < model->process_count; i++) {
		const struct model_process *process = model->processes[i];
		bool is_named = process == finding->process;

		for (size_t j = 0; j < finding->event_count && !is_named; j++)
			is_named = process->file == finding->process->file &&
				   process->index == finding->events[j]->process;
		if (is_named)
			text = pool_format(view->pool, "%s%sprocess %u is %s (pid %u)", text,
					   text[0] ? ", " : "", process->number, process->path,
					   process->pid);
	}
	return text;
}

static void make_notes(struct view *view, struct view_finding *finding)
{
	for (size_t i = 0; i < ARRAY_LENGTH(detail_rows); i++) {
		if (detail_rows[i].note && finding->details & detail_rows[i].bit)
			add_note(view, finding, detail_rows[i].note);
	}
	if (finding->details & DETAIL_MERGED)
		add_note(view, finding, process_names(view, finding));
	if (finding->atomics_note)
		add_note(view, finding, finding->atomics_note);
}

void explain_name_locks(struct view *view, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (event->lock)
			lock_name(view, finding->process, event->lock);
		for (uint32_t j = 0; j < event->hold_count && j < FINDING_HOLD_MAX; j++)
			if (event->holds[j].lock)
				lock_name(view, finding->process, event->holds[j].lock);
	}
}

void explain_finding(struct view *view, struct view_finding *finding)
{
	const struct explain_row *row = find_row(finding);

	finding->summary = finding->event_count && row
				   ? template_fill(view, finding, row->summary)
				   : finding_kind_headline(finding->finding->kind);
	finding->advice =
		finding->event_count && row ? template_fill(view, finding, row->advice) : "";
	if (finding->memory) {
		struct memory_story story = memory_tell(view, finding);

		finding->steps = story.steps;
		finding->step_count = story.step_count;
		finding->closing = story.closing;
	} else {
		make_steps(view, finding);
	}
	make_notes(view, finding);
}

#include "reports/formats/blocked.h"

#include <string.h>

#include "reports/formats/text/stack.h"
#include "reports/formats/text/creation.h"
#include "reports/formats/text/thread.h"
#include "reports/model/utf8.h"
#include "reports/states/state.h"
#include "reports/words/explain.h"
#include "reports/words/names.h"

#define GROUP_NAMES_MAX 4

/* The threads of one process, as those of a finding: that gives them their names. */
struct blocked_threads {
	struct view_finding finding;
	struct thread_state *states;
	size_t count;
	size_t *order; /* of states: those that do the same together */
};

static const char *state_name(struct view *view, const struct view_finding *finding,
			      const struct model_state *seen)
{
	const char *name = seen->thread ? thread_name(view, finding, seen->thread)
					: pool_format(view->pool, "thread '%s'", seen->name);

	return finding->process->is_looked_at
		       ? pool_format(view->pool, "%s [%u]", name, seen->kernel_id)
		       : name;
}

/* The threads of one state, a few by name. */
static const char *group_names(struct view *view, const struct blocked_threads *blocked,
			       const size_t *group, size_t count)
{
	const char *names[GROUP_NAMES_MAX + 1];

	for (size_t i = 0; i < count && i <= GROUP_NAMES_MAX; i++)
		names[i] = state_name(view, &blocked->finding, &blocked->states[group[i]].seen);
	if (count > GROUP_NAMES_MAX)
		return pool_format(view->pool, "%s, %s and %zu more", names[0], names[1],
				   count - 2);
	return join_words(view->pool, names, count);
}

/* The frames of an interpreter, one a line. */
static void write_script(struct text_page *page, const char *script)
{
	if (*script)
		fputs("    in Python:\n", page->out);
	for (unsigned i = 0; *script; i++) {
		size_t length = strcspn(script, "\n");

		fprintf(page->out, "      #%-2u %s\n", i,
			utf8_plain(page->view->pool,
				   pool_copy(page->view->pool, script, length)));
		script += length + (script[length] == '\n');
	}
}

/* Where the holder took what a thread waits for, unless it waits, too, and tells itself. */
static void write_taken(struct text_page *page, const struct blocked_threads *blocked,
			const struct thread_state *state)
{
	for (size_t i = 0; i < blocked->count; i++)
		if (blocked->states[i].seen.thread == state->seen.holder &&
		    blocked->states[i].event->hold_count)
			return;
	if (!state->taken)
		return;
	fputs("    ", page->out);
	text_wrap(page, 4, 6,
		  pool_format(page->view->pool, "when this wait began, %s had taken it here:",
			      thread_name(page->view, &blocked->finding, state->seen.holder)));
	text_stack(page, blocked->finding.process, state->taken);
}

static void write_group(struct text_page *page, const struct blocked_threads *blocked,
			const size_t *group, size_t count)
{
	const struct thread_state *first = &blocked->states[group[0]];
	const struct model_process *process = blocked->finding.process;

	fprintf(page->out, "\n  %s%s%s\n    ", text_style_on(page, STYLE_BOLD),
		utf8_plain(page->view->pool, group_names(page->view, blocked, group, count)),
		text_style_off(page));
	text_wrap(page, 4, 6,
		  pool_format(page->view->pool, "%s%s",
			      state_words(page->view, &blocked->finding, first),
			      first->seen.stack ? ":" : ""));
	if (first->seen.stack)
		text_stack(page, process, first->seen.stack);
	write_script(page, first->seen.script);
	text_holds(page, &blocked->finding, group[0]);
	write_taken(page, blocked, first);
}

/* Moves those that do the same as the first to the front; returns their number. */
static size_t gather_group(const struct thread_state *states, size_t *order, size_t count)
{
	size_t same = 1;

	for (size_t i = 1; i < count; i++) {
		size_t state = order[i];

		if (!state_is_same(&states[order[0]], &states[state]))
			continue;
		memmove(&order[same + 1], &order[same], (i - same) * sizeof(*order));
		order[same++] = state;
	}
	return same;
}

static void write_groups(struct text_page *page, struct blocked_threads *blocked)
{
	for (size_t i = 0; i < blocked->count;) {
		size_t count =
			gather_group(blocked->states, blocked->order + i, blocked->count - i);

		write_group(page, blocked, blocked->order + i, count);
		i += count;
	}
}

static void collect_threads(struct view *view, struct blocked_threads *blocked)
{
	struct view_finding *finding = &blocked->finding;

	blocked->states = states_collect(view, finding->process, &blocked->count);
	blocked->order = pool_alloc(view->pool, (blocked->count + 1) * sizeof(*blocked->order));
	finding->events =
		pool_alloc(view->pool, (blocked->count + 1) * sizeof(*finding->events));
	for (size_t i = 0; i < blocked->count; i++) {
		blocked->order[i] = i;
		finding->events[i] = blocked->states[i].event;
	}
	finding->event_count = blocked->count;
}

static void write_headline(struct text_page *page, const struct blocked_threads *blocked)
{
	const struct model_process *process = blocked->finding.process;
	size_t blocked_count = 0;
	size_t timed_count = 0;

	for (size_t i = 0; i < blocked->count; i++) {
		blocked_count += blocked->states[i].is_blocked;
		timed_count += blocked->states[i].seen.is_timed;
	}
	fprintf(page->out, "snarl: %s%s blocked in process %u (%s)",
		process->has_timed_out ? "--timeout: " : "",
		count_words(page->view->pool, blocked_count, "thread"),
		process->is_looked_at ? process->pid : process->number,
		utf8_plain(page->view->pool, process->path));
	if (timed_count)
		fprintf(page->out, " (%zu with a time-out)", timed_count);
	if (blocked_count < blocked->count)
		fprintf(page->out, ", %zu not", blocked->count - blocked_count);
	fputc('\n', page->out);
}

static void write_process(struct text_page *page, const struct model_process *process)
{
	static const struct finding nothing = {.kind = FINDING_HANG, .severity = SEVERITY_ERROR};
	struct blocked_threads blocked = {
		.finding = {.process = process, .finding = &nothing, .process_count = 1},
	};

	collect_threads(page->view, &blocked);
	if (!blocked.count)
		return;
	explain_name_locks(page->view, &blocked.finding);
	write_headline(page, &blocked);
	write_groups(page, &blocked);
	text_creations(page, &blocked.finding);
	fputc('\n', page->out);
}

void blocked_write(struct text_page *page)
{
	const struct model *model = page->view->model;

	for (size_t i = 0; i < model->process_count; i++)
		if (model->processes[i]->has_timed_out || model->processes[i]->is_looked_at)
			write_process(page, model->processes[i]);
}

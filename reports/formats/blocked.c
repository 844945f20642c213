#include "reports/formats/blocked.h"

#include <stdlib.h>
#include <string.h>

#include "reports/words/explain.h"
#include "reports/words/names.h"
#include "reports/states/state.h"
#include "reports/formats/text/stack.h"
#include "reports/formats/text/thread.h"

#define GROUP_NAMES_MAX 4

/* A slot, as the event of a finding. */
static const struct finding_event *slot_event(struct pool *pool, const struct results_slot *slot)
{
	struct finding_event *event = pool_alloc(pool, sizeof(*event));

	event->thread = slot->thread;
	event->action = slot->action;
	event->lock = slot->target ? 0 : slot->lock;
	event->target = slot->target;
	event->mode = slot->mode == HOLD_SHARED ? HOLD_SHARED : HOLD_EXCLUSIVE;
	event->stack = slot->stack;
	event->hold_count = slot->hold_count;
	for (uint32_t i = 0; i < FINDING_HOLD_MAX && i < slot->hold_count; i++)
		event->holds[i] = (struct finding_hold){
			.lock = slot->holds[i].lock,
			.stack = slot->holds[i].stack,
		};
	return event;
}

static int compare_threads(const void *left, const void *right)
{
	const struct finding_event *const *a = left;
	const struct finding_event *const *b = right;

	return (*a)->thread < (*b)->thread ? -1 : (*a)->thread > (*b)->thread;
}

/* All blocked threads of one process. */
struct blocked_threads {
	struct view_finding finding;
	size_t timed_count; /* whose waits have a time-out */
	size_t running_count;
	const struct model_state **others; /* what they do is known from the kernel alone */
	size_t other_count;
};

static void collect_blocked(struct view *view, const struct model_process *process,
			    struct blocked_threads *blocked)
{
	struct view_finding *finding = &blocked->finding;

	for (size_t i = 0; i < process->slot_count; i++) {
		const struct results_slot *slot = &process->slots[i];

		if (!slot->is_blocked) {
			blocked->running_count++;
			continue;
		}
		blocked->timed_count += slot->is_timed != 0;
		finding->events = pool_grow(view->pool, finding->events, finding->event_count,
					    sizeof(*finding->events));
		finding->events[finding->event_count++] = slot_event(view->pool, slot);
	}
	if (finding->event_count)
		qsort(finding->events, finding->event_count, sizeof(*finding->events),
		      compare_threads);
}

static bool is_waiter(const struct blocked_threads *blocked, const struct model_thread *thread)
{
	for (size_t i = 0; thread && i < blocked->finding.event_count; i++)
		if (blocked->finding.events[i]->thread == thread->id)
			return true;
	return false;
}

/* Those of the kernel's threads whose waits no slot tells. */
static void collect_others(struct view *view, const struct model_process *process,
			   struct blocked_threads *blocked)
{
	if (process->state_count)
		blocked->running_count = 0;
	for (size_t i = 0; i < process->state_count; i++) {
		const struct model_state *state = &process->states[i];

		if (!state->thread &&
		    is_waiter(blocked, model_thread_by_kernel_id(process, state->kernel_id)))
			continue;
		blocked->others = pool_grow(view->pool, blocked->others, blocked->other_count,
					    sizeof(struct model_state *));
		blocked->others[blocked->other_count++] = state;
		blocked->running_count += state->call == STATE_RUNS;
	}
}

/* Threads get their names from stacks, which are those of events. */
static void name_by_states(struct view *view, const struct model_process *process,
			   struct view_finding *finding)
{
	size_t count = process->is_looked_at ? process->state_count : 0;

	if (!count)
		return;
	finding->events = pool_alloc(view->pool, count * sizeof(*finding->events));
	for (size_t i = 0; i < count; i++)
		finding->events[i] = state_event(view->pool, &process->states[i]);
	finding->event_count = count;
}

/* The threads of one state, a few by name. */
static const char *group_names(struct view *view, const struct view_finding *finding,
			       const struct model_state **states, size_t count)
{
	const char *names[GROUP_NAMES_MAX + 1];

	for (size_t i = 0; i < count && i <= GROUP_NAMES_MAX; i++) {
		const struct model_thread *thread =
			model_thread_of_state(finding->process, states[i]);

		names[i] = thread ? thread_name(view, finding, thread->id)
				  : pool_format(view->pool, "thread '%s'", states[i]->name);
		if (finding->process->is_looked_at)
			names[i] = pool_format(view->pool, "%s [%u]", names[i],
					       states[i]->kernel_id);
	}
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

		fprintf(page->out, "      #%-2u %.*s\n", i, (int)length, script);
		script += length + (script[length] == '\n');
	}
}

static void write_group(struct text_page *page, const struct view_finding *finding,
			const struct model_state **states, size_t count)
{
	fprintf(page->out, "\n  %s%s%s\n    %s%s\n", text_style_on(page, STYLE_BOLD),
		group_names(page->view, finding, states, count), text_style_off(page),
		state_words(page->view, finding, states[0]), states[0]->stack ? ":" : "");
	if (states[0]->stack)
		text_stack(page, finding->process, states[0]->stack);
	write_script(page, states[0]->script);
}

/* Moves those that do the same as the first to the front; returns their number. */
static size_t gather_group(const struct model_state **states, size_t count)
{
	size_t same = 1;

	for (size_t i = 1; i < count; i++) {
		const struct model_state *state = states[i];

		if (!state_is_same(states[0], state))
			continue;
		memmove(&states[same + 1], &states[same], (i - same) * sizeof(*states));
		states[same++] = state;
	}
	return same;
}

static void write_others(struct text_page *page, const struct blocked_threads *blocked)
{
	for (size_t i = 0; i < blocked->other_count;) {
		size_t count = gather_group(blocked->others + i, blocked->other_count - i);

		write_group(page, &blocked->finding, blocked->others + i, count);
		i += count;
	}
}

static void write_process(struct text_page *page, const struct model_process *process)
{
	static const struct finding nothing = {.kind = FINDING_HANG, .severity = SEVERITY_ERROR};
	struct blocked_threads blocked = {
		.finding = {.process = process, .finding = &nothing, .process_count = 1},
	};
	struct view *view = page->view;
	size_t blocked_count;

	collect_blocked(view, process, &blocked);
	collect_others(view, process, &blocked);
	name_by_states(view, process, &blocked.finding);
	if (!blocked.finding.event_count && !blocked.other_count)
		return;
	explain_name_locks(view, &blocked.finding);
	blocked_count = process->is_looked_at ? 0 : blocked.finding.event_count;
	if (process->state_count)
		blocked_count += blocked.other_count - blocked.running_count;
	fprintf(page->out, "snarl: %s%s blocked in process %u (%s)",
		process->has_timed_out ? "--timeout: " : "",
		count_words(view->pool, blocked_count, "thread"),
		process->is_looked_at ? process->pid : process->number, process->path);
	if (blocked.timed_count)
		fprintf(page->out, " (%zu with a time-out)", blocked.timed_count);
	if (blocked.running_count)
		fprintf(page->out, ", %zu not", blocked.running_count);
	fputc('\n', page->out);
	fputc('\n', page->out);
	for (size_t i = 0; i < blocked.finding.event_count && !process->is_looked_at; i++)
		text_thread(page, &blocked.finding, i);
	if (!process->is_looked_at)
		text_creations(page, &blocked.finding);
	write_others(page, &blocked);
	fputc('\n', page->out);
}

void blocked_write(struct text_page *page)
{
	const struct model *model = page->view->model;

	for (size_t i = 0; i < model->process_count; i++) {
		const struct model_process *process = model->processes[i];

		if (process->has_timed_out || process->is_looked_at)
			write_process(page, process);
	}
}

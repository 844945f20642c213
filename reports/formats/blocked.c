#include "reports/formats/blocked.h"

#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "reports/formats/calls.h"
#include "reports/words/explain.h"
#include "reports/words/names.h"
#include "reports/formats/text_finding.h"

#define ATTEMPT_COUNT 1000

/* False if the slot is unused or keeps changing. */
static bool read_slot(const struct results_slot *slot, struct results_slot *copy)
{
	for (int i = 0; i < ATTEMPT_COUNT; i++) {
		/* acquire: pairs with the writer's release of an even number. */
		uint32_t before = load_acquire(&slot->sequence);

		if (before % 2)
			continue;
		memcpy(copy, slot, sizeof(*copy));
		fence_full();
		/* relaxed: the fence keeps it behind the copy. */
		if (load_relaxed(&slot->sequence) == before)
			return copy->thread && copy->process;
	}
	return false;
}

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

static void collect_blocked(struct view *view, const struct model_file *file,
			    const struct model_process *process, struct blocked_threads *blocked)
{
	const struct results_slot *slots = (const void *)(file->base + RESULTS_SLOTS_OFFSET);
	struct view_finding *finding = &blocked->finding;

	for (uint32_t i = 0; i < RESULTS_SLOT_COUNT; i++) {
		struct results_slot slot;

		if (!read_slot(&slots[i], &slot) || slot.process != process->index)
			continue;
		if (!slot.is_blocked) {
			blocked->running_count++;
			continue;
		}
		blocked->timed_count += slot.is_timed != 0;
		finding->events = pool_grow(view->pool, finding->events, finding->event_count,
					    sizeof(*finding->events));
		finding->events[finding->event_count++] = slot_event(view->pool, &slot);
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

		if (is_waiter(blocked, model_thread_by_kernel_id(process, state->kernel_id)))
			continue;
		blocked->others = pool_grow(view->pool, blocked->others, blocked->other_count,
					    sizeof(struct model_state *));
		blocked->others[blocked->other_count++] = state;
		blocked->running_count += state->call == STATE_RUNS;
	}
}

static void write_other(const struct text_page *page, const struct view_finding *finding,
			const struct model_state *state)
{
	const struct model_thread *thread =
		model_thread_by_kernel_id(finding->process, state->kernel_id);

	fprintf(page->out, "\n  %s", text_style_on(page, STYLE_BOLD));
	if (thread)
		fprintf(page->out, "%s", thread_name(page->view, finding, thread->id));
	else
		fprintf(page->out, "thread '%s'", state->name);
	fprintf(page->out, "%s\n    %s%s\n", text_style_off(page),
		call_words(page->view->pool, state), state->stack ? ":" : "");
	if (state->stack)
		text_stack(page, finding->process, state->stack);
}

static void write_process(const struct text_page *page, const struct model_file *file,
			  const struct model_process *process)
{
	static const struct finding nothing = {.kind = FINDING_HANG, .severity = SEVERITY_ERROR};
	struct blocked_threads blocked = {
		.finding = {.process = process, .finding = &nothing, .process_count = 1},
	};
	struct view *view = page->view;
	size_t blocked_count;

	collect_blocked(view, file, process, &blocked);
	collect_others(view, process, &blocked);
	if (!blocked.finding.event_count && !blocked.other_count)
		return;
	explain_name_locks(view, &blocked.finding);
	blocked_count = blocked.finding.event_count;
	if (process->state_count)
		blocked_count += blocked.other_count - blocked.running_count;
	fprintf(page->out, "snarl: --timeout: %s blocked in process %u (%s)",
		count_words(view->pool, blocked_count, "thread"), process->number, process->path);
	if (blocked.timed_count)
		fprintf(page->out, " (%zu with a time-out)", blocked.timed_count);
	if (blocked.running_count)
		fprintf(page->out, ", %zu not", blocked.running_count);
	fputc('\n', page->out);
	for (size_t i = 0; i < blocked.finding.event_count; i++)
		text_thread(page, &blocked.finding, i);
	for (size_t i = 0; i < blocked.other_count; i++)
		write_other(page, &blocked.finding, blocked.others[i]);
	fputc('\n', page->out);
}

void blocked_write(const struct text_page *page)
{
	const struct model *model = page->view->model;

	for (size_t i = 0; i < model->process_count; i++) {
		const struct model_process *process = model->processes[i];

		if (process->has_timed_out)
			write_process(page, &model->files[process->file], process);
	}
}

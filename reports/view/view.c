#include "reports/words/view.h"

#include <stdlib.h>
#include <string.h>

#include "reports/model/text_set.h"
#include "reports/words/verdict.h"
#include "reports/words/explain.h"
#include "reports/view/fingerprint.h"
#include "reports/words/memory.h"
#include "reports/view/key_index.h"
#include "reports/view/same_bug.h"
#include "reports/view/shown.h"
#include "reports/words/names.h"

#define FUNCTION_COUNT 3 /* of each stack, the innermost, to sort by */

static const char *event_key(struct view *view, const struct model_process *process,
			     const struct finding_event *event)
{
	const struct source_stack *stack = symbolize_stack(view->symbolizer, process, event->stack);
	const char *text = finding_action_name(event->action);

	if (event->lock)
		text = pool_format(view->pool, "%s %s", text,
				   lock_stable_name(view, process, event->lock));
	for (size_t i = 0; stack && i < stack->visible_count && i < FUNCTION_COUNT; i++)
		text = pool_format(view->pool, "%s<%s", text,
				   source_frame_function(view->pool, &stack->frames[i]));
	return text;
}

/* A text of what the thread does whose events begin at @index, to sort by. */
static const char *group_key(struct view *view, const struct view_finding *finding, size_t index)
{
	thread_id thread = finding->events[index]->thread;
	const char *key = "";

	for (size_t i = index; i < finding->event_count; i++) {
		if (finding->events[i]->thread != thread)
			break;
		key = pool_format(view->pool, "%s;%s", key,
				  event_key(view, finding->process, finding->events[i]));
	}
	return key;
}

/* Rotates the threads of a cycle: the one with the least key comes first. */
static void rotate_cycle(struct view *view, struct view_finding *finding)
{
	const struct finding_event **rotated;
	const char *least = NULL;
	size_t start = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		const char *key;

		if (i && finding->events[i]->thread == finding->events[i - 1]->thread)
			continue;
		key = group_key(view, finding, i);
		if (!least || strcmp(key, least) < 0) {
			least = key;
			start = i;
		}
	}
	rotated = pool_alloc(view->pool, (finding->event_count + 1) * sizeof(*rotated));
	for (size_t i = 0; i < finding->event_count; i++)
		rotated[i] = finding->events[(start + i) % finding->event_count];
	finding->events = rotated;
}

/* If the same finding is in the view already, counts it there: true. */
static bool merge_finding(struct view *view, const struct key_index *index,
			  const struct view_finding *finding)
{
	struct key_list list = key_index_find(index, finding->fingerprint);

	for (size_t i = 0; i < list.count; i++) {
		struct view_finding *known = &view->findings[list.numbers[i]];

		if (!same_bug_equal(known, finding))
			continue;
		known->count += finding->count;
		known->process_count += known->process != finding->process;
		return true;
	}
	return false;
}

static struct view_finding begin_finding(struct view *view, const struct model_finding *source)
{
	struct view_finding finding = {
		.process = source->process,
		.finding = source->finding,
		.offset = source->offset,
		.event_count = source->finding->event_count,
		.count = source->count,
		.process_count = 1,
		.severity = source->finding->severity,
		.details = source->finding->details,
		.declared = source->declared,
	};

	finding.events =
		pool_alloc(view->pool, (finding.event_count + 1) * sizeof(*finding.events));
	for (size_t i = 0; i < finding.event_count; i++)
		finding.events[i] = &source->finding->events[i];
	if (finding_is_cycle(source->finding))
		rotate_cycle(view, &finding);
	finding.memory = memory_describe(view, &finding);
	return finding;
}

/* @index: by fingerprint. */
static void add_finding(struct view *view, struct key_index *index,
			const struct model_finding *source)
{
	struct view_finding finding = begin_finding(view, source);

	if (!verdict_apply(view, &finding)) {
		view->atomic_count += !verdict_is_beside_atomic(&finding);
		return;
	}
	finding.fingerprint = fingerprint_make(view, &finding);
	if (merge_finding(view, index, &finding))
		return;
	key_index_add(index, finding.fingerprint, view->finding_count);
	view->findings =
		pool_grow(view->pool, view->findings, view->finding_count, sizeof(finding));
	view->findings[view->finding_count++] = finding;
}

/* Errors first; of one kind the frequent ones. */
static int compare_findings(const void *left, const void *right)
{
	const struct view_finding *a = left;
	const struct view_finding *b = right;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->finding->kind != b->finding->kind)
		return a->finding->kind < b->finding->kind ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void sort_findings(struct view *view)
{
	for (size_t i = 0; i < view->finding_count; i++)
		view->findings[i].index = i;
	if (view->finding_count)
		qsort(view->findings, view->finding_count, sizeof(*view->findings),
		      compare_findings);
}

/* The first finding whose bug @finding shows, too, or NULL. */
static struct view_finding *find_related(struct view *view, const struct key_index *index,
					 const struct view_finding *finding)
{
	const char *keys[SAME_BUG_KEYS];
	size_t key_count = same_bug_keys(view, finding, keys);
	size_t first = view->finding_count;

	for (size_t i = 0; i < key_count; i++) {
		struct key_list list = key_index_find(index, keys[i]);

		for (size_t j = 0; j < list.count && list.numbers[j] < first; j++)
			if (same_bug_related(view, &view->findings[list.numbers[j]], finding))
				first = list.numbers[j];
	}
	return first < view->finding_count ? &view->findings[first] : NULL;
}

static void add_keys(struct view *view, struct key_index *index, size_t number)
{
	const char *keys[SAME_BUG_KEYS];
	size_t key_count = same_bug_keys(view, &view->findings[number], keys);

	for (size_t i = 0; i < key_count; i++)
		key_index_add(index, keys[i], number);
}

static void add_other(struct view *view, struct view_finding *known, struct view_finding other)
{
	other.is_content = same_bug_is_content(view, &other, known);
	known->others =
		pool_grow(view->pool, known->others, known->other_count, sizeof(*known->others));
	known->others[known->other_count++] = other;
}

/* Puts @finding, about a container, in the place of @known, about what that stores. */
static void lead_finding(struct view *view, struct view_finding *known,
			 const struct view_finding *finding)
{
	struct view_finding stored = *known;

	*known = *finding;
	for (size_t i = 0; i < stored.other_count; i++)
		add_other(view, known, stored.others[i]);
	stored.others = NULL;
	stored.other_count = 0;
	add_other(view, known, stored);
	if (stored.finding->kind == finding->finding->kind)
		known->count += stored.count;
}

/* Puts @finding with the one whose bug it shows, too: true. */
static bool join_finding(struct view *view, struct key_index *index,
			 const struct view_finding *finding)
{
	struct view_finding *known = find_related(view, index, finding);

	if (!known)
		return false;
	if (known->severity == finding->severity && !same_bug_is_content(view, finding, known) &&
	    same_bug_is_content(view, known, finding)) {
		lead_finding(view, known, finding);
		add_keys(view, index, (size_t)(known - view->findings));
	} else {
		add_other(view, known, *finding);
		if (known->finding->kind == finding->finding->kind)
			known->count += finding->count;
	}
	return true;
}

/* In the order to show, so that the first of each bug is the one that says most. */
static void join_findings(struct view *view)
{
	struct key_index index = {0};
	size_t count = 0;

	for (size_t i = 0; i < view->finding_count; i++) {
		struct view_finding finding = view->findings[i];

		if (join_finding(view, &index, &finding))
			continue;
		view->findings[count] = finding;
		add_keys(view, &index, count++);
	}
	view->finding_count = count;
	key_index_free(&index);
}

static bool is_set_free(struct view *view, const struct model_finding *source);

/* Is finding @number of @process, whether it was replaced or not, a race with a side that is plain?
 * What is held back itself is none, and its accesses are in the order that it stands for. */
static bool is_plain(struct view *view, const struct model_process *process, uint32_t number)
{
	struct model_finding *source = model_finding(view->model, process, number);

	if (source && !source->is_asked && !source->is_retracted) {
		struct view_finding finding = begin_finding(view, source);

		source->is_asked = true;
		source->is_plain =
			verdict_is_certain(view, &finding) && is_set_free(view, source);
	}
	return source && source->is_plain;
}

/* Has nothing ordered the accesses of a finding that was held back? */
static bool is_set_free(struct view *view, const struct model_finding *source)
{
	const struct finding_pairs *pairs = &source->finding->rests_on;
	bool are_plain = true;

	for (uint32_t i = 0; are_plain && i < FINDING_PAIRS_MAX && pairs->numbers[i]; i++)
		are_plain = is_plain(view, source->process, pairs->numbers[i]);
	return are_plain;
}

static int compare_shown(const void *left, const void *right)
{
	const struct view_finding *a = *(struct view_finding *const *)left;
	const struct view_finding *b = *(struct view_finding *const *)right;

	if (a->shown == b->shown)
		return a < b ? -1 : a > b;
	if (!a->shown || !b->shown)
		return a->shown ? -1 : 1;
	return a->shown < b->shown ? -1 : 1;
}

/* All findings: those that were printed come first, and get the same numbers as then. */
static struct view_finding **order_to_number(struct view *view)
{
	struct view_finding **ordered =
		pool_alloc(view->pool, (view->finding_count + 1) * sizeof(*ordered));

	for (size_t i = 0; i < view->finding_count; i++)
		ordered[i] = &view->findings[i];
	if (view->finding_count)
		qsort(ordered, view->finding_count, sizeof(*ordered), compare_shown);
	return ordered;
}

/* Gives each finding a fingerprint of its own: of equal ones the later ones are numbered. */
static void number_fingerprints(struct view *view, struct view_finding **ordered)
{
	size_t *numbers = pool_alloc(view->pool, (view->finding_count + 1) * sizeof(*numbers));
	struct text_set known = {0};

	for (size_t i = 0; i < view->finding_count; i++) {
		size_t number = numbers[text_set_add(&known, ordered[i]->fingerprint)]++;

		if (number)
			ordered[i]->fingerprint =
				fingerprint_number(view->pool, ordered[i]->fingerprint, number);
	}
	text_set_free(&known);
}

struct view *view_begin(struct model *model, const struct view_options *options)
{
	struct view *view = pool_alloc(&model->pool, sizeof(*view));

	view->pool = &model->pool;
	view->model = model;
	view->options = options;
	view->symbolizer = symbolizer_new(&model->pool);
	view->statements = statements_new(&model->pool);
	view->program = options->program;
	if (!view->program && model->process_count)
		view->program = model->processes[0]->path;
	if (!view->program || !view->program[0])
		view->program = "(unknown program)";
	return view;
}

static void explain_bug(struct view *view, struct view_finding *finding)
{
	explain_finding(view, finding);
	for (size_t i = 0; i < finding->other_count; i++) {
		explain_finding(view, &finding->others[i]);
		if (same_bug_is_cause(finding, &finding->others[i]))
			finding->advice = finding->others[i].advice;
	}
}

/* Names all locks first: the numbers of equal names depend on all of them. */
static void explain_findings(struct view *view, struct view_finding **ordered)
{
	for (size_t i = 0; i < view->finding_count; i++)
		explain_name_locks(view, ordered[i]);
	for (size_t i = 0; i < view->finding_count; i++)
		explain_bug(view, &view->findings[i]);
}

void view_fill(struct view *view)
{
	const struct model *model = view->model;
	struct view_finding **ordered;
	struct key_index index = {0};

	for (size_t i = 0; i < model->finding_count; i++) {
		if (!model->findings[i].is_gone && is_set_free(view, &model->findings[i]))
			add_finding(view, &index, &model->findings[i]);
	}
	key_index_free(&index);
	sort_findings(view);
	join_findings(view);
	shown_match(view);
	ordered = order_to_number(view);
	number_fingerprints(view, ordered);
	explain_findings(view, ordered);
}

struct view *view_make(struct model *model, const struct view_options *options)
{
	struct view *view = view_begin(model, options);

	view_fill(view);
	return view;
}

void view_free(struct view *view)
{
	lock_names_free(view->lock_names);
	symbolizer_free(view->symbolizer);
}

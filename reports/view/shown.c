#include "reports/view/shown.h"

#include <string.h>

#include "reports/view/headline.h"

static struct shown_finding *find_row(const struct shown *shown, const struct view_finding *sight)
{
	for (size_t i = 0; i < shown->count; i++)
		if (shown->rows[i].id == sight->finding->id &&
		    shown->rows[i].process == sight->process->index)
			return &shown->rows[i];
	return NULL;
}

/* A sight of another kind says something new: a cycle of locks that came true. */
static void match_sight(const struct shown *shown, struct view_finding *finding,
			const struct view_finding *sight)
{
	struct shown_finding *row = find_row(shown, sight);

	if (!row)
		return;
	row->is_met = true;
	if (!finding->shown && row->kind == finding->finding->kind)
		finding->shown = row;
}

void shown_match(struct view *view)
{
	const struct shown *shown = view->options->shown;

	for (size_t i = 0; shown && shown->count && i < view->finding_count; i++) {
		struct view_finding *finding = &view->findings[i];

		finding->shown = NULL;
		match_sight(shown, finding, finding);
		for (size_t j = 0; j < finding->other_count; j++)
			match_sight(shown, finding, &finding->others[j]);
	}
}

static bool is_due(const struct view *view, const struct view_finding *finding)
{
	const struct finding *source = finding->finding;

	return !finding->shown && finding->offset < view->options->shown->settled_bytes &&
	       !source->is_provisional && !source->rests_on.numbers[0];
}

void shown_keep_due(struct view *view)
{
	size_t count = view->options->shown->count;
	size_t room = count < SHOWN_MAX ? SHOWN_MAX - count : 0;
	size_t kept = 0;

	for (size_t i = 0; i < view->finding_count && kept < room; i++)
		if (is_due(view, &view->findings[i]))
			view->findings[kept++] = view->findings[i];
	view->finding_count = kept;
}

static const char *keep_text(struct shown *shown, const char *text)
{
	return pool_copy(&shown->pool, text, strlen(text));
}

static void add_sight(struct shown *shown, struct view *view, const struct view_finding *finding,
		      const struct view_finding *sight)
{
	struct shown_finding *row;

	shown->rows = pool_grow(&shown->pool, shown->rows, shown->count, sizeof(*row));
	row = &shown->rows[shown->count++];
	*row = (struct shown_finding){
		.process = sight->process->index,
		.id = sight->finding->id,
		.kind = finding->finding->kind,
		.count = finding->count,
		.other_count = finding->other_count,
		.fingerprint = keep_text(shown, finding->fingerprint),
	};
	if (sight == finding)
		row->headline = keep_text(shown, headline_line(view, finding));
}

void shown_add(struct shown *shown, struct view *view)
{
	for (size_t i = 0; i < view->finding_count; i++) {
		const struct view_finding *finding = &view->findings[i];

		add_sight(shown, view, finding, finding);
		for (size_t j = 0; j < finding->other_count; j++)
			add_sight(shown, view, finding, &finding->others[j]);
	}
}

bool shown_has_changed(const struct view_finding *finding)
{
	return finding->shown && (finding->count != finding->shown->count ||
				  finding->other_count != finding->shown->other_count);
}

bool shown_is_gone(const struct shown_finding *row)
{
	return row->headline && !row->is_met;
}

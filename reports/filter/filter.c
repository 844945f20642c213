#include "reports/filter/filter.h"

#include <stdio.h>

#include "reports/filter/match.h"
#include "reports/words/names.h"

int filter_read(struct filter *filter, struct pool *pool, const struct view_options *options,
		char *error, size_t error_bytes)
{
	int result = 0;

	*filter = (struct filter){0};
	for (size_t i = 0; i < options->suppression_count && result == 0; i++)
		result = suppressions_read(&filter->suppressions, pool, options->suppressions[i],
					   error, error_bytes);
	filter->own_count = filter->suppressions.count;
	if (options->default_suppressions && result == 0)
		result = suppressions_read(&filter->suppressions, pool,
					   options->default_suppressions, error, error_bytes);
	if (options->baseline && result == 0)
		result = baseline_read(&filter->baseline, pool, options->baseline, error,
				       error_bytes);
	return result;
}

/* The first entry that matches; all that do are counted, so none of them is called unused. */
static const struct suppression *find_entry(struct filter *filter, struct view *view,
					    const struct view_finding *finding)
{
	const struct suppression *first = NULL;

	for (size_t i = 0; i < filter->suppressions.count; i++) {
		struct suppression *entry = &filter->suppressions.rows[i];

		if (!suppression_matches(entry, view, finding))
			continue;
		entry->finding_count++;
		first = first ? first : entry;
	}
	return first;
}

static void set_aside(struct view *view, const struct view_finding *finding)
{
	view->hidden = pool_grow(view->pool, view->hidden, view->hidden_count, sizeof(*finding));
	view->hidden[view->hidden_count++] = *finding;
}

/* Is it of a kind that nobody asked for, or suppressed?  Then it is set aside. */
static bool is_left_out(struct filter *filter, struct view *view, struct view_finding *finding)
{
	if (view->options->kinds && !(view->options->kinds >> finding->finding->kind & 1))
		return true;
	finding->suppression = find_entry(filter, view, finding);
	if (finding->suppression)
		set_aside(view, finding);
	return finding->suppression;
}

static void apply_to_others(struct filter *filter, struct view *view, struct view_finding *finding)
{
	size_t kept = 0;

	for (size_t i = 0; i < finding->other_count; i++)
		if (!is_left_out(filter, view, &finding->others[i]))
			finding->others[kept++] = finding->others[i];
	finding->other_count = kept;
}

/* The first of the other sights stands for the bug from now on. */
static struct view_finding next_sight(const struct view_finding *finding)
{
	struct view_finding next = finding->others[0];

	next.others = finding->others + 1;
	next.other_count = finding->other_count - 1;
	return next;
}

/* A bug is an old one if any sight of it is. */
static bool has_known_sight(const struct baseline *baseline, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->other_count; i++)
		if (baseline_has(baseline, finding->others[i].fingerprint))
			return true;
	return baseline_has(baseline, finding->fingerprint);
}

void filter_apply(struct filter *filter, struct view *view)
{
	size_t kept = 0;

	view->filter = filter;
	for (size_t i = 0; i < view->finding_count; i++) {
		struct view_finding finding = view->findings[i];
		struct view_finding first;

		apply_to_others(filter, view, &finding);
		first = finding;
		first.other_count = 0;
		if (is_left_out(filter, view, &first)) {
			if (!finding.other_count)
				continue;
			finding = next_sight(&finding);
		}
		finding.is_known = has_known_sight(&filter->baseline, &finding);
		if (finding.is_known)
			set_aside(view, &finding);
		else
			view->findings[kept++] = finding;
	}
	view->finding_count = kept;
}

const char *filter_words(const struct view *view)
{
	size_t known = 0;
	size_t suppressed;
	const char *words = "";

	for (size_t i = 0; i < view->hidden_count; i++)
		known += view->hidden[i].is_known;
	suppressed = view->hidden_count - known;
	if (suppressed)
		words = pool_format(view->pool, ", %zu suppressed", suppressed);
	return known ? pool_format(view->pool, "%s, %zu in the baseline", words, known) : words;
}

static void write_unused(const struct filter *filter, FILE *out)
{
	const struct suppressions *list = &filter->suppressions;
	const char *before = "snarl: suppressions that match nothing:";

	for (size_t i = 0; i < filter->own_count; i++) {
		const struct suppression *entry = &list->rows[i];

		if (entry->finding_count || entry->is_expired || !entry->kinds)
			continue;
		fprintf(out, "%s %s:%zu", before, entry->path, entry->line);
		before = ",";
	}
	if (before[0] == ',')
		fputc('\n', out);
}

void filter_write_notes(const struct view *view, FILE *out)
{
	const struct suppressions *list = view->filter ? &view->filter->suppressions : NULL;

	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct suppression *entry = &list->rows[i];

		if (entry->is_expired)
			fprintf(out, "snarl: %s:%zu: this suppression expired on %s\n", entry->path,
				entry->line, entry->expires);
		else if (entry->finding_count && view->options->is_verbose)
			fprintf(out, "snarl: %s:%zu: suppressed %s%s%s\n", entry->path, entry->line,
				count_words(view->pool, entry->finding_count, "finding"),
				entry->reason ? ": " : "", entry->reason ? entry->reason : "");
	}
	write_unused(view->filter, out);
}

#include "reports/formats/formats.h"

#include <errno.h>
#include <unistd.h>

#include "reports/filter/filter.h"
#include "reports/formats/blocked.h"
#include "reports/formats/losses.h"
#include "reports/model/utf8.h"
#include "reports/view/headline.h"
#include "reports/view/place.h"
#include "reports/view/shown.h"
#include "reports/words/names.h"
#include "reports/formats/text/finding.h"

#define INDEX_LEAST 5 /* findings; of more there is an index */

/* "2 errors, 1 warning (3 findings, 41 occurrences)" */
static const char *total_words(struct view *view)
{
	uint32_t counts[SEVERITY_ERROR + 1] = {0};
	const char *parts[SEVERITY_ERROR];
	uint64_t occurrences = 0;
	const char *text = "";
	size_t part_count = 0;

	for (size_t i = 0; i < view->finding_count; i++) {
		counts[view->findings[i].severity]++;
		occurrences += view->findings[i].count;
	}
	for (unsigned i = SEVERITY_ERROR; i >= SEVERITY_NOTE; i--) {
		if (counts[i])
			parts[part_count++] =
				count_words(view->pool, counts[i], severity_name((enum severity)i));
	}
	if (!part_count)
		return "no findings";
	for (size_t i = 0; i < part_count; i++)
		text = pool_format(view->pool, "%s%s%s", text, i ? ", " : "", parts[i]);
	return pool_format(view->pool, "%s (%s, %s)", text,
			   count_words(view->pool, view->finding_count, "finding"),
			   count_words(view->pool, occurrences, "occurrence"));
}

static bool has_severity(const struct view *view, enum severity severity)
{
	for (size_t i = 0; i < view->finding_count; i++) {
		if (view->findings[i].severity == severity)
			return true;
	}
	return false;
}

/* Where warnings are all that there is, and the exit status says nothing of them. */
static void write_hint(struct text_page *page)
{
	const struct view *view = page->view;

	if (view->options->fails_from == SEVERITY_ERROR && has_severity(view, SEVERITY_WARNING) &&
	    !has_severity(view, SEVERITY_ERROR))
		fputs("snarl: warnings do not count; --fail-on=warning makes them count\n",
		      page->out);
}

static void write_texts(struct text_page *page)
{
	const struct model *model = page->view->model;

	for (size_t i = 0; i < model->text_count; i++)
		fprintf(page->out, "snarl: %s\n",
			utf8_plain(page->view->pool, model->texts[i].text));
}

static void write_statistics(struct text_page *page)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		fprintf(page->out, "snarl: %s: %llu\n", counter_text((enum counter)i),
			(unsigned long long)model_counter(page->view->model, (enum counter)i));
}

/* Findings left out because debug information says that they are atomic. */
static void write_atomics(struct text_page *page)
{
	struct view *view = page->view;

	if (view->atomic_count)
		fprintf(page->out,
			"snarl: not reported: %s of accesses that are atomic by debug "
			"information\n",
			count_words(view->pool, view->atomic_count, "race"));
}

/* Cycles that are harmless, with the reasons. */
static void write_suppressed(struct text_page *page)
{
	for (unsigned i = COUNTER_CYCLES_ONE_THREAD; i <= COUNTER_CYCLES_OF_READERS; i++) {
		uint64_t count = model_counter(page->view->model, (enum counter)i);

		if (count)
			fprintf(page->out, "snarl: not reported: %llu %s\n",
				(unsigned long long)count, counter_text((enum counter)i));
	}
}

static bool has_changed(const struct view *view)
{
	for (size_t i = 0; i < view->finding_count; i++)
		if (shown_has_changed(&view->findings[i]))
			return true;
	return false;
}

/* What will be reported, a line each, where that is more than a person takes in, or not
 * any more what was printed while the program ran. */
static void write_index(struct text_page *page)
{
	struct view *view = page->view;

	if (view->finding_count <= INDEX_LEAST && !has_changed(view))
		return;
	fprintf(page->out, "\nsnarl: %s:\n", total_words(view));
	for (size_t i = 0; i < view->finding_count; i++) {
		const char *line = headline_line(view, &view->findings[i]);
		const char *below = source_path_below(line, page->root);

		line = pool_format(view->pool, "  %zu. %s", i + 1, below ? below : line);
		fprintf(page->out, "%s\n", text_cut(page, line, view->options->columns));
	}
}

/* Findings that others stand in the place of since they were printed. */
static void write_gone(struct text_page *page)
{
	const struct shown *shown = page->view->options->shown;

	for (size_t i = 0; shown && i < shown->count; i++)
		if (shown_is_gone(&shown->rows[i]))
			fprintf(page->out, "snarl: no finding of its own any more: %s\n",
				utf8_plain(page->view->pool, shown->rows[i].headline));
}

static bool wants_colour(const struct view_options *options, FILE *out)
{
	if (options->colour != COLOUR_AUTO)
		return options->colour == COLOUR_ALWAYS;
	return fileno(out) >= 0 && isatty(fileno(out));
}

/* Those that the reader has not seen yet. */
static void write_findings(struct text_page *page)
{
	const struct view *view = page->view;
	bool has_any = false;

	for (size_t i = 0; i < view->finding_count; i++) {
		if (view->findings[i].shown)
			continue;
		text_finding(page, &view->findings[i]);
		has_any = true;
	}
	if (has_any)
		fputc('\n', page->out);
}

static void write_total(struct text_page *page)
{
	struct view *view = page->view;
	const char *path = source_path_below(view->program, view->options->directory);

	fprintf(page->out, "snarl: %s%s in %s\n", total_words(view), filter_words(view),
		utf8_plain(view->pool, path ? path : view->program));
}

int text_write(struct view *view, FILE *out)
{
	struct text_page page = {
		.out = out,
		.view = view,
		.is_coloured = wants_colour(view->options, out),
		.root = place_root(view),
	};
	const struct view_options *options = view->options;

	if (options->is_live) {
		write_findings(&page);
		text_set_free(&page.created);
		return ferror(out) ? -EIO : 0;
	}
	write_texts(&page);
	blocked_write(&page);
	write_index(&page);
	write_findings(&page);
	write_gone(&page);
	if (options->with_stats)
		write_statistics(&page);
	else if (options->is_verbose)
		write_suppressed(&page);
	if (options->is_verbose || options->with_stats)
		write_atomics(&page);
	losses_write(&page);
	filter_write_notes(view, out);
	write_hint(&page);
	write_total(&page);
	text_set_free(&page.created);
	return ferror(out) ? -EIO : 0;
}

/*
 * The JUnit report: each finding is a test.  One that counts has failed, one that does not
 * has passed, one that is suppressed or in the baseline was skipped; without any finding,
 * the run itself is the test that has passed.
 */
#include <errno.h>

#include "reports/filter/filter.h"
#include "reports/model/utf8.h"
#include "reports/formats/formats.h"
#include "reports/view/place.h"
#include "reports/words/explain.h"
#include "reports/words/names.h"

/* Text and values of attributes; what XML cannot have becomes '?'. */
static void write_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		size_t length = utf8_length(at);

		if (*at == '&')
			fputs("&amp;", out);
		else if (*at == '<')
			fputs("&lt;", out);
		else if (*at == '>')
			fputs("&gt;", out);
		else if (*at == '"')
			fputs("&quot;", out);
		else if (*at == '\n' || *at == '\t')
			fprintf(out, "&#%u;", *at);
		else if (length)
			fwrite(at, 1, length, out);
		else
			fputc('?', out);
		at += length ? length : 1;
	}
}

static void write_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	write_text(out, value);
	fputc('"', out);
}

static bool is_failure(const struct view *view, const struct view_finding *finding)
{
	return finding->severity >= view->options->fails_from;
}

/* What each thread did, and what would help. */
static void write_details(struct view *view, const struct view_finding *finding, FILE *out)
{
	for (size_t i = 0; i < finding->step_count; i++) {
		write_text(out, thread_name(view, finding, finding->steps[i].thread));
		fputc(' ', out);
		write_text(out, finding->steps[i].what);
		fputc('\n', out);
	}
	for (size_t i = 0; i < finding->note_count; i++) {
		write_text(out, finding->notes[i]);
		fputc('\n', out);
	}
	if (finding->advice[0]) {
		fputs("To fix: ", out);
		write_text(out, finding->advice);
		fputc('\n', out);
	}
}

static const char *skip_words(const struct view_finding *finding)
{
	if (finding->is_known)
		return "in the baseline";
	return finding->suppression->reason ? finding->suppression->reason : "suppressed";
}

static void write_outcome(struct view *view, const struct view_finding *finding, bool is_hidden,
			  FILE *out)
{
	const char *element = is_failure(view, finding) ? "failure" : "system-out";

	if (is_hidden) {
		fputs("      <skipped", out);
		write_attribute(out, "message", skip_words(finding));
		fputs("/>\n", out);
		return;
	}
	fprintf(out, "      <%s", element);
	if (is_failure(view, finding)) {
		write_attribute(out, "message", finding->summary);
		write_attribute(out, "type", finding_kind_name(finding->finding->kind));
	}
	fputc('>', out);
	write_details(view, finding, out);
	fprintf(out, "</%s>\n", element);
}

static void write_test(struct view *view, const struct view_finding *finding, bool is_hidden,
		       FILE *out)
{
	const struct source_frame *place = place_of(view, finding);
	const char *path = place_path(view, place);

	fputs("    <testcase", out);
	write_attribute(out, "classname",
			pool_format(view->pool, "snarl.%s",
				    finding_kind_name(finding->finding->kind)));
	write_attribute(out, "name", finding->summary);
	if (path)
		write_attribute(out, "file", path);
	if (path && place->line)
		fprintf(out, " line=\"%u\"", place->line);
	fputs(">\n", out);
	write_outcome(view, finding, is_hidden, out);
	fputs("    </testcase>\n", out);
}

static size_t count_failures(const struct view *view)
{
	size_t count = 0;

	for (size_t i = 0; i < view->finding_count; i++)
		count += is_failure(view, &view->findings[i]);
	return count;
}

static void write_counts(const struct view *view, FILE *out)
{
	size_t tests = view->finding_count + view->hidden_count;

	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"",
		tests ? tests : 1, count_failures(view), view->hidden_count);
}

int junit_write(struct view *view, FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"snarl\"", out);
	write_counts(view, out);
	fputs(">\n  <testsuite", out);
	write_attribute(out, "name", view->program);
	write_counts(view, out);
	fputs(">\n", out);
	for (size_t i = 0; i < view->finding_count; i++)
		write_test(view, &view->findings[i], false, out);
	for (size_t i = 0; i < view->hidden_count; i++)
		write_test(view, &view->hidden[i], true, out);
	if (!view->finding_count && !view->hidden_count)
		fputs("    <testcase classname=\"snarl\" name=\"no findings\"/>\n", out);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return ferror(out) ? -EIO : 0;
}

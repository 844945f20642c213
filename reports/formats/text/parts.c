#include "reports/formats/text/parts.h"

#include <string.h>

#include "reports/formats/text/group.h"
#include "reports/model/utf8.h"
#include "reports/words/names.h"

#define TABLE_COLUMNS 100u /* where lines may have any length; wider tables become lists */
#define TABLE_THREAD_MAX 6u
#define GAP_COLUMNS 3u

static const char *const style_sequences[] = {
	[STYLE_PLAIN] = "",	     [STYLE_ERROR] = "\033[1;31m", [STYLE_WARNING] = "\033[1;35m",
	[STYLE_NOTE] = "\033[1;36m", [STYLE_BOLD] = "\033[1m",	   [STYLE_DIM] = "\033[2m",
};

const char *text_style_on(const struct text_page *page, enum text_style style)
{
	return page->is_coloured ? style_sequences[style] : "";
}

const char *text_style_off(const struct text_page *page)
{
	return page->is_coloured ? "\033[0m" : "";
}

/* The column of a step: the first of those who do the same. */
static thread_id step_doer(const struct view_finding *finding, size_t index)
{
	return group_first(finding, finding->steps[index].thread);
}

/* Has its doer done it already? */
static bool is_repeated(const struct view_finding *finding, size_t index)
{
	return step_doer(finding, index) != finding->steps[index].thread;
}

/* The distinct doers of the steps in order; 0 if there are too many. */
static size_t step_threads(const struct view_finding *finding, thread_id *threads)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->step_count; i++) {
		size_t known = 0;

		while (known < count && threads[known] != step_doer(finding, i))
			known++;
		if (known < count)
			continue;
		if (count == TABLE_THREAD_MAX)
			return 0;
		threads[count++] = step_doer(finding, i);
	}
	return count;
}

/* With the gap to the next one. */
static size_t column_width(const struct text_page *page, const struct view_finding *finding,
			   thread_id thread)
{
	size_t width = strlen(group_words(page->view, finding, thread));

	for (size_t i = 0; i < finding->step_count; i++) {
		size_t length = strlen(finding->steps[i].what);

		if (finding->steps[i].thread == thread && length > width)
			width = length;
	}
	return width + GAP_COLUMNS;
}

/* The remark behind step @index; "" for all but the last. */
static const char *step_remark(const struct text_page *page, const struct view_finding *finding,
			       size_t index)
{
	if (!finding->closing || index + 1 != finding->step_count)
		return "";
	return utf8_plain(page->view->pool,
			  pool_format(page->view->pool, "   <- %s", finding->closing));
}

static void write_list(const struct text_page *page, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->step_count; i++) {
		thread_id thread = finding->steps[i].thread;
		const char *line = pool_format(
			page->view->pool, "%s%s %s%s", group_words(page->view, finding, thread),
			group_count(finding, thread) > 1 ? ", each," : "",
			finding->steps[i].what, step_remark(page, finding, i));

		if (is_repeated(finding, i))
			continue;
		fputs("    ", page->out);
		text_wrap(page, 4, 6, line);
	}
}

static void write_table_head(const struct text_page *page, const struct view_finding *finding,
			     const thread_id *threads, const size_t *widths, size_t count)
{
	fprintf(page->out, "    %s", text_style_on(page, STYLE_BOLD));
	for (size_t i = 0; i < count; i++)
		fprintf(page->out, "%-*s", i + 1 < count ? (int)widths[i] : 0,
			utf8_plain(page->view->pool,
				   group_words(page->view, finding, threads[i])));
	fprintf(page->out, "%s\n", text_style_off(page));
}

static size_t table_columns(const struct text_page *page)
{
	unsigned columns = page->view->options->columns;

	return columns ? columns : TABLE_COLUMNS;
}

/* Behind @used columns of a step, or below it if the line would be too long. */
static void write_remark(const struct text_page *page, const char *remark, size_t indent,
			 size_t used)
{
	bool fits = indent + used + strlen(remark) <= table_columns(page);

	if (fits)
		fprintf(page->out, "%s\n", remark);
	else
		fprintf(page->out, "\n%*s\n", (int)table_columns(page), remark);
}

static void write_table(const struct text_page *page, const struct view_finding *finding,
			const thread_id *threads, const size_t *widths, size_t count)
{
	write_table_head(page, finding, threads, widths, count);
	for (size_t i = 0; i < finding->step_count; i++) {
		size_t indent = 4;

		if (is_repeated(finding, i))
			continue;
		for (size_t j = 0; j < count && threads[j] != finding->steps[i].thread; j++)
			indent += widths[j];
		fprintf(page->out, "%*s%s", (int)indent, "",
			utf8_plain(page->view->pool, finding->steps[i].what));
		write_remark(page, step_remark(page, finding, i), indent,
			     strlen(finding->steps[i].what));
	}
}

void text_scenario(const struct text_page *page, const struct view_finding *finding)
{
	thread_id threads[TABLE_THREAD_MAX];
	size_t widths[TABLE_THREAD_MAX];
	size_t count = step_threads(finding, threads);
	size_t total = 4;

	for (size_t i = 0; i < count; i++) {
		widths[i] = column_width(page, finding, threads[i]);
		total += widths[i];
	}
	if (count && total - GAP_COLUMNS <= table_columns(page))
		write_table(page, finding, threads, widths, count);
	else
		write_list(page, finding);
}

const char *text_cut(const struct text_page *page, const char *text, size_t columns)
{
	size_t length = columns - 3;

	text = utf8_plain(page->view->pool, text);
	if (!columns || strlen(text) <= columns)
		return text;
	/* Not amid a character of UTF-8. */
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return pool_format(page->view->pool, "%.*s...", (int)length, text);
}

void text_wrap(const struct text_page *page, size_t column, unsigned indent, const char *text)
{
	unsigned columns = page->view->options->columns;

	text = utf8_plain(page->view->pool, text);
	for (bool is_first = true; *text; is_first = false) {
		size_t length = strcspn(text, " ");

		if (!is_first && columns && column + 1 + length > columns) {
			fprintf(page->out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!is_first) {
			fputc(' ', page->out);
			column++;
		}
		fprintf(page->out, "%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', page->out);
}

void text_paragraph(const struct text_page *page, const char *head, const char *text)
{
	fprintf(page->out, "  %s%s%s ", text_style_on(page, STYLE_BOLD), head,
		text_style_off(page));
	text_wrap(page, 3 + strlen(head), 4, text);
}

#include "reports/formats/text_parts.h"

#include <string.h>

#include "reports/words/names.h"
#include "reports/symbols/source_text.h"

#define PAGE_COLUMNS 96u
#define TABLE_COLUMNS 120u /* wider tables become lists */
#define TABLE_THREAD_MAX 6u
#define FUNCTION_COLUMNS 28
#define HIDDEN_MIN 3 /* fewer frames are not cut */

static const char *const style_sequences[] = {
	[STYLE_PLAIN] = "",	     [STYLE_ERROR] = "\033[1;31m", [STYLE_WARNING] = "\033[1;35m",
	[STYLE_NOTE] = "\033[1;36m", [STYLE_BOLD] = "\033[1m",	    [STYLE_DIM] = "\033[2m",
};

const char *text_style_on(const struct text_page *page, enum text_style style)
{
	return page->is_coloured ? style_sequences[style] : "";
}

const char *text_style_off(const struct text_page *page)
{
	return page->is_coloured ? "\033[0m" : "";
}

static void write_frame(const struct text_page *page, const struct model_process *process,
			const struct source_frame *frame, size_t index)
{
	fprintf(page->out, "      #%-2zu %s%-*s%s %s", index, text_style_on(page, STYLE_BOLD),
		FUNCTION_COLUMNS, source_frame_function(page->view->pool, frame),
		text_style_off(page), source_frame_place(page->view->pool, frame));
	if (frame->is_inlined)
		fputs(" (inlined)", page->out);
	/* Name the module of a source line, unless it is the program itself. */
	if (frame->file && frame->module && strcmp(frame->module_path, process->path) != 0 &&
	    page->view->options->is_verbose)
		fprintf(page->out, " in %s", frame->module);
	fputc('\n', page->out);
}

/* The source line of @frame, if it can be read. */
static void write_source(const struct text_page *page, const struct source_frame *frame)
{
	struct source_quote quote;

	if (!source_quote(page->view->pool, frame, &quote))
		return;
	fprintf(page->out, "          %s%5u | %s%s%s\n", text_style_on(page, STYLE_DIM),
		frame->line, quote.text, quote.is_newer ? "   [file changed since the build]" : "",
		text_style_off(page));
}

/* The number of frames to cut from @first on: all behind the innermost of a run of
 * frames in libraries. */
static size_t count_hidden(const struct text_page *page, const struct source_stack *frames,
			   size_t first, size_t count)
{
	size_t hidden = 0;

	if (page->view->options->is_verbose || !first ||
	    !source_frame_is_system(&frames->frames[first - 1]))
		return 0;
	while (first + hidden < count && source_frame_is_system(&frames->frames[first + hidden]))
		hidden++;
	return hidden >= HIDDEN_MIN ? hidden : 0;
}

static void write_stack(const struct text_page *page, const struct model_process *process,
			stack_id stack, bool with_source)
{
	const struct source_stack *frames =
		symbolize_stack(page->view->symbolizer, process, stack);
	const struct source_frame *site = with_source ? source_stack_site(frames) : NULL;
	size_t count;

	if (!frames || !frames->frame_count) {
		fprintf(page->out, "      (stack not recorded)\n");
		return;
	}
	count = page->view->options->is_verbose ? frames->frame_count : frames->visible_count;
	for (size_t i = 0; i < count; i++) {
		size_t hidden = count_hidden(page, frames, i, count);

		if (hidden)
			fprintf(page->out, "      ... %zu more frames in libraries\n", hidden);
		i += hidden;
		if (i == count)
			break;
		write_frame(page, process, &frames->frames[i], i);
		if (&frames->frames[i] == site)
			write_source(page, site);
	}
	if (frames->is_incomplete)
		fputs("      (callers not recorded)\n", page->out);
}

void text_stack(const struct text_page *page, const struct model_process *process, stack_id stack)
{
	write_stack(page, process, stack, false);
}

void text_stack_with_source(const struct text_page *page, const struct model_process *process,
			    stack_id stack)
{
	write_stack(page, process, stack, true);
}

/* The distinct threads of the steps in order; 0 if there are too many. */
static size_t step_threads(const struct view_finding *finding, thread_id *threads)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->step_count; i++) {
		size_t known = 0;

		while (known < count && threads[known] != finding->steps[i].thread)
			known++;
		if (known < count)
			continue;
		if (count == TABLE_THREAD_MAX)
			return 0;
		threads[count++] = finding->steps[i].thread;
	}
	return count;
}

static size_t column_width(const struct text_page *page, const struct view_finding *finding,
			   thread_id thread)
{
	size_t width = strlen(thread_name(page->view, finding, thread));

	for (size_t i = 0; i < finding->step_count; i++) {
		size_t length = strlen(finding->steps[i].what);

		if (finding->steps[i].thread == thread && length > width)
			width = length;
	}
	return width + 3;
}

/* The remark behind step @index; "" for all but the last. */
static const char *step_remark(const struct text_page *page, const struct view_finding *finding,
			       size_t index)
{
	if (!finding->closing || index + 1 != finding->step_count)
		return "";
	return pool_format(page->view->pool, "   <- %s", finding->closing);
}

static void write_list(const struct text_page *page, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->step_count; i++)
		fprintf(page->out, "    %s %s%s\n",
			thread_name(page->view, finding, finding->steps[i].thread),
			finding->steps[i].what, step_remark(page, finding, i));
}

/* The names of the threads, each underlined. */
static void write_table_head(const struct text_page *page, const struct view_finding *finding,
			     const thread_id *threads, const size_t *widths, size_t count)
{
	static const char line[] = "------------------------------------------------------------"
				   "------------------------------------------------------------";

	fputs("    ", page->out);
	for (size_t i = 0; i < count; i++)
		fprintf(page->out, "%-*s", i + 1 < count ? (int)widths[i] : 0,
			thread_name(page->view, finding, threads[i]));
	fputs("\n    ", page->out);
	for (size_t i = 0; i < count; i++)
		fprintf(page->out, "%.*s%s", (int)widths[i] - 3, line, i + 1 < count ? "   " : "");
	fputc('\n', page->out);
}

static void write_table(const struct text_page *page, const struct view_finding *finding,
			const thread_id *threads, const size_t *widths, size_t count)
{
	write_table_head(page, finding, threads, widths, count);
	for (size_t i = 0; i < finding->step_count; i++) {
		size_t indent = 4;

		for (size_t j = 0; j < count && threads[j] != finding->steps[i].thread; j++)
			indent += widths[j];
		fprintf(page->out, "%*s%s%s\n", (int)indent, "", finding->steps[i].what,
			step_remark(page, finding, i));
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
	if (count && total <= TABLE_COLUMNS)
		write_table(page, finding, threads, widths, count);
	else
		write_list(page, finding);
}

void text_paragraph(const struct text_page *page, const char *head, const char *text)
{
	size_t column = 2 + strlen(head);

	fprintf(page->out, "  %s%s%s", text_style_on(page, STYLE_BOLD), head, text_style_off(page));
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column + 1 + length > PAGE_COLUMNS) {
			fputs("\n   ", page->out);
			column = 3;
		}
		fprintf(page->out, " %.*s", (int)length, text);
		column += 1 + length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', page->out);
}

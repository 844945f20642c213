#include "reports/formats/text/stack.h"

#include <string.h>

#include "reports/symbols/short_name.h"
#include "reports/symbols/source_text.h"
#include "reports/words/names.h"

#define FUNCTION_COLUMNS 28
#define FUNCTION_COLUMNS_LEAST 16
#define FRAME_INDENT 10 /* "      #0  " */
#define QUOTE_INDENT 13 /* "           12 | " without the number */
#define QUOTE_COLUMNS_LEAST 40u

/* --- Source ------------------------------------------------------------------------ */

static bool was_quoted(struct text_page *page, const struct source_frame *frame)
{
	struct text_quoted *quoted = &page->quoted;

	for (size_t i = 0; i < quoted->count; i++)
		if (quoted->places[i].line == frame->line &&
		    strcmp(quoted->places[i].file, frame->file) == 0)
			return true;
	if (quoted->count < ARRAY_LENGTH(quoted->places))
		quoted->places[quoted->count++] =
			(struct text_quoted_place){frame->file, frame->line};
	return false;
}

void text_forget_quotes(struct text_page *page)
{
	page->quoted.count = 0;
}

/* The part of a long line in which the mark is. */
static void cut_quote(const struct text_page *page, struct source_quote *quote, size_t columns)
{
	size_t start = 0;

	if (strlen(quote->text) <= columns)
		return;
	if (quote->mark > (int)(columns / 2))
		start = (size_t)quote->mark - columns / 2;
	if (start) {
		quote->text = pool_format(page->view->pool, "...%s", quote->text + start + 3);
		quote->mark -= (int)start;
	}
	quote->text = text_cut(page, quote->text, columns);
}

/* The line of source of @frame, if it can be read, and its column. */
static void write_source(struct text_page *page, const struct source_frame *frame)
{
	unsigned columns = page->view->options->columns;
	struct source_quote quote;

	if (!frame->file || !frame->line || was_quoted(page, frame) ||
	    !source_quote(page->view->pool, frame, &quote))
		return;
	if (columns >= QUOTE_INDENT + QUOTE_COLUMNS_LEAST)
		cut_quote(page, &quote, columns - QUOTE_INDENT - 5);
	fprintf(page->out, "          %s%5u | %s%s\n", text_style_on(page, STYLE_DIM), frame->line,
		quote.text, quote.is_newer ? "   [file changed since the build]" : "");
	if (quote.mark >= 0)
		fprintf(page->out, "          %5s | %*s^\n", "", quote.mark, "");
	fputs(text_style_off(page), page->out);
}

/* --- Frames ------------------------------------------------------------------------ */

static const char *place_words(const struct text_page *page, const struct source_frame *frame)
{
	struct pool *pool = page->view->pool;
	const char *place = source_frame_place_from(pool, frame, page->root);

	if (!page->view->options->is_verbose)
		return place;
	if (frame->is_inlined)
		place = pool_format(pool, "%s (inlined)", place);
	if (frame->file && frame->module && strcmp(frame->module_path, page->program) != 0)
		place = pool_format(pool, "%s in %s", place, frame->module);
	return place;
}

/* The name of a function in @columns of a line (0: any number).  Without the arguments of
 * templates if it is longer than @columns_wanted: the class and the function say more. */
static const char *fit_function(const struct text_page *page, const char *name,
				size_t columns_wanted, size_t columns)
{
	if (columns && strlen(name) > columns_wanted)
		name = short_name_outline(page->view->pool, name);
	return text_cut(page, name, columns);
}

/* ", in std::vector<int>::push_back" behind a name and place that leave @left columns, else in
 * a line of its own. */
static void write_called(const struct text_page *page, const char *called, size_t left)
{
	size_t columns = page->view->options->columns;
	const char *outline = short_name_outline(page->view->pool, called);

	if (!columns || left >= strlen(called) + strlen(", in "))
		fprintf(page->out, ", in %s", called);
	else if (left >= strlen(outline) + strlen(", in "))
		fprintf(page->out, ", in %s", outline);
	else
		fprintf(page->out, "\n          in %s",
			fit_function(page, called, columns - FRAME_INDENT - 3,
				     columns - FRAME_INDENT - 3));
}

/* @called: a function that it calls in a library, or NULL. */
static void write_frame(const struct text_page *page, const struct source_frame *frame,
			size_t index, const char *called)
{
	const char *place = place_words(page, frame);
	size_t columns = page->view->options->columns;
	const char *name = frame_function(page->view, frame);
	size_t left = 0;
	size_t used;

	if (columns > FRAME_INDENT + 1 + strlen(place))
		left = columns - FRAME_INDENT - 1 - strlen(place);
	if (columns && left < FUNCTION_COLUMNS_LEAST)
		left = FUNCTION_COLUMNS_LEAST;
	name = fit_function(page, name, FUNCTION_COLUMNS, left);
	fprintf(page->out, "      #%-2zu %s%-*s%s %s", index, text_style_on(page, STYLE_BOLD),
		FUNCTION_COLUMNS, name, text_style_off(page), place);
	used = strlen(name) > FUNCTION_COLUMNS ? strlen(name) : FUNCTION_COLUMNS;
	if (called)
		write_called(page, called, left > used ? left - used : 0);
	fputc('\n', page->out);
}

/* Frames of libraries in a row: with @stack's frame @first, before @end. */
static size_t count_system(const struct source_stack *stack, size_t first, size_t end)
{
	size_t count = 0;

	while (first + count < end && source_frame_is_system(&stack->frames[first + count]))
		count++;
	return count;
}

static size_t without_glue(const struct source_stack *stack)
{
	size_t count = stack->visible_count;

	while (count > 1 && source_frame_is_glue(&stack->frames[count - 1]))
		count--;
	return count;
}

static void write_folded(struct text_page *page, const struct source_stack *stack)
{
	size_t end = without_glue(stack);
	size_t own = count_system(stack, 0, end);
	size_t i = own < end ? own : 0;
	const char *called = i ? frame_function(page->view, &stack->frames[i - 1]) : NULL;

	for (bool is_first = true; i < end; is_first = false) {
		size_t folded = is_first ? 0 : count_system(stack, i, end);

		if (folded > 1) {
			fprintf(page->out, "      ... %s and %zu more in libraries\n",
				fit_function(page, frame_function(page->view, &stack->frames[i]),
					     60, page->view->options->columns ? 60 : 0),
				folded - 1);
			i += folded;
			continue;
		}
		write_frame(page, &stack->frames[i], i, is_first ? called : NULL);
		if (is_first)
			write_source(page, &stack->frames[i]);
		i++;
	}
}

static void write_whole(struct text_page *page, const struct source_stack *stack)
{
	const struct source_frame *site = source_stack_site(stack);

	for (size_t i = 0; i < stack->frame_count; i++) {
		write_frame(page, &stack->frames[i], i, NULL);
		if (&stack->frames[i] == site)
			write_source(page, site);
	}
}

void text_stack(struct text_page *page, const struct model_process *process, stack_id stack)
{
	const struct source_stack *frames = symbolize_stack(page->view->symbolizer, process, stack);

	page->program = process->path;
	if (!frames || !frames->frame_count)
		fprintf(page->out, "      (stack not recorded)\n");
	else if (page->view->options->is_verbose)
		write_whole(page, frames);
	else
		write_folded(page, frames);
	if (frames && frames->is_incomplete)
		fputs("      (callers not recorded)\n", page->out);
}

void text_source(struct text_page *page, const struct model_process *process, stack_id stack)
{
	const struct source_frame *site = symbolize_site(page->view->symbolizer, process, stack);

	if (site)
		write_source(page, site);
}

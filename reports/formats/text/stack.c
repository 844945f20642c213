#include "reports/formats/text/stack.h"

#include <string.h>

#include "base/strings.h"
#include "reports/model/utf8.h"
#include "reports/symbols/short_name.h"
#include "reports/symbols/source_text.h"
#include "reports/words/names.h"

#define FUNCTION_COLUMNS 28
#define FUNCTION_COLUMNS_LEAST 16
#define FOLDED_COLUMNS 60 /* of the name of a library's function */
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

/* Of a name with classes the end says more: "...::Pool::run". */
static const char *cut_classes(const struct text_page *page, const char *name, size_t columns)
{
	const char *end = name + strlen(name);
	const char *next = strstr(name, "::");

	while (next && (size_t)(end - next) + 3 > columns)
		next = strstr(next + 2, "::");
	return next ? pool_format(page->view->pool, "...%s", next)
		    : pool_format(page->view->pool, "...%s", end + 3 - columns);
}

/* The name of a function in @columns of a line (0: any number).  Without the arguments of
 * templates if it is longer than @columns_wanted: the class and the function say more. */
static const char *fit_function(const struct text_page *page, const char *name,
				size_t columns_wanted, size_t columns)
{
	if (columns && strlen(name) > columns_wanted)
		name = short_name_outline(page->view->pool, name);
	if (columns > 3 && strlen(name) > columns && strstr(name, "::"))
		name = cut_classes(page, name, columns);
	return text_cut(page, name, columns);
}

/* @called as it fits into @columns: whole, or without the arguments of templates; or NULL. */
static const char *fit_called(const struct text_page *page, const char *called, size_t columns)
{
	if (columns < strlen(called))
		called = short_name_outline(page->view->pool, called);
	return columns < strlen(called) ? NULL : utf8_plain(page->view->pool, called);
}

/* A function with its place, and what it calls, if anything.  The column of places gives way
 * before a line is too long. */
static void write_line(const struct text_page *page, size_t index, const char *name,
		       const char *place, const char *called)
{
	size_t columns = page->view->options->columns ? page->view->options->columns : SIZE_MAX;
	size_t used = FRAME_INDENT + strlen(name) + 1 + strlen(place);
	size_t left = used < columns ? columns - used : 0;
	size_t gap = strlen(name) < FUNCTION_COLUMNS ? FUNCTION_COLUMNS - strlen(name) : 0;
	const char *fitted = NULL;

	if (called && left > strlen(", in "))
		fitted = fit_called(page, called, left - strlen(", in "));
	if (fitted && left - strlen(", in ") - strlen(fitted) < gap)
		fitted = short_name_outline(page->view->pool, fitted);
	if (fitted)
		left -= strlen(", in ") + strlen(fitted);
	fprintf(page->out, "      #%-2zu %s%s%s%*s %s%s%s\n", index,
		text_style_on(page, STYLE_BOLD), name, text_style_off(page),
		(int)(gap < left ? gap : left), "", utf8_plain(page->view->pool, place),
		fitted ? ", in " : "", fitted ? fitted : "");
	if (called && !fitted)
		fprintf(page->out, "          in %s\n",
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

	if (columns > FRAME_INDENT + 1 + strlen(place))
		left = columns - FRAME_INDENT - 1 - strlen(place);
	if (columns && left < FUNCTION_COLUMNS_LEAST)
		left = FUNCTION_COLUMNS_LEAST;
	write_line(page, index, fit_function(page, name, FUNCTION_COLUMNS, left), place, called);
}

/* Frames of libraries in a row: with @stack's frame @first, before @end. */
static size_t count_system(const struct source_stack *stack, size_t first, size_t end)
{
	size_t count = 0;

	while (first + count < end && source_frame_is_system(&stack->frames[first + count]) &&
	       !stack->frames[first + count].is_signal)
		count++;
	return count;
}

/* It is called by the main() that Rust's compiler makes. */
static bool is_rust_start(const struct source_frame *frame)
{
	return frame->function && string_has_prefix(frame->function, "std::rt::lang_start");
}

static size_t without_glue(const struct source_stack *stack)
{
	size_t count = stack->visible_count;

	if (count > 1 && is_rust_start(&stack->frames[count - 2]))
		count--;
	while (count > 1 && source_frame_is_glue(&stack->frames[count - 1]))
		count--;
	return count;
}

/* Is it a name that C++ and C reserve for their libraries? */
static bool is_reserved(const char *function)
{
	const char *next;

	while ((next = strstr(function, "::")))
		function = next + strlen("::");
	return strchr("_<", function[0]);
}

/* Of @count frames of libraries the outermost with a name for people: the program has called
 * that one. */
static const char *fold_name(const struct text_page *page, const struct source_frame *frames,
			     size_t count)
{
	for (size_t i = count; i-- > 0;) {
		const char *name = short_name_outline(page->view->pool,
						      frame_function(page->view, &frames[i]));

		if (!is_reserved(name))
			return name;
	}
	return short_name_outline(page->view->pool, frame_function(page->view, frames));
}

static void write_fold(const struct text_page *page, const struct source_frame *first,
		       size_t count)
{
	const char *more = count > 1 ? pool_format(page->view->pool, " and %zu more in libraries",
						   count - 1)
				     : " in a library";

	fprintf(page->out, "      ... %s%s\n",
		fit_function(page, fold_name(page, first, count), FOLDED_COLUMNS,
			     page->view->options->columns ? FOLDED_COLUMNS : 0),
		more);
}

static void write_folded(struct text_page *page, const struct source_stack *stack)
{
	size_t end = without_glue(stack);
	size_t own = count_system(stack, 0, end);
	size_t i = own < end ? own : 0;
	const char *called = i ? frame_function(page->view, &stack->frames[i - 1]) : NULL;

	for (bool is_first = true; i < end; is_first = false) {
		size_t folded = is_first ? 0 : count_system(stack, i, end);

		if (stack->frames[i].is_signal) {
			fprintf(page->out, "      ... %s\n", stack->frames[i].function);
			i++;
			continue;
		}
		if (folded) {
			write_fold(page, &stack->frames[i], folded);
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
	if (!frames || !frames->is_incomplete)
		return;
	fputs("      (callers not recorded)\n", page->out);
	page->has_gaps = true;
}

void text_source(struct text_page *page, const struct model_process *process, stack_id stack)
{
	const struct source_frame *site = symbolize_site(page->view->symbolizer, process, stack);

	if (site)
		write_source(page, site);
}

/* --- Stacks beside others -------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Is what the reader sees of them the same? */
static bool is_same_frame(const struct source_frame *a, const struct source_frame *b)
{
	if (!is_same_text(a->function, b->function) || !is_same_text(a->file, b->file))
		return false;
	return a->line == b->line && (a->line || a->offset == b->offset);
}

/* The outermost frames that two stacks have in common: their number. */
static size_t count_common(const struct source_stack *a, const struct source_stack *b)
{
	size_t count = 0;

	while (a && b && count < a->visible_count && count < b->visible_count &&
	       is_same_frame(&a->frames[a->visible_count - 1 - count],
			     &b->frames[b->visible_count - 1 - count]))
		count++;
	return count;
}

bool text_stack_is_same(struct text_page *page, const struct model_process *process, stack_id one,
			stack_id other)
{
	const struct source_stack *a = symbolize_stack(page->view->symbolizer, process, one);
	const struct source_stack *b = symbolize_stack(page->view->symbolizer, process, other);

	return a && b && a->visible_count && a->visible_count == b->visible_count &&
	       count_common(a, b) == a->visible_count;
}

const char *text_stack_place(struct text_page *page, const struct model_process *process,
			     stack_id stack, stack_id beside)
{
	const struct source_stack *frames = symbolize_stack(page->view->symbolizer, process, stack);
	const struct source_stack *others =
		symbolize_stack(page->view->symbolizer, process, beside);
	const struct source_frame *site = source_stack_site(frames);
	const struct source_frame *other = source_stack_site(others);
	const char *place;

	if (page->view->options->is_verbose || !site || !site->line)
		return NULL;
	for (size_t i = 0; i + count_common(frames, others) < without_glue(frames); i++)
		if (&frames->frames[i] != site && !source_frame_is_system(&frames->frames[i]))
			return NULL;
	place = source_frame_place_from(page->view->pool, site, page->root);
	if (other && is_same_text(site->function, other->function))
		return place;
	return pool_format(page->view->pool, "%s in %s", place, frame_function(page->view, site));
}

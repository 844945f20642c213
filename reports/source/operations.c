#include "reports/source/operations.h"

#include <string.h>

#include "reports/source/macros.h"
#include "reports/source/names.h"
#include "reports/source/words.h"

#define MACRO_DEPTH_MAX 4

/* Tokens [start, end), or none. */
struct part {
	size_t start, end;
};

static bool is_at(const struct reading *reading, size_t index, const char *text)
{
	return index < reading->count && lexer_token_is(&reading->tokens[index], text);
}

static bool is_link(const struct reading *reading, size_t index)
{
	return is_at(reading, index, ".") || is_at(reading, index, "->") ||
	       is_at(reading, index, "::");
}

static bool is_name(const struct reading *reading, size_t index)
{
	return index < reading->count && reading->tokens[index].kind == TOKEN_NAME &&
	       !words_is_keyword(&reading->tokens[index], reading->list->language);
}

/* The bracket that closes the one at @open; the number of tokens if none does. */
static size_t find_closing(const struct reading *reading, size_t open)
{
	size_t depth = 0;
	size_t i;

	for (i = open; i < reading->count; i++) {
		depth += is_at(reading, i, "(") || is_at(reading, i, "[");
		depth -= is_at(reading, i, ")") || is_at(reading, i, "]");
		if (!depth)
			break;
	}
	return i;
}

/* The bracket that opens the innermost pair around token @index; the number of tokens if
 * there is none. */
static size_t find_opening(const struct reading *reading, size_t index)
{
	size_t depth = 1;

	while (depth && index-- > 0) {
		depth += is_at(reading, index, ")") || is_at(reading, index, "]");
		depth -= is_at(reading, index, "(") || is_at(reading, index, "[");
	}
	return depth ? reading->count : index;
}

/* Where "a[i]->b.c" begins, of which token @index is the last name. */
static size_t find_start(const struct reading *reading, size_t index)
{
	while (index >= 2 && is_link(reading, index - 1)) {
		size_t before = index - 2;

		while (is_at(reading, before, ")") || is_at(reading, before, "]")) {
			before = find_opening(reading, before);
			if (before == reading->count || before == 0)
				return index;
			before--;
		}
		if (!is_name(reading, before) && !is_at(reading, before, "std"))
			return index;
		index = before;
	}
	return index;
}

/* "_Atomic(int) x", "(_Atomic(int) *)p" */
static bool is_type(const struct reading *reading, size_t close)
{
	return is_at(reading, close + 1, "*") || is_name(reading, close + 1);
}

/* The call that the atomic word at @index stands for or is an argument of. */
static struct part find_operation(const struct reading *reading, size_t index)
{
	size_t open = index + 1;
	size_t close;

	if (!is_at(reading, open, "("))
		open = find_opening(reading, index);
	if (open == 0 || !is_at(reading, open, "(") || !is_name(reading, open - 1))
		return (struct part){0};
	close = find_closing(reading, open);
	if (close == reading->count || is_type(reading, close))
		return (struct part){0};
	return (struct part){find_start(reading, open - 1), close + 1};
}

static bool is_operation(const struct reading *reading, size_t index, int depth);

static bool is_parameter(const struct macro *macro, const struct token *token)
{
	for (size_t i = 0; i < macro->parameter_count && token->kind == TOKEN_NAME; i++)
		if (macro->parameters[i].length == token->length &&
		    memcmp(macro->parameters[i].text, token->text, token->length) == 0)
			return true;
	return lexer_token_is(token, "__VA_ARGS__");
}

/* Is the token at @index what "__typeof__(*(place))" is about? */
static bool is_of_type(const struct reading *reading, size_t index)
{
	size_t open = index;

	while ((open = find_opening(reading, open)) != reading->count && open > 0)
		if (is_at(reading, open - 1, "__typeof__") || is_at(reading, open - 1, "typeof") ||
		    is_at(reading, open - 1, "sizeof"))
			return true;
	return false;
}

/* Does the macro nothing with its arguments but an atomic operation? */
static bool is_made_of_operations(const struct reading *asked, const struct macro *macro, int depth)
{
	struct reading body = *asked;
	size_t end = 0; /* of the operation before */

	body.tokens = macro->body;
	body.count = macro->body_count;
	if (!macro->is_function || words_find_volatile(body.tokens, body.count) ||
	    words_find_assembly(body.tokens, body.count))
		return false;
	for (size_t i = 0; i < body.count; i++) {
		struct part part = {0};

		if (is_operation(&body, i, depth + 1))
			part = find_operation(&body, i);
		if (part.end > end)
			end = part.end;
		if (i >= end && is_parameter(macro, &body.tokens[i]) && !is_of_type(&body, i))
			return false;
	}
	return end > 0;
}

/* Is the name at @index that of a macro, each of whose definitions is such an operation? */
static bool is_macro(const struct reading *reading, size_t index, int depth)
{
	const struct statement_question *question = reading->question;
	const struct token *name = &reading->tokens[index];
	const struct header_macro *found;
	size_t count = 0;
	size_t found_count;

	for (size_t i = 0; i < reading->list->macro_count; i++) {
		const struct macro *macro = &reading->list->macros[i];

		if (!lexer_token_is(name, macro->name))
			continue;
		if (!is_made_of_operations(reading, macro, depth))
			return false;
		count++;
	}
	if (count)
		return true;
	found_count = macros_find(reading->statements->macros, question->image, question->address,
				  question->frame, name, &found);
	for (size_t i = 0; i < found_count; i++)
		if (!is_made_of_operations(reading, &found[i].macro, depth))
			return false;
	return found_count > 0;
}

static bool is_operation(const struct reading *reading, size_t index, int depth)
{
	return words_find_atomic(&reading->tokens[index], 1) ||
	       (depth < MACRO_DEPTH_MAX && is_name(reading, index) &&
		is_at(reading, index + 1, "(") && is_macro(reading, index, depth));
}

/* What the statement may call the variable. */
static bool is_variable(const struct reading *reading, const struct token *token)
{
	const struct statement_question *question = reading->question;

	return lexer_token_is(token, question->variable) ||
	       (question->sure && lexer_token_is(token, question->sure));
}

/* The token behind the name at @index, and behind brackets around the name alone. */
static size_t behind_name(const struct reading *reading, size_t index)
{
	size_t start = index++;

	while (start && is_at(reading, start - 1, "(") && is_at(reading, index, ")")) {
		start--;
		index++;
	}
	return index;
}

/* Does an operation name the variable otherwise than to load a pointer: "h" in "&h->count"? */
static bool names_variable(const struct reading *reading, struct part part)
{
	for (size_t i = part.start; i < part.end; i++)
		if (is_variable(reading, &reading->tokens[i]) &&
		    (reading->question->is_write ||
		     !is_at(reading, behind_name(reading, i), "->")))
			return true;
	return false;
}

/* Marks what is in operations, one of which may be an argument of another.  False if they
 * cannot be left out. */
static bool mark_operations(const struct reading *reading, bool *is_left_out)
{
	for (size_t i = 0; i < reading->count; i++) {
		struct part part;

		if (!is_operation(reading, i, 0))
			continue;
		part = find_operation(reading, i);
		if (part.start == part.end || names_variable(reading, part))
			return false;
		memset(is_left_out + part.start, true, part.end - part.start);
	}
	return true;
}

/* Copies the rest of the tokens, with a number for each operation, or the pointer that it
 * loads; returns how many that are. */
static size_t copy_rest(const struct reading *reading, const bool *is_left_out, struct token *rest)
{
	size_t count = 0;

	for (size_t i = 0; i < reading->count; i++) {
		const struct token *token = &reading->tokens[i];
		bool is_first = is_left_out[i] && (!i || !is_left_out[i - 1]);

		if (is_first) {
			rest[count] = *token;
			rest[count].kind = TOKEN_NUMBER;
			rest[count].text = "0";
			rest[count++].length = 1;
		}
		if (!is_left_out[i])
			rest[count++] = *token;
		else if (is_variable(reading, token))
			rest[count - 1] = *token;
	}
	return count;
}

bool operations_are_in(const struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		if (is_operation(reading, i, 0))
			return true;
	return false;
}

bool operations_leave_out(struct reading *reading)
{
	const struct statement_question *question = reading->question;
	struct reading left = *reading;
	struct token *rest;
	bool *is_left_out;
	size_t named, accessed;

	if (!question->variable)
		return false;
	is_left_out = pool_alloc(reading->statements->pool, reading->count * sizeof(*is_left_out));
	if (!mark_operations(reading, is_left_out))
		return false;
	rest = pool_alloc(reading->statements->pool, reading->count * sizeof(*rest));
	left.tokens = rest;
	left.count = copy_rest(reading, is_left_out, rest);
	reading_count_variable(&left, question->sure ? question->sure : question->variable, &named,
			       &accessed);
	if (!accessed || named != accessed)
		return false;
	*reading = left;
	return true;
}

static uint32_t flags_of(const struct reading *reading, size_t index)
{
	const struct statement_question *question = reading->question;

	return names_look_up(reading->statements->names, question->image, question->address,
			     reading->tokens[index].text, reading->tokens[index].length);
}

/* The name of the place "&count" or "&(&queue)->head", whose "&" is at @index; 0 if another
 * argument is there. */
static size_t find_named(const struct reading *reading, size_t index)
{
	size_t depth = 0;
	size_t last = 0;

	for (index++; index < reading->count; index++) {
		if (is_name(reading, index) && !is_at(reading, index + 1, "("))
			last = index;
		else if (is_at(reading, index, "("))
			depth++;
		else if (is_at(reading, index, ")") && depth)
			depth--;
		else if (!is_link(reading, index) && !is_at(reading, index, "this") &&
			 !(is_at(reading, index, "&") && is_at(reading, index - 1, "(")))
			break;
	}
	if (!last || (!is_at(reading, index, ",") && !is_at(reading, index, ")")) ||
	    (!is_link(reading, last - 1) && flags_of(reading, last) & NAME_REFERENCE))
		return 0;
	return last;
}

/* The name of what the operation @part accesses: "head" in "head.store(value, order)", which is
 * of an atomic type; 0 if it does not show. */
static size_t find_place(const struct reading *reading, struct part part)
{
	size_t open = part.start;

	while (open < part.end && !is_at(reading, open, "("))
		open++;
	if (open >= part.start + 3 && is_at(reading, open - 2, ".") &&
	    is_name(reading, open - 3) && flags_of(reading, open - 3) & NAME_ATOMIC)
		return open - 3;
	return is_at(reading, open + 1, "&") ? find_named(reading, open + 1) : 0;
}

bool operations_show_places(const struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		if (is_operation(reading, i, 0) && !find_place(reading, find_operation(reading, i)))
			return false;
	return true;
}

bool operations_take_variable(struct reading *reading)
{
	bool *is_taken = pool_alloc(reading->statements->pool, reading->count * sizeof(*is_taken));
	bool *is_place = pool_alloc(reading->statements->pool, reading->count * sizeof(*is_place));
	struct token *rest = pool_alloc(reading->statements->pool, reading->count * sizeof(*rest));
	bool is_named = false;

	for (size_t i = 0; i < reading->count; i++) {
		struct part part;

		if (!is_operation(reading, i, 0))
			continue;
		part = find_operation(reading, i);
		is_place[find_place(reading, part)] = true;
		memset(is_taken + part.start, true, part.end - part.start);
	}
	for (size_t i = 0; i < reading->count; i++) {
		if (!is_variable(reading, &reading->tokens[i]))
			continue;
		if (!is_place[i])
			return false;
		is_named = true;
	}
	if (is_named) {
		reading->count = copy_rest(reading, is_taken, rest);
		reading->tokens = rest;
	}
	return is_named;
}

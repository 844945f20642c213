#include "reports/source/operations.h"

#include <string.h>

#include "reports/source/words.h"

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

/* What the statement may call the variable. */
static bool is_variable(const struct reading *reading, const struct token *token)
{
	const struct statement_question *question = reading->question;

	return lexer_token_is(token, question->variable) ||
	       (question->sure && lexer_token_is(token, question->sure));
}

/* Does an operation name the variable otherwise than to load a pointer: "h" in "&h->count"? */
static bool names_variable(const struct reading *reading, struct part part)
{
	for (size_t i = part.start; i < part.end; i++)
		if (is_variable(reading, &reading->tokens[i]) &&
		    (reading->question->is_write || !is_at(reading, i + 1, "->")))
			return true;
	return false;
}

/* Marks what is in operations, one of which may be an argument of another.  False if they
 * cannot be left out. */
static bool mark_operations(const struct reading *reading, bool *is_left_out)
{
	for (size_t i = 0; i < reading->count; i++) {
		struct part part;

		if (!words_find_atomic(&reading->tokens[i], 1))
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

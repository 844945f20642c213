#include "reports/source/operand.h"

#include <string.h>

#include "reports/source/lexer.h"
#include "reports/symbols/source_text.h"

/* The tokens of one statement. */
struct phrase {
	const struct token *tokens;
	size_t count;
};

static bool is_at(const struct phrase *phrase, size_t index, const char *text)
{
	return index < phrase->count && lexer_token_is(&phrase->tokens[index], text);
}

static bool is_link(const struct phrase *phrase, size_t index)
{
	return is_at(phrase, index, ".") || is_at(phrase, index, "->") ||
	       is_at(phrase, index, "::");
}

static bool is_name(const struct phrase *phrase, size_t index)
{
	return index < phrase->count && phrase->tokens[index].kind == TOKEN_NAME;
}

/* Behind "a->b.c" from @index on; @index if none begins there. */
static size_t end_of_path(const struct phrase *phrase, size_t index)
{
	if (!is_name(phrase, index))
		return index;
	for (index++; is_link(phrase, index) && is_name(phrase, index + 1);)
		index += 2;
	return index;
}

/* Where the path begins whose last name is at @index. */
static size_t start_of_path(const struct phrase *phrase, size_t index)
{
	while (index >= 2 && is_link(phrase, index - 1) && is_name(phrase, index - 2))
		index -= 2;
	return index;
}

static const char *words_of(struct pool *pool, const struct phrase *phrase, size_t start,
			    size_t end)
{
	const char *words = "";

	for (size_t i = start; i < end; i++)
		words = pool_format(pool, "%s%.*s", words, (int)phrase->tokens[i].length,
				    phrase->tokens[i].text);
	return words;
}

/* Is the bracket at @index of a call with arguments, or of an initialiser? */
static bool is_of_call(const struct phrase *phrase, size_t index)
{
	return is_name(phrase, index - 1) && !is_at(phrase, index - 1, "if") &&
	       !is_at(phrase, index - 1, "while") && !is_at(phrase, index - 1, "return") &&
	       !is_at(phrase, index + 1, ")");
}

/* The first argument behind the bracket at @index, if it is a path. */
static const char *first_argument(struct pool *pool, const struct phrase *phrase, size_t index)
{
	size_t start = index + 1 + (is_at(phrase, index + 1, "&") || is_at(phrase, index + 1, "*"));
	size_t end = end_of_path(phrase, start);

	if (end == start ||
	    (!is_at(phrase, end, ",") && !is_at(phrase, end, ")") && !is_at(phrase, end, "}")))
		return NULL;
	return words_of(pool, phrase, start, end);
}

/* Is the bracket at @index that of "a.lock("? */
static bool is_of_method(const struct phrase *phrase, size_t index)
{
	return index >= 3 && is_name(phrase, index - 1) && !is_at(phrase, index - 2, "::") &&
	       is_link(phrase, index - 2);
}

/* What stands before ".lock", if it is a path. */
static const char *receiver(struct pool *pool, const struct phrase *phrase, size_t index)
{
	if (!is_name(phrase, index - 3))
		return NULL;
	return words_of(pool, phrase, start_of_path(phrase, index - 3), index - 2);
}

/* Does the token at @index of a line stand between statements?  A bracket behind a name is
 * that of an initialiser. */
static bool is_between(const struct phrase *line, size_t index)
{
	return is_at(line, index, ";") ||
	       (is_at(line, index, "{") && (!index || is_at(line, index - 1, ")")));
}

/* The statement in which column @mark is, from 0. */
static struct phrase statement_at(const struct token_list *list, int mark)
{
	struct phrase line = {list->tokens, list->count};
	size_t start = 0;
	size_t end = list->count;

	for (size_t i = 0; i < end; i++) {
		if (!is_between(&line, i))
			continue;
		if ((int)list->tokens[i].column <= mark)
			start = i + 1;
		else
			end = i;
	}
	return (struct phrase){list->tokens + start, end - start};
}

/* The tokens of the line of @frame; @mark: its column there, from 0.  False: it cannot be
 * read. */
static bool read_line(struct pool *pool, const struct source_frame *frame, struct token_list *list,
		      int *mark)
{
	struct source_quote quote;

	if (!frame->path || !source_quote(pool, frame, &quote) || quote.is_newer)
		return false;
	*list = lexer_read(pool, quote.text, strlen(quote.text), lexer_language(frame->path));
	*mark = quote.mark;
	return true;
}

const char *operand_of_call(struct pool *pool, const struct source_frame *frame)
{
	struct token_list list;
	struct phrase phrase;
	int mark;

	if (!read_line(pool, frame, &list, &mark))
		return NULL;
	phrase = statement_at(&list, mark);
	for (size_t i = 1; i < phrase.count; i++) {
		if (!is_at(&phrase, i, "(") && !is_at(&phrase, i, "{"))
			continue;
		if (is_of_method(&phrase, i))
			return receiver(pool, &phrase, i);
		if (is_of_call(&phrase, i))
			return first_argument(pool, &phrase, i);
	}
	return NULL;
}

static bool is_assignment(const struct phrase *phrase, size_t index)
{
	const struct token *token = &phrase->tokens[index];
	char last = token->text[token->length - 1];

	if (token->kind != TOKEN_SIGN)
		return false;
	if (is_at(phrase, index, "++") || is_at(phrase, index, "--"))
		return true;
	return last == '=' && (token->length == 1 || strchr("+-*/%&|^", token->text[0]));
}

const char *operand_of_write(struct pool *pool, const struct source_frame *frame)
{
	struct token_list list;
	struct phrase phrase;
	int mark;

	if (!read_line(pool, frame, &list, &mark))
		return NULL;
	phrase = (struct phrase){list.tokens, list.count};
	for (size_t i = 1; i < phrase.count; i++)
		if ((int)phrase.tokens[i].column == mark + 1 && is_assignment(&phrase, i) &&
		    is_name(&phrase, i - 1))
			return words_of(pool, &phrase, start_of_path(&phrase, i - 1), i);
	return NULL;
}

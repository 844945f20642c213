#include "reports/source/expand.h"

#include <string.h>

#include "reports/source/macros.h"
#include "reports/source/words.h"

#define DEPTH_MAX 4
#define TOKENS_MAX 4096 /* of all that is made */
#define ARGUMENTS_MAX 32

struct phrase {
	const struct token *tokens;
	size_t count;
};

/* What is made so far. */
struct expansion {
	const struct reading *reading;
	struct token *tokens;
	size_t count;
	bool has_pasted;
	bool is_of_operations; /* other macros stay */
	bool has_operations;
};

struct arguments {
	struct phrase each[ARGUMENTS_MAX];
	size_t count;
	struct phrase all; /* with the commas between them */
};

static bool is_same(const struct token *left, const struct token *right)
{
	return left->length == right->length && memcmp(left->text, right->text, left->length) == 0;
}

/* The macro of the name, in the file or in headers; NULL: none, or there are several. */
static const struct macro *find_macro(const struct reading *reading, const struct token *name)
{
	const struct statement_question *question = reading->question;
	const struct header_macro *found;
	const struct macro *macro = NULL;
	size_t count = 0;

	for (size_t i = 0; i < reading->list->macro_count; i++) {
		if (!lexer_token_is(name, reading->list->macros[i].name))
			continue;
		macro = &reading->list->macros[i];
		count++;
	}
	if (count)
		return count == 1 ? macro : NULL;
	count = macros_find(reading->statements->macros, question->image, question->address,
			    question->frame, name, &found);
	return count == 1 ? &found[0].macro : NULL;
}

static void add_token(struct expansion *made, const struct token *token)
{
	if (made->count < TOKENS_MAX) {
		made->tokens = pool_grow(made->reading->statements->pool, made->tokens,
					 made->count, sizeof(*token));
		made->tokens[made->count++] = *token;
	}
}

static void add_phrase(struct expansion *made, struct phrase phrase)
{
	for (size_t i = 0; i < phrase.count; i++)
		add_token(made, &phrase.tokens[i]);
}

/* The arguments behind the bracket at @open; the index of that which closes it, or the number of
 * tokens. */
static size_t read_arguments(struct phrase phrase, size_t open, struct arguments *arguments)
{
	size_t start = open + 1;
	size_t depth = 0;
	size_t i;

	arguments->count = 0;
	for (i = open; i < phrase.count; i++) {
		const struct token *token = &phrase.tokens[i];

		depth += lexer_token_is(token, "(");
		depth -= lexer_token_is(token, ")");
		if (depth && (depth > 1 || !lexer_token_is(token, ",")))
			continue;
		if (arguments->count < ARGUMENTS_MAX)
			arguments->each[arguments->count++] =
				(struct phrase){&phrase.tokens[start], i - start};
		start = i + 1;
		if (!depth)
			break;
	}
	arguments->all = (struct phrase){&phrase.tokens[open + 1], i - open - 1};
	return i;
}

/* What @token of the macro's body stands for. */
static struct phrase substitute(const struct macro *macro, const struct arguments *arguments,
				const struct token *token)
{
	size_t number = 0;

	if (lexer_token_is(token, "__VA_ARGS__"))
		return arguments->all;
	for (size_t i = 0; token->kind == TOKEN_NAME && i < macro->parameter_count; i++) {
		if (macro->parameters[i].kind != TOKEN_NAME)
			continue;
		if (is_same(&macro->parameters[i], token))
			return number < arguments->count ? arguments->each[number]
							 : (struct phrase){token, 0};
		number++;
	}
	return (struct phrase){token, 1};
}

/* Appends the first token of @right to the last one that was made. */
static void paste(struct expansion *made, struct phrase right)
{
	struct token *last = &made->tokens[made->count - 1];

	if (!right.count)
		return;
	last->text = pool_format(made->reading->statements->pool, "%.*s%.*s", (int)last->length,
				 last->text, (int)right.tokens->length, right.tokens->text);
	last->length += right.tokens->length;
	add_phrase(made, (struct phrase){right.tokens + 1, right.count - 1});
}

/* The body of @macro with its arguments put in. */
static struct phrase put_in(struct expansion *made, const struct macro *macro,
			    const struct arguments *arguments)
{
	struct expansion body = {.reading = made->reading};

	for (size_t i = 0; i < macro->body_count; i++) {
		const struct token *token = &macro->body[i];
		bool is_pasted = body.count && i + 1 < macro->body_count &&
				 lexer_token_is(token, "##");

		if (is_pasted)
			paste(&body, substitute(macro, arguments, &macro->body[++i]));
		else
			add_phrase(&body, substitute(macro, arguments, token));
		made->has_pasted |= is_pasted;
	}
	return (struct phrase){body.tokens, body.count};
}

/* Has the macro an atomic operation, by itself or by another macro?  One that says so by its name
 * is an operation. */
static bool has_operations(const struct reading *reading, const struct macro *macro, int depth)
{
	for (size_t i = 0; i < macro->body_count; i++) {
		const struct token *token = &macro->body[i];
		const struct macro *inner = NULL;

		if (words_find_atomic(token, 1))
			return true;
		if (token->kind == TOKEN_NAME && depth < DEPTH_MAX)
			inner = find_macro(reading, token);
		if (inner && has_operations(reading, inner, depth + 1))
			return true;
	}
	return false;
}

/* The macro to be put in place of @token; or NULL. */
static const struct macro *find_wanted(struct expansion *made, const struct token *token, int depth)
{
	const struct macro *macro = NULL;

	if (token->kind == TOKEN_NAME && depth < DEPTH_MAX &&
	    !(made->is_of_operations && words_find_atomic(token, 1)))
		macro = find_macro(made->reading, token);
	if (!macro || !made->is_of_operations)
		return macro;
	if (!has_operations(made->reading, macro, depth))
		return NULL;
	made->has_operations = true;
	return macro;
}

static void expand(struct expansion *made, struct phrase phrase, int depth)
{
	for (size_t i = 0; i < phrase.count; i++) {
		bool is_call = i + 1 < phrase.count && lexer_token_is(&phrase.tokens[i + 1], "(");
		const struct macro *macro = find_wanted(made, &phrase.tokens[i], depth);
		struct arguments arguments = {.count = 0};

		if (!macro || (macro->is_function && !is_call)) {
			add_token(made, &phrase.tokens[i]);
			continue;
		}
		if (macro->is_function)
			i = read_arguments(phrase, i + 1, &arguments);
		expand(made, put_in(made, macro, &arguments), depth + 1);
	}
}

/* The body of the function that is asked about, if it is among the tokens that were made. */
static struct phrase find_function(const struct expansion *made)
{
	const char *function = made->reading->question->frame->function;
	struct phrase all = {made->tokens, made->count};
	struct arguments parameters;

	for (size_t i = 0; function && i + 1 < all.count; i++) {
		size_t depth = 1;
		size_t start, end;

		if (!lexer_token_is(&all.tokens[i], function) ||
		    !lexer_token_is(&all.tokens[i + 1], "("))
			continue;
		start = read_arguments(all, i + 1, &parameters) + 2;
		if (start > all.count || !lexer_token_is(&all.tokens[start - 1], "{"))
			continue;
		for (end = start; end < all.count; end++) {
			depth += lexer_token_is(&all.tokens[end], "{");
			depth -= lexer_token_is(&all.tokens[end], "}");
			if (!depth)
				return (struct phrase){&all.tokens[start], end - start};
		}
	}
	return all;
}

void expand_pasted(struct reading *reading)
{
	struct expansion made = {.reading = reading};
	struct phrase found;

	if (reading->list->language == LANGUAGE_RUST)
		return;
	expand(&made, (struct phrase){reading->tokens, reading->count}, 0);
	if (!made.has_pasted || made.count == TOKENS_MAX)
		return;
	found = find_function(&made);
	if (!found.count)
		return;
	reading->tokens = found.tokens;
	reading->count = found.count;
}

bool expand_operations(struct reading *reading)
{
	struct expansion made = {.reading = reading, .is_of_operations = true};

	if (reading->list->language == LANGUAGE_RUST)
		return false;
	expand(&made, (struct phrase){reading->tokens, reading->count}, 0);
	if (!made.has_operations || made.count == TOKENS_MAX)
		return false;
	reading->tokens = made.tokens;
	reading->count = made.count;
	return true;
}

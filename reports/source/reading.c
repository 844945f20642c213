#include "reports/source/reading.h"

#include <string.h>

#include "reports/source/macros.h"
#include "reports/source/names.h"
#include "reports/source/words.h"

#define MACRO_DEPTH_MAX 4

static bool is_parameter(const struct macro *macro, const struct token *name)
{
	for (size_t i = 0; macro && i < macro->parameter_count; i++) {
		const struct token *parameter = &macro->parameters[i];

		if (parameter->length == name->length &&
		    memcmp(parameter->text, name->text, name->length) == 0)
			return true;
	}
	return macro && (lexer_token_is(name, "__VA_ARGS__") || lexer_token_is(name, "__VA_OPT__"));
}

static void read_names(struct reading *reading, const struct token *tokens, size_t count,
		       const struct macro *macro, int depth);

static bool has_words(const struct macro *macro)
{
	return words_find_atomic(macro->body, macro->body_count) ||
	       words_find_volatile(macro->body, macro->body_count) ||
	       words_find_assembly(macro->body, macro->body_count);
}

/* The names in the body of a macro must be known, too. */
static void read_macro(struct reading *reading, const struct macro *macro, int depth)
{
	if (depth >= MACRO_DEPTH_MAX || has_words(macro))
		reading->doubt = macro->name;
	else
		read_names(reading, macro->body, macro->body_count, macro, depth + 1);
}

static void note_flags(struct reading *reading, uint32_t flags)
{
	if (flags & (NAME_DATA | NAME_REFERENCE)) {
		reading->has_data = true;
		reading->has_member |= (flags & NAME_MEMBER) != 0;
		reading->has_reference |= (flags & NAME_REFERENCE) != 0;
		reading->has_atomic |= (flags & NAME_ATOMIC) != 0;
	}
	reading->has_atomic_type |= flags & NAME_TYPE && flags & NAME_ATOMIC;
	reading->has_volatile_type |=
		flags & NAME_TYPE && flags & (NAME_VOLATILE | NAME_VOLATILE_ITSELF);
}

static bool is_at(const struct token *tokens, size_t count, size_t index, const char *text)
{
	return index < count && lexer_token_is(&tokens[index], text);
}

/* A volatile variable that is not the one asked about, nor has members or elements, tells nothing
 * of other accesses. */
static void note_volatile(struct reading *reading, uint32_t flags, const struct token *tokens,
			  size_t count, size_t index)
{
	const char *variable = reading->question->variable;
	bool is_variable = (flags & ~(uint32_t)NAME_VOLATILE_ITSELF) == NAME_DATA &&
			   !(index && lexer_token_is(&tokens[index - 1], "&")) &&
			   !is_at(tokens, count, index + 1, ".") &&
			   !is_at(tokens, count, index + 1, "[");

	if (!(flags & (NAME_VOLATILE | NAME_VOLATILE_ITSELF)))
		return;
	reading->has_volatile |=
		!is_variable || !variable || lexer_token_is(&tokens[index], variable);
}

/* Reads all macros of the file that have the name: any may have been the one in force. */
static bool read_file_macros(struct reading *reading, const struct token *name, int depth)
{
	bool has_read = false;

	for (size_t i = 0; i < reading->list->macro_count && !reading->doubt; i++) {
		const struct macro *macro = &reading->list->macros[i];

		if (!lexer_token_is(name, macro->name))
			continue;
		read_macro(reading, macro, depth);
		has_read = true;
	}
	return has_read;
}

/* "print!(...)" of Rust. */
static bool is_rust_macro(const struct token *tokens, size_t count, size_t index)
{
	return index + 1 < count && lexer_token_is(&tokens[index + 1], "!") &&
	       !(index + 2 < count && lexer_token_is(&tokens[index + 2], "="));
}

/* Reads the macros of headers that have the name of @tokens[@index].  Where something
 * else @is_known by that name, those of the system count only if they are atomic: they
 * wrap a function of the same name, say.  False if there is none. */
static bool read_header_macros(struct reading *reading, const struct token *tokens, size_t count,
			       size_t index, bool is_known, int depth)
{
	const struct statement_question *question = reading->question;
	bool is_call = index + 1 < count && lexer_token_is(&tokens[index + 1], "(");
	const struct header_macro *found;
	size_t found_count =
		macros_find(reading->statements->macros, question->image, question->address,
			    question->frame, &tokens[index], &found);
	bool has_read = false;

	for (size_t i = 0; i < found_count && !reading->doubt; i++) {
		const struct macro *macro = &found[i].macro;

		if ((macro->is_function && !is_call) ||
		    (is_known && found[i].is_of_system && !has_words(macro)))
			continue;
		read_macro(reading, macro, depth);
		has_read = true;
	}
	return has_read;
}

/* Does the file declare @name as a parameter pack?  Debug information has no empty ones. */
static bool is_pack(const struct token_list *list, const struct token *name)
{
	for (size_t i = 1; i < list->count; i++) {
		const struct token *token = &list->tokens[i];

		if (token->kind == TOKEN_NAME && lexer_token_is(token - 1, "...") &&
		    token->length == name->length &&
		    memcmp(token->text, name->text, name->length) == 0)
			return true;
	}
	return false;
}

/* The token behind the bracket that closes the one at @open. */
static size_t behind_brackets(const struct token_list *list, size_t open, const char *opening,
			      const char *closing)
{
	size_t depth = 0;

	do {
		depth += lexer_token_is(&list->tokens[open], opening);
		depth -= lexer_token_is(&list->tokens[open], closing);
		open++;
	} while (depth && open < list->count);
	return open;
}

/* Is token @index the name of a function that is defined there, with nothing in it that may be
 * atomic? */
static bool is_definition(const struct token_list *list, size_t index)
{
	static const char *const others[] = {"else", "do", "return", "case", "goto"};
	size_t body;

	if (!index || !is_at(list->tokens, list->count, index + 1, "("))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		if (lexer_token_is(&list->tokens[index - 1], others[i]))
			return false;
	body = behind_brackets(list, index + 1, "(", ")");
	if ((list->tokens[index - 1].kind != TOKEN_NAME &&
	     !lexer_token_is(&list->tokens[index - 1], "*")) ||
	    !is_at(list->tokens, list->count, body, "{"))
		return false;
	index = behind_brackets(list, body, "{", "}");
	return !has_words(&(struct macro){.body = list->tokens + body, .body_count = index - body});
}

/* What "#if" and "#endif" add to the number of conditions that a line is under. */
static int condition_of(const struct token *token)
{
	const char *text = token->text + 1, *end = token->text + token->length;

	if (token->kind != TOKEN_DIRECTIVE)
		return 0;
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	if (end - text >= 5 && memcmp(text, "endif", 5) == 0)
		return -1;
	return end - text >= 2 && memcmp(text, "if", 2) == 0;
}

/* Does the file define a function of this name, under no condition?  Compilers leave one out of
 * debug information of which nothing is left in the code. */
static bool is_function_of_file(const struct token_list *list, const struct token *name)
{
	int conditions = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct token *token = &list->tokens[i];

		conditions += condition_of(token);
		if (!conditions && token->kind == TOKEN_NAME && token->length == name->length &&
		    memcmp(token->text, name->text, name->length) == 0 && is_definition(list, i))
			return true;
	}
	return false;
}

/*
 * Can what is not in the debug information be no macro all the same?  Compilers leave out types of
 * which there is no object, but what stands in front of "::" is a type or a namespace; and of the
 * C++ library's own names all that may be macros begin with an underscore ([macro.names]).
 */
static bool is_no_macro(const struct reading *reading, const struct token *tokens, size_t count,
			size_t index)
{
	return (index + 1 < count && lexer_token_is(&tokens[index + 1], "::")) ||
	       (reading->list->is_of_cxx_library && tokens[index].text[0] != '_') ||
	       is_pack(reading->list, &tokens[index]) ||
	       is_function_of_file(reading->list, &tokens[index]);
}

static void read_name(struct reading *reading, const struct token *tokens, size_t count,
		      size_t index, int depth)
{
	const struct statement_question *question = reading->question;
	const struct token *name = &tokens[index];
	uint32_t flags = names_look_up(reading->statements->names, question->image,
				       question->address, name->text, name->length);

	note_flags(reading, flags);
	note_volatile(reading, flags, tokens, count, index);
	if (reading->list->language == LANGUAGE_RUST) {
		/* In Rust every use of a macro has a "!". */
		if (is_rust_macro(tokens, count, index))
			reading->doubt =
				pool_copy(reading->statements->pool, name->text, name->length);
		return;
	}
	if (!read_file_macros(reading, name, depth) && !words_is_harmless(name) &&
	    !read_header_macros(reading, tokens, count, index, flags != 0, depth) && !flags &&
	    !is_no_macro(reading, tokens, count, index))
		reading->doubt = pool_copy(reading->statements->pool, name->text, name->length);
}

static void read_names(struct reading *reading, const struct token *tokens, size_t count,
		       const struct macro *macro, int depth)
{
	for (size_t i = 0; i < count && !reading->doubt; i++) {
		if (tokens[i].kind == TOKEN_NAME &&
		    !words_is_keyword(&tokens[i], reading->list->language) &&
		    !is_parameter(macro, &tokens[i]) &&
		    !(macro && lexer_token_is(&tokens[i], macro->name)))
			read_name(reading, tokens, count, i, depth);
	}
}

void reading_find_names(struct reading *reading)
{
	read_names(reading, reading->tokens, reading->count, NULL, 0);
}

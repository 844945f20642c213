#include "reports/source/elsewhere.h"

#include <string.h>

#include "reports/symbols/elf_image.h"
#include "reports/source/words.h"

static bool has_own_name(const struct statement_question *question)
{
	return question->variable && question->whole &&
	       strcmp(question->variable, question->whole) == 0;
}

/* Can nothing in it be an atomic access? */
static bool is_plain(struct reading *reading)
{
	if (reading_has_directive(reading->tokens, reading->count) ||
	    words_find_atomic(reading->tokens, reading->count) ||
	    words_is_under_atomic(reading->list->tokens,
				  (size_t)(reading->tokens - reading->list->tokens)) ||
	    words_find_assembly(reading->tokens, reading->count) ||
	    words_find_volatile(reading->tokens, reading->count))
		return false;
	reading_find_names(reading);
	return !reading->doubt && !reading->has_atomic && !reading->has_atomic_type &&
	       !reading->has_volatile;
}

/* Behind the variable and its indices: the first token that is none of them. */
static const struct token *behind_variable(const struct reading *reading, size_t index)
{
	static const struct token none;
	size_t depth = 0;

	while (++index < reading->count) {
		const struct token *token = &reading->tokens[index];

		if (lexer_token_is(token, "["))
			depth++;
		else if (!depth)
			return token;
		else if (lexer_token_is(token, "]"))
			depth--;
	}
	return &none;
}

static bool is_step(const struct token *token)
{
	return lexer_token_is(token, "++") || lexer_token_is(token, "--");
}

/* "x = 1", "x[i] += 1", "x++", "++x"; else its value is used, as it is by the last three. */
static bool is_stored(const struct reading *reading, size_t index)
{
	const struct token *next = behind_variable(reading, index);

	return is_step(next) || (index && is_step(&reading->tokens[index - 1])) ||
	       (reading_is_assignment(next) && !lexer_token_is(next, "("));
}

static bool is_accessed_so(const struct reading *reading, size_t index)
{
	if (!lexer_token_is(&reading->tokens[index], reading->question->variable))
		return false;
	return reading->question->is_write ? is_stored(reading, index)
					   : !lexer_token_is(behind_variable(reading, index), "=");
}

/* Does the function access the variable so?  Who is given its address may do so, too. */
static bool has_access(const struct reading *reading)
{
	size_t named, accessed;
	bool is_found = false;

	reading_count_variable(reading, reading->question->variable, &named, &accessed);
	for (size_t i = 0; i < reading->count && named == accessed && !is_found; i++)
		is_found = is_accessed_so(reading, i);
	return is_found;
}

/* The tokens from the first "{" of the function on to its "}". */
static bool find_body(struct reading *reading, unsigned line)
{
	size_t depth = 0;
	size_t i = 0;

	while (i < reading->list->count && (reading->list->tokens[i].line < line ||
					    !lexer_token_is(&reading->list->tokens[i], "{")))
		i++;
	reading->tokens = reading->list->tokens + i;
	for (reading->count = 0; i + reading->count < reading->list->count;) {
		const struct token *token = &reading->tokens[reading->count++];

		depth += lexer_token_is(token, "{");
		depth -= lexer_token_is(token, "}");
		if (!depth)
			return true;
	}
	return false;
}

/* "f(x)", "(*f)(x)"; a cast "(int)(x)" counts as well. */
static bool has_call(const struct reading *reading)
{
	enum language language = reading->list->language;

	for (size_t i = 1; i < reading->count; i++) {
		const struct token *before = &reading->tokens[i - 1];

		if (lexer_token_is(&reading->tokens[i], "(") &&
		    (lexer_token_is(before, ")") ||
		     (before->kind == TOKEN_NAME && !words_is_keyword(before, language))))
			return true;
	}
	return false;
}

/* Are all that the body does with the memory asked for accesses that it names?  Another object
 * may have a member of the variable's name.  In C++ operators are calls, too. */
static bool names_all(const struct reading *reading)
{
	const struct statement_question *question = reading->question;

	if (has_own_name(question) && has_access(reading))
		return true;
	return reading->list->language == LANGUAGE_C && !has_call(reading);
}

/*
 * A compiler that merges accesses, or moves one out of a loop, leaves it without a line.  It is
 * one of its function's, so it is plain if each of these is that it can be.
 */
bool elsewhere_is_plain_in_function(const struct reading *asked)
{
	struct reading *reading = &(struct reading){.statements = asked->statements,
						    .question = asked->question,
						    .list = asked->list};
	const struct statement_question *question = reading->question;

	return question->frame->begin && find_body(reading, question->frame->begin) &&
	       is_plain(reading) && names_all(reading);
}

/* --- All accesses of a unit -------------------------------------------------------- */

static bool is_in_macro(const struct token_list *list, const char *variable)
{
	for (size_t i = 0; i < list->macro_count; i++)
		for (size_t k = 0; k < list->macros[i].body_count; k++)
			if (lexer_token_is(&list->macros[i].body[k], variable))
				return true;
	return false;
}

/* Is the statement around token @at, which names the variable, plain, and takes no address? */
static bool is_plain_at(const struct reading *asked, const struct token_list *list, size_t at,
			bool *has_found)
{
	struct reading reading = {
		.statements = asked->statements, .question = asked->question, .list = list};
	size_t first = at;
	size_t last = at;
	size_t named, accessed;

	reading_widen(list, &first, &last);
	reading.tokens = list->tokens + first;
	reading.count = last - first + 1;
	reading_count_variable(&reading, asked->question->variable, &named, &accessed);
	*has_found |= has_access(&reading);
	return named == accessed && is_plain(&reading);
}

/* Are all statements in @list so?  What stands outside of all braces is no code. */
static bool is_plain_in(const struct reading *asked, const struct token_list *list, bool *has_found)
{
	const char *variable = asked->question->variable;
	size_t depth = 0;

	if (is_in_macro(list, variable))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct token *token = &list->tokens[i];

		depth += lexer_token_is(token, "{");
		depth -= depth && lexer_token_is(token, "}");
		if (depth && lexer_token_is(token, variable) &&
		    !is_plain_at(asked, list, i, has_found))
			return false;
	}
	return true;
}

/* No header of the system knows the program's variables. */
static bool is_of_system(const char *path)
{
	return strncmp(path, "/usr/", 5) == 0 || path[0] == '<';
}

static bool are_files_plain(const struct reading *reading, Dwarf_Files *files, size_t count)
{
	struct source_frame frame = *reading->question->frame;
	bool has_found = false;

	/* The first is the unit's name, or none. */
	for (size_t i = 1; i < count; i++) {
		const struct known_source *source;

		frame.file = dwarf_filesrc(files, i, NULL, NULL);
		frame.path = NULL;
		if (!frame.file || is_of_system(frame.file))
			continue;
		source = reading_find_source(reading->statements, &frame);
		if (!source->file.text || source_file_is_newer(&source->file, &frame) ||
		    !is_plain_in(reading, &source->list, &has_found))
			return false;
	}
	return has_found;
}

bool elsewhere_is_plain(const struct reading *reading)
{
	const struct statement_question *question = reading->question;
	Dwarf_Files *files;
	Dwarf_Addr bias;
	Dwarf_Die unit;
	size_t count;

	return has_own_name(question) &&
	       elf_image_unit(question->image, question->address, &unit, &bias) &&
	       dwarf_getsrcfiles(&unit, &files, &count) == 0 &&
	       are_files_plain(reading, files, count);
}

#include "reports/source/statement.h"

#include <string.h>

#include "reports/symbols/elf_image.h"
#include "reports/symbols/fortran.h"
#include "reports/symbols/line_table.h"
#include "reports/symbols/md5.h"
#include "reports/symbols/scopes.h"
#include "reports/symbols/source_text.h"
#include "reports/source/elsewhere.h"
#include "reports/source/expand.h"
#include "reports/source/lexer.h"
#include "reports/source/macros.h"
#include "reports/source/names.h"
#include "reports/source/operations.h"
#include "reports/source/reading.h"
#include "reports/source/words.h"

struct statements *statements_new(struct pool *pool)
{
	struct statements *statements = pool_alloc(pool, sizeof(*statements));

	statements->pool = pool;
	statements->names = names_new(pool);
	statements->macros = macros_new(pool);
	return statements;
}

struct known_source *reading_find_source(struct statements *statements,
					const struct source_frame *frame)
{
	const char *path = source_frame_path(statements->pool, frame);
	struct known_source *source;

	for (source = statements->sources; source; source = source->next) {
		if (strcmp(source->path, path) == 0)
			return source;
	}
	source = pool_alloc(statements->pool, sizeof(*source));
	source->path = path;
	source->next = statements->sources;
	statements->sources = source;
	if (source_file_read(statements->pool, frame, &source->file))
		source->list = lexer_read(statements->pool, source->file.text, source->file.length,
					  lexer_language(path));
	source->list.is_of_cxx_library = strncmp(path, "/usr/", 5) == 0 && strstr(path, "/c++/");
	return source;
}

/* The digest of the file that the compiler read; NULL if its line table has none. */
static const unsigned char *find_digest(const struct known_source *source,
					const struct statement_question *question)
{
	struct source_frame frame = *question->frame;
	Dwarf_Files *files;
	Dwarf_Addr bias;
	Dwarf_Die unit;
	size_t count;

	if (!elf_image_unit(question->image, question->address, &unit, &bias) ||
	    dwarf_getsrcfiles(&unit, &files, &count) != 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		frame.file = dwarf_filesrc(files, i, NULL, NULL);
		frame.path = NULL;
		if (frame.file && strcmp(source->path, frame.file) == 0)
			return line_table_digest(question->image, &unit, i);
	}
	return NULL;
}

static bool has_changed(struct known_source *source, const struct statement_question *question)
{
	unsigned char is[MD5_BYTES];
	const unsigned char *was;

	if (!source->is_compared) {
		source->is_compared = true;
		was = find_digest(source, question);
		md5_of(source->file.text, source->file.length, is);
		source->has_changed = was && memcmp(is, was, MD5_BYTES) != 0;
	}
	return source->has_changed || source_file_is_newer(&source->file, question->frame);
}

/* --- Finding the statement ------------------------------------------------------ */

static bool ends_statement(const struct token *token)
{
	return token->kind == TOKEN_DIRECTIVE || lexer_token_is(token, ";") ||
	       lexer_token_is(token, "{") || lexer_token_is(token, "}");
}

/* The tokens [*first, *last] at the line and column; if @column is 0, of the line. */
static bool find_place(const struct token_list *list, unsigned line, unsigned column, size_t *first,
		       size_t *last)
{
	bool is_found = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct token *token = &list->tokens[i];

		if (token->line != line ||
		    (column && (column < token->column || column >= token->column + token->length)))
			continue;
		if (!is_found)
			*first = i;
		*last = i;
		is_found = true;
	}
	return is_found;
}

void reading_widen(const struct token_list *list, size_t *first, size_t *last)
{
	while (*first > 0 && !ends_statement(&list->tokens[*first - 1]))
		--*first;
	while (*last + 1 < list->count && !ends_statement(&list->tokens[*last]) &&
	       !ends_statement(&list->tokens[*last + 1]))
		++*last;
}

bool reading_has_directive(const struct token *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].kind == TOKEN_DIRECTIVE)
			return true;
	}
	return false;
}

/* --- What the statement does ------------------------------------------------------- */

static bool is_operand(const struct token *token)
{
	return token->kind == TOKEN_NAME || token->kind == TOKEN_NUMBER ||
	       lexer_token_is(token, ")") || lexer_token_is(token, "]");
}

/* "p->x", "a[i]", "*p", "i++" */
static bool has_dereference(const struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct token *token = &reading->tokens[i];

		if (lexer_token_is(token, "->") || lexer_token_is(token, "[") ||
		    lexer_token_is(token, "++") || lexer_token_is(token, "--"))
			return true;
		if (lexer_token_is(token, "*") &&
		    (i == 0 || !is_operand(token - 1) ||
		     words_is_keyword(token - 1, reading->list->language)))
			return true;
	}
	return false;
}

bool reading_is_assignment(const struct token *token)
{
	static const char *const signs[] = {
		"=", "+=", "-=", "++", "--", "|=", "&=", "^=", "*=", "/=", "%=", "<<=", ">>=", "("};

	for (size_t i = 0; i < ARRAY_LENGTH(signs); i++)
		if (lexer_token_is(token, signs[i]))
			return true;
	return false;
}

static bool has_assignment(const struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		if (reading_is_assignment(&reading->tokens[i]))
			return true;
	return false;
}

/* "&x" as an argument: the called function accesses it. */
static bool is_address_argument(const struct token *tokens, size_t index)
{
	const struct token *before;

	if (index == 0 || !lexer_token_is(&tokens[index - 1], "&"))
		return false;
	if (index == 1)
		return true;
	before = &tokens[index - 2];
	return lexer_token_is(before, "(") || lexer_token_is(before, ",") ||
	       lexer_token_is(before, "=") || lexer_token_is(before, ")") ||
	       lexer_token_is(before, "return");
}

void reading_count_variable(const struct reading *reading, const char *variable, size_t *named,
			   size_t *accessed)
{
	*named = *accessed = 0;
	for (size_t i = 0; variable && i < reading->count; i++) {
		if (!lexer_token_is(&reading->tokens[i], variable))
			continue;
		++*named;
		*accessed += !is_address_argument(reading->tokens, i);
	}
}

/* Is the variable accessed by its name, and its type certain?  Then what is atomic by its type
 * stands beside it. */
static bool is_of_sure_type(const struct reading *reading)
{
	size_t named, accessed;

	reading_count_variable(reading, reading->question->sure, &named, &accessed);
	return accessed;
}

/* ... by its name alone, not through what may lead to volatile memory?  Then what is volatile, as
 * another variable of that name may be, stands beside it. */
static bool is_of_sure_type_by_itself(const struct reading *reading)
{
	const char *sure = reading->question->sure;

	for (size_t i = 0; sure && i < reading->count; i++)
		if (lexer_token_is(&reading->tokens[i], sure) && i &&
		    (lexer_token_is(&reading->tokens[i - 1], ".") ||
		     lexer_token_is(&reading->tokens[i - 1], "->")))
			return false;
	return is_of_sure_type(reading);
}

static bool are_at(const struct token_list *list, size_t index, const char *const texts[],
		   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (index + i >= list->count || !lexer_token_is(&list->tokens[index + i], texts[i]))
			return false;
	return true;
}

/* Is "name() const { return member; }" at @index of the file? */
static bool is_getter(const struct reading *reading, size_t index)
{
	static const char *const head[] = {"(", ")"}, *const body[] = {"{", "return"},
				 *const end[] = {";", "}"};
	const struct token_list *list = reading->list;
	const struct statement_question *question = reading->question;
	const struct token *member;

	if (!are_at(list, index + 1, head, ARRAY_LENGTH(head)))
		return false;
	for (index += 3; index < list->count && list->tokens[index].kind == TOKEN_NAME;)
		index++;
	if (!are_at(list, index, body, ARRAY_LENGTH(body)) ||
	    !are_at(list, index + 3, end, ARRAY_LENGTH(end)))
		return false;
	member = &list->tokens[index + 2];
	return (names_look_up(reading->statements->names, question->image, question->address,
			      member->text, member->length) &
		(NAME_MEMBER | NAME_ATOMIC | NAME_VOLATILE | NAME_VOLATILE_ITSELF)) == NAME_MEMBER;
}

/* Does it call what its file says returns a member?  A compiler may give that load the line of
 * the call. */
static bool calls_getter(const struct reading *reading)
{
	const struct token_list *list = reading->list;

	for (size_t i = 0; i + 1 < reading->count; i++) {
		const struct token *name = &reading->tokens[i];

		if (name->kind != TOKEN_NAME || !lexer_token_is(name + 1, "("))
			continue;
		for (size_t k = 0; k < list->count; k++)
			if (list->tokens[k].length == name->length &&
			    memcmp(list->tokens[k].text, name->text, name->length) == 0 &&
			    is_getter(reading, k))
				return true;
	}
	return false;
}

/* Does it name neither the variable nor what may be a way to it? */
static bool names_no_way(const struct reading *reading)
{
	const struct statement_question *question = reading->question;
	size_t named, whole_named, accessed;

	reading_count_variable(reading, question->variable, &named, &accessed);
	reading_count_variable(reading, question->whole, &whole_named, &accessed);
	return question->variable && !named && !whole_named && !has_dereference(reading) &&
	       !reading->has_reference && !reading->has_member;
}

/* Why the statement cannot be the access itself; NULL if it can. */
static const char *find_mismatch(const struct reading *reading)
{
	const struct statement_question *question = reading->question;
	size_t named, accessed;

	reading_count_variable(reading, question->variable, &named, &accessed);
	if (!reading->has_data && !has_dereference(reading))
		return "its statement names no variable";
	if (names_no_way(reading))
		return "its statement does not name it";
	if (named && !accessed)
		return "its statement only takes its address";
	if (question->is_write && !has_assignment(reading))
		return "its statement has no assignment";
	return NULL;
}

/* Does it name another member of the structure that the variable is one of, and not that? */
static bool names_sibling(const struct reading *reading)
{
	const struct statement_question *question = reading->question;
	bool is_found = false;
	size_t named, accessed;

	reading_count_variable(reading, question->variable, &named, &accessed);
	for (size_t i = 0; question->variable && !named && !is_found && i < reading->count; i++)
		is_found = reading->tokens[i].kind == TOKEN_NAME &&
			   names_are_siblings(reading->statements->names, question->image,
					      question->address, question->variable,
					      reading->tokens[i].text, reading->tokens[i].length);
	return is_found;
}

static struct evidence make_unknown(const char *why)
{
	return (struct evidence){.claim = CLAIM_UNKNOWN, .why = why};
}

/* The statement may have an atomic operation in it. */
static struct evidence make_doubtful(const char *why)
{
	return (struct evidence){.claim = CLAIM_UNKNOWN, .why = why, .may_have_atomic = true};
}

static struct evidence make_claim(enum claim claim, const char *why)
{
	return (struct evidence){
		.claim = claim, .why = why, .may_have_atomic = claim == CLAIM_ATOMIC};
}

/* A compiler may attribute an access next to an atomic operation to its line. */
static struct evidence read_atomic(const struct reading *reading)
{
	size_t named, accessed;

	reading_count_variable(reading, reading->question->variable, &named, &accessed);
	if (reading->question->variable && !named)
		return make_doubtful("its line has an atomic operation, perhaps on something else");
	return make_claim(CLAIM_ATOMIC, "by its source");
}

/* "= default": the compiler generates the function, which copies members. */
static bool is_made_by_compiler(const struct reading *reading)
{
	const struct token *last = reading->tokens + reading->count - 1;

	return reading->count >= 2 && lexer_token_is(last, "default") &&
	       lexer_token_is(last - 1, "=");
}

static bool hides_atomics(const struct reading *reading)
{
	const struct statement_question *question = reading->question;

	return macros_may_hide_atomics(reading->statements->macros, question->image,
				       question->address, question->frame);
}

/* What is left of a statement whose macros have atomic operations among others, without these.
 * False if that is not certain.  @is_atomic: operations alone access the variable. */
static bool read_expanded(struct reading *reading, bool *is_atomic)
{
	struct reading made = {.statements = reading->statements,
			       .question = reading->question,
			       .list = reading->list,
			       .tokens = reading->tokens,
			       .count = reading->count};

	if (!expand_operations(&made) || words_find_volatile(made.tokens, made.count) ||
	    words_find_assembly(made.tokens, made.count) || !operations_show_places(&made))
		return false;
	*is_atomic = operations_take_variable(&made);
	if (!*is_atomic && !operations_leave_out(&made))
		return false;
	reading_find_names(&made);
	if (!made.doubt)
		*reading = made;
	return !made.doubt;
}

/* By its words first, then by the names in it.  @first: its first token in the file. */
static struct evidence read_statement(struct reading *reading, size_t first)
{
	struct evidence assembly = make_doubtful("its statement has inline assembly");
	struct pool *pool = reading->statements->pool;
	struct evidence evidence;
	const char *mismatch;
	bool is_atomic = false;

	assembly.is_assembly = true;
	if (reading_has_directive(reading->tokens, reading->count))
		return make_doubtful("its statement has a directive in it");
	if (words_is_under_atomic(reading->list->tokens, first) ||
	    (operations_are_in(reading) && !operations_leave_out(reading)))
		return read_atomic(reading);
	if (words_find_assembly(reading->tokens, reading->count))
		return assembly;
	if (words_find_volatile(reading->tokens, reading->count))
		return make_claim(CLAIM_VOLATILE, "by its source");
	if (is_made_by_compiler(reading))
		return make_claim(CLAIM_PLAIN, "the compiler makes its function");
	reading_find_names(reading);
	if (reading->doubt && !read_expanded(reading, &is_atomic))
		return make_doubtful(pool_format(pool, "'%s' may be a macro", reading->doubt));
	if (is_atomic)
		return make_claim(CLAIM_ATOMIC, "by its source");
	if (reading->has_atomic_type || (reading->has_atomic && !is_of_sure_type(reading)))
		return make_doubtful("its statement names something of an atomic type");
	if (reading->has_volatile_type ||
	    (reading->has_volatile && !is_of_sure_type_by_itself(reading)))
		return make_claim(CLAIM_VOLATILE, "of its type");
	if (hides_atomics(reading))
		return make_doubtful("its debug information is too old to have C's atomic types");
	mismatch = find_mismatch(reading);
	evidence = mismatch ? make_unknown(mismatch) : make_claim(CLAIM_PLAIN, "by its source");
	if (mismatch && elsewhere_is_plain(reading)) {
		evidence = make_claim(CLAIM_PLAIN, "by the source of all accesses of it");
		evidence.is_moved = true;
	}
	evidence.names_sibling = names_sibling(reading);
	return evidence;
}

/* Is the code in a function of the source?  A thunk may have a whole function put into it, and
 * one line for all of that. */
static bool is_in_function(const struct statement_question *question)
{
	Dwarf_Addr bias;
	Dwarf_Die *scopes;

	return scopes_at(question->image, question->address, &scopes, &bias) > 0;
}

/* Is it the head of the function, which has no access in it?  What has been moved to the beginning
 * of its code is at that line. */
static bool is_head(const struct reading *reading)
{
	const char *function = reading->question->frame->function;
	const struct token *last = &reading->tokens[reading->count - 1];
	const struct token *end = reading->list->tokens + reading->list->count;
	size_t named, accessed;

	reading_count_variable(reading, function, &named, &accessed);
	return named && (lexer_token_is(last, "{") ||
			 (last + 1 < end && lexer_token_is(last + 1, "{")));
}

struct evidence statement_read(struct statements *statements,
			       const struct statement_question *question)
{
	const struct source_frame *frame = question->frame;
	struct reading reading = {.statements = statements, .question = question};
	struct known_source *source;
	struct evidence evidence;
	bool is_at_head;
	size_t first = 0;
	size_t last = 0;

	if (!frame->file)
		return make_unknown("there is no debug information for it");
	if (!is_in_function(question))
		return make_doubtful("the compiler made its function, with one line for all of it");
	source = reading_find_source(statements, frame);
	if (!source->file.text)
		return make_doubtful("its source is not here");
	if (has_changed(source, question))
		return make_doubtful("its source has changed since it was built");
	if (fortran_is_source(frame->file) &&
	    fortran_is_plain(source->file.text, source->file.length))
		return make_claim(CLAIM_PLAIN, "by its source, which has nothing atomic");
	if (fortran_is_source(frame->file) && frame->line > 0 &&
	    fortran_is_atomic(source->file.text, source->file.length, (unsigned)frame->line))
		return make_claim(CLAIM_ATOMIC, "by its source");
	reading.list = &source->list;
	if (!frame->line && !hides_atomics(&reading) &&
	    (elsewhere_is_plain_in_function(&reading) || elsewhere_is_plain(&reading)))
		return make_claim(CLAIM_PLAIN, "by the source of its function");
	if (!frame->line)
		return make_doubtful("it has no line of its own");
	if (!find_place(&source->list, frame->line, frame->column, &first, &last))
		return make_doubtful("its line has no such statement");
	reading_widen(&source->list, &first, &last);
	reading.tokens = source->list.tokens + first;
	reading.count = last - first + 1;
	is_at_head = is_head(&reading);
	expand_pasted(&reading);
	evidence = read_statement(&reading, first);
	evidence.is_unnamed =
		(names_no_way(&reading) && !calls_getter(&reading)) || is_at_head;
	return evidence;
}

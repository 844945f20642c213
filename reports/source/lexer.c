#include "reports/source/lexer.h"

#include <ctype.h>
#include <string.h>

/* A text being read. */
struct lexer {
	struct pool *pool;
	const char *at, *end;
	const char *line_start;
	uint32_t line;
	enum language language;
	bool is_line_empty; /* so far; a '#' then begins a directive */
	struct token *tokens;
	size_t count;
	struct macro *macros;
	size_t macro_count;
};

/* Signs of more than one byte, the longest first. */
static const char *const long_signs[] = {
	"<<=", ">>=", "...", "->", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=",
	"^=",  "|=",  "==",  "!=", "<=", ">=", "&&", "||", "<<", ">>", "::", "##",
};

static bool ends_with(const char *path, const char *end)
{
	size_t length = strlen(path);

	return length > strlen(end) && strcmp(path + length - strlen(end), end) == 0;
}

enum language lexer_language(const char *path)
{
	if (ends_with(path, ".rs"))
		return LANGUAGE_RUST;
	return ends_with(path, ".c") ? LANGUAGE_C : LANGUAGE_CXX;
}

bool lexer_token_is(const struct token *token, const char *text)
{
	return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

static bool is_rust(const struct lexer *lexer)
{
	return lexer->language == LANGUAGE_RUST;
}

static bool starts_with(const struct lexer *lexer, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(lexer->end - lexer->at) >= length && memcmp(lexer->at, text, length) == 0;
}

static void skip_byte(struct lexer *lexer)
{
	if (*lexer->at++ != '\n')
		return;
	lexer->line++;
	lexer->line_start = lexer->at;
	lexer->is_line_empty = true;
}

static void skip_to(struct lexer *lexer, const char *to)
{
	while (lexer->at < to)
		skip_byte(lexer);
}

static void add_token(struct lexer *lexer, enum token_kind kind, const char *to)
{
	struct token token = {
		.text = lexer->at,
		.length = (uint32_t)(to - lexer->at),
		.line = lexer->line,
		.column = (uint32_t)(lexer->at - lexer->line_start) + 1,
		.kind = kind,
	};

	lexer->tokens = pool_grow(lexer->pool, lexer->tokens, lexer->count, sizeof(token));
	lexer->tokens[lexer->count++] = token;
	skip_to(lexer, to);
	lexer->is_line_empty = false;
}

/* Skips a comment; in Rust they nest. */
static void skip_comment(struct lexer *lexer)
{
	unsigned depth = 0;

	do {
		if (starts_with(lexer, "/*") && (!depth || is_rust(lexer))) {
			depth++;
			lexer->at += 2;
		} else if (starts_with(lexer, "*/")) {
			depth--;
			lexer->at += 2;
		} else {
			skip_byte(lexer);
		}
	} while (depth && lexer->at < lexer->end);
}

static const char *end_of_line(const struct lexer *lexer, const char *at)
{
	const char *found = memchr(at, '\n', (size_t)(lexer->end - at));

	return found ? found : lexer->end;
}

/* The end of a string in @quote, which does not go beyond its line, save in Rust. */
static const char *end_of_text(const struct lexer *lexer, char quote)
{
	const char *at = lexer->at + 1;

	while (at < lexer->end && *at != quote && (*at != '\n' || is_rust(lexer)))
		at += *at == '\\' && at + 1 < lexer->end ? 2 : 1;
	return at < lexer->end ? at + 1 : lexer->end;
}

/* The end of R"x(...)x" in C++ or r#"..."# in Rust; NULL if it is none. */
static const char *end_of_raw_text(const struct lexer *lexer)
{
	const char *at = lexer->at + 1;
	const char *mark = at;
	char closing[20];
	size_t length;
	const char *found;

	if (is_rust(lexer) ? *lexer->at != 'r' : *lexer->at != 'R')
		return NULL;
	if (is_rust(lexer)) {
		while (at < lexer->end && *at == '#')
			at++;
		length = (size_t)(at - mark);
		if (at >= lexer->end || *at != '"' || length > sizeof(closing) - 2)
			return NULL;
		closing[0] = '"';
		memset(closing + 1, '#', length);
		length++;
	} else {
		if (at >= lexer->end || *at != '"')
			return NULL;
		mark = ++at;
		while (at < lexer->end && *at != '(' && at - mark < 16)
			at++;
		length = (size_t)(at - mark);
		closing[0] = ')';
		memcpy(closing + 1, mark, length);
		closing[length + 1] = '"';
		length += 2;
	}
	if (at >= lexer->end)
		return NULL;
	found = memmem(at + 1, (size_t)(lexer->end - at - 1), closing, length);
	return found ? found + length : lexer->end;
}

static const char *end_of_name(const struct lexer *lexer, const char *at)
{
	while (at < lexer->end && (isalnum((unsigned char)*at) || *at == '_' || *at & 0x80))
		at++;
	return at;
}

static const char *end_of_number(const struct lexer *lexer)
{
	const char *at = lexer->at + 1;

	while (at < lexer->end && (isalnum((unsigned char)*at) || *at == '.' || *at == '_' ||
				   (*at == '\'' && !is_rust(lexer)) ||
				   ((*at == '+' || *at == '-') && strchr("eEpP", at[-1]))))
		at++;
	return at;
}

static const char *end_of_sign(const struct lexer *lexer)
{
	for (size_t i = 0; i < ARRAY_LENGTH(long_signs); i++) {
		if (starts_with(lexer, long_signs[i]))
			return lexer->at + strlen(long_signs[i]);
	}
	return lexer->at + 1;
}

/* A lifetime of Rust, 'a, is no character. */
static bool is_lifetime(const struct lexer *lexer)
{
	const char *end = end_of_name(lexer, lexer->at + 1);

	return is_rust(lexer) && end > lexer->at + 1 && (end == lexer->end || *end != '\'');
}

/* The end of a directive, with the lines that a backslash continues. */
static const char *end_of_directive(const struct lexer *lexer)
{
	const char *end = end_of_line(lexer, lexer->at);

	while (end < lexer->end && end > lexer->at && end[-1] == '\\')
		end = end_of_line(lexer, end + 1);
	return end;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* Lists the macro of "define NAME(PARAMETERS) BODY"; ignores other directives. */
static void keep_macro(struct lexer *lexer, const char *at, const char *end)
{
	const struct lexer inner = {.end = end};
	struct macro macro = {0};
	struct token_list list;
	const char *name;

	at = skip_blanks(at, end);
	if (end - at < 7 || memcmp(at, "define", 6) != 0)
		return;
	name = skip_blanks(at + 6, end);
	at = end_of_name(&inner, name);
	if (at == name)
		return;
	macro.name = pool_copy(lexer->pool, name, (size_t)(at - name));
	macro.is_function = at < end && *at == '(';
	if (macro.is_function) {
		const char *close = memchr(at, ')', (size_t)(end - at));

		list = lexer_read(lexer->pool, at, (size_t)((close ? close : end) - at),
				  lexer->language);
		macro.parameters = list.tokens;
		macro.parameter_count = list.count;
		at = close ? close + 1 : end;
	}
	list = lexer_read(lexer->pool, at, (size_t)(end - at), lexer->language);
	macro.body = list.tokens;
	macro.body_count = list.count;
	lexer->macros = pool_grow(lexer->pool, lexer->macros, lexer->macro_count, sizeof(macro));
	lexer->macros[lexer->macro_count++] = macro;
}

static void read_directive(struct lexer *lexer)
{
	const char *end = end_of_directive(lexer);

	keep_macro(lexer, lexer->at + 1, end);
	add_token(lexer, TOKEN_DIRECTIVE, end);
}

static void read_token(struct lexer *lexer)
{
	unsigned char byte = (unsigned char)*lexer->at;
	const char *raw_end;

	if (byte == '#' && lexer->is_line_empty && !is_rust(lexer))
		read_directive(lexer);
	else if ((raw_end = end_of_raw_text(lexer)) != NULL)
		add_token(lexer, TOKEN_TEXT, raw_end);
	else if (isalpha(byte) || byte == '_' || byte & 0x80)
		add_token(lexer, TOKEN_NAME, end_of_name(lexer, lexer->at));
	else if (isdigit(byte))
		add_token(lexer, TOKEN_NUMBER, end_of_number(lexer));
	else if (byte == '"' || (byte == '\'' && !is_lifetime(lexer)))
		add_token(lexer, TOKEN_TEXT, end_of_text(lexer, (char)byte));
	else
		add_token(lexer, TOKEN_SIGN, end_of_sign(lexer));
}

struct token_list lexer_read(struct pool *pool, const char *text, size_t length,
			     enum language language)
{
	struct lexer lexer = {
		.pool = pool,
		.at = text,
		.end = text + length,
		.line_start = text,
		.line = 1,
		.language = language,
		.is_line_empty = true,
	};

	while (lexer.at < lexer.end) {
		if (starts_with(&lexer, "//"))
			skip_to(&lexer, end_of_line(&lexer, lexer.at));
		else if (starts_with(&lexer, "/*"))
			skip_comment(&lexer);
		else if (isspace((unsigned char)*lexer.at) || starts_with(&lexer, "\\\n"))
			skip_byte(&lexer);
		else
			read_token(&lexer);
	}
	return (struct token_list){lexer.tokens, lexer.count, lexer.macros, lexer.macro_count,
				   language, false};
}

/*
 * Splits a source file into tokens with lines and columns.
 *
 * One lexer serves C, C++ and Rust, as only names, signs and the ends of statements
 * matter: comments are skipped, a string is one token, and so is a directive of the
 * preprocessor, whose macro is listed.  Columns count bytes from 1, as compilers do.
 */
#ifndef REPORTS_SOURCE_LEXER_H
#define REPORTS_SOURCE_LEXER_H

#include "base/types.h"
#include "reports/model/pool.h"

enum language { LANGUAGE_C, LANGUAGE_CXX, LANGUAGE_RUST };

enum token_kind { TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SIGN, TOKEN_DIRECTIVE };

struct token {
	const char *text; /* not terminated */
	uint32_t length;
	uint32_t line, column; /* of its first byte, from 1 */
	enum token_kind kind;
};

/* "#define name(parameters) body" */
struct macro {
	const char *name;
	bool is_function;
	const struct token *parameters;
	size_t parameter_count;
	const struct token *body;
	size_t body_count;
};

struct token_list {
	const struct token *tokens;
	size_t count;
	const struct macro *macros;
	size_t macro_count;
	enum language language;
	bool is_of_cxx_library; /* set by who reads a file */
};

/* By the suffix of @path; a header counts as C++, whose keywords contain those of C. */
enum language lexer_language(const char *path);

/* @text must live as long as the tokens. */
struct token_list lexer_read(struct pool *pool, const char *text, size_t length,
			     enum language language);

bool lexer_token_is(const struct token *token, const char *text);

#endif

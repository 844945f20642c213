/*
 * The names of a statement, as far as they say what its accesses are: by debug
 * information, and by the macros of its file and of headers.
 */
#ifndef REPORTS_SOURCE_READING_H
#define REPORTS_SOURCE_READING_H

#include "reports/source/lexer.h"
#include "reports/source/statement.h"

struct names;
struct macros;

struct statements {
	struct pool *pool;
	struct names *names;
	struct macros *macros;
	struct known_source *sources;
};

/* The question, and what has been found so far. */
struct reading {
	struct statements *statements;
	const struct statement_question *question;
	const struct token_list *list;
	const struct token *tokens; /* of the statement, or of several */
	size_t count;
	bool has_data; /* it names a variable, member or parameter */
	bool has_member;
	bool has_reference;
	bool has_atomic; /* ... of an atomic type */
	bool has_volatile;
	const char *doubt; /* a name that may be a macro, or NULL */
};

/* Looks up all names among the tokens. */
void reading_find_names(struct reading *reading);

#endif

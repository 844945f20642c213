/*
 * The names of a statement, as far as they say what its accesses are: by debug
 * information, and by the macros of its file and of headers.
 */
#ifndef REPORTS_SOURCE_READING_H
#define REPORTS_SOURCE_READING_H

#include "reports/source/lexer.h"
#include "reports/source/statement.h"
#include "reports/symbols/source_text.h"

struct names;
struct macros;

struct statements {
	struct pool *pool;
	struct names *names;
	struct macros *macros;
	struct known_source *sources;
};

/* A source file, read once. */
struct known_source {
	struct known_source *next;
	const char *path;
	struct source_file file;
	struct token_list list;
	bool is_compared, has_changed; /* with its digest in a line table */
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
	bool has_atomic_type; /* it names one, as a cast does */
	bool has_volatile;
	bool has_volatile_type;
	const char *doubt; /* a name that may be a macro, or NULL */
};

/* The file of @frame; without text if it cannot be read. */
struct known_source *reading_find_source(struct statements *statements,
					 const struct source_frame *frame);

/* From the tokens *@first to *@last to the statement that they are part of. */
void reading_widen(const struct token_list *list, size_t *first, size_t *last);

bool reading_has_directive(const struct token *tokens, size_t count);

/* Also "(", since a call may assign. */
bool reading_is_assignment(const struct token *token);

/* How often @variable is named, and how often its value is used. */
void reading_count_variable(const struct reading *reading, const char *variable, size_t *named,
			    size_t *accessed);

/* Looks up all names among the tokens. */
void reading_find_names(struct reading *reading);

#endif

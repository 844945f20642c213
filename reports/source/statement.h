/*
 * What the source text says of an access: RULES.md, 'Plain or atomic', 5 to 12.
 *
 * The statement around the access is lexed.  It says 'plain' only if nothing in
 * it can be an atomic operation: every name is known to debug information, and
 * what may be a macro could be read.  May miss plain accesses (a macro of a
 * system header, a file that has changed); accepted because the other way round
 * a false error would be made.
 */
#ifndef REPORTS_SOURCE_STATEMENT_H
#define REPORTS_SOURCE_STATEMENT_H

#include "reports/symbols/symbolize.h"

enum claim { CLAIM_UNKNOWN, CLAIM_PLAIN, CLAIM_VOLATILE, CLAIM_ATOMIC };

/* What one access is taken for, and why. */
struct evidence {
	enum claim claim;
	const char *why;  /* "its source says so"; for UNKNOWN: what is not known */
	bool is_assembly; /* the statement has inline assembly: its form says nothing */
};

struct statements;

/* Its memory is the pool's. */
struct statements *statements_new(struct pool *pool);

struct statement_question {
	struct elf_image *image;
	uint64_t address;		  /* in the image */
	const struct source_frame *frame; /* the innermost, inlined or not */
	const char *variable;		  /* last part of the name of what is accessed, or NULL */
	bool is_write;
};

struct evidence statement_read(struct statements *statements,
			       const struct statement_question *question);

#endif

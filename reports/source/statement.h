/*
 * Whether an access is plain or atomic by its source: RULES.md, 'Plain or atomic', 5 to
 * 12.
 *
 * The statement around the access counts as plain only if nothing in it can be an
 * atomic operation: every name is known to debug information or is a macro whose
 * definition was read.  May miss plain accesses (a macro of a system header, a file
 * that has changed); accepted because the alternative is a false error.
 */
#ifndef REPORTS_SOURCE_STATEMENT_H
#define REPORTS_SOURCE_STATEMENT_H

#include "reports/symbols/symbolize.h"

enum claim { CLAIM_UNKNOWN, CLAIM_PLAIN, CLAIM_VOLATILE, CLAIM_ATOMIC };

/* The claim about one access, and the reason. */
struct evidence {
	enum claim claim;
	const char *why;  /* "by its source"; for UNKNOWN: what is not known */
	bool is_assembly; /* the statement has inline assembly: any instruction may be atomic */
	bool is_same; /* it stores what is there already */
	bool is_unnamed; /* the statement does not name it: macros aside, it is not there */
	bool is_moved; /* the statement has no such access, but others have */
	bool may_have_atomic; /* the statement has an atomic operation, or what may be one */
	bool names_sibling; /* it names another member of the structure, and not the variable */
};

struct statements;

/* Its memory is the pool's. */
struct statements *statements_new(struct pool *pool);

struct statement_question {
	struct elf_image *image;
	uint64_t address;		  /* in the image */
	const struct source_frame *frame; /* the innermost, inlined or not */
	const char *variable; /* last identifier in the name of the accessed variable, or NULL */
	const char *whole;    /* ... and that of the variable which this is a part of, or NULL */
	const char *sure;     /* a name of it, if its type is certain and no atomic one; or NULL */
	bool is_write;
};

struct evidence statement_read(struct statements *statements,
			       const struct statement_question *question);

#endif

/*
 * Macros of the headers that a unit has read: the files of its line table, and what those of the
 * program include.
 *
 * A file is read once.  It is searched for directives, and only what is asked for is
 * split into tokens: the headers of one unit may be megabytes.
 */
#ifndef REPORTS_SOURCE_MACROS_H
#define REPORTS_SOURCE_MACROS_H

#include "reports/source/lexer.h"
#include "reports/symbols/symbolize.h"

struct macros;

struct header_macro {
	struct macro macro;
	bool is_of_system; /* its header is below /usr */
};

/* Its memory is the pool's. */
struct macros *macros_new(struct pool *pool);

/* All definitions of @name in headers of the unit that has the code at @address of
 * @image, of which @frame is: *@found, and how many. */
size_t macros_find(struct macros *macros, struct elf_image *image, uint64_t address,
		   const struct source_frame *frame, const struct token *name,
		   const struct header_macro **found);

/* May a type that the unit's debug information says is plain be one of C's atomic types? */
bool macros_may_hide_atomics(struct macros *macros, struct elf_image *image, uint64_t address,
			     const struct source_frame *frame);

#endif

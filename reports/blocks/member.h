/*
 * The class of a member that a method calls by its name alone: "Book" of mutex_ in
 * Book::add().
 */
#ifndef REPORTS_BLOCKS_MEMBER_H
#define REPORTS_BLOCKS_MEMBER_H

#include "reports/symbols/symbolize.h"

/* Of what @name means at @frame; NULL if that is a variable of the function, or unknown. */
const char *member_class(struct symbolizer *symbolizer, struct pool *pool,
			 const struct source_frame *frame, const char *name);

#endif

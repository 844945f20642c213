/*
 * Lines of source files, to be quoted where the files are there.
 *
 * Whoever reads a report has the sources at hand more often than not; without
 * them nothing is said.  What is quoted is made harmless for terminals.
 */
#ifndef REPORTS_SYMBOLS_SOURCE_TEXT_H
#define REPORTS_SYMBOLS_SOURCE_TEXT_H

#include "reports/symbols/source_frame.h"

struct source_quote {
	const char *text; /* without indentation */
	bool is_newer;	  /* the file was changed after the module was built */
};

/* The line of @frame; false if it cannot be had. */
bool source_quote(struct pool *pool, const struct source_frame *frame, struct source_quote *quote);

#endif

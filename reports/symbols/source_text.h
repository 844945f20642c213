/*
 * Lines of source files, to be quoted in reports.
 *
 * Without the file nothing is quoted.  Control characters are replaced, so that a
 * quoted line cannot send commands to the terminal.
 */
#ifndef REPORTS_SYMBOLS_SOURCE_TEXT_H
#define REPORTS_SYMBOLS_SOURCE_TEXT_H

#include "reports/symbols/source_frame.h"

struct source_quote {
	const char *text; /* without indentation */
	int mark;	  /* where in it the column of the frame is; -1: not known */
	bool is_newer;	  /* the file was changed after the module was built */
};

/* A whole file; 'text' is NULL if it cannot be read. */
struct source_file {
	const char *text;
	size_t length;
	int64_t changed_at; /* seconds since 1970 */
};

bool source_file_read(struct pool *pool, const struct source_frame *frame,
		      struct source_file *file);

/* True if it was changed after the module of @frame was built. */
bool source_file_is_newer(const struct source_file *file, const struct source_frame *frame);

/* The line of @frame; false if it cannot be read. */
bool source_quote(struct pool *pool, const struct source_frame *frame, struct source_quote *quote);

#endif

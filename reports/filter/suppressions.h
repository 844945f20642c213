/*
 * Suppressions: entries of files, each of which says which findings are not to be
 * reported.
 *
 * Three formats are read: our own, that of ThreadSanitizer and that of Valgrind; the
 * first line of a file that is no comment tells which it is.  All become the same
 * entries.
 */
#ifndef REPORTS_FILTER_SUPPRESSIONS_H
#define REPORTS_FILTER_SUPPRESSIONS_H

#include "finding/finding.h"
#include "reports/model/pool.h"

/* What a pattern is compared with. */
enum suppression_about {
	ABOUT_FUNCTION,	    /* of any frame */
	ABOUT_FILE,	    /* of any frame */
	ABOUT_MODULE,	    /* of any frame */
	ABOUT_LOCK,	    /* any lock of the events */
	ABOUT_VARIABLE,	    /* the memory that the finding is about */
	ABOUT_FINGERPRINT,
	ABOUT_ANY_NAME,	    /* function, file or module of any frame, or the variable */
	ABOUT_TOP_FRAME,    /* the same of an innermost frame, or the variable */
	ABOUT_TOP_MODULE,   /* the module of an innermost frame */
	ABOUT_MORE_FRAMES   /* in 'frames': any number of frames */
};

struct suppression_pattern {
	enum suppression_about about;
	const char *pattern;
};

struct suppression {
	const char *path; /* of its file */
	size_t line;	  /* at which it begins */
	uint64_t kinds;	  /* of finding; 0: another tool's, which matches nothing */
	struct suppression_pattern *patterns; /* all of them must match */
	size_t pattern_count;
	struct suppression_pattern *frames; /* and these the innermost frames of an event */
	size_t frame_count;
	const char *reason; /* or NULL */
	const char *expires; /* the last day, YYYY-MM-DD, or NULL */
	bool is_expired;
	uint64_t finding_count; /* that it has matched */
};

struct suppressions {
	struct suppression *rows;
	size_t count;
};

/* Adds the entries of the file at @path.  0, or -EBADMSG (or another negative errno) and
 * @error, which names file, line and what was expected there. */
int suppressions_read(struct suppressions *list, struct pool *pool, const char *path, char *error,
		      size_t error_bytes);

#endif

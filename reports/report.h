/*
 * Reports: results files in, documents out.
 *
 * The interface of reports/, for the command only.  Everything that a person or a
 * CI job reads is made here, outside the guest; a format is a row of formats.def.
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include <stdio.h>

#include "base/types.h"
#include "finding/finding.h"
#include "options/options.h"
#include "reports/words/view_options.h"

struct view;

/* A row of formats.def. */
struct report_format {
	enum option_id option; /* names the output file */
	bool is_default;       /* to standard error, if the option is not given */
	bool is_live;	       /* findings may be written while the program runs */
	int (*write)(struct view *view, FILE *out);
};

enum {
#define FORMAT(identifier, key, writer, use, help) FORMAT_##identifier,
#include "options/formats.def"
#undef FORMAT
	FORMAT_COUNT
};

extern const struct report_format report_formats[FORMAT_COUNT];

/* One document to write. */
struct report_output {
	const struct report_format *format;
	const char *path; /* "-" is standard output, NULL is standard error */
	bool is_appended; /* to what the file has already */
};

struct report_request {
	const char *const *files; /* results files, all of one run or not */
	size_t file_count;
	const struct report_output *outputs;
	size_t output_count;
	struct view_options view;
};

/* What the command needs for its exit status. */
struct report_outcome {
	uint32_t finding_counts[SEVERITY_ERROR + 1]; /* distinct findings, by severity */
	bool is_ended;	      /* the command has seen the program's end ... */
	uint32_t exit_status; /* ... with this wait status */
	bool is_ended_by_us;  /* --on-deadlock ended a process */
	char error[512];      /* why report_write() failed: names file and offset */
};

/* Reads the files and writes all outputs.  0, or a negative errno and
 * @outcome->error: -EBADMSG for damaged input.  If an output cannot be written the
 * others still are. */
int report_write(const struct report_request *request, struct report_outcome *outcome);

/* Reads what report_write() will want to know beside the results.  0, or a negative errno
 * and @error. */
int report_check(const struct view_options *view, char *error, size_t error_bytes);

/* NULL, and errno is set. */
FILE *report_open(const struct report_output *output);
/* 0, or -EIO if not all of it was written. */
int report_close(FILE *out);

#endif

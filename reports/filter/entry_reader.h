/* A file of suppressions that is being read; for its formats only. */
#ifndef REPORTS_FILTER_ENTRY_READER_H
#define REPORTS_FILTER_ENTRY_READER_H

#include "reports/filter/suppressions.h"

struct entry_reader {
	struct pool *pool;
	struct suppressions *list;
	const char *path;
	const char **lines; /* without blanks at both ends */
	size_t line_count;
	size_t next; /* index of the line to read next */
	char *error;
	size_t error_bytes;
};

/* Orders of locks, as other tools name them together. */
#define ENTRY_ORDER_KINDS "lock-order-inversion,lock-order-cycle,read-recursion"

/* The set of kinds and groups in @names, separated by commas. */
uint64_t entry_kinds(const char *names);

/* The next line that is neither empty nor a comment, or NULL. */
const char *entry_next_line(struct entry_reader *reader);

/* Begins an entry at the line that was read last. */
struct suppression *entry_begin(struct entry_reader *reader, uint64_t kinds);

void entry_add_pattern(struct entry_reader *reader, struct suppression *entry,
		       enum suppression_about about, const char *pattern);
void entry_add_frame(struct entry_reader *reader, struct suppression *entry,
		     enum suppression_about about, const char *pattern);

/* Of @line, counted from 1: sets the error and returns false. */
bool entry_fail(struct entry_reader *reader, size_t line, const char *expected, const char *found);

/* The same of a word of the line that was read last; @nearest was probably meant, if any. */
bool entry_fail_word(struct entry_reader *reader, const char *expected, const char *word,
		     const char *nearest);

/* Each reads the whole file; false after an error. */
bool entries_read_own(struct entry_reader *reader);
bool entries_read_tsan(struct entry_reader *reader);
bool entries_read_valgrind(struct entry_reader *reader);

#endif

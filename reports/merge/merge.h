/*
 * Merging: the results of many processes and runs as one results file.
 *
 * Findings that an earlier file had already are counted there.  Of each file only what is
 * new is kept in memory, so that many that say the same cost no more than one.  Orders of
 * locks are joined over all files (orders.h).
 */
#ifndef REPORTS_MERGE_MERGE_H
#define REPORTS_MERGE_MERGE_H

#include <stddef.h>

/* Is told of each file that is left out. */
typedef void (*merge_complain)(const char *message);

/* Merges the files into a new one at @path.  0, or a negative errno if that cannot be
 * written; *@left_out is the number of files that were damaged or not readable. */
int merge_files(const char *const *files, size_t file_count, const char *path,
		merge_complain complain, size_t *left_out);

#endif

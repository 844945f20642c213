/*
 * A baseline: the findings of an earlier run, by their fingerprints.
 *
 * It is a results file, or the JSON report of one; findings that were known then by a
 * baseline of their own belong to it, suppressed ones do not: their entries may expire.
 */
#ifndef REPORTS_FILTER_BASELINE_H
#define REPORTS_FILTER_BASELINE_H

#include "reports/model/pool.h"

struct baseline {
	const char **fingerprints; /* sorted */
	size_t count;
};

/* 0, or a negative errno and @error, which names the file. */
int baseline_read(struct baseline *baseline, struct pool *pool, const char *path, char *error,
		  size_t error_bytes);

bool baseline_has(const struct baseline *baseline, const char *fingerprint);

#endif

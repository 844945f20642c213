/* A set of texts, each with a number: the first is 0. */
#ifndef REPORTS_MODEL_TEXT_SET_H
#define REPORTS_MODEL_TEXT_SET_H

#include "reports/model/pool.h"

struct text_set {
	struct pool pool;
	const char **texts; /* by number */
	size_t count;
	size_t *slots; /* numbers + 1, by hash; a power of two of them */
	size_t slot_count;
};

#define TEXT_SET_NONE SIZE_MAX

/* TEXT_SET_NONE if it is not there. */
size_t text_set_find(const struct text_set *set, const char *text);

/* The number of @text, which is added if it is new. */
size_t text_set_add(struct text_set *set, const char *text);

void text_set_free(struct text_set *set);

#endif

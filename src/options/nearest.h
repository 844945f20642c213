/* 'Did you mean': the word that was probably meant. */
#ifndef OPTIONS_NEAREST_H
#define OPTIONS_NEAREST_H

#include "base/types.h"

struct nearest {
	const char *word; /* that was given, without what follows an '=', a comma or a blank */
	size_t length;
	const char *best; /* NULL: none is near */
	size_t distance;
};

struct nearest nearest_begin(const char *word);

/* Is @candidate nearer than those before? */
void nearest_try(struct nearest *nearest, const char *candidate);

/* The kind or group of findings that was probably meant by the first of @names, separated by
 * commas or blanks, that is none; NULL: none is near. */
const char *nearest_kind(const char *names);

#endif

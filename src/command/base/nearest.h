/* 'Did you mean': the word that was probably meant. */
#ifndef COMMAND_BASE_NEAREST_H
#define COMMAND_BASE_NEAREST_H

#include "base/types.h"

struct nearest {
	const char *word; /* that was given, without what follows an '=' */
	size_t length;
	const char *best; /* NULL: none is near */
	size_t distance;
};

struct nearest nearest_begin(const char *word);

/* Is @candidate nearer than those before? */
void nearest_try(struct nearest *nearest, const char *candidate);

#endif

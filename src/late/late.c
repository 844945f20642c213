/*
 * Libraries of others, opened when one of their functions is called for the first time.
 *
 * A run without findings needs none of them, and to load them took as long as to execute a
 * program.  Calls go to functions of the same names (x86_64.S), which jump to where their slot
 * says; an empty one is filled by late_find().
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/types.h"

#define STATUS_FAILED 125 /* as command/base/message.h has it */

enum late_library {
#define LIBRARY(name, file) LATE_##name,
#define FUNCTION(library, function)
#include "late/functions.def"
#undef FUNCTION
#undef LIBRARY
};

static const char *const files[] = {
#define LIBRARY(name, file) file,
#define FUNCTION(library, function)
#include "late/functions.def"
#undef FUNCTION
#undef LIBRARY
};

struct late_function {
	const char *name;
	enum late_library library;
};

static const struct late_function functions[] = {
#define LIBRARY(name, file)
#define FUNCTION(library, function) {#function, LATE_##library},
#include "late/functions.def"
#undef FUNCTION
#undef LIBRARY
};

/* In the order of functions.def. */
extern void *late_slots[];
void *late_slots[ARRAY_LENGTH(functions)];

void *late_find(uint32_t index);

/* Two threads may come here at once, and find the same. */
void *late_find(uint32_t index)
{
	const struct late_function *function = &functions[index];
	void *library = dlopen(files[function->library], RTLD_LAZY | RTLD_LOCAL);
	void *found = library ? dlsym(library, function->name) : NULL;

	if (!found) {
		fprintf(stderr, "snarl: %s\n", dlerror());
		exit(STATUS_FAILED);
	}
	/* relaxed: the loader's own lock has ordered it */
	store_relaxed(&late_slots[index], found);
	return found;
}

/* Which function of the C library a thread waits in. */
#ifndef INSPECT_OBJECTS_FUNCTIONS_H
#define INSPECT_OBJECTS_FUNCTIONS_H

#include "inspect/base/target.h"

struct wait_function {
	const char *name;
	enum object_kind kind;
	enum hold_mode mode;
};

/* The function at @code, a frame's; NULL if it is none of the table. */
const struct wait_function *functions_find(struct target *target, uint64_t code);

/* The innermost function of the table among the frames of libraries that @thread is in;
 * @frame is its index. */
const struct wait_function *
functions_of_thread(struct target *target, const struct target_thread *thread, uint32_t *frame);

#endif

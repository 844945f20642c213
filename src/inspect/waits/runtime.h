/* Programs whose runtime has threads and locks of its own: who to ask of these. */
#ifndef INSPECT_WAITS_RUNTIME_H
#define INSPECT_WAITS_RUNTIME_H

#include "inspect/base/target.h"

/* A sentence for the user, or NULL. */
const char *runtime_advice(const struct target *target);

#endif

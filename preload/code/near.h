/* Memory near code, for clones: as far as jumps reach. */
#ifndef PRELOAD_CODE_NEAR_H
#define PRELOAD_CODE_NEAR_H

#include "base/types.h"

/* @size_bytes of zeroed, writable memory, within reach of all of [@start, @end): at
 * @wanted if that is free and in reach.  NULL: there is no room, or the kernel refuses. */
void *near_allocate(size_t size_bytes, uintptr_t start, uintptr_t end, uintptr_t wanted);

/* Makes it executable, and no longer writable.  False if the kernel refuses. */
bool near_seal(void *block, size_t size_bytes);

void near_free(void *block, size_t size_bytes);

#endif

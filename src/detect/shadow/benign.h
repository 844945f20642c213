/*
 * Memory whose races the program calls benign: nothing is reported of it.
 *
 * Known by granule, or for a large range in a short list.  That of a heap block counts for
 * this block alone: what is allocated there later is others', unless it is made at the same
 * place of the program in the same size.
 */
#ifndef DETECT_SHADOW_BENIGN_H
#define DETECT_SHADOW_BENIGN_H

#include "detect/base/detector.h"

/* Notes it; beyond a limit it is dropped. */
void benign_add(struct detector *detector, uintptr_t address, size_t size_bytes);

/* Is a race at @address one of these?  Called without detector.lock; counts it. */
bool benign_has(struct detector *detector, uintptr_t address);

#endif

/*
 * Races that the program calls benign: nothing is reported of them.  Those on some memory, or
 * of what a thread reads, or writes, in a region of its code.
 *
 * Memory is known by granule, or for a large range in a short list.  That of a heap block counts
 * for this block alone: what is allocated there later is others', unless it is made at the same
 * place of the program in the same size.  What is accessed in regions is recorded as elsewhere, in
 * epochs of their own, whose marks say so (clock_mark_epochs()).
 */
#ifndef DETECT_SHADOW_BENIGN_H
#define DETECT_SHADOW_BENIGN_H

#include "detect/base/clock.h"
#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* Marks of epochs in which they are not to be observed. */
#define BENIGN_READS 1u
#define BENIGN_WRITES 2u

/* Notes it; beyond a limit it is dropped. */
void benign_add(struct detector *detector, uintptr_t address, size_t size_bytes);

/* Is a race at @address one of these?  Called without detector.lock; counts it. */
bool benign_has(struct detector *detector, uintptr_t address);

/* The thread begins such a region, or ends the one that it began last; regions nest. */
void benign_begin(struct detector *detector, struct clock_releaser by, bool is_write);
void benign_end(struct detector *detector, struct clock_releaser by, bool is_write);

/* Was the access of the plain word @word, by one that @is_write or not, in such a region?  Called
 * without detector.lock; counts it. */
bool benign_has_region(struct detector *detector, uint64_t word, bool is_write);

#endif

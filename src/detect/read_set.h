/*
 * Read sets: memory that several threads have read.
 *
 * A read word of the form SHADOW_SET says that each thread of a set has read the
 * bytes of the word, at its epoch there.  Sets are kept once each, so that all
 * of an array that the same threads read in the same phase has the same word,
 * which the checks compare with thread->shared (FastTrack's inflated read state,
 * made a value).
 *
 * Sets only come into being as threads join one; a thread that reads again at a
 * later epoch makes cells of it (cells.h), so that programs which lock around
 * each read make no new sets.  What is not in use any more is dropped as a whole
 * when the sets take too much room: words that name a dropped set are known by
 * their serial.
 */
#ifndef DETECT_READ_SET_H
#define DETECT_READ_SET_H

#include "base/id_table.h"
#include "base/spin_lock.h"
#include "detect/shadow.h"

struct detector;
struct thread;

struct read_set {
	uint64_t hash;
	uint32_t number;
	uint32_t count;
	struct read_set *next_in_bucket;
	uint64_t members[]; /* plain words without bytes, by slot */
};

struct read_set_table {
	struct spin_lock busy;
	struct arena arena;
	struct id_table by_number;
	struct read_set **buckets;
};

void read_set_table_init(struct read_set_table *table, page_source pages);

/* The set that a read word names. */
const struct read_set *read_set_of(const struct detector *detector, uint64_t word);

/* The epoch at which @slot read, 0 if it did not. */
uint64_t read_set_epoch(const struct read_set *set, uint32_t slot);

/*
 * The word of @members (plain words), of which there are @count > 1, in the order
 * of their slots, all for @bytes.  0: no memory.
 */
uint64_t read_set_intern(struct detector *detector, const uint64_t *members, uint32_t count,
			 uint32_t bytes);

#endif

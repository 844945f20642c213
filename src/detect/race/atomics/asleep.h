/*
 * Locations asleep: atomic locations that one thread has to itself, as if they were plain.
 *
 * Allocators and collectors give out memory again that locked instructions have once touched.
 * It would stay atomic in all its next lives, and each access to it ask the location, in C.  So
 * where a store's release is put off (atomic_location.h: its owner is alone there, and nobody
 * comes for what is stored at its site) the location falls asleep: the granule's write word
 * becomes the owner's plain word, and the read word gets the form SHADOW_ASLEEP, with the owner's
 * slot and the location's number.  Checks of the owner's stores then find its word, as of any
 * memory; its loads, which need no record, find its slot.
 *
 * A location that is owned for unheard sites alone is woken by a store of any other site, unless
 * its thread has stored to the same bytes in that epoch before: the check does not tell sites
 * apart.  What is missed then is as if that store had been put off, and counted so.
 *
 * Whoever else comes finds the read word, and wakes the location: both words name it again, and
 * the epoch of the owner's write word is that of its last store.  Then all is as with any
 * owner: the first other one makes the release that was put off.  So do locked instructions, the
 * owner's too.
 *
 * Only locations of whole granules sleep, so that no other bytes have words to be kept meanwhile.
 * Words change to and fro under location->busy.  Falling asleep changes the read word first, waking
 * the write word: who looks at the write word and then at the read word finds one that names
 * the location.
 */
#ifndef DETECT_RACE_ASLEEP_H
#define DETECT_RACE_ASLEEP_H

#include "detect/race/atomics/atomic_location.h"

static inline bool atomic_may_sleep(const struct atomic_location *location)
{
	return location->bytes == SHADOW_ALL_BYTES && !location->is_futex;
}

/* Under location->busy.  @thread, the owner of @location, has just stored to @bytes of it at @site,
 * in its present epoch: lets it sleep if it may. */
void atomic_fall_asleep(struct detector *detector, struct thread *thread,
			struct atomic_location *location, uint32_t bytes, site_id site);

/*
 * @thread accesses, at @site, @bytes of a granule whose read word is @read.  True: it has the
 * location that sleeps there, and all is done.  False: it has none; or the store could not be
 * recorded.
 */
bool atomic_pass_asleep(struct detector *detector, struct thread *thread, struct shadow shadow,
			uint64_t read, uint32_t bytes, bool is_write, site_id site);

/* Wakes the location that sleeps where the read word is @read.  False, and counted: it cannot. */
bool atomic_wake(struct detector *detector, const struct thread *thread, uint64_t read);

/* The same under location->busy, if it sleeps. */
void atomic_wake_busy(struct detector *detector, struct atomic_location *location);

#endif

/*
 * Updates that rest on a stale read, although every access is locked.
 *
 * An update in two critical sections reads in the first and writes, in the
 * second, what follows from the value read.  If another thread wrote in between,
 * its write is lost: seen to happen, an error.  If none did in this run, but
 * another thread updates the place under the same lock, it can happen: a
 * warning.  If not the value but the decision to write rests on the read, it is a
 * check-then-act.  (Burrows and Leino, "Finding stale-value errors in concurrent
 * programs", 2004; RULES.md, 'Lost updates'.)
 *
 * Which stores rest on which loads is known from the code: they share a slice
 * (site.h).  Each thread remembers its last such loads, with the locks held then;
 * giving one of these locks up splits the sections.  What silences it: another
 * read of the place since, the same value found there, another life of the
 * memory, no other writer.
 */
#ifndef DETECT_UPDATE_H
#define DETECT_UPDATE_H

#include "detect/access.h"

#define UPDATE_BASES 16u
#define UPDATE_LOCKS 4u
#define UPDATE_SPLITS 256u

/* A load on whose value a later write may rest. */
struct basis {
	uintptr_t address; /* 0: none */
	uint32_t size_bytes;
	uint32_t slice;
	site_id site;
	bool decides; /* a branch, rather than the value stored */
	bool is_split; /* one of its locks was given up since */
	bool has_value;
	uint64_t value;
	uint64_t last_write; /* the place's write word then */
	stack_id stack;
	uint32_t lock_count;
	struct finding_hold locks[UPDATE_LOCKS];
};

/* A place that somebody updates in split sections. */
struct split_update {
	uintptr_t address; /* 0: none */
	thread_id thread;
	site_id site;
	uint64_t last_write; /* the word that the split write left */
	struct basis basis;
	stack_id stack;
};

/*
 * @thread reads or writes, in a way that is ordered with all others; @last_write
 * is the place's write word before that.  Called without detector.lock.
 */
void update_read(struct detector *detector, struct thread *thread, const struct access *access,
		 uint64_t last_write);
void update_write(struct detector *detector, struct thread *thread, const struct access *access,
		  uint64_t last_write);

/* @thread gives lock @lock up. */
void update_split(struct thread *thread, lock_id lock);

/* Is there anything to ask update_read() or update_write() for? */
static inline bool update_concerns(const struct detector *detector, const struct thread *thread,
				   const struct site *site)
{
	return thread->basis_count || detector->split_count || (site && site->slice);
}

#endif

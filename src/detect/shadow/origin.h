/*
 * Origins: where the accesses that shadow words remember were made.
 *
 * An origin has 24 bits that name it and 8 bits of tag.  It is a whole stack (of the
 * depot, the access on top) of a thread that held no lock; or a lockset, which is such
 * a stack and the locks held; or a site whose callers and locks were not recorded; or
 * a list, where one shadow word stands for accesses of several sites or threads.
 * Locksets and lists have numbers for a while (numbered.h): where one is gone, the
 * place of an old access is not known any more.  Word and origin are two stores.  The
 * tag is made from the word, so that a reader sees whether they belong together; an older
 * origin that has the same tag makes way before the word is stored.
 *
 * Callers are kept of the first accesses of a site, then of one in so many of a
 * thread's, and of the next thousands of a site that was part of a finding.  In a program
 * of many stacks fewer accesses are among the first, as most of them have a stack of their own.
 */
#ifndef DETECT_SHADOW_ORIGIN_H
#define DETECT_SHADOW_ORIGIN_H

#include "detect/base/detector.h"
#include "detect/base/lockset.h"
#include "detect/base/thread.h"
#include "detect/data/access.h"
#include "detect/shadow/shadow.h"
#include "detect/data/site.h"

/* An origin without its tag; 0: not known. */
typedef uint32_t origin_id;

/* The upper two of the 24 bits tell the sort. */
#define ORIGIN_SORT_SHIFT 22
#define ORIGIN_TAG_BITS 8

/* Half of a tag is the slot: no thread's word is taken together with another's origin, unless
 * there are more than 16. */
#define ORIGIN_TAG_HALF 4
#define ORIGIN_TAG_HALF_MASK 15

enum origin_sort { ORIGIN_STACK, ORIGIN_SITE, ORIGIN_LIST, ORIGIN_LOCKSET };

struct origin_part {
	uint16_t slot; /* of the thread */
	uint8_t bytes;
	origin_id origin; /* of a part of a list: none itself */
};

#define ORIGIN_PARTS 64u /* in a list; more are not kept */

#define ORIGIN_FIRST_CALLERS 32u
#define ORIGIN_STACKS_MANY 8192u /* with so many: */
#define ORIGIN_FIRST_OF_MANY 8u
#define ORIGIN_CALLERS_EVERY 1024u

/* Will the next access by @site be one of its first? */
static inline bool origin_has_first(const struct detector *detector, const struct site *site)
{
	/* relaxed: counts of few; a late look is as good. */
	uint32_t count = load_relaxed(&site->first_count);

	return UNLIKELY(count < ORIGIN_FIRST_CALLERS) &&
	       (count < ORIGIN_FIRST_OF_MANY ||
		load_relaxed(&detector->stacks.by_id.last) < ORIGIN_STACKS_MANY);
}

static inline void origin_count_first(struct site *site)
{
	/* relaxed: as above */
	store_relaxed(&site->first_count, load_relaxed(&site->first_count) + 1);
}

/* Decides whether callers are kept of an access of @thread by @site.  Called once for
 * each access that reaches C. */
static inline enum access_callers origin_choose_callers(const struct detector *detector,
							struct thread *thread, struct site *site)
{
	uint16_t suspect_count;

	if (origin_has_first(detector, site)) {
		origin_count_first(site);
		return CALLERS_KEPT;
	}
	/* relaxed: as above */
	suspect_count = load_relaxed(&site->suspect_count);
	if (UNLIKELY(suspect_count > 1)) {
		store_relaxed(&site->suspect_count, (uint16_t)(suspect_count - 1));
		return CALLERS_KEPT;
	}
	if (LIKELY(thread->accesses.sample-- != 0))
		return CALLERS_DROPPED;
	thread->accesses.sample = ORIGIN_CALLERS_EVERY - 1;
	return CALLERS_SAMPLED;
}

/* The origin of the access that @thread is making, with its callers if @keeps_callers. */
origin_id origin_of_access(struct detector *detector, struct thread *thread,
			   const struct access *access, bool keeps_callers);

/* The origin of an access at @site whose callers are not recorded. */
static inline origin_id origin_of_site(site_id site)
{
	return (uint32_t)ORIGIN_SITE << ORIGIN_SORT_SHIFT | site;
}

/* Is it a whole stack, with the locks held or without? */
static inline bool origin_has_callers(origin_id origin)
{
	return origin && (origin < (uint32_t)ORIGIN_SITE << ORIGIN_SORT_SHIFT ||
			  origin >= (uint32_t)ORIGIN_LOCKSET << ORIGIN_SORT_SHIFT);
}

/* Stored in place of 0, which means that nothing was stored yet. */
#define ORIGIN_NOT_KNOWN 0xffffffu

static inline uint32_t origin_tagged(origin_id origin, uint64_t word)
{
	uint32_t tag = (shadow_slot(word) & ORIGIN_TAG_HALF_MASK) << ORIGIN_TAG_HALF |
		       (uint32_t)(shadow_epoch(word) & ORIGIN_TAG_HALF_MASK);

	return (origin ? origin : ORIGIN_NOT_KNOWN) << ORIGIN_TAG_BITS | tag;
}

/* Before *@place gets @origin, of @word, which is stored first: what is there must not be taken
 * for it.  Who needs it of the word before waits, or meets the new one.  Returns what made way;
 * 0: nothing. */
static inline uint32_t origin_make_way(uint32_t *place, origin_id origin, uint64_t word)
{
	uint32_t mine = origin_tagged(origin, word);
	uint32_t found = load_relaxed(place); /* relaxed: the exchange orders it */

	while (UNLIKELY((uint8_t)found == (uint8_t)mine && found != mine && found))
		if (compare_exchange_acq_rel(place, &found, 0))
			return found;
	return 0;
}

/* Must what is there make way before @word takes the place of @old?  That is known without a
 * look at it, which may be the first one at its page: of a plain word it has the tag. */
static inline bool origin_may_fit(uint64_t old, uint64_t word)
{
	return old && (shadow_form(old) != SHADOW_PLAIN ||
		       !((shadow_epoch(old) ^ shadow_epoch(word)) & ORIGIN_TAG_HALF_MASK));
}

/* Before *@at, which is @word, becomes 0: where that is, there is no origin.  Returns what was
 * there. */
static inline uint32_t origin_take_away(uint32_t *place, const uint64_t *at, uint64_t word)
{
	uint32_t found = load_acquire(place); /* *@at is looked at later */

	if (!found || load_acquire(at) != word || !compare_exchange_acq_rel(place, &found, 0))
		return 0;
	return found;
}

/* What was @taken made way in vain: the word is one that another thread has put there, or has
 * added bytes to. */
static inline void origin_give_back(uint32_t *place, const uint64_t *at, uint32_t taken)
{
	uint32_t none = 0;

	if (taken && taken == origin_tagged(taken >> ORIGIN_TAG_BITS, load_acquire(at)))
		compare_exchange_acq_rel(place, &none, taken);
}

static inline void origin_store(uint32_t *place, origin_id origin, uint64_t word)
{
	/* release: who finds it and looks again does not see an older word. */
	store_release(place, origin_tagged(origin, word));
}

/* The same, unless *@at is another word by now, whose origin may be there already. */
static inline void origin_put(uint32_t *place, const uint64_t *at, origin_id origin, uint64_t word)
{
	/* acquire: *@at is looked at later. */
	uint32_t found = load_acquire(place);

	while ((load_acquire(at) ^ word) >> SHADOW_FORM_SHIFT == 0 &&
	       !compare_exchange_acq_rel(place, &found, origin_tagged(origin, word)))
		;
}

/* The origin at @place, if it belongs to @word; else false. */
static inline bool origin_find(const uint32_t *place, uint64_t word, origin_id *origin)
{
	uint32_t tagged = load_acquire(place); /* the word is looked at again afterwards */

	if (!tagged || tagged != origin_tagged(tagged >> ORIGIN_TAG_BITS, word))
		return false;
	*origin = tagged >> ORIGIN_TAG_BITS;
	if (*origin == ORIGIN_NOT_KNOWN)
		*origin = 0;
	return true;
}

/* The origin of a word that stands for the accesses of both.  @old_slot and @old_bytes
 * say what @old belongs to, unless it is a list. */
origin_id origin_join(struct detector *detector, struct thread *thread, origin_id old,
		      uint32_t old_slot, uint32_t old_bytes, const struct origin_part *more);

/* The same for the @count accesses @more. */
origin_id origin_join_all(struct detector *detector, origin_id old, uint32_t old_slot,
			  uint32_t old_bytes, const struct origin_part *more, uint32_t count);

/* A join that a thread remembers, as those along an array are all alike. */
struct origin_step {
	origin_id old;
	uint16_t old_slot;
	uint16_t old_bytes; /* or ORIGIN_UNITES: of two parts, it is the first's */
	struct origin_part more;
	origin_id to; /* 0: none */
};

#define ORIGIN_STEPS 4096u
#define ORIGIN_UNITES 0x100u

/* The origin of words that become one: of @count parts, with bytes of their own each. */
origin_id origin_unite(struct detector *detector, struct thread *thread,
		       const struct origin_part *parts, uint32_t count);

/* Which of @bytes have the site of the first of them; @sites has one for each byte. */
static inline uint32_t origin_bytes_alike(const site_id *sites, uint32_t bytes)
{
	site_id first = sites[__builtin_ctz(bytes)];
	uint32_t alike = 0;

	for (uint32_t left = bytes; left; left &= left - 1) {
		uint32_t byte = (uint32_t)__builtin_ctz(left);

		alike |= (uint32_t)(sites[byte] == first) << byte;
	}
	return alike;
}

/* The origin of @bytes that @thread has accessed by several of @sites, one for each byte. */
origin_id origin_of_sites(struct detector *detector, struct thread *thread, const site_id *sites,
			  uint32_t bytes);

/* That of a whole granule, which a thread remembers: along an array they come again. */
struct origin_sites {
	site_id sites[SHADOW_GRANULE];
	origin_id origin; /* 0: none */
	uint32_t slot;
};

#define ORIGIN_SITES_BITS 6u

/* The part of @origin for @slot's access to the first of @bytes that it has.  Of an
 * origin that is no list: itself, with all bytes. */
struct origin_part origin_part_at(const struct detector *detector, origin_id origin, uint32_t slot,
				  uint32_t bytes);

/* The site that a stack or site origin is of; 0 if not known. */
site_id origin_site(const struct detector *detector, origin_id origin);

/* The same as a stack for a report: whole, or of one frame. */
stack_id origin_stack(struct detector *detector, origin_id origin);

/* Can nobody hold @lock, as its thread does, while another holds what was held with @origin?
 * True if that is not known. */
bool origin_excludes(const struct detector *detector, origin_id origin,
		     const struct held_lock *lock);

/* Does @thread hold a lock alone that was held alone at @origin's access, as far as that
 * is known? */
bool origin_shares_lock(const struct detector *detector, origin_id origin,
			const struct thread *thread);

/* Fills @event's holds with the locks of @origin's access.  Called with detector.lock
 * held. */
void origin_tell_holds(struct detector *detector, origin_id origin, struct finding_event *event);

/* @stack, of a check that several sites share, as it is at @site.  Called with
 * detector.lock held. */
stack_id origin_stack_at(struct detector *detector, stack_id stack, site_id site);

/* Of the access that @thread is making: its whole stack. */
stack_id origin_stack_of_access(struct detector *detector, struct thread *thread,
				const struct access *access);

#endif

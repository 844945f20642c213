#include "detect/access_fast.h"

#include "detect/origin.h"

uint8_t access_quiet[SITE_MAX];

static inline bool is_same_epoch(uint64_t word, uint64_t current)
{
	return (word ^ current) >> SHADOW_FORM_SHIFT == 0;
}

/* Is @word a plain one (or none), and of an access before @thread's present? */
static inline bool is_before(const struct thread *thread, uint64_t word)
{
	uint32_t slot = shadow_slot(word);

	if (word == 0)
		return true;
	if (shadow_form(word) != SHADOW_PLAIN)
		return false;
	return slot < thread->clock.count &&
	       (slot == thread->slot || thread->clock.entries[slot] >= shadow_epoch(word));
}

/* Records over @old.  False: it is not @old any more. */
static inline bool exchange_word(uint64_t *place, uint32_t *origin, uint64_t old, uint64_t word,
				 site_id site)
{
	if (!compare_exchange_acq_rel(place, &old, word))
		return false;
	origin_store(origin, origin_of_site(site), word);
	return true;
}

/* What was recorded is judged again by the whole engine. */
static void check_again(struct detector *detector, struct thread *thread, uintptr_t address,
			uint32_t size_bytes, bool is_write, site_id id, bool is_late)
{
	const struct site *site = site_get(&detector->sites, id);
	struct access access = {
		.address = address,
		.size_bytes = size_bytes,
		.site = id,
		.flags = (site ? site->flags : 0) | (is_write ? SITE_WRITE : SITE_READ),
		.is_recorded = true,
		.is_late = is_late,
	};

	access_check(detector, thread, &access);
}

/* One whole granule.  False: it was left as it is. */
static inline bool record_granule(struct detector *detector, struct thread *thread,
				  uintptr_t granule, bool is_write, site_id site)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t *own = is_write ? shadow.write : shadow.read;
	uint64_t *other = is_write ? shadow.read : shadow.write;
	uint32_t *origin = is_write ? &shadow.origins->write : &shadow.origins->read;
	uint64_t current = *thread->current;
	uint64_t old = load_acquire(own);

	if (old == current || (!is_write && old == *thread->shared))
		return true;
	if (!is_before(thread, old) || !is_before(thread, load_relaxed(other)) ||
	    !exchange_word(own, origin, old, current, site))
		return false;
	/* acquire, after the exchange: pairs with the other side's exchange and look. */
	if (UNLIKELY(!is_before(thread, load_acquire(other))))
		check_again(detector, thread, granule, SHADOW_GRANULE, is_write, site, false);
	return true;
}

bool access_whole(struct detector *detector, struct thread *thread, uintptr_t address,
		  uint32_t size_bytes, bool is_write, site_id site)
{
	if (address % SHADOW_GRANULE || size_bytes % SHADOW_GRANULE)
		return false;
	for (uint32_t i = 0; i < size_bytes; i += SHADOW_GRANULE)
		if (!record_granule(detector, thread, address + i, is_write, site))
			return false;
	return true;
}

/* --- Open granules --------------------------------------------------------- */

static inline uint32_t bytes_of(uintptr_t address, uint32_t size_bytes)
{
	return ((1u << size_bytes) - 1) << address % SHADOW_GRANULE;
}

/* The runs of bytes in @bytes, each as an access of its own. */
static void check_runs(struct detector *detector, struct thread *thread, uintptr_t granule,
		       uint32_t bytes, bool is_write, site_id site)
{
	while (bytes) {
		uint32_t first = (uint32_t)__builtin_ctz(bytes);
		uint32_t length = (uint32_t)__builtin_ctz(~(bytes >> first));

		check_again(detector, thread, granule + first, length, is_write, site, true);
		bytes &= ~(((1u << length) - 1) << first);
	}
}

static void flush(struct detector *detector, struct thread *thread, struct open_granule *open,
		  bool is_write)
{
	uintptr_t granule = open->granule;
	struct shadow shadow = shadow_of(granule);
	uint64_t *own = is_write ? shadow.write : shadow.read;
	uint64_t *other = is_write ? shadow.read : shadow.write;
	uint32_t *origin = is_write ? &shadow.origins->write : &shadow.origins->read;
	uint64_t old = load_acquire(own);
	uint64_t word = (*thread->current & ~(uint64_t)SHADOW_ALL_BYTES) | open->bytes;

	open->granule = 0;
	thread->open_count--;
	if (is_same_epoch(old, word) && !(open->bytes & ~shadow_bytes(old)))
		return;
	if (is_before(thread, old) && !(shadow_bytes(old) & ~open->bytes) &&
	    exchange_word(own, origin, old, word, open->site) &&
	    is_before(thread, load_acquire(other))) /* acquire: as in record_granule() */
		return;
	check_runs(detector, thread, granule, open->bytes, is_write, open->site);
}

void access_flush_slowly(struct detector *detector, struct thread *thread)
{
	for (uint32_t is_write = 0; is_write < 2; is_write++)
		for (uint32_t i = 0; thread->open_count && i < THREAD_OPEN; i++)
			if (thread->open[is_write][i].granule)
				flush(detector, thread, &thread->open[is_write][i], is_write);
}

/* Can the granule be kept open: is nothing to be feared from either plane? */
static inline bool is_quiet(const struct thread *thread, uintptr_t granule, bool is_write)
{
	struct shadow shadow = shadow_of(granule);

	return is_before(thread, load_relaxed(shadow.write)) &&
	       (is_before(thread, load_relaxed(shadow.read)) ||
		(!is_write && load_relaxed(shadow.read) == *thread->shared));
}

bool access_part(struct detector *detector, struct thread *thread, uintptr_t address,
		 uint32_t size_bytes, bool is_write, site_id site)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	struct open_granule *open =
		&thread->open[is_write][address / SHADOW_GRANULE % THREAD_OPEN];
	uint32_t bytes = bytes_of(address, size_bytes);

	if (UNLIKELY(bytes > SHADOW_ALL_BYTES))
		return false;
	if (open->granule == granule && open->site == site) {
		open->bytes |= bytes;
		return true;
	}
	if (open->granule) {
		if (open->granule == granule && !(bytes & ~open->bytes))
			return true;
		flush(detector, thread, open, is_write);
	}
	if (!thread->has_recorded || !is_quiet(thread, granule, is_write))
		return false;
	*open = (struct open_granule){granule, bytes, site};
	thread->open_count++;
	return true;
}

#include "preload/code/call_site.h"

#include "base/arena.h"
#include "base/atomic.h"
#include "preload/guest/guest.h"
#include "preload/guest/modules.h"

#define BITS_FIRST 11
#define BITS_STEP 2
#define BITS_MOST 17

struct known_call {
	uintptr_t key; /* 0: free; published last */
	site_id site;
	uint32_t generation; /* of the code, when the site was last known to be there */
};

/* An open hash table that only grows.  A larger one takes the place of one that is full, in
 * which others may go on looking: all entries of that stay. */
struct known_calls {
	uint32_t bits; /* of the number of entries */
	uint32_t count;
	struct known_call calls[];
};

struct runtime_lock call_sites_lock LOCKED_AROUND_FORKS;

/* Under call_sites_lock; published entries are read without it. */
static struct known_calls *known_calls;

/* Code addresses leave upper bits free. */
static uintptr_t key_of(uintptr_t return_address, uint32_t access)
{
	return return_address << 3 | (uintptr_t)!!(access & SITE_DESCRIPTOR) << 2 |
	       (uintptr_t)!!(access & SITE_HIDDEN) << 1 | !!(access & SITE_WRITE);
}

/* The entry of @key, or the free one where it belongs. */
static struct known_call *find_entry(struct known_calls *known, uintptr_t key)
{
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> (64 - known->bits));

	for (;; i = (i + 1) & ((1u << known->bits) - 1)) {
		/* acquire: pairs with add_entry(), which writes the site first. */
		uintptr_t found = load_acquire(&known->calls[i].key);

		if (found == key || !found)
			return &known->calls[i];
	}
}

static bool has_room(const struct known_calls *known)
{
	return known && known->count < (1u << known->bits) / 4 * 3;
}

/* The table, or a larger one if it is full; NULL: there is no room. */
static struct known_calls *make_room(struct known_calls *old)
{
	uint32_t bits = old ? old->bits + BITS_STEP : BITS_FIRST;
	struct known_calls *known;

	if (has_room(old) || bits > BITS_MOST)
		return has_room(old) ? old : NULL;
	known = pages_from_kernel(sizeof(*known) + (sizeof(known->calls[0]) << bits));
	if (!known)
		return NULL;
	known->bits = bits;
	known->count = old ? old->count : 0;
	for (uint32_t i = 0; old && i < 1u << old->bits; i++)
		if (old->calls[i].key)
			*find_entry(known, old->calls[i].key) = old->calls[i];
	/* release: pairs with call_site(). */
	store_release(&known_calls, known);
	return known;
}

static site_id new_site(uintptr_t return_address, uint32_t access)
{
	struct site_table *sites = &guest_detector.sites;
	site_id id = site_table_reserve(sites, 1);
	struct site *site = site_get(sites, id);

	/* An address inside the call instruction, before the one that it returns to. */
	if (site)
		*site = (struct site){
			.address = return_address - 1,
			.flags = access | SITE_RANGE,
			.code_generation = guest_code_generation,
		};
	return id;
}

/* Is there another module at @return_address since the site was made? */
static bool is_outdated(const struct known_call *entry, uintptr_t return_address)
{
	const struct site *site = site_get(&guest_detector.sites, entry->site);

	return entry->key && site &&
	       modules_find(return_address, site->code_generation) !=
		       modules_find(return_address, guest_code_generation);
}

/* Finds the entry, or makes one; gives it a new site if @renews. */
static site_id add_entry(uintptr_t return_address, uint32_t access, bool renews)
{
	uintptr_t key = key_of(return_address, access);
	struct known_calls *known = make_room(known_calls);
	struct known_call *entry;

	if (!known)
		return 0;
	entry = find_entry(known, key);
	if (!entry->key || renews)
		/* relaxed: a reader of the old site names code that was unloaded. */
		store_relaxed(&entry->site, new_site(return_address, access));
	store_relaxed(&entry->generation, guest_code_generation);
	known->count += !entry->key;
	/* release: pairs with find_entry(). */
	store_release(&entry->key, key);
	return entry->site;
}

site_id call_site(uintptr_t return_address, uint32_t access)
{
	/* acquire: pairs with add_entry(). */
	struct known_calls *known = load_acquire(&known_calls);
	struct known_call *entry;
	bool renews = false;
	site_id site;

	if (LIKELY(known)) {
		entry = find_entry(known, key_of(return_address, access));
		/* relaxed: an old site may be returned, see add_entry(). */
		if (LIKELY(entry->key && load_relaxed(&entry->generation) == guest_code_generation))
			return load_relaxed(&entry->site);
		renews = is_outdated(entry, return_address);
	}
	runtime_lock(&call_sites_lock);
	site = add_entry(return_address, access, renews);
	runtime_unlock(&call_sites_lock);
	return site;
}

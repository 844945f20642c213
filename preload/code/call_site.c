#include "preload/code/call_site.h"

#include "base/arena.h"
#include "base/atomic.h"
#include "preload/guest/guest.h"
#include "preload/guest/modules.h"

#define INDEX_BITS 17
#define INDEX_COUNT (1u << INDEX_BITS)
#define INDEX_FULL (INDEX_COUNT / 4 * 3)

/* An open hash table that only grows. */
struct known_call {
	uintptr_t key; /* 0: free; published last */
	site_id site;
	uint32_t generation; /* of the code, when the site was last known to be there */
};

struct runtime_lock call_sites_lock LOCKED_AROUND_FORKS;

/* Both under call_sites_lock; published entries are read without it. */
static struct known_call *known_calls;
static uint32_t known_count;

/* Code addresses leave upper bits free. */
static uintptr_t key_of(uintptr_t return_address, uint32_t access)
{
	return return_address << 3 | (uintptr_t)!!(access & SITE_DESCRIPTOR) << 2 |
	       (uintptr_t)!!(access & SITE_HIDDEN) << 1 | !!(access & SITE_WRITE);
}

/* The entry of @key, or the free one where it belongs. */
static struct known_call *find_entry(struct known_call *calls, uintptr_t key)
{
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> (64 - INDEX_BITS));

	for (;; i = (i + 1) % INDEX_COUNT) {
		/* acquire: pairs with add_entry(), which writes the site first. */
		uintptr_t found = load_acquire(&calls[i].key);

		if (found == key || !found)
			return &calls[i];
	}
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
	struct known_call *entry;

	if (!known_calls)
		/* release: pairs with call_site(). */
		store_release(&known_calls, (struct known_call *)pages_from_kernel(
						    INDEX_COUNT * sizeof(*known_calls)));
	if (!known_calls || known_count >= INDEX_FULL)
		return 0;
	entry = find_entry(known_calls, key);
	if (!entry->key || renews)
		/* relaxed: a reader of the old site names code that was unloaded. */
		store_relaxed(&entry->site, new_site(return_address, access));
	store_relaxed(&entry->generation, guest_code_generation);
	known_count += !entry->key;
	/* release: pairs with find_entry(). */
	store_release(&entry->key, key);
	return entry->site;
}

site_id call_site(uintptr_t return_address, uint32_t access)
{
	/* acquire: pairs with add_entry(). */
	struct known_call *calls = load_acquire(&known_calls);
	struct known_call *entry;
	bool renews = false;
	site_id site;

	if (LIKELY(calls)) {
		entry = find_entry(calls, key_of(return_address, access));
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

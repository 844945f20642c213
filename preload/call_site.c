#include "preload/call_site.h"

#include "base/arena.h"
#include "base/atomic.h"
#include "preload/guest.h"

#define INDEX_BITS 17
#define INDEX_COUNT (1u << INDEX_BITS)
#define INDEX_FULL (INDEX_COUNT / 4 * 3)

/* An open hash table that only grows. */
struct known_call {
	uintptr_t key; /* 0: free; published last */
	site_id site;
};

struct runtime_lock call_sites_lock;

/* Both under call_sites_lock, but for readers of published entries. */
static struct known_call *known_calls;
static uint32_t known_count;

/* Code addresses leave the upper bit free. */
static uintptr_t key_of(uintptr_t return_address, uint32_t access)
{
	return return_address << 1 | !!(access & SITE_WRITE);
}

/* The entry of @key, or the free one where it belongs. */
static struct known_call *find_entry(struct known_call *calls, uintptr_t key)
{
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> (64 - INDEX_BITS));

	for (;; i = (i + 1) % INDEX_COUNT) {
		/* acquire: pairs with add(), which writes the site first. */
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

	if (site)
		*site = (struct site){.address = return_address, .flags = access | SITE_RANGE};
	return id;
}

static site_id add(uintptr_t return_address, uint32_t access)
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
	if (entry->key)
		return entry->site;
	entry->site = new_site(return_address, access);
	if (!entry->site)
		return 0;
	known_count++;
	/* release: pairs with find_entry(). */
	store_release(&entry->key, key);
	return entry->site;
}

site_id call_site(uintptr_t return_address, uint32_t access)
{
	/* acquire: pairs with add(). */
	struct known_call *calls = load_acquire(&known_calls);
	struct known_call *entry;
	site_id site;

	if (LIKELY(calls)) {
		entry = find_entry(calls, key_of(return_address, access));
		if (LIKELY(entry->key))
			return entry->site;
	}
	runtime_lock(&call_sites_lock);
	site = add(return_address, access);
	runtime_unlock(&call_sites_lock);
	return site;
}

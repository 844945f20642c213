#include "detect/deadlock/shared_registry.h"

#include <string.h>

#include "base/atomic.h"

#define WALK_BUDGET 4096u
#define NO_HOLD UINT32_MAX
#define TOKEN_PROBES 32u
#define DROPS_MAX 8u /* entries of dead processes dropped in one search */

static bool claim_wait(struct shared_wait *wait, uint32_t pid)
{
	uint32_t expected = 0;

	return load_relaxed(&wait->claim) == 0 && /* relaxed: tried for real next */
	       compare_exchange_acq_rel(&wait->claim, &expected, pid);
}

/* relaxed: a bound for walks, which follow a full fence. */
static uint32_t used_entries(const struct shared_registry *registry)
{
	uint32_t used = load_relaxed(&registry->used);

	return used < SHARED_WAITS ? used : SHARED_WAITS;
}

static uint32_t claim_entry(struct shared_registry *registry, uint32_t pid, uint32_t hint)
{
	uint32_t used = used_entries(registry);

	if (hint && hint <= SHARED_WAITS && claim_wait(&registry->waits[hint - 1], pid))
		return hint;
	for (uint32_t i = 0; i < used; i++)
		if (claim_wait(&registry->waits[i], pid))
			return i + 1;
	while (used < SHARED_WAITS) {
		used = fetch_add_acq_rel(&registry->used, 1u);
		if (used < SHARED_WAITS && claim_wait(&registry->waits[used], pid))
			return used + 1;
	}
	return 0;
}

bool shared_wait_begin(struct shared_registry *registry, const struct shared_wait *wait,
		       struct shared_ticket *ticket)
{
	const size_t filled = offsetof(struct shared_wait, key);
	uint32_t number = claim_entry(registry, wait->pid, ticket->entry);
	struct shared_wait *entry = &registry->waits[number - 1];

	ticket->version = 0;
	if (!number)
		return false;
	ticket->entry = number;
	memcpy((char *)entry + filled, (const char *)wait + filled, sizeof(*wait) - filled);
	/* Odd already if its last user was killed while publishing. */
	ticket->version = (entry->version + 1) | 1;
	/* release: pairs with walk_cycle() and the second look. */
	store_release(&entry->version, ticket->version);
	fence_full();
	return true;
}

/* Ends what was published under @version, unless another thread just did. */
static void drop_wait(struct shared_wait *entry, uint64_t version)
{
	/* release: later writes do not belong to this version. */
	if (compare_exchange_acq_rel(&entry->version, &version, version + 1))
		store_release(&entry->claim, 0u); /* pairs with claim_wait() */
}

void shared_wait_end(struct shared_registry *registry, struct shared_ticket *ticket)
{
	if (!ticket->version)
		return;
	drop_wait(&registry->waits[ticket->entry - 1], ticket->version);
	ticket->version = 0;
}

void shared_process_began(struct shared_registry *registry, uint32_t pid)
{
	uint32_t used = used_entries(registry);

	for (uint32_t i = 0; i < used; i++) {
		struct shared_wait *entry = &registry->waits[i];
		uint64_t version = load_acquire(&entry->version);

		if (load_acquire(&entry->claim) != pid)
			continue;
		if (version % 2)
			drop_wait(entry, version);
		else
			store_release(&entry->claim, 0u); /* killed while publishing */
	}
}

void shared_token_posted(struct shared_registry *registry, uint64_t key)
{
	for (uint32_t i = 0; i < TOKEN_PROBES; i++) {
		uint64_t *token = &registry->tokens[(key + i) % SHARED_TOKENS];
		uint64_t expected = 0;

		if (load_relaxed(token) == key || /* relaxed: only ever set */
		    compare_exchange_acq_rel(token, &expected, key) || expected == key)
			return;
	}
	store_release(&registry->is_blind, 1u); /* pairs with shared_is_token() */
}

bool shared_is_token(const struct shared_registry *registry, uint64_t key)
{
	if (load_acquire(&registry->is_blind))
		return true;
	for (uint32_t i = 0; i < TOKEN_PROBES; i++) {
		uint64_t token = load_acquire(&registry->tokens[(key + i) % SHARED_TOKENS]);

		if (token == key)
			return true;
		if (!token)
			return false;
	}
	return false;
}

/* Does @other, which waits too, keep @wait from ending?  *@hold is the lock by
 * which it does. */
static bool blocks_wait(const struct shared_registry *registry, const struct shared_wait *wait,
			const struct shared_wait *other, uint32_t *hold)
{
	uint32_t count = other->hold_count < SHARED_HOLDS ? other->hold_count : SHARED_HOLDS;

	*hold = NO_HOLD;
	if (wait->key == other->own_key)
		return true;
	for (uint32_t i = 0; i < count; i++) {
		if (other->holds[i].key != wait->key ||
		    (wait->mode != LOCK_EXCLUSIVE && other->holds[i].mode != LOCK_EXCLUSIVE))
			continue;
		*hold = i;
		return !shared_is_token(registry, wait->key);
	}
	/* A reader that queues waits for writers that wait. */
	return wait->mode == LOCK_SHARED_QUEUED && other->key == wait->key &&
	       other->mode == LOCK_EXCLUSIVE;
}

static bool has_step(const struct shared_cycle *cycle, uint32_t entry)
{
	for (uint32_t i = 0; i < cycle->count; i++)
		if (cycle->steps[i].entry == entry)
			return true;
	return false;
}

/* A cycle within one process is found by its own wait-for graph. */
static bool spans_processes(const struct shared_cycle *cycle)
{
	for (uint32_t i = 1; i < cycle->count; i++)
		if (shared_step_wait(cycle, i)->process != shared_step_wait(cycle, 0)->process)
			return true;
	return false;
}

/* From the last step to the first.  Recursion is as deep as a cycle is long. */
static bool walk_cycle(struct shared_cycle *cycle)
{
	struct shared_registry *registry = cycle->registry;
	const struct shared_wait *wait = shared_step_wait(cycle, cycle->count - 1);
	uint32_t used = used_entries(registry);

	for (uint32_t i = 0; i < used && cycle->budget; i++) {
		const struct shared_wait *other = &registry->waits[i];
		/* acquire: pairs with shared_wait_begin(). */
		uint64_t version = load_acquire(&other->version);
		uint32_t hold;

		if (version % 2 == 0 || !blocks_wait(registry, wait, other, &hold))
			continue;
		cycle->budget--;
		if (i == cycle->steps[0].entry) {
			cycle->steps[0].hold = hold;
			if (cycle->count > 1 && spans_processes(cycle))
				return true;
			continue;
		}
		if (has_step(cycle, i) || cycle->count == SHARED_CYCLE_MAX)
			continue;
		cycle->steps[cycle->count++] = (struct shared_step){i, hold, version};
		if (walk_cycle(cycle))
			return true;
		cycle->count--;
	}
	return false;
}

bool shared_is_unchanged(const struct shared_cycle *cycle)
{
	fence_full();
	for (uint32_t i = 0; i < cycle->count; i++)
		/* relaxed: after the fence. */
		if (load_relaxed(&shared_step_wait(cycle, i)->version) != cycle->steps[i].version)
			return false;
	return true;
}

/* Drops the waits of threads that are gone; true if none was. */
static bool are_all_there(const struct shared_cycle *cycle, shared_is_there is_there)
{
	bool are_there = true;

	for (uint32_t i = 1; i < cycle->count; i++) {
		if (is_there(shared_step_wait(cycle, i)))
			continue;
		are_there = false;
		drop_wait(&cycle->registry->waits[cycle->steps[i].entry], cycle->steps[i].version);
	}
	return are_there;
}

/* True for one of the threads that see the cycle: it reports. */
static bool claim_report(const struct shared_cycle *cycle)
{
	uint32_t first = 0;
	struct shared_wait *entry;
	uint32_t reported;

	for (uint32_t i = 1; i < cycle->count; i++)
		if (cycle->steps[i].entry < cycle->steps[first].entry)
			first = i;
	entry = &cycle->registry->waits[cycle->steps[first].entry];
	reported = load_acquire(&entry->reported);
	return reported != (uint32_t)cycle->steps[first].version &&
	       compare_exchange_acq_rel(&entry->reported, &reported,
					(uint32_t)cycle->steps[first].version);
}

bool shared_find_cycle(struct shared_registry *registry, const struct shared_ticket *ticket,
		       shared_is_there is_there, struct shared_cycle *cycle)
{
	cycle->registry = registry;
	for (uint32_t i = 0; i < DROPS_MAX; i++) {
		cycle->steps[0] =
			(struct shared_step){ticket->entry - 1, NO_HOLD, ticket->version};
		cycle->count = 1;
		cycle->budget = WALK_BUDGET;
		if (!walk_cycle(cycle) || !shared_is_unchanged(cycle))
			return false;
		if (are_all_there(cycle, is_there))
			return shared_is_unchanged(cycle) && claim_report(cycle);
	}
	return false;
}

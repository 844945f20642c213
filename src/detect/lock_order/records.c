#include "detect/lock_order/records.h"

#include "base/hash.h"

/* The place in the path of the edge that leaves the lowest lock: every order
 * in which the cycle is found gives it the same first lock. */
static uint32_t first_place(const struct choice *choice)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < choice->length; i++) {
		if (choice->edges[i]->from->lock < choice->edges[first]->from->lock)
			first = i;
	}
	return first;
}

static struct order_node *node_at(const struct choice *choice, uint32_t first, uint32_t index)
{
	return choice->edges[(first + index) % choice->length]->from;
}

/* Two cycles with one key would be taken for one: with a million cycles the
 * odds are one in 10^7. */
static uint64_t key_of(const struct choice *choice)
{
	uint32_t first = first_place(choice);
	uint64_t key = choice->length;

	for (uint32_t i = 0; i < choice->length; i++)
		key = hash_mix(key ^ node_at(choice, first, i)->lock) + key;
	return key;
}

struct cycle_record *records_find(const struct cycle_finder *finder)
{
	return map_find_pointer(&finder->records, key_of(finder->choice));
}

struct cycle_record *records_add(struct cycle_finder *finder, uint32_t limit)
{
	const struct choice *choice = finder->choice;
	uint32_t first = first_place(choice);
	struct cycle_record *record;

	if (map_count(&finder->records) >= limit)
		return NULL;
	record = arena_alloc(finder->arena, sizeof(*record));
	if (!record)
		return NULL;
	record->key = key_of(choice);
	if (!map_set_pointer(&finder->records, record->key, record)) {
		arena_free(finder->arena, record, sizeof(*record));
		return NULL;
	}
	record->member = node_at(choice, first, 0);
	record->length = (uint8_t)choice->length;
	for (uint32_t i = 0; i < choice->length; i++)
		record->locks[i] = node_at(choice, first, i)->lock;
	component_add_cycle(record->member->component, record);
	return record;
}

static void set_refining(struct cycle_finder *finder, struct cycle_record *record, bool is_refining)
{
	struct order_component *component = record->member->component;

	finder->improved_count++;
	if (record->is_refining == is_refining)
		return;
	record->is_refining = is_refining;
	if (is_refining) {
		component->refining_count++;
		finder->refining_count++;
	} else {
		component->refining_count--;
		finder->refining_count--;
	}
}

uint32_t records_describe(const struct cycle_finder *finder, uint8_t strength, uint32_t replaces)
{
	const struct choice *choice = finder->choice;
	bool is_truncated = choice->length > LOCK_ORDER_CYCLE_MAX;
	uint32_t shown = is_truncated ? LOCK_ORDER_CYCLE_MAX : choice->length;
	uint32_t first = first_place(choice);
	struct order_witness witnesses[LOCK_ORDER_CYCLE_MAX];
	struct order_cycle cycle = {
		.verdict = strength_verdict(strength),
		.is_timed = strength_is_timed(strength),
		.is_truncated = is_truncated,
		.length = choice->length,
		.replaces = replaces,
	};
	uint32_t number;

	for (uint32_t i = 0; i < shown; i++) {
		uint32_t place = (first + i) % choice->length;

		witness_describe(finder->store, choice->edges[place]->from->lock,
				 choice->best[place], &witnesses[i]);
		cycle.edges[i] = (struct order_cycle_edge){
			.from = choice->edges[place]->from->lock,
			.to = choice->edges[place]->to->lock,
			.witness = &witnesses[i],
		};
	}
	number = finder->report(finder->context, &cycle);
	for (uint32_t i = 0; i < shown; i++)
		witness_free_description(finder->store, &witnesses[i]);
	return number;
}

void records_report(struct cycle_finder *finder, struct cycle_record *record, uint8_t strength)
{
	if (record->strength == STRENGTH_NONE && record->reason)
		finder->suppressed[record->reason - 1]--;
	record->reason = 0;
	record->strength = strength;
	record->report = records_describe(finder, strength, record->report);
	set_refining(finder, record, strength_verdict(strength) == ORDER_BY_HAND_OVER);
}

void records_suppress(struct cycle_finder *finder, struct cycle_record *record,
		      enum order_suppression reason)
{
	if (record->reason == reason + 1)
		return;
	if (record->reason)
		finder->suppressed[record->reason - 1]--;
	record->reason = (uint8_t)(reason + 1);
	finder->suppressed[reason]++;
	set_refining(finder, record, reason == SUPPRESSED_SAME_THREAD);
}

static bool passes_through(const struct cycle_record *record, const struct order_node *node)
{
	for (uint32_t i = 0; i < record->length; i++) {
		if (record->locks[i] == node->lock)
			return true;
	}
	return false;
}

void records_forget(struct cycle_finder *finder, const struct order_node *node)
{
	struct cycle_record **link = &node->component->cycles;

	while (*link) {
		struct cycle_record *record = *link;

		if (!passes_through(record, node)) {
			link = &record->next;
			continue;
		}
		*link = record->next;
		if (record->is_refining) {
			node->component->refining_count--;
			finder->refining_count--;
		}
		map_remove(&finder->records, record->key);
		arena_free(finder->arena, record, sizeof(*record));
	}
}

#include "detect/lock_order/records.h"

#include "base/hash.h"

/* The place in the path of the edge that leaves the lowest lock: the same edge
 * from whichever edge the cycle was found. */
static uint32_t find_first(const struct choice *choice)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < choice->length; i++)
		if (choice->edges[i]->from->lock < choice->edges[first]->from->lock)
			first = i;
	return first;
}

/* Two cycles with one key would be taken for one: with a million cycles the
 * odds are one in 10^7. */
static uint64_t hash_cycle(const struct choice *choice)
{
	uint32_t first = find_first(choice);
	uint64_t key = choice->length;

	for (uint32_t i = 0; i < choice->length; i++) {
		const struct order_edge *edge = choice->edges[(first + i) % choice->length];

		key = hash_mix(key ^ edge->from->lock) + key;
	}
	return key;
}

struct cycle_record *records_find(const struct cycle_finder *finder)
{
	return map_find_pointer(&finder->records, hash_cycle(finder->choice));
}

static size_t count_bytes(uint32_t length)
{
	return sizeof(struct cycle_record) + length * sizeof(struct cycle_link);
}

static void link_record(struct cycle_link *link, struct cycle_record *record,
			struct order_node *node)
{
	*link = (struct cycle_link){record, node->cycles, &node->cycles};
	if (node->cycles)
		node->cycles->place = &link->next;
	node->cycles = link;
}

struct cycle_record *records_add(struct cycle_finder *finder, uint32_t limit)
{
	const struct choice *choice = finder->choice;
	struct cycle_record *record;

	if (map_count(&finder->records) >= limit)
		return NULL;
	record = arena_alloc(finder->arena, count_bytes(choice->length));
	if (!record)
		return NULL;
	*record = (struct cycle_record){
		.key = hash_cycle(choice),
		.member = choice->edges[0]->from,
		.length = (uint8_t)choice->length,
	};
	if (!map_set_pointer(&finder->records, record->key, record)) {
		arena_free(finder->arena, record, count_bytes(record->length));
		return NULL;
	}
	for (uint32_t i = 0; i < choice->length; i++)
		link_record(&record->links[i], record, choice->edges[i]->from);
	return record;
}

static void change_refining(struct cycle_finder *finder, struct cycle_record *record,
			    bool is_refining)
{
	int change = is_refining - record->is_refining;

	record->is_refining = is_refining;
	record->member->component->refining_count += (uint32_t)change;
	finder->refining_count += (uint64_t)change;
}

void records_forget(struct cycle_finder *finder, struct order_node *node)
{
	while (node->cycles) {
		struct cycle_record *record = node->cycles->record;

		for (uint32_t i = 0; i < record->length; i++) {
			struct cycle_link *link = &record->links[i];

			*link->place = link->next;
			if (link->next)
				link->next->place = link->place;
		}
		change_refining(finder, record, false);
		map_remove(&finder->records, record->key);
		arena_free(finder->arena, record, count_bytes(record->length));
	}
}

void records_set_refining(struct cycle_finder *finder, struct cycle_record *record,
			  bool is_refining)
{
	finder->improved_count++;
	change_refining(finder, record, is_refining);
}

/* Describes the choice to the caller's function; returns the report's number. */
static uint32_t describe_choice(const struct cycle_finder *finder, uint8_t strength,
				uint32_t replaces)
{
	const struct choice *choice = finder->choice;
	bool is_truncated = choice->length > LOCK_ORDER_CYCLE_MAX;
	uint32_t shown = is_truncated ? LOCK_ORDER_CYCLE_MAX : choice->length;
	uint32_t first = find_first(choice);
	struct order_witness witnesses[LOCK_ORDER_CYCLE_MAX];
	struct order_cycle cycle = {
		.verdict = strength_verdict(strength),
		.is_truncated = is_truncated,
		.length = choice->length,
		.replaces = replaces,
	};
	uint32_t number;

	for (uint32_t i = 0; i < choice->length; i++) {
		cycle.is_timed |= choice->best[i]->moment->is_timed;
		cycle.is_unpublished |= choice->best[i]->is_unpublished;
	}
	for (uint32_t i = 0; i < shown; i++) {
		uint32_t place = (first + i) % choice->length;
		const struct order_edge *edge = choice->edges[place];

		witness_describe(finder->store, edge->from->lock, choice->best[place],
				 &witnesses[i]);
		cycle.edges[i] = (struct order_cycle_edge){edge->from->lock, edge->to->lock,
							   &witnesses[i]};
	}
	number = finder->report(finder->context, &cycle);
	for (uint32_t i = 0; i < shown; i++)
		witness_free_description(finder->store, &witnesses[i]);
	return number;
}

void records_report(struct cycle_finder *finder, struct cycle_state *state, uint8_t strength)
{
	if (state->reason)
		finder->suppressed[state->reason - 1]--;
	*state = (struct cycle_state){
		.report = describe_choice(finder, strength, state->report),
		.strength = strength,
	};
}

void records_suppress(struct cycle_finder *finder, struct cycle_state *state,
		      enum order_suppression reason)
{
	if (state->reason)
		finder->suppressed[state->reason - 1]--;
	state->reason = (uint8_t)(reason + 1);
	finder->suppressed[reason]++;
}

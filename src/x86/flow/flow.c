#include "x86/flow/flow.h"

#include "x86/flow/accessors.h"
#include "x86/paths/dead_ends.h"
#include "x86/paths/rounds.h"
#include "x86/paths/splits.h"
#include "x86/flow/walk.h"
#include "x86/survey/site.h"

#define JOIN_LIMIT 8192u
#define FILTER_BITS 1024u

static int find_slot(const struct flow *flow, const struct instruction *instruction)
{
	bool is_rsp = instruction->base == RSP;
	int32_t key = (int32_t)((uint32_t)instruction->displacement * 2u + is_rsp);

	if (!(is_rsp || instruction->memory & MEMORY_STACK) || instruction->index != NO_REGISTER ||
	    instruction->is_rip_relative)
		return -1;
	for (unsigned i = 0; i < flow->slot_count; i++)
		if (flow->slot_keys[i] == key)
			return (int)i;
	return -1;
}

static void add_slot(struct flow *flow, const struct instruction *instruction)
{
	bool is_rsp = instruction->base == RSP;

	if (!(instruction->memory & MEMORY_WRITE) || instruction->index != NO_REGISTER ||
	    instruction->is_rip_relative || flow->slot_count == FLOW_SLOTS_MOST ||
	    !(is_rsp || instruction->memory & MEMORY_STACK) || find_slot(flow, instruction) >= 0)
		return;
	flow->slot_keys[flow->slot_count++] =
		(int32_t)((uint32_t)instruction->displacement * 2u + is_rsp);
}

/* Finds out whether one pass is enough, and whether to follow vectors. */
static void note_shape(struct flow *flow, uint32_t index)
{
	const struct instruction *instruction = &flow->function->instructions[index];
	const struct accessor *accessor =
		flow->roles[index] ? accessor_called(flow->module, instruction) : NULL;

	if ((instruction_is_branch(instruction) && instruction->target <= instruction->offset) ||
	    instruction->kind == INSTRUCTION_JUMP_INDIRECT)
		flow->has_loop = true;
	if (instruction->kind == INSTRUCTION_PLAIN && instruction->source == NO_REGISTER &&
	    flow->roles[index] & FLOW_STORE &&
	    !(instruction->memory & (MEMORY_CONSTANT | MEMORY_READ)))
		flow->vector_count = FLOW_VECTORS;
	if (accessor && accessor->value >= ACCESSOR_VECTORS)
		flow->vector_count = FLOW_VECTORS;
}

/* Is it the lea of a slot? */
static void note_named(struct flow *flow, const struct instruction *instruction)
{
	bool is_rsp = instruction->base == RSP;
	int32_t key = (int32_t)((uint32_t)instruction->displacement * 2u + is_rsp);

	if (!instruction->is_lea || instruction->index != NO_REGISTER ||
	    !(is_rsp || (instruction->base == RBP && flow->function->has_frame_pointer)))
		return;
	for (unsigned i = 0; i < flow->slot_count; i++)
		if (flow->slot_keys[i] == key)
			flow->named_slots |= 1u << i;
}

static void number_joins(struct flow *flow)
{
	const struct function *function = flow->function;

	for (uint32_t i = 0; i < function->count; i++) {
		bool is_join = i && function->reach[i] & (REACH_BRANCH | REACH_INDIRECT);

		flow->join_numbers[i] = is_join ? flow->join_count++ : FLOW_NO_JOIN;
		flow->store_of[i] = flow->store_count;
		flow->store_count += (flow->roles[i] & (FLOW_STORE | FLOW_OPEN)) != 0;
		add_slot(flow, &function->instructions[i]);
		note_shape(flow, i);
	}
	for (uint32_t i = 0; i < function->count; i++) {
		flow->slot_of[i] = (int8_t)find_slot(flow, &function->instructions[i]);
		note_named(flow, &function->instructions[i]);
	}
}

/* False: no memory, or too large. */
static bool get_ready(struct flow *flow, struct scratch *scratch)
{
	uint32_t count = flow->function->count;

	flow->join_numbers = scratch_take(scratch, count * sizeof(uint32_t));
	flow->store_of = scratch_take(scratch, count * sizeof(uint32_t));
	flow->slot_of = scratch_take(scratch, count);
	if (!flow->join_numbers || !flow->store_of || !flow->slot_of)
		return false;
	number_joins(flow);
	flow->is_reached = scratch_take(scratch, flow->join_count + 1);
	flow->is_new = scratch_take(scratch, flow->join_count + 1);
	return flow->is_reached && flow->is_new && flow->join_count <= JOIN_LIMIT;
}

struct pairing {
	struct flow flow;
	const struct update_group_notes *notes;
	uint32_t *store_at; /* instructions, by number */
	uint8_t *part_counts; /* by number: to how many places it stores, a vector's parts */
	struct flow_values values;
	struct flow_store *stores;
	struct flow_loads *loads;
	struct splits splits;
};

static void unite_update_groups(const struct pairing *pairing, uint32_t load, uint32_t store)
{
	uint32_t *update_groups = pairing->notes->update_groups;
	uint32_t old = update_groups[store];

	if (!update_groups[load])
		update_groups[load] = old ? old : ++*pairing->notes->update_group_count;
	update_groups[store] = update_groups[load];
	if (!old || old == update_groups[load])
		return;
	for (uint32_t i = 0; i < pairing->flow.function->count; i++)
		if (update_groups[i] == old)
			update_groups[i] = update_groups[load];
}

/* Does more than one branch lead out of the loop?  Who waits for one thing has one exit. */
static bool has_exits(const struct function *function, const struct flow_loop *loop)
{
	unsigned exits = 0;

	for (uint32_t i = loop->first; i <= loop->last && exits < 2; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint32_t to;

		if (instruction->kind == INSTRUCTION_PLAIN || instruction_is_call(instruction))
			continue;
		if (!instruction_is_branch(instruction)) {
			exits++;
			continue;
		}
		to = function_target(function, instruction);
		if (to < loop->first || to > loop->last)
			exits += !dead_ends_follow(function, instruction);
		else if (i == loop->last)
			exits += instruction_falls_through(instruction);
	}
	return exits > 1;
}

/*
 * Does the load's loop only wait for something, before the store?  Who waits has decided
 * nothing that could be too old: what it waited for has come.  But what a round does that has
 * decided against something, to go on with the next one, looks like a loop by itself.
 */
static bool is_awaited(const struct pairing *pairing, struct scratch *scratch, uint32_t load,
		       uint32_t store_at)
{
	const struct flow_loop *loop = &pairing->loads->loops[load];
	const struct function *function = pairing->flow.function;

	return (store_at < loop->first || store_at > loop->last) &&
	       !(has_exits(function, loop) &&
		 rounds_have(function, scratch, pairing->loads->at[load], loop->first, loop->last,
			     store_at));
}

/* How what the load loads was compared with what the store stores. */
static uint32_t comparison_of(const struct flow_values *values, uint32_t load, uint32_t store)
{
	uint64_t pair = flow_pair_of(flow_loaded(values->load_places[load]),
				     values->store_values[store]);

	for (uint32_t i = 0; i < values->compared_count; i++)
		if (values->compared[i] == pair)
			return values->equated >> i & 1 ? PLAN_SITE_EQUATES : PLAN_SITE_COMPARES;
	return 0;
}

/* Is @store made only if a load of another place has found what an earlier one had, as with a
 * version that each update changes?  Then nothing has come in between. */
static bool is_validated(const struct flow_values *values, const struct flow_store *store,
			 uint32_t first)
{
	for (uint64_t bits = store->decided & ~store->differed; bits; bits &= bits - 1) {
		uint32_t load = first + (uint32_t)__builtin_ctzll(bits);
		uint64_t loaded = flow_loaded(values->load_places[load]);
		uint64_t pair = flow_pair_of(loaded, loaded);

		for (uint32_t i = 0; i < values->compared_count; i++)
			if (values->compared[i] == pair && values->equated >> i & 1)
				return true;
	}
	return false;
}

static inline bool is_same_place(const struct pairing *pairing, uint32_t load, uint32_t store)
{
	uint64_t from = pairing->values.load_places[load];
	uint64_t to = pairing->values.store_places[store];

	for (uint32_t i = 1; from != to && i < pairing->part_counts[store]; i++)
		to = flow_add_bytes(to, FLOW_PART);
	return from == to;
}

/* Only where they run it shows whether two searches have found the same. */
static bool are_alike(const struct pairing *pairing, uint32_t load, uint32_t store)
{
	uint64_t like = pairing->values.load_likes[load];

	return like && like == pairing->values.store_likes[store];
}

/* What two calls access is known to be one place only where they run. */
static bool are_open(const struct pairing *pairing, uint32_t load, uint32_t store)
{
	const uint8_t *roles = pairing->flow.roles;

	return roles[pairing->loads->at[load]] & roles[pairing->store_at[store]] & FLOW_OPEN;
}

/* Notes which loads of its place, from number @first on, are in the value of store
 * @number, and which decided that it is made. */
static void pair_store(struct pairing *pairing, struct scratch *scratch, uint32_t number,
		       uint32_t first)
{
	const struct flow_store *store = &pairing->stores[number];
	uint32_t *flags = pairing->notes->flags;
	uint32_t store_at = pairing->store_at[number];
	bool may_be_split = !is_validated(&pairing->values, store, first);

	for (uint64_t bits = store->rests | store->decided; bits; bits &= bits - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(bits);
		uint32_t load_at = pairing->loads->at[first + bit];
		bool rests = store->rests >> bit & 1;
		bool is_known = is_same_place(pairing, first + bit, number) ||
				(rests && are_open(pairing, first + bit, number));

		if (load_at == store_at ||
		    !(is_known || (rests && are_alike(pairing, first + bit, number))))
			continue;
		if (!rests && is_awaited(pairing, scratch, first + bit, store_at))
			continue;
		unite_update_groups(pairing, load_at, store_at);
		pairing->notes->arguments[store_at] |= (uint16_t)store->arguments;
		if (may_be_split && splits_between(&pairing->splits, load_at, store_at))
			flags[load_at] |= PLAN_SITE_MAY_BE_SPLIT;
		if (!rests) {
			flags[load_at] |= PLAN_SITE_DECIDES |
					  comparison_of(&pairing->values, first + bit, number);
			if (!(store->differed >> bit & 1))
				flags[load_at] |= PLAN_SITE_MATCHES;
			continue;
		}
		flags[load_at] |= PLAN_SITE_MAY_BE_STALE;
		/* What may be an update is one only where a write was lost. */
		if (!is_known)
			continue;
		flags[store_at] |= PLAN_SITE_UPDATE;
		if (store->examined >> bit & 1) {
			flags[load_at] |= PLAN_SITE_DECIDES;
			flags[store_at] |= PLAN_SITE_EXAMINED;
		}
	}
}

static bool pair_all(struct pairing *pairing, struct scratch *scratch)
{
	for (uint32_t first = 0; first < pairing->loads->count; first += FLOW_SET_MOST) {
		uint32_t left = pairing->loads->count - first;
		uint32_t count = left < FLOW_SET_MOST ? left : FLOW_SET_MOST;
		struct scratch_mark mark = scratch_mark(scratch);

		if (!flow_find_sets(&pairing->flow, scratch, pairing->loads->at + first, count,
				    pairing->stores))
			return false;
		for (uint32_t i = 0; i < pairing->flow.store_count; i++)
			pair_store(pairing, scratch, i, first);
		scratch_release(scratch, mark);
	}
	return true;
}

/* True if a store to the place of load number @load may come after it. */
static bool has_store_at(const struct pairing *pairing, uint32_t load)
{
	for (uint32_t i = pairing->flow.store_count; i-- > 0;) {
		if (pairing->store_at[i] < pairing->loads->first_after[load])
			return false;
		if ((is_same_place(pairing, load, i) || are_open(pairing, load, i) ||
		     are_alike(pairing, load, i)) &&
		    pairing->store_at[i] != pairing->loads->at[load])
			return true;
	}
	return false;
}

/* Keeps the loads whose place is that of some store. */
static void keep_matching(struct pairing *pairing)
{
	uint64_t filter[FILTER_BITS / 64] = {0};
	struct flow_loads *loads = pairing->loads;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pairing->flow.store_count; i++) {
		for (uint32_t part = 0; part < pairing->part_counts[i]; part++) {
			uint64_t place = flow_add_bytes(pairing->values.store_places[i],
							part * FLOW_PART);

			filter[place % FILTER_BITS / 64] |= 1ull << place % 64;
		}
	}
	for (uint32_t i = 0; i < loads->count; i++) {
		uint64_t place = pairing->values.load_places[i];

		bool may_match = filter[place % FILTER_BITS / 64] >> place % 64 & 1 ||
				 pairing->values.load_likes[i] ||
				 pairing->flow.roles[loads->at[i]] & FLOW_OPEN;

		if (!may_match || !has_store_at(pairing, i))
			continue;
		loads->at[kept] = loads->at[i];
		loads->loops[kept] = loads->loops[i];
		loads->first_after[kept] = loads->first_after[i];
		pairing->values.load_likes[kept] = pairing->values.load_likes[i];
		pairing->values.load_places[kept++] = place;
	}
	loads->count = kept;
}

static uint8_t count_parts(const struct instruction *store)
{
	return store->kind == INSTRUCTION_PLAIN && store->access_bytes > 8
		       ? (uint8_t)(store->access_bytes / FLOW_PART)
		       : 1;
}

static void list_stores(struct pairing *pairing)
{
	const struct flow *flow = &pairing->flow;

	for (uint32_t i = 0; i < flow->function->count; i++) {
		if (!(flow->roles[i] & (FLOW_STORE | FLOW_OPEN)))
			continue;
		pairing->store_at[flow->store_of[i]] = i;
		pairing->part_counts[flow->store_of[i]] =
			count_parts(&flow->function->instructions[i]);
	}
}

/* Room for the facts of stores. */
static bool take_stores(struct pairing *pairing, struct scratch *scratch)
{
	const struct flow *flow = &pairing->flow;
	size_t count = flow->store_count;

	pairing->store_at = scratch_take(scratch, count * sizeof(*pairing->store_at));
	pairing->part_counts = scratch_take(scratch, count);
	pairing->values.store_places =
		scratch_take_zeroed(scratch, count * sizeof(*pairing->values.store_places));
	pairing->values.store_values =
		scratch_take_zeroed(scratch, count * sizeof(*pairing->values.store_values));
	pairing->values.store_likes =
		scratch_take_zeroed(scratch, count * sizeof(*pairing->values.store_likes));
	pairing->values.load_likes = scratch_take_zeroed(
		scratch, pairing->loads->count * sizeof(*pairing->values.load_likes));
	pairing->stores = scratch_take(scratch, count * sizeof(*pairing->stores));
	pairing->values.load_places =
		scratch_take(scratch, pairing->loads->count * sizeof(*pairing->values.load_places));
	if (!pairing->values.load_places || !pairing->store_at || !pairing->values.store_places ||
	    !pairing->stores || !pairing->values.store_values || !pairing->values.store_likes ||
	    !pairing->values.load_likes || !pairing->part_counts)
		return false;
	list_stores(pairing);
	/* What is never reached is at no store's place. */
	memset(pairing->values.load_places, 0xff,
	       pairing->loads->count * sizeof(*pairing->values.load_places));
	return true;
}

/* False: no memory. */
static bool find_places(struct pairing *pairing, struct scratch *scratch)
{
	if (!get_ready(&pairing->flow, scratch) || !take_stores(pairing, scratch) ||
	    !flow_find_places(&pairing->flow, scratch, pairing->loads, &pairing->values))
		return false;
	keep_matching(pairing);
	if (pairing->loads->count)
		pairing->splits = splits_make(pairing->flow.function, scratch);
	return true;
}

bool flow_pair(const struct module *module, const struct function *function,
	       struct scratch *scratch, const uint8_t *roles, const uint32_t *live,
	       struct flow_loads *loads, const struct update_group_notes *notes)
{
	struct scratch_mark mark = scratch_mark(scratch);
	struct pairing pairing = {
		.flow = {.module = module, .function = function, .roles = roles, .live = live},
		.notes = notes,
		.loads = loads,
	};
	bool is_done = find_places(&pairing, scratch) && pair_all(&pairing, scratch);

	scratch_release(scratch, mark);
	return is_done;
}

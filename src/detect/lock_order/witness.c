#include "detect/lock_order/witness.h"

#include "base/hash.h"

#define FIRST_BUCKETS 64u

static uint64_t compute_signature(lock_id lock)
{
	return (uint64_t)1 << (hash_mix(lock) >> 58);
}

static size_t compute_set_bytes(uint32_t count)
{
	return sizeof(struct lock_set) + count * sizeof(struct gate);
}

/* The locks of a described witness: @from, if that is one, and the gates, which may include
 * it. */
struct set_source {
	struct gate from;
	const struct gate *gates;
	uint32_t gate_count;
	uint32_t next;
	bool is_from_taken;
};

static struct set_source make_source(lock_id from, const struct order_witness *described)
{
	return (struct set_source){
		.from = {from, described->from_mode},
		.gates = described->gates,
		.gate_count = described->gate_count,
		.is_from_taken = described->is_of_classes,
	};
}

/* The next lock in ascending order; lock 0 at the end. */
static struct gate take_lock(struct set_source *source)
{
	while (source->next < source->gate_count) {
		struct gate gate = source->gates[source->next];

		if (!source->is_from_taken && gate.lock > source->from.lock)
			break;
		source->next++;
		if (gate.lock != source->from.lock)
			return gate;
	}
	if (!source->is_from_taken) {
		source->is_from_taken = true;
		return source->from;
	}
	return (struct gate){0, LOCK_EXCLUSIVE};
}

/* The usual case of is_equal_set(): @from is among the gates, or no lock. */
static bool is_equal_to_gates(const struct lock_set *set, const struct set_source *source)
{
	bool is_from_there = source->is_from_taken;

	for (uint32_t i = 0; i < set->count; i++) {
		struct gate gate = source->gates[i];

		if (gate.lock != set->locks[i].lock || gate.mode != set->locks[i].mode)
			return false;
		is_from_there |= gate.lock == source->from.lock && gate.mode == source->from.mode;
	}
	return is_from_there;
}

static bool is_equal_set(const struct lock_set *set, struct set_source source)
{
	if (set->count == source.gate_count && is_equal_to_gates(set, &source))
		return true;
	for (uint32_t i = 0; i < set->count; i++) {
		struct gate gate = take_lock(&source);

		if (gate.lock != set->locks[i].lock || gate.mode != set->locks[i].mode)
			return false;
	}
	return take_lock(&source).lock == 0;
}

static uint64_t hash_source(struct set_source source, uint32_t *count)
{
	uint64_t hash = 0;
	struct gate gate;

	*count = 0;
	while ((gate = take_lock(&source)).lock != 0) {
		hash = hash_mix(hash ^ ((uint64_t)gate.lock << 2 | gate.mode));
		(*count)++;
	}
	return hash;
}

static uint64_t get_hash(const void *set)
{
	return ((const struct lock_set *)set)->hash;
}

static struct lock_set *intern_set(struct witness_store *store, struct set_source source)
{
	uint32_t count;
	uint64_t hash = hash_source(source, &count);
	struct lock_set *set = intern_first(&store->sets, hash);

	while (set && (set->hash != hash || !is_equal_set(set, source)))
		set = intern_next(set);
	if (set) {
		set->references++;
		return set;
	}
	if (!intern_begin(&store->sets, store->arena, FIRST_BUCKETS))
		return NULL;
	set = arena_alloc(store->arena, compute_set_bytes(count));
	if (!set)
		return NULL;
	*set = (struct lock_set){.references = 1, .count = count, .hash = hash};
	for (uint32_t i = 0; i < count; i++) {
		set->locks[i] = take_lock(&source);
		set->signature |= compute_signature(set->locks[i].lock);
		named_ids_add(store->named, set->locks[i].lock);
	}
	intern_add(&store->sets, set, hash);
	intern_grow(&store->sets, store->arena, get_hash);
	return set;
}

static void drop_set(struct witness_store *store, struct lock_set *set)
{
	if (!set || --set->references > 0)
		return;
	intern_remove(&store->sets, set, set->hash);
	for (uint32_t i = 0; i < set->count; i++)
		named_ids_drop(store->named, set->locks[i].lock);
	arena_free(store->arena, set, compute_set_bytes(set->count));
}

static bool is_same_place(const struct order_moment *a, const struct order_moment *b,
			  enum moment_clock clock)
{
	return a->slots[clock] == b->slots[clock] && a->epochs[clock] == b->epochs[clock];
}

static bool has_stamp(const struct order_moment *moment, enum moment_clock clock,
		     const struct clock_stamp *stamp)
{
	return moment->slots[clock] == stamp->slot && moment->epochs[clock] == stamp->epoch &&
	       moment->clocks[clock] == stamp->clock;
}

static bool is_moment_of(const struct order_moment *moment, lock_id from,
			 const struct order_witness *described)
{
	struct set_source source = make_source(from, described);

	if (moment->thread != described->thread || moment->to_stack != described->to_stack ||
	    moment->to_mode != (uint8_t)described->to_mode ||
	    moment->is_timed != described->is_timed ||
	    !has_stamp(moment, MOMENT_STRUCTURAL, &described->structural) ||
	    !has_stamp(moment, MOMENT_HAND_OVER, &described->hand_over))
		return false;
	if (moment->held)
		return is_equal_set(moment->held, source);
	return take_lock(&source).lock == from && take_lock(&source).lock == 0;
}

static void drop_moment(struct witness_store *store, struct order_moment *moment)
{
	if (!moment || --moment->references > 0)
		return;
	drop_set(store, moment->held);
	for (unsigned clock = 0; clock < MOMENT_CLOCK_COUNT; clock++)
		snapshot_drop(moment->clocks[clock], store->arena);
	arena_free(store->arena, moment, sizeof(*moment));
}

static bool holds_more_than(lock_id from, const struct order_witness *described)
{
	return described->gate_count > 1 ||
	       (described->gate_count == 1 && described->gates[0].lock != from);
}

static struct order_moment *create_moment(struct witness_store *store, lock_id from,
					  const struct order_witness *described)
{
	struct order_moment *moment = arena_alloc(store->arena, sizeof(*moment));

	if (!moment)
		return NULL;
	*moment = (struct order_moment){
		.thread = described->thread,
		.to_stack = described->to_stack,
		.to_mode = (uint8_t)described->to_mode,
		.is_timed = described->is_timed,
		.slots = {described->structural.slot, described->hand_over.slot},
		.epochs = {described->structural.epoch, described->hand_over.epoch},
		.clocks = {described->structural.clock, described->hand_over.clock},
	};
	if (holds_more_than(from, described)) {
		moment->held = intern_set(store, make_source(from, described));
		if (!moment->held) {
			arena_free(store->arena, moment, sizeof(*moment));
			return NULL;
		}
	}
	for (unsigned clock = 0; clock < MOMENT_CLOCK_COUNT; clock++)
		snapshot_take(moment->clocks[clock]);
	return moment;
}

/* The moment of the last witness if it is the same, else a new one.  Takes a
 * reference. */
static struct order_moment *obtain_moment(struct witness_store *store, lock_id from,
					  const struct order_witness *described)
{
	struct order_moment *moment = store->last;
	bool is_last = moment && described->moment && described->moment == store->last_number;

	if (!is_last && (!moment || !is_moment_of(moment, from, described))) {
		moment = create_moment(store, from, described);
		if (!moment)
			return NULL;
		moment->references++;
		drop_moment(store, store->last);
		store->last = moment;
	}
	store->last_number = described->moment;
	moment->references++;
	return moment;
}

void witness_store_init(struct witness_store *store, struct arena *arena,
			struct named_ids *named)
{
	*store = (struct witness_store){.arena = arena, .named = named};
}

struct edge_witness *witness_create(struct witness_store *store, lock_id from,
				    const struct order_witness *described)
{
	struct edge_witness *witness = arena_alloc(store->arena, sizeof(*witness));

	if (!witness)
		return NULL;
	witness->moment = obtain_moment(store, from, described);
	if (!witness->moment) {
		arena_free(store->arena, witness, sizeof(*witness));
		return NULL;
	}
	witness->from_stack = described->from_stack;
	witness->from_mode = (uint8_t)described->from_mode;
	witness->is_unpublished = described->is_unpublished;
	witness->is_older_first = described->is_older_first;
	store->count++;
	return witness;
}

void witness_free(struct witness_store *store, struct edge_witness *witness)
{
	drop_moment(store, witness->moment);
	arena_free(store->arena, witness, sizeof(*witness));
	store->count--;
}

#define COMPARED_MOST 32u /* locks; who holds more is compared as a whole */

/* Are all locks of @a in @b, and in the same modes?  NULL: the edge's 'from' alone. */
static bool is_subset(const struct lock_set *a, const struct lock_set *b)
{
	uint32_t at = 0;

	if (!a || a == b)
		return true;
	if (!b || b->count > COMPARED_MOST || a->count > b->count || (a->signature & ~b->signature))
		return false;
	for (uint32_t i = 0; i < a->count; i++, at++) {
		while (at < b->count && b->locks[at].lock < a->locks[i].lock)
			at++;
		if (at == b->count || b->locks[at].lock != a->locks[i].lock ||
		    b->locks[at].mode != a->locks[i].mode)
			return false;
	}
	return true;
}

/* Of two witnesses in the same epoch the earlier one has joined fewer clocks, so
 * it is concurrent with all that the later one is concurrent with.  Fewer held locks
 * are fewer gates.  An untimed wait is the stronger evidence, and so is a lock that
 * others know. */
static bool is_covered_by(const struct edge_witness *kept, const struct edge_witness *witness,
		   bool is_refining)
{
	const struct order_moment *a = kept->moment;
	const struct order_moment *b = witness->moment;

	return a->thread == b->thread && kept->from_mode == witness->from_mode &&
	       a->to_mode == b->to_mode && a->is_timed <= b->is_timed &&
	       kept->is_unpublished <= witness->is_unpublished &&
	       is_same_place(a, b, MOMENT_STRUCTURAL) &&
	       (!is_refining || is_same_place(a, b, MOMENT_HAND_OVER)) &&
	       is_subset(a->held, b->held);
}

bool witness_is_covered(const struct order_edge *edge, const struct edge_witness *witness,
			bool is_refining)
{
	const struct edge_witness *kept = edge->witnesses;

	while (kept && !is_covered_by(kept, witness, is_refining))
		kept = kept->next;
	return kept;
}

void witness_append(struct order_edge *edge, struct edge_witness *witness)
{
	struct edge_witness **link = &edge->witnesses;

	while (*link)
		link = &(*link)->next;
	*link = witness;
}

/* What @witness has that no other one of @edge has: 2 for its locks and modes, 1
 * for its thread. */
static unsigned rate_witness(const struct order_edge *edge, const struct edge_witness *witness)
{
	unsigned result = 3;

	for (const struct edge_witness *other = edge->witnesses; other; other = other->next) {
		if (other == witness)
			continue;
		if (other->moment->held == witness->moment->held &&
		    other->from_mode == witness->from_mode &&
		    other->moment->to_mode == witness->moment->to_mode)
			result &= ~2u;
		if (other->moment->thread == witness->moment->thread)
			result &= ~1u;
	}
	return result;
}

/* Of several with the same rating the oldest goes: it is the most likely to be
 * ordered before later witnesses. */
bool witness_trim(struct witness_store *store, struct order_edge *edge)
{
	struct edge_witness **worst = &edge->witnesses;
	struct edge_witness *freed;
	unsigned lowest = UINT32_MAX;
	unsigned count = 0;

	for (struct edge_witness *witness = edge->witnesses; witness; witness = witness->next)
		count++;
	if (count <= LOCK_ORDER_WITNESS_MAX)
		return false;
	for (struct edge_witness **link = &edge->witnesses; *link; link = &(*link)->next) {
		unsigned rating = rate_witness(edge, *link);

		if (rating < lowest) {
			lowest = rating;
			worst = link;
		}
	}
	freed = *worst;
	*worst = freed->next;
	witness_free(store, freed);
	return true;
}

const struct gate *witness_get_locks(const struct order_edge *edge,
				     const struct edge_witness *witness, struct gate *single,
				     uint32_t *count)
{
	const struct lock_set *held = witness->moment->held;

	*single = (struct gate){edge->from->lock, witness->from_mode};
	*count = held ? held->count : 1;
	return held ? held->locks : single;
}

static uint64_t get_signature(const struct order_edge *edge, const struct edge_witness *witness)
{
	const struct lock_set *held = witness->moment->held;

	return held ? held->signature : compute_signature(edge->from->lock);
}

static enum common_lock compare_modes(enum lock_mode a, enum lock_mode b)
{
	if (a == LOCK_EXCLUSIVE || b == LOCK_EXCLUSIVE)
		return COMMON_EXCLUDES;
	return a == LOCK_PASSED_ON ? COMMON_PASSED_ON : COMMON_NONE;
}

enum common_lock witness_common_lock(const struct order_edge *a_edge, const struct edge_witness *a,
				     const struct order_edge *b_edge, const struct edge_witness *b)
{
	struct gate single[2];
	uint32_t count[2];
	const struct gate *left = witness_get_locks(a_edge, a, &single[0], &count[0]);
	const struct gate *right = witness_get_locks(b_edge, b, &single[1], &count[1]);
	enum common_lock result = COMMON_NONE;
	uint32_t i = 0;
	uint32_t j = 0;

	if (!(get_signature(a_edge, a) & get_signature(b_edge, b)))
		return COMMON_NONE;
	while (i < count[0] && j < count[1] && result != COMMON_EXCLUDES) {
		if (left[i].lock < right[j].lock) {
			i++;
		} else if (left[i].lock > right[j].lock) {
			j++;
		} else {
			enum common_lock both = compare_modes(left[i++].mode, right[j++].mode);

			result = both > result ? both : result;
		}
	}
	return result;
}

static struct gate *copy_gates(const struct witness_store *store, const struct lock_set *held,
			       lock_id from, uint32_t *count)
{
	struct gate *gates;
	uint32_t most = 0;

	for (uint32_t i = 0; i < held->count; i++)
		most += held->locks[i].lock != from;
	gates = arena_alloc(store->arena, most * sizeof(*gates));
	*count = 0;
	for (uint32_t i = 0; gates && i < held->count; i++)
		if (held->locks[i].lock != from)
			gates[(*count)++] = held->locks[i];
	return gates;
}

void witness_describe(const struct witness_store *store, lock_id from,
		      const struct edge_witness *witness, struct order_witness *described)
{
	const struct order_moment *moment = witness->moment;

	*described = (struct order_witness){
		.thread = moment->thread,
		.from_mode = (enum lock_mode)witness->from_mode,
		.to_mode = (enum lock_mode)moment->to_mode,
		.is_timed = moment->is_timed,
		.is_unpublished = witness->is_unpublished,
		.is_older_first = witness->is_older_first,
		.structural = moment_stamp(moment, MOMENT_STRUCTURAL),
		.hand_over = moment_stamp(moment, MOMENT_HAND_OVER),
		.from_stack = witness->from_stack,
		.to_stack = moment->to_stack,
	};
	if (moment->held)
		described->gates =
			copy_gates(store, moment->held, from, &described->gate_count);
}

void witness_free_description(const struct witness_store *store,
			      const struct order_witness *described)
{
	/* witness_describe() allocated it; only the description was const. */
	arena_free(store->arena, (void *)(uintptr_t)described->gates,
		   described->gate_count * sizeof(struct gate));
}

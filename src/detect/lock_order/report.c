#include "detect/lock_order/report.h"

#include "base/hash.h"
#include "detect/lock_order/class.h"
#include "detect/base/report.h"

static enum hold_mode to_hold_mode(enum lock_mode mode)
{
	return mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED;
}

static void add_holds(struct finding_event *event, const struct order_witness *witness,
		      lock_id from)
{
	uint32_t count = 1;

	event->holds[0] = (struct finding_hold){
		.lock = from,
		.mode = to_hold_mode(witness->from_mode),
		.stack = witness->from_stack,
	};
	for (uint32_t i = 0; i < witness->gate_count && count < FINDING_HOLD_MAX; i++)
		event->holds[count++] = (struct finding_hold){
			.lock = witness->gates[i].lock,
			.mode = to_hold_mode(witness->gates[i].mode),
		};
	event->hold_count = 1 + witness->gate_count;
}

static void add_edge(struct finding *finding, const struct order_witness *witness, lock_id from,
		     lock_id to)
{
	struct finding_event *event;

	event = report_lock_event(finding, witness->thread, ACTION_HOLD, from, witness->from_stack);
	if (event)
		event->mode = to_hold_mode(witness->from_mode);
	event = report_lock_event(finding, witness->thread, ACTION_WAIT, to, witness->to_stack);
	if (!event)
		return;
	event->mode = to_hold_mode(witness->to_mode);
	add_holds(event, witness, from);
}

/* RULES.md, 'Lock order': a bounded wait, a lock that is not known to others yet or an
 * order by hand-over makes it a warning; an order by create, join or barrier makes it a note. */
static void grade_finding(struct finding *finding, const struct order_cycle *cycle)
{
	if (cycle->is_truncated)
		finding->details |= DETAIL_TRUNCATED;
	if (cycle->is_timed)
		finding->details |= DETAIL_TIMED;
	if (cycle->is_unpublished)
		finding->details |= DETAIL_UNPUBLISHED;
	if (cycle->verdict == ORDER_BY_HAND_OVER)
		finding->details |= DETAIL_HAND_OVER;
	if (cycle->verdict == ORDER_BY_STRUCTURE)
		finding->details |= DETAIL_STRUCTURE;
	if (finding->details & (DETAIL_TIMED | DETAIL_UNPUBLISHED | DETAIL_HAND_OVER))
		finding->severity = SEVERITY_WARNING;
	if (finding->details & DETAIL_STRUCTURE)
		finding->severity = SEVERITY_NOTE;
}

static uint32_t count_edges(const struct order_cycle *cycle)
{
	return cycle->length < LOCK_ORDER_CYCLE_MAX ? cycle->length : LOCK_ORDER_CYCLE_MAX;
}

/* Of the places of a cycle.  A sum: it does not depend on the first edge. */
static uint64_t hash_places(const struct order_cycle *cycle, enum order_verdict verdict)
{
	uint64_t key = 0;

	for (uint32_t i = 0; i < count_edges(cycle); i++) {
		const struct order_witness *witness = cycle->edges[i].witness;

		key += hash_append(hash_append(1, witness->from_stack), witness->to_stack);
	}
	return hash_append(key, verdict);
}

static enum finding_kind choose_kind(const struct order_cycle *cycle)
{
	return cycle->length > 2 || cycle->is_truncated ? FINDING_LOCK_ORDER_CYCLE
							: FINDING_LOCK_ORDER_INVERSION;
}

static struct sync_info *find_semaphore(const struct detector *detector, lock_id lock)
{
	struct sync_info *info = detector_lock(detector, lock);

	return info && info->kind == OBJECT_SEMAPHORE ? info : NULL;
}

static bool has_semaphore(const struct detector *detector, const struct order_cycle *cycle)
{
	for (uint32_t i = 0; i < count_edges(cycle); i++)
		if (find_semaphore(detector, cycle->edges[i].from))
			return true;
	return false;
}

/* The number of the report, or UINT32_MAX if the finding is not emitted. */
static uint32_t report_cycle(struct detector *detector, const struct order_cycle *cycle,
			     bool is_of_classes)
{
	struct finding *finding = report_begin(detector, choose_kind(cycle));
	uint32_t number;

	for (uint32_t i = 0; i < count_edges(cycle); i++) {
		const struct order_cycle_edge *edge = &cycle->edges[i];

		add_edge(finding, edge->witness,
			 is_of_classes ? class_example(detector, edge->from) : edge->from,
			 is_of_classes ? class_example(detector, edge->to) : edge->to);
	}
	grade_finding(finding, cycle);
	if (is_of_classes) {
		finding->details |= DETAIL_CLASSES | class_cycle_ages(detector, cycle);
		if (finding->severity == SEVERITY_ERROR)
			finding->severity = SEVERITY_WARNING;
	}
	finding->is_provisional = !is_of_classes && has_semaphore(detector, cycle);
	finding->replaces = cycle->replaces == UINT32_MAX ? 0 : cycle->replaces;
	number = report_emit(detector, finding, hash_places(cycle, cycle->verdict));
	return number ? number : UINT32_MAX;
}

/* A semaphore is known to be a lock only if its waiter has posted it. */
static bool is_made_of_locks(const struct detector *detector, const struct order_cycle *cycle)
{
	for (uint32_t i = 0; i < count_edges(cycle); i++) {
		const struct sync_info *info = find_semaphore(detector, cycle->edges[i].from);

		if (info && (info->is_not_a_lock || !info->extra->has_been_unlocked))
			return false;
	}
	return true;
}

static void note_semaphores(struct detector *detector, const struct order_cycle *cycle,
			    uint32_t number)
{
	for (uint32_t i = 0; i < count_edges(cycle); i++) {
		struct sync_info *info = find_semaphore(detector, cycle->edges[i].from);

		if (info)
			report_note_provisional(sync_find(&detector->objects, info->address),
						number);
	}
}

uint32_t order_report_instances(void *context, const struct order_cycle *cycle)
{
	uint32_t number;

	if (!is_made_of_locks(context, cycle))
		return UINT32_MAX;
	number = report_cycle(context, cycle, false);
	if (number != UINT32_MAX)
		note_semaphores(context, cycle, number);
	return number;
}

/* Was a cycle of instances reported from the same places? */
static bool is_reported(struct detector *detector, const struct order_cycle *cycle)
{
	for (unsigned verdict = ORDER_CONCURRENT; verdict <= ORDER_BY_STRUCTURE; verdict++)
		if (report_is_known(detector, choose_kind(cycle), hash_places(cycle, verdict)))
			return true;
	return false;
}

uint32_t order_report_classes(void *context, const struct order_cycle *cycle)
{
	if (!class_cycle_is_news(context, cycle) || is_reported(context, cycle))
		return UINT32_MAX;
	return report_cycle(context, cycle, true);
}

/* --- Orders for merge ---------------------------------------------------------- */

#define SAVED_BUCKETS 1024u
#define SAVED_MAX 4096u /* of a process: the results file is for its findings */

struct saved_order {
	struct intern_link link;
	uint64_t key; /* its hash, too */
};

static uint64_t hash_lock(uint64_t hash, const struct sync_info *info)
{
	hash = hash_append(hash, info->created ? info->created : info->id);
	return hash_append(hash, info->created != 0);
}

uint64_t order_hash_gates(const struct detector *detector, const struct order_witness *witness)
{
	uint64_t sum = 0;

	if (!detector->hooks->order)
		return 0;
	for (uint32_t i = 0; i < witness->gate_count; i++) {
		const struct sync_info *gate = detector_lock(detector, witness->gates[i].lock);

		if (gate)
			sum += hash_append(hash_lock(1, gate), witness->gates[i].mode);
	}
	return sum;
}

/* False: it was saved before, or cannot be. */
static bool add_saved(struct detector *detector, uint64_t key)
{
	struct intern_table *table = &detector->saved_orders;
	struct saved_order *saved = intern_first(table, key);

	while (saved && saved->key != key)
		saved = intern_next(saved);
	if (saved || !intern_begin(table, &detector->arena, SAVED_BUCKETS))
		return false;
	if (detector->saved_order_count == SAVED_MAX) {
		detector_count(detector, ORDERS_NOT_SAVED);
		return false;
	}
	saved = arena_alloc(&detector->arena, sizeof(*saved));
	if (!saved)
		return false;
	saved->key = key;
	intern_add(table, saved, key);
	detector->saved_order_count++;
	return true;
}

void order_save(struct detector *detector, const struct sync_info *from,
		const struct sync_info *to, const struct order_witness *witness,
		uint64_t gates_hash)
{
	struct finding *finding;
	uint64_t key;

	/* Whether a semaphore is a lock is known later, or never. */
	if (!detector->hooks->order || from->kind == OBJECT_SEMAPHORE ||
	    to->kind == OBJECT_SEMAPHORE)
		return;
	key = hash_lock(hash_lock(witness->is_timed, from), to);
	key = hash_append(hash_append(key, witness->from_mode), witness->to_mode);
	if (!add_saved(detector, hash_append(key, gates_hash)))
		return;
	finding = report_begin(detector, FINDING_LOCK_ORDER_INVERSION);
	add_edge(finding, witness, from->id, to->id);
	finding->details = witness->is_timed ? DETAIL_TIMED : 0;
	detector->hooks->order(detector, finding);
}

#include "detect/lock_order/report.h"

#include "base/hash.h"
#include "detect/lock_order/class.h"
#include "detect/base/report.h"

static void add_gates(struct finding_event *event, const struct order_witness *witness,
		      lock_id from)
{
	uint32_t count = 1;

	if (!event)
		return;
	event->holds[0] = (struct finding_hold){
		.lock = from,
		.mode = witness->from_mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
		.stack = witness->from_stack,
	};
	for (uint32_t i = 0; i < witness->gate_count && count < FINDING_HOLD_MAX; i++) {
		const struct gate *gate = &witness->gates[i];

		event->holds[count++] = (struct finding_hold){
			.lock = gate->lock,
			.mode = gate->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
		};
	}
	event->hold_count = 1 + witness->gate_count;
}

static void add_edge(struct finding *finding, const struct order_cycle_edge *edge, lock_id from,
		     lock_id to)
{
	const struct order_witness *witness = edge->witness;
	struct finding_event *event;

	event = report_lock_event(finding, witness->thread, ACTION_HOLD, from, witness->from_stack);
	if (event)
		event->mode = witness->from_mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED;
	event = report_lock_event(finding, witness->thread, ACTION_WAIT, to, witness->to_stack);
	if (!event)
		return;
	event->mode = witness->to_mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED;
	add_gates(event, witness, from);
}

/* RULES.md, 'Lock order': a bounded wait or an order by hand-over makes it a
 * warning, an order by create, join or barrier a note. */
static void grade(struct finding *finding, const struct order_cycle *cycle)
{
	if (cycle->is_truncated)
		finding->details |= DETAIL_TRUNCATED;
	if (cycle->is_timed)
		finding->details |= DETAIL_TIMED;
	if (cycle->verdict == ORDER_BY_HAND_OVER)
		finding->details |= DETAIL_HAND_OVER;
	if (cycle->verdict == ORDER_BY_STRUCTURE)
		finding->details |= DETAIL_STRUCTURE;
	if (finding->details & (DETAIL_TIMED | DETAIL_HAND_OVER))
		finding->severity = SEVERITY_WARNING;
	if (finding->details & DETAIL_STRUCTURE)
		finding->severity = SEVERITY_NOTE;
}

/* The places of a cycle, from whichever edge it was entered: a sum does not
 * depend on the order. */
static uint64_t cycle_key(const struct order_cycle *cycle, enum order_verdict verdict)
{
	uint64_t key = 0;

	for (uint32_t i = 0; i < cycle->length && i < LOCK_ORDER_CYCLE_MAX; i++) {
		const struct order_witness *witness = cycle->edges[i].witness;

		key += hash_append(hash_append(1, witness->from_stack), witness->to_stack);
	}
	return hash_append(key, verdict);
}

static enum finding_kind kind_of(const struct order_cycle *cycle)
{
	return cycle->length > 2 || cycle->is_truncated ? FINDING_LOCK_ORDER_CYCLE
							: FINDING_LOCK_ORDER_INVERSION;
}

static uint32_t edge_count(const struct order_cycle *cycle)
{
	return cycle->length < LOCK_ORDER_CYCLE_MAX ? cycle->length : LOCK_ORDER_CYCLE_MAX;
}

static struct sync_info *semaphore_of(const struct detector *detector, lock_id lock)
{
	struct sync_info *info = detector_lock(detector, lock);

	return info && info->kind == OBJECT_SEMAPHORE ? info : NULL;
}

/* A semaphore that was never posted by its waiter is not known for a lock. */
static bool is_made_of_locks(const struct detector *detector, const struct order_cycle *cycle)
{
	for (uint32_t i = 0; i < edge_count(cycle); i++) {
		const struct sync_info *info = semaphore_of(detector, cycle->edges[i].from);

		if (info && (info->is_not_a_lock || !info->extra->has_been_unlocked))
			return false;
	}
	return true;
}

static void note_semaphores(struct detector *detector, const struct order_cycle *cycle,
			    uint32_t number)
{
	for (uint32_t i = 0; i < edge_count(cycle); i++) {
		struct sync_info *info = semaphore_of(detector, cycle->edges[i].from);

		if (info)
			report_note_provisional(sync_find(&detector->objects, info->address),
						number);
	}
}

uint32_t order_report_instances(void *context, const struct order_cycle *cycle)
{
	struct detector *detector = context;
	struct finding *finding;
	uint32_t number;

	if (!is_made_of_locks(detector, cycle))
		return UINT32_MAX;
	finding = report_begin(detector, kind_of(cycle));
	for (uint32_t i = 0; i < edge_count(cycle); i++)
		add_edge(finding, &cycle->edges[i], cycle->edges[i].from, cycle->edges[i].to);
	grade(finding, cycle);
	finding->replaces = cycle->replaces == UINT32_MAX ? 0 : cycle->replaces;
	number = report_emit(detector, finding, cycle_key(cycle, cycle->verdict));
	if (number)
		note_semaphores(detector, cycle, number);
	return number ? number : UINT32_MAX;
}

/* An instance of it was reported from the same places. */
static bool is_reported(struct detector *detector, const struct order_cycle *cycle)
{
	for (unsigned verdict = ORDER_CONCURRENT; verdict <= ORDER_BY_STRUCTURE; verdict++)
		if (report_is_known(detector, kind_of(cycle), cycle_key(cycle, verdict)))
			return true;
	return false;
}

uint32_t order_report_classes(void *context, const struct order_cycle *cycle)
{
	struct detector *detector = context;
	struct finding *finding;
	uint32_t number;

	if (!class_cycle_is_news(detector, cycle) || is_reported(detector, cycle))
		return UINT32_MAX;
	finding = report_begin(detector, kind_of(cycle));
	for (uint32_t i = 0; i < edge_count(cycle); i++)
		add_edge(finding, &cycle->edges[i],
			 class_example(detector, cycle->edges[i].from),
			 class_example(detector, cycle->edges[i].to));
	grade(finding, cycle);
	finding->details |= DETAIL_CLASSES;
	if (finding->severity == SEVERITY_ERROR)
		finding->severity = SEVERITY_WARNING;
	finding->replaces = cycle->replaces == UINT32_MAX ? 0 : cycle->replaces;
	number = report_emit(detector, finding, cycle_key(cycle, cycle->verdict));
	return number ? number : UINT32_MAX;
}

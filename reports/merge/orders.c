#include "reports/merge/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model/text_set.h"
#include "reports/view/classes.h"

#define RING_MAX 4u	      /* orders of a ring */
#define WITNESS_MAX 8u	      /* kept of each order */
#define STEPS_MAX 20000000u   /* of the search: rings beyond are not found */
#define RINGS_MAX 1000u

/* A lock of another process, as its record has it. */
struct kept_lock {
	struct model_lock row;
	const char *class;
};

/* One time that a process wanted the second lock of an order with the first one held. */
struct witness {
	uint32_t process; /* of the merged file */
	struct finding *edge;
	struct kept_lock locks[2];
	size_t *gates; /* classes */
	size_t gate_count;
};

/* Two classes, in this order. */
struct order {
	size_t from, to;
	uint32_t *units; /* processes that have seen it, their parents' orders among theirs */
	size_t unit_count;
	struct witness witnesses[WITNESS_MAX];
	size_t witness_count;
};

struct orders {
	struct pool pool;
	struct text_set classes;
	struct text_set keys; /* of 'rows': "from to" */
	struct text_set kinds; /* of witnesses: order, modes and gates */
	struct order *rows;
	uint32_t unit_count;
	uint32_t steps;
	size_t ring_count;
};

struct orders *orders_new(void)
{
	return calloc(1, sizeof(struct orders));
}

void orders_free(struct orders *orders)
{
	text_set_free(&orders->classes);
	text_set_free(&orders->keys);
	text_set_free(&orders->kinds);
	pool_free(&orders->pool);
	free(orders);
}

/* --- Reading ------------------------------------------------------------------- */

/* What one record says, by names. */
struct reading {
	const char *from, *to;
	const char *gates[FINDING_HOLD_MAX];
	size_t gate_count;
	const char *key;  /* of the order */
	const char *kind; /* of the witness */
};

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* False: a gate has no class, so it cannot be told from gates of others. */
static bool read_gates(struct view *view, const struct model_process *process,
		       const struct finding_event *wait, struct reading *reading)
{
	if (wait->hold_count > FINDING_HOLD_MAX)
		return false;
	/* The first one is the order's own. */
	for (uint32_t i = 1; i < wait->hold_count; i++) {
		const char *name;

		if (wait->holds[i].lock == wait->holds[0].lock)
			continue;
		name = lock_class_name(view, process, wait->holds[i].lock);
		if (!name)
			return false;
		/* Readers of a gate do not exclude each other. */
		if (wait->holds[i].mode == HOLD_EXCLUSIVE)
			reading->gates[reading->gate_count++] = name;
	}
	qsort(reading->gates, reading->gate_count, sizeof(*reading->gates), compare_texts);
	return true;
}

/* False: it has no names that other processes know. */
static bool read_order(struct view *view, const struct model_finding *row, struct reading *reading)
{
	const struct finding *edge = row->finding;

	*reading = (struct reading){0};
	if (edge->event_count != 2)
		return false;
	reading->from = lock_class_name(view, row->process, edge->events[0].lock);
	reading->to = lock_class_name(view, row->process, edge->events[1].lock);
	if (!reading->from || !reading->to || strcmp(reading->from, reading->to) == 0 ||
	    !read_gates(view, row->process, &edge->events[1], reading))
		return false;
	reading->key = pool_format(view->pool, "%s\n%s", reading->from, reading->to);
	reading->kind = pool_format(view->pool, "%s\n%u%u", reading->key, edge->events[0].mode,
				    edge->events[1].mode);
	for (size_t i = 0; i < reading->gate_count; i++)
		reading->kind = pool_format(view->pool, "%s\n%s", reading->kind, reading->gates[i]);
	return true;
}

bool orders_have_new(const struct orders *orders, struct view *view)
{
	struct reading reading;

	for (size_t i = 0; i < view->model->order_count; i++)
		if (read_order(view, &view->model->orders[i], &reading) &&
		    text_set_find(&orders->kinds, reading.kind) == TEXT_SET_NONE)
			return true;
	return false;
}

static struct order *find_or_add_order(struct orders *orders, const struct reading *reading)
{
	size_t number = text_set_find(&orders->keys, reading->key);

	if (number != TEXT_SET_NONE)
		return &orders->rows[number];
	orders->rows = pool_grow(&orders->pool, orders->rows, orders->keys.count,
				 sizeof(*orders->rows));
	number = text_set_add(&orders->keys, reading->key);
	orders->rows[number] = (struct order){
		.from = text_set_add(&orders->classes, reading->from),
		.to = text_set_add(&orders->classes, reading->to),
	};
	return &orders->rows[number];
}

static struct kept_lock keep_lock(struct orders *orders, const struct model_process *process,
				  lock_id id, const char *class)
{
	struct kept_lock kept = {.row = *model_lock(process, id)};

	kept.row.name = pool_copy(&orders->pool, kept.row.name, strlen(kept.row.name));
	kept.class = pool_copy(&orders->pool, class, strlen(class));
	return kept;
}

static void add_witness(struct orders *orders, struct order *order, const struct reading *reading,
			const struct model_finding *row, uint32_t process)
{
	size_t size = offsetof(struct finding, events) + 2 * sizeof(struct finding_event);
	struct witness *witness = &order->witnesses[order->witness_count];

	if (text_set_find(&orders->kinds, reading->kind) != TEXT_SET_NONE)
		return;
	text_set_add(&orders->kinds, reading->kind);
	if (order->witness_count == WITNESS_MAX)
		return;
	order->witness_count++;
	witness->process = process;
	witness->edge = pool_alloc(&orders->pool, size);
	memcpy(witness->edge, row->finding, size);
	witness->locks[0] = keep_lock(orders, row->process, row->finding->events[0].lock,
				      reading->from);
	witness->locks[1] = keep_lock(orders, row->process, row->finding->events[1].lock,
				      reading->to);
	witness->gates = pool_alloc(&orders->pool,
				    (reading->gate_count + 1) * sizeof(*witness->gates));
	for (size_t i = 0; i < reading->gate_count; i++)
		witness->gates[witness->gate_count++] =
			text_set_add(&orders->classes, reading->gates[i]);
}

static bool is_of_process(const struct model_process *process, const struct model_process *owner)
{
	for (; process; process = process->parent)
		if (process == owner)
			return true;
	return false;
}

/* All processes that know what the one of @row has seen. */
static void add_units(struct orders *orders, struct order *order, const struct model *model,
		      const struct model_process *owner)
{
	for (size_t i = 0; i < model->process_count; i++) {
		uint32_t unit = orders->unit_count + (uint32_t)i;

		if (!is_of_process(model->processes[i], owner) ||
		    (order->unit_count && order->units[order->unit_count - 1] == unit))
			continue;
		order->units = pool_grow(&orders->pool, order->units, order->unit_count,
					 sizeof(*order->units));
		order->units[order->unit_count++] = unit;
	}
}

void orders_add(struct orders *orders, struct view *view, uint32_t first_process, bool is_copied)
{
	const struct model *model = view->model;
	struct reading reading;

	for (size_t i = 0; i < model->order_count; i++) {
		const struct model_finding *row = &model->orders[i];
		struct order *order;

		if (!read_order(view, row, &reading))
			continue;
		order = find_or_add_order(orders, &reading);
		if (is_copied)
			add_witness(orders, order, &reading, row,
				    first_process + row->process->index - 1);
		add_units(orders, order, model, row->process);
	}
	orders->unit_count += (uint32_t)model->process_count;
}

/* --- Rings --------------------------------------------------------------------- */

struct ring {
	struct order *orders[RING_MAX];
	const struct witness *witnesses[RING_MAX];
	size_t count;
};

static bool has_unit(const struct order *order, uint32_t unit)
{
	for (size_t i = 0; i < order->unit_count; i++)
		if (order->units[i] == unit)
			return true;
	return false;
}

/* Has one process seen all of it?  Then it has judged it. */
static bool is_judged(const struct ring *ring)
{
	for (size_t i = 0; i < ring->orders[0]->unit_count; i++) {
		uint32_t unit = ring->orders[0]->units[i];
		size_t at = 1;

		while (at < ring->count && has_unit(ring->orders[at], unit))
			at++;
		if (at == ring->count)
			return true;
	}
	return false;
}

static bool have_common_gate(const struct witness *one, const struct witness *other)
{
	for (size_t i = 0; i < one->gate_count; i++)
		for (size_t j = 0; j < other->gate_count; j++)
			if (one->gates[i] == other->gates[j])
				return true;
	return false;
}

/* Each waits for the lock that the next one holds. */
static bool blocks_wait(const struct witness *waiter, const struct witness *holder)
{
	return waiter->edge->events[1].mode == HOLD_EXCLUSIVE ||
	       holder->edge->events[0].mode == HOLD_EXCLUSIVE;
}

static bool fits_ring(const struct ring *ring, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (have_common_gate(ring->witnesses[i], ring->witnesses[at]))
			return false;
	if (at && !blocks_wait(ring->witnesses[at - 1], ring->witnesses[at]))
		return false;
	return at + 1 < ring->count || blocks_wait(ring->witnesses[at], ring->witnesses[0]);
}

/* A witness for each order from @at on, so that all can block at once. */
static bool choose_witnesses(struct ring *ring, size_t at)
{
	if (at == ring->count)
		return true;
	for (size_t i = 0; i < ring->orders[at]->witness_count; i++) {
		ring->witnesses[at] = &ring->orders[at]->witnesses[i];
		if (fits_ring(ring, at) && choose_witnesses(ring, at + 1))
			return true;
	}
	return false;
}

/* The same key in all processes makes it one lock in a report. */
static void write_lock(struct merged_file *merged, uint32_t process, const struct kept_lock *kept)
{
	static unsigned char payload[8192];
	struct byte_writer writer = {payload, payload + sizeof(payload), false};
	const struct model_lock *lock = &kept->row;
	uint64_t key = 14695981039346656037ull;

	for (const char *at = kept->class; *at; at++)
		key = (key ^ (unsigned char)*at) * 1099511628211ull;
	write_u32(&writer, lock->id);
	write_u32(&writer, lock->kind);
	write_u64(&writer, lock->address);
	write_u32(&writer, lock->class);
	write_u32(&writer, lock->creation_stack);
	write_u32(&writer, lock->first_stack);
	write_u32(&writer, lock->stack_thread);
	write_u32(&writer, lock->flags | LOCK_HAS_KEY);
	write_string(&writer, lock->name);
	write_u64(&writer, key | 1);
	if (lock->flags & LOCK_HAS_BLOCK)
		write_u32(&writer, lock->block_stack);
	if (!writer.failed)
		(void)merged_file_add(merged, RECORD_LOCK, process, payload,
				      (uint32_t)(writer.next - payload), 0);
}

static void report_ring(struct orders *orders, const struct ring *ring, struct merged_file *merged)
{
	static struct finding finding;

	finding = (struct finding){
		.id = 0x40000000u + (uint32_t)orders->ring_count,
		.kind = ring->count > 2 ? FINDING_LOCK_ORDER_CYCLE : FINDING_LOCK_ORDER_INVERSION,
		.severity = SEVERITY_WARNING,
		.details = DETAIL_MERGED,
	};
	for (size_t i = 0; i < ring->count; i++) {
		const struct witness *witness = ring->witnesses[i];

		finding.details |= witness->edge->details & DETAIL_TIMED;
		for (unsigned j = 0; j < 2; j++) {
			struct finding_event *event = &finding.events[finding.event_count++];

			*event = witness->edge->events[j];
			if (witness->process != ring->witnesses[0]->process)
				event->process = witness->process;
			write_lock(merged, witness->process, &witness->locks[j]);
		}
	}
	(void)merged_file_add_finding(merged, RECORD_FINDING, ring->witnesses[0]->process, &finding,
				      1);
}

static bool has_class(const struct ring *ring, size_t class)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->orders[i]->from == class)
			return true;
	return false;
}

/* The orders by their first class: those of a class are at [starts[class], starts[class + 1]). */
struct index {
	struct order **rows;
	size_t *starts;
};

static struct index make_index(struct orders *orders)
{
	size_t count = orders->keys.count;
	struct index index = {
		.rows = pool_alloc(&orders->pool, (count + 1) * sizeof(*index.rows)),
		.starts = pool_alloc(&orders->pool,
				     (orders->classes.count + 2) * sizeof(*index.starts)),
	};

	for (size_t i = 0; i < count; i++)
		index.starts[orders->rows[i].from + 2]++;
	for (size_t i = 2; i < orders->classes.count + 2; i++)
		index.starts[i] += index.starts[i - 1];
	/* Filling moves each start to the next one's place. */
	for (size_t i = 0; i < count; i++)
		index.rows[index.starts[orders->rows[i].from + 1]++] = &orders->rows[i];
	return index;
}

/* Extends @ring by the orders that begin at @class; its first class is its least. */
static void search_from(struct orders *orders, const struct index *index, struct ring *ring,
			size_t class, struct merged_file *merged)
{
	size_t first = ring->count ? ring->orders[0]->from : class;

	for (size_t i = index->starts[class]; i < index->starts[class + 1]; i++) {
		struct order *order = index->rows[i];

		if (orders->steps++ > STEPS_MAX || orders->ring_count == RINGS_MAX)
			return;
		if (order->to < first || (order->to != first && has_class(ring, order->to)))
			continue;
		ring->orders[ring->count++] = order;
		if (order->to != first && ring->count < RING_MAX) {
			search_from(orders, index, ring, order->to, merged);
		} else if (order->to == first && !is_judged(ring) && choose_witnesses(ring, 0)) {
			orders->ring_count++;
			report_ring(orders, ring, merged);
		}
		ring->count--;
	}
}

void orders_report(struct orders *orders, struct merged_file *merged)
{
	struct index index = make_index(orders);
	struct ring ring = {.count = 0};

	for (size_t class = 0; class < orders->classes.count; class++)
		search_from(orders, &index, &ring, class, merged);
}

#include "reports/order/order_check.h"

#include <string.h>

#include "reports/view/classes.h"

#define NUMBER_FIRST 0x80000000u /* the detector's are below */

/* As its class is called, but a program without its folders. */
static const char *class_of(struct view *view, const struct model_process *process, lock_id id)
{
	const char *name = lock_class_name(view, process, id);
	const char *slash = strrchr(process->path, '/');
	size_t length = strlen(process->path);

	return name && slash && strncmp(name, process->path, length) == 0
		       ? name + (slash + 1 - process->path)
		       : name;
}

/* False: it is none between two classes. */
static bool read_order(struct view *view, const struct model_finding *row, struct order_line *order)
{
	const struct finding_event *events = row->finding->events;

	if (row->finding->event_count != 2)
		return false;
	order->from = class_of(view, row->process, events[0].lock);
	order->to = class_of(view, row->process, events[1].lock);
	return order->from && order->to && strcmp(order->from, order->to) != 0;
}

static const struct declared_order *describe(struct view *view, const struct order_file *file,
					     const struct order_line *order,
					     const struct order_line *opposite)
{
	struct declared_order *declared = pool_alloc(view->pool, sizeof(*declared));

	declared->order = pool_format(view->pool, "%s%s%s", order->from, ORDER_ARROW, order->to);
	declared->objection =
		opposite ? pool_format(view->pool, "%s:%zu has the opposite order", file->path,
				       opposite->number)
			 : pool_format(view->pool, "%s has no such order", file->path);
	return declared;
}

static void add_finding(struct view *view, const struct order_file *file,
			const struct model_finding *row, const struct order_line *order)
{
	const struct order_line *opposite = order_file_find(file, order->to, order->from);
	size_t size_bytes = finding_size_bytes(row->finding);
	struct finding *finding = pool_alloc(view->pool, size_bytes);
	struct model *model = view->model;

	memcpy(finding, row->finding, size_bytes);
	finding->id = NUMBER_FIRST | (uint32_t)(row->offset / 8);
	finding->kind = FINDING_LOCK_ORDER_INVERSION;
	finding->details |= DETAIL_DECLARED;
	finding->severity = opposite && !(finding->details & DETAIL_TIMED) ? SEVERITY_ERROR
									    : SEVERITY_WARNING;
	model->findings = pool_grow(&model->pool, model->findings, model->finding_count,
				    sizeof(*model->findings));
	model->findings[model->finding_count++] =
		(struct model_finding){.process = row->process,
				       .offset = row->offset,
				       .finding = finding,
				       .count = 1,
				       .declared = describe(view, file, order, opposite)};
}

static bool is_told(const struct order_file *told, const struct order_line *order)
{
	for (size_t i = 0; i < told->count; i++)
		if (strcmp(told->lines[i].from, order->from) == 0 &&
		    strcmp(told->lines[i].to, order->to) == 0)
			return true;
	return false;
}

void order_check(struct view *view, const struct order_file *file)
{
	struct order_file told = {.path = file->path};
	struct order_line order;

	for (size_t i = 0; i < view->model->order_count; i++) {
		const struct model_finding *row = &view->model->orders[i];

		if (!read_order(view, row, &order) ||
		    order_file_find(file, order.from, order.to) || is_told(&told, &order))
			continue;
		order_file_add(&told, view->pool, order.from, order.to);
		add_finding(view, file, row, &order);
	}
}

void order_learn(struct view *view, struct order_file *file, struct pool *pool)
{
	struct order_line order;

	for (size_t i = 0; i < view->model->order_count; i++)
		if (read_order(view, &view->model->orders[i], &order) &&
		    !order_file_find(file, order.from, order.to))
			order_file_add(file, pool,
				       pool_copy(pool, order.from, strlen(order.from)),
				       pool_copy(pool, order.to, strlen(order.to)));
}

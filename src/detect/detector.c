#include "detect/detector.h"

#include "detect/misuse.h"
#include "detect/order_report.h"

bool detector_init(struct detector *detector, const struct detector_hooks *hooks,
		   page_source pages)
{
	*detector = (struct detector){.hooks = hooks, .pages = pages};
	arena_init(&detector->arena, pages);
	detector->order =
		lock_order_create(&detector->arena, order_report_instances, detector);
	detector->class_order =
		lock_order_create(&detector->arena, order_report_classes, detector);
	return detector->order && detector->class_order &&
	       sync_table_init(&detector->objects, pages) &&
	       stack_depot_init(&detector->stacks, pages);
}

static void copy_statistics(struct detector *detector)
{
	struct order_statistics order = lock_order_statistics(detector->order);
	uint64_t *counters = detector->counters;

	counters[COUNTER_LOCKS] = detector->objects.life_count;
	counters[COUNTER_LOCK_ORDER_EDGES] = order.edge_count;
	counters[COUNTER_LOCK_ORDER_WITNESSES] = order.witness_count;
	counters[COUNTER_CYCLES_ONE_THREAD] = order.suppressed[SUPPRESSED_SAME_THREAD];
	counters[COUNTER_CYCLES_GATED] = order.suppressed[SUPPRESSED_GATE];
	counters[COUNTER_CYCLES_OF_READERS] = order.suppressed[SUPPRESSED_READERS];
	counters[COUNTER_LOST_WITNESSES] = order.dropped_witness_count;
	counters[COUNTER_LOST_SEARCHES] = order.abandoned_search_count;
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);

		if (!thread)
			continue;
		counters[COUNTER_LOCK_OPERATIONS] += thread->operation_count;
		thread->operation_count = 0;
	}
}

void detector_ended(struct detector *detector, bool is_orderly)
{
	runtime_lock(&detector->lock);
	if (is_orderly)
		misuse_process_ended(detector);
	copy_statistics(detector);
	runtime_unlock(&detector->lock);
}

void detector_forked(struct detector *detector, struct thread *thread)
{
	runtime_lock_reset(&detector->lock);
	runtime_lock_reset(&detector->objects.lock);
	runtime_lock_reset(&detector->stacks.lock);
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *other = detector_thread(detector, id);

		if (!other || other == thread || other->state == THREAD_ENDED)
			continue;
		other->state = THREAD_LOST;
		other->wait.version += other->wait.version % 2;
	}
	detector->alive_count = 1;
	detector->blocked_count = 0;
}

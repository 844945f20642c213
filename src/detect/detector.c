#include "detect/detector.h"

#include <string.h>

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/memory.h"
#include "detect/range/record_run.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/read_set.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/misuse.h"
#include "detect/lock_order/report.h"

bool detector_init(struct detector *detector, const struct detector_hooks *hooks,
		   bool predicts_races, page_source pages)
{
	/* To clear fresh memory would bring pages that nobody needs. */
	if (detector->pages)
		*detector = (struct detector){.pages = NULL};
	detector->hooks = hooks;
	detector->pages = pages;
	detector->predicts_races = predicts_races;
	arena_init(&detector->arena, pages);
	site_table_init(&detector->sites, pages);
	numbered_table_init(&detector->locksets, pages);
	numbered_table_init(&detector->origins, pages);
	detector->read_sets = read_set_table_create(&detector->arena, pages, atomic_each_read_word);
	detector->lines_after = READ_LINES_AFTER;
	detector->run_least = RUN_LEAST;
	detector->atomics = atomic_table_create(&detector->arena, pages);
	detector->order = lock_order_create(&detector->arena, &detector->objects.named,
					    order_report_instances, detector);
	detector->class_order = lock_order_create(&detector->arena, &detector->objects.named,
						  order_report_classes, detector);
	return detector->read_sets && detector->atomics && detector->order &&
	       detector->class_order && sync_table_init(&detector->objects, pages) &&
	       stack_depot_init(&detector->stacks, pages);
}

/* Statistics go on over a fork; a process counts what was added since. */
static void set_statistic(struct detector *detector, enum counter which, uint64_t value)
{
	uint64_t before = detector->inherited[which];

	detector->counters[which] = value > before ? value - before : 0;
}

static void copy_statistics(struct detector *detector)
{
	struct order_statistics order = lock_order_statistics(detector->order);

	set_statistic(detector, COUNTER_LOCKS, detector->objects.life_count);
	set_statistic(detector, COUNTER_LOCK_ORDER_EDGES, order.edge_count);
	set_statistic(detector, COUNTER_LOCK_ORDER_WITNESSES, order.witness_count);
	set_statistic(detector, COUNTER_CYCLES_ONE_THREAD,
		      order.suppressed[SUPPRESSED_SAME_THREAD]);
	set_statistic(detector, COUNTER_CYCLES_GATED, order.suppressed[SUPPRESSED_GATE]);
	set_statistic(detector, COUNTER_CYCLES_OF_READERS, order.suppressed[SUPPRESSED_READERS]);
	set_statistic(detector, COUNTER_LOST_WITNESSES, order.dropped_witness_count);
	set_statistic(detector, COUNTER_LOST_SEARCHES, order.abandoned_search_count);
}

static void collect_counts_of(struct detector *detector, struct thread *thread)
{
	detector->counters[COUNTER_LOCK_OPERATIONS] += thread->held.operation_count;
	detector->counters[COUNTER_ACCESSES_RECORDED] += thread->accesses.examined_count;
	thread->held.operation_count = 0;
	thread->accesses.examined_count = 0;
}

void detector_sum_up(struct detector *detector, struct thread *ending)
{
	copy_statistics(detector);
	collect_counts_of(detector, ending);
}

static void collect_counts(struct detector *detector)
{
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *thread = detector_thread(detector, id);

		if (thread)
			collect_counts_of(detector, thread);
	}
}

void detector_ended(struct detector *detector, bool is_orderly)
{
	runtime_lock(&detector->lock);
	if (is_orderly)
		misuse_process_ended(detector);
	copy_statistics(detector);
	collect_counts(detector);
	runtime_unlock(&detector->lock);
}

static void lose_others(struct detector *detector, const struct thread *survivor)
{
	for (thread_id id = 1; id <= detector->threads.last; id++) {
		struct thread *other = detector_thread(detector, id);

		if (!other || other == survivor)
			continue;
		/* Joining it is the parent's task. */
		other->is_detached = true;
		if (other->state != THREAD_ENDED)
			other->state = THREAD_LOST;
		other->waiting.wait.version += other->waiting.wait.version % 2;
	}
}

/* Resets what other threads may have left half done at this object, and its waiters. */
static void leave_alone(struct sync_info *info, const struct thread *survivor)
{
	const struct wait *wait = &survivor->waiting.wait;
	bool waits_here = wait->version % 2 && wait->object && wait->object->info == info;

	/* Written only if need be: the memory is shared with the parent until then. */
	if (info->busy.is_taken)
		spin_unlock(&info->busy);
	if (!info->extra || (info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED)))
		return;
	if (info->extra->waiter_count)
		info->extra->waiter_count = waits_here && wait->kind == WAIT_CONDITION;
	if (info->extra->wake_count)
		info->extra->wake_count = 0;
	if (info->extra->barrier_waiting)
		info->extra->barrier_waiting = 0;
}

/* What was counted so far is the parent's. */
static void begin_counting(struct detector *detector)
{
	detector->shown = NULL;
	collect_counts(detector);
	memset(detector->counters, 0, sizeof(detector->counters));
	memset(detector->inherited, 0, sizeof(detector->inherited));
	copy_statistics(detector);
	memcpy(detector->inherited, detector->counters, sizeof(detector->inherited));
	memset(detector->counters, 0, sizeof(detector->counters));
	detector->counters[COUNTER_THREADS] = 1;
}

/* A lock in shared memory is still held by the parent, and not by the child. */
static void leave_shared(struct detector *detector, struct sync_info *info,
			 struct thread *survivor)
{
	struct sync_object *object = sync_find(&detector->objects, info->address);

	if (!object || object->info != info)
		return;
	held_locks_remove(&survivor->held, held_locks_find(&survivor->held, object));
	object->owner = 0;
}

void detector_forked(struct detector *detector, struct thread *thread)
{
	lose_others(detector, thread);
	if (thread->memory)
		clock_join_all(detector, memory_before_join(detector, thread));
	for (lock_id id = 1; id < detector->objects.next_id; id++) {
		struct sync_info *info = detector_lock(detector, id);

		if (!info)
			continue;
		leave_alone(info, thread);
		if (info->attributes & (SYNC_PROCESS_SHARED | SYNC_NAMED))
			leave_shared(detector, info, thread);
	}
	detector->alive_count = thread->state == THREAD_RUNNING;
	detector->blocked_count =
		thread->waiting.wait.version % 2 && thread->waiting.wait.is_counted;
	begin_counting(detector);
}

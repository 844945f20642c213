#include "detect/deadlock/handler.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/base/report.h"

static void report_possible(struct detector *detector, thread_id thread,
			    struct sync_object *object, stack_id stack)
{
	struct finding *finding = report_begin(detector, FINDING_SIGNAL_UNSAFE_LOCK);

	finding->severity = SEVERITY_WARNING;
	finding->details |= DETAIL_POSSIBLE;
	report_event(finding, thread, ACTION_HOLD, object, stack);
	report_event(finding, object->info->handler_thread, ACTION_INTERRUPT, object,
		     object->info->handler_stack);
	report_emit(detector, finding,
		    hash_append(hash_append(1, stack), object->info->handler_stack));
}

/* May a handler of @signal run in a thread that blocks @blocked? */
static bool can_interrupt(uint32_t signal, uint64_t blocked)
{
	return signal > 0 && signal <= 64 && !(blocked >> (signal - 1) & 1);
}

static void remember_handler(struct detector *detector, struct thread *thread,
			     struct sync_object *object, stack_id stack)
{
	const struct stack *frames = stack_depot_get(&detector->stacks, stack);
	struct sync_info *info = object->info;

	info->handler_stack = stack;
	info->handler_thread = thread->id;
	info->handler_signal = frames ? (uint8_t)frames->signal_number : 0;
	thread->is_referenced = true;
	object->generation |= SYNC_HANDLER_LOCK;
	/* Ordinary code took it before: could the handler have come then? */
	if (!(info->first & STACK_ID_IN_HANDLER) && !info->created &&
	    can_interrupt(info->handler_signal, info->first_signals))
		report_possible(detector, info->first_thread, object, info->first);
}

void handler_lock_taken(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack)
{
	uint64_t blocked = runtime_lock_signals(&detector->lock);

	if (stack & STACK_ID_IN_HANDLER) {
		if (!object->info->handler_stack)
			remember_handler(detector, thread, object, stack);
	} else if (can_interrupt(object->info->handler_signal, blocked)) {
		report_possible(detector, thread->id, object, stack);
	}
}

void handler_deadlocked(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack)
{
	struct held_lock *held = object ? held_locks_find(&thread->held, object) : NULL;
	struct finding *finding;

	if (!held || held->is_in_handler || !(stack & STACK_ID_IN_HANDLER))
		return;
	finding = report_begin(detector, FINDING_SIGNAL_UNSAFE_LOCK);
	report_event(finding, thread->id, ACTION_HOLD, object, held->stack);
	report_event(finding, thread->id, ACTION_INTERRUPT, object, stack);
	report_emit(detector, finding, hash_append(hash_append(1, stack), held->stack));
}

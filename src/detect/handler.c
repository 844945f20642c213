#include "detect/handler.h"

#include "detect/chain.h"
#include "detect/lock.h"
#include "detect/report.h"

static void remember_handler(struct detector *detector, struct thread *thread,
			     struct sync_object *object, stack_id stack)
{
	const struct stack *frames = stack_depot_get(&detector->stacks, stack);

	object->info->handler_stack = stack;
	object->info->handler_thread = thread->id;
	object->info->handler_signal = frames ? frames->signal_number : 0;
	object->generation |= SYNC_HANDLER_LOCK;
}

/* May a handler of @signal run in the calling thread now?  The calling thread
 * is the one that takes the lock; runtime_lock() has blocked its signals and
 * kept the mask it came with. */
static bool can_be_interrupted(const struct detector *detector, uint32_t signal)
{
	if (signal == 0 || signal > 64)
		return false;
	return !(detector->lock.saved_signals >> (signal - 1) & 1);
}

static void report_possible(struct detector *detector, struct thread *thread,
			    struct sync_object *object, stack_id stack)
{
	struct finding *finding = report_begin(detector, FINDING_SIGNAL_UNSAFE_LOCK);

	finding->severity = SEVERITY_WARNING;
	finding->details |= DETAIL_POSSIBLE;
	report_event(finding, thread->id, ACTION_HOLD, object, stack);
	report_event(finding, object->info->handler_thread, ACTION_INTERRUPT, object,
		     object->info->handler_stack);
	report_emit(detector, finding, chain_mix(stack, object->info->handler_stack));
}

void handler_lock_taken(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack)
{
	if (stack & STACK_ID_IN_HANDLER) {
		if (!object->info->handler_stack)
			remember_handler(detector, thread, object, stack);
	} else if (can_be_interrupted(detector, object->info->handler_signal)) {
		report_possible(detector, thread, object, stack);
	}
}

void handler_deadlocked(struct detector *detector, struct thread *thread,
			struct sync_object *object, stack_id stack)
{
	struct held_lock *held = object ? lock_held(thread, object) : NULL;
	struct finding *finding;

	if (!held || held->is_in_handler || !(stack & STACK_ID_IN_HANDLER))
		return;
	finding = report_begin(detector, FINDING_SIGNAL_UNSAFE_LOCK);
	report_event(finding, thread->id, ACTION_HOLD, object, held->stack);
	report_event(finding, thread->id, ACTION_INTERRUPT, object, stack);
	report_emit(detector, finding, chain_mix(stack, held->stack));
}

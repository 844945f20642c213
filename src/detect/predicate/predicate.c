#include "detect/predicate/predicate.h"

#include "base/hash.h"
#include "detect/base/report.h"
#include "detect/data/stack_depot.h"
#include "detect/base/memory_block.h"

void predicate_filter(struct thread *thread)
{
	const struct predicate *predicate = &thread->accesses.predicate;

	if (!predicate_is_open(thread))
		return;
	stale_filter_put(&thread->accesses, predicate->address, predicate->size_bytes);
}

static void close_predicate(struct thread *thread)
{
	thread->accesses.predicate.state = PREDICATE_NONE;
	thread->accesses.stale_read_count--;
}

void predicate_read(struct thread *thread, const struct access *access, uint32_t update_group,
		    origin_id origin)
{
	if (predicate_is_open(thread))
		close_predicate(thread);
	if (!access->has_value || !update_group)
		return;
	thread->accesses.predicate = (struct predicate){
		.state = PREDICATE_READ,
		.size_bytes = (uint32_t)access->size_bytes,
		.address = access->address,
		.value = access->value,
		.update_group = update_group,
		.site = access->site,
		.origin = origin,
	};
	thread->accesses.stale_read_count++;
	predicate_filter(thread);
}

static bool acts_on_wake(const struct predicate *predicate, const struct access *access)
{
	return predicate->state == PREDICATE_WOKEN && !(access->flags & SITE_CONSTANT) &&
	       access->address == predicate->address &&
	       access->size_bytes == predicate->size_bytes && access->has_value &&
	       access->value == predicate->value;
}

bool predicate_meet(struct thread *thread, const struct access *access, uint32_t update_group)
{
	const struct predicate *predicate = &thread->accesses.predicate;
	bool looks = update_group != predicate->update_group ||
		     access->flags & (SITE_DECIDES | SITE_AWAITS);
	bool acts = false;

	/* What is stored may rest on a new value, which nobody looks at. */
	if (!looks && !(access->flags & SITE_WRITE))
		return false;
	if (!looks)
		acts = acts_on_wake(predicate, access);
	close_predicate(thread);
	return acts;
}

void predicate_report(struct detector *detector, struct thread *thread,
		      const struct access *access)
{
	stack_id stack = origin_stack_of_access(detector, thread, access) & ~STACK_ID_IN_HANDLER;
	/* What it was, though it is over. */
	const struct predicate *predicate = &thread->accesses.predicate;
	struct finding_event *event;
	struct finding *finding;

	runtime_lock(&detector->lock);
	finding = report_begin(detector, FINDING_WAIT_WITHOUT_LOOP);
	memory_block_report(detector, finding, access->address);
	event = report_access(finding, thread->id, ACTION_READ,
			      origin_stack(detector, predicate->origin), access->address,
			      access->size_bytes);
	if (event) {
		event->value = predicate->value;
		event->has_value = true;
		origin_tell_holds(detector, predicate->origin, event);
	}
	report_event(finding, thread->id, ACTION_WAIT, predicate->condition,
		     predicate->wait_stack);
	event = report_access(finding, thread->id,
			      access->flags & SITE_UPDATE ? ACTION_UPDATE : ACTION_WRITE, stack,
			      access->address, access->size_bytes);
	if (event) {
		event->value = access->value;
		event->has_value = true;
		report_holds(event, thread);
	}
	report_emit(detector, finding, hash_append(hash_append(3, predicate->site), access->site));
	runtime_unlock(&detector->lock);
}

/* Is it the call whose update group is @update_group that @stack begins with? */
static bool is_call_of(const struct detector *detector, stack_id stack, uint32_t update_group)
{
	const struct stack *callers = stack_depot_get(&detector->stacks, stack);
	const struct site *call =
		callers && callers->frame_count
			? site_get(&detector->sites,
				   site_find_call(&detector->sites, stack_frame(callers, 0)))
			: NULL;

	return call && call->update_group == update_group;
}

void predicate_wait(struct detector *detector, struct thread *thread,
		    const struct sync_object *condition, stack_id stack)
{
	struct predicate *predicate = &thread->accesses.predicate;

	if (!predicate_is_open(thread))
		return;
	if (predicate->state != PREDICATE_READ ||
	    !is_call_of(detector, stack, predicate->update_group)) {
		close_predicate(thread);
		return;
	}
	predicate->state = PREDICATE_AWAITED;
	predicate->condition = condition;
	predicate->wait_stack = stack;
}

void predicate_wait_ended(struct thread *thread, bool is_woken)
{
	if (!predicate_is_open(thread))
		return;
	if (is_woken && thread->accesses.predicate.state == PREDICATE_AWAITED)
		thread->accesses.predicate.state = PREDICATE_WOKEN;
	else
		close_predicate(thread);
}

void predicate_release(struct thread *thread)
{
	if (predicate_is_open(thread) && thread->accesses.predicate.state != PREDICATE_AWAITED)
		close_predicate(thread);
}

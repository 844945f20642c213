#include "detect/life/lock_lives.h"

#include "detect/base/held_locks.h"
#include "detect/data/access.h"
#include "detect/deadlock/misuse.h"
#include "detect/life/life.h"
#include "detect/lock_order/lock_order.h"

void lock_ended(struct detector *detector, struct sync_object *object)
{
	if (!object->info)
		return;
	if (object->info->is_in_order) {
		runtime_lock(&detector->lock);
		lock_order_remove(detector->order, object->info->id);
		runtime_unlock(&detector->lock);
	}
	sync_end(&detector->objects, object);
}

static void end_before(void *context, struct sync_object *object)
{
	if (object->info)
		lock_ended(context, object);
	else
		life_forget_end(context, object->address);
}

void lock_memory_begins(struct detector *detector, uintptr_t start, uintptr_t end)
{
	sync_each_place_in(&detector->objects, start, end, end_before, detector);
}

/* Memory that is being freed. */
struct freed_memory {
	struct detector *detector;
	struct thread *thread;
	bool may_stay;
	const void *context;
};

static stack_id find_stack(const struct freed_memory *freed)
{
	struct access access = {.context = freed->context};

	return freed->detector->hooks->access_stack(freed->detector, freed->thread, &access);
}

static void end_life(const struct freed_memory *freed, struct sync_object *object)
{
	struct detector *detector = freed->detector;

	if (misuse_is_held(detector, object))
		misuse_freed(detector, freed->thread, object, find_stack(freed));
	else if (detector->is_memory_observed)
		life_ends(detector, freed->thread, object, ACTION_FREE, find_stack(freed));
	lock_ended(detector, object);
}

static void end_in_freed(void *context, struct sync_object *object)
{
	const struct freed_memory *freed = context;

	if (!object->info) {
		if (life_has_ended(freed->detector, object->address))
			life_memory_freed(freed->detector, freed->thread, object->address,
					  find_stack(freed));
	/* relaxed: unless the calling thread holds it, this is a misuse. */
	} else if (!freed->may_stay || !load_relaxed(&object->owner)) {
		end_life(freed, object);
	}
}

void lock_memory_freed(struct detector *detector, struct thread *thread, uintptr_t start,
		       uintptr_t end, bool may_stay, const void *context)
{
	struct freed_memory freed = {detector, thread, may_stay, context};

	sync_each_place_in(&detector->objects, start, end, end_in_freed, &freed);
}

struct stack_search {
	struct detector *detector;
	struct thread *thread;
	uintptr_t sp;
	uintptr_t lowest_left;
};

static void end_if_left(void *context, struct sync_object *object)
{
	struct stack_search *search = context;

	if (object->address >= search->sp) {
		if (object->address < search->lowest_left)
			search->lowest_left = object->address;
	} else if (!held_locks_find(&search->thread->held, object)) {
		if (search->detector->is_memory_observed)
			life_ends(search->detector, search->thread, object, ACTION_LEAVE, 0);
		lock_ended(search->detector, object);
	}
}

void lock_stack_left(struct detector *detector, struct thread *thread, uintptr_t sp)
{
	struct stack_search search = {detector, thread, sp, UINTPTR_MAX};

	if (thread->held.lowest_on_stack >= sp || sp < thread->stack_start ||
	    sp > thread->stack_end)
		return;
	sync_each_in(&detector->objects, thread->held.lowest_on_stack, thread->stack_end,
		     end_if_left, &search);
	thread->held.lowest_on_stack = search.lowest_left;
}

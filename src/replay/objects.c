/* Objects of a replay: init, destroy, free, copy. */
#include "replay/replay.h"
#include "detect/sync/barrier.h"
#include "detect/life/life.h"
#include "detect/life/lock_lives.h"
#include "detect/sync/lock.h"
#include "detect/deadlock/misuse.h"
#include "detect/sync/semaphore.h"

#define OBJECT_BYTES 64u

void replay_reset_primitive(struct primitive *primitive)
{
	struct primitive kept = *primitive;

	*primitive = (struct primitive){
		.number = kept.number,
		.kind = kept.kind,
		.facts = kept.facts,
		.address = kept.address,
		.leaver = kept.leaver,
		.allocator = kept.allocator,
		.waiters = kept.waiters,
		.value = kept.kind == OBJECT_SEMAPHORE ? kept.facts.number : 0,
	};
}

static uint32_t attributes_of(const struct primitive *primitive)
{
	static const uint32_t attributes[] = {SYNC_RECURSIVE, SYNC_CHECKED, SYNC_ROBUST,
					      SYNC_PROCESS_SHARED, SYNC_WRITERS_FIRST};
	uint32_t result = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(attributes); i++)
		if (primitive->facts.facts >> i & 1)
			result |= attributes[i];
	return result | (primitive->is_destroyed ? SYNC_DESTROYED : 0);
}

struct sync_object *replay_object(struct replay *replay, struct actor *actor,
				  struct primitive *primitive, const struct script_event *event)
{
	struct detector *detector = &replay->detector;
	struct sync_object *object = sync_find(&detector->objects, primitive->address);

	if (object && object->info)
		return object;
	object = lock_begin(detector, actor->thread, primitive->address, primitive->kind,
			    attributes_of(primitive), replay_stack(replay, actor, event));
	if (!object) {
		replay_fail(replay, event, "out of memory", "", "");
		return NULL;
	}
	object->info->created = primitive->created;
	if (primitive->kind == OBJECT_SEMAPHORE)
		semaphore_initialised(detector, object, primitive->facts.number);
	if (primitive->kind == OBJECT_BARRIER)
		barrier_initialised(object, primitive->facts.number);
	return object;
}

static void end_life(struct replay *replay, const struct primitive *primitive)
{
	struct sync_object *object = sync_find(&replay->detector.objects, primitive->address);

	if (object && object->info)
		lock_ended(&replay->detector, object);
}

/* What the object's memory would say. */
static enum real_state real_state(const struct primitive *primitive, const struct actor *actor)
{
	if (primitive->owner && primitive->kind != OBJECT_ONCE)
		return primitive->owner == actor ? REAL_HELD_BY_CALLER : REAL_HELD_BY_OTHER;
	return primitive->reader_count ? REAL_HELD : REAL_FREE;
}

/* All locks of a class get the creation stack of the first. */
static stack_id creation_stack(struct replay *replay, const struct actor *actor,
			       const struct script_event *event)
{
	stack_id stack = replay_stack(replay, actor, event);
	uint32_t class = event->facts.same_call;

	if (!class)
		return stack;
	if (!replay->classes[class])
		replay->classes[class] = stack;
	return replay->classes[class];
}

void replay_init(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *primitive = replay_primitive(replay, event->object);
	struct sync_object *object = sync_find(&replay->detector.objects, primitive->address);
	stack_id stack = replay_stack(replay, actor, event);

	if (object && object->info) {
		misuse_initialising(&replay->detector, actor->thread, object, primitive->kind,
				    stack, real_state(primitive, actor));
		life_ends(&replay->detector, actor->thread, object, ACTION_INIT, stack);
	}
	end_life(replay, primitive);
	primitive->facts = event->facts;
	replay_reset_primitive(primitive);
	primitive->created = creation_stack(replay, actor, event);
	life_forget_end(&replay->detector, primitive->address);
	object = replay_object(replay, actor, primitive, event);
	if (object)
		life_initialised(&replay->detector, actor->thread, object, stack);
}

void replay_destroy(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *primitive = replay_primitive(replay, event->object);
	struct sync_object *object = replay_object(replay, actor, primitive, event);
	enum real_state real = real_state(primitive, actor);
	stack_id stack = replay_stack(replay, actor, event);

	if (!object)
		return;
	misuse_destroyed(&replay->detector, actor->thread, object, stack, real);
	/* glibc refuses to destroy a mutex that is held (EBUSY). */
	if (real != REAL_FREE)
		return;
	life_ends(&replay->detector, actor->thread, object, ACTION_DESTROY, stack);
	end_life(replay, primitive);
	replay_reset_primitive(primitive);
	/* Others do not show that they were destroyed. */
	primitive->is_destroyed =
		primitive->kind == OBJECT_MUTEX || primitive->kind == OBJECT_CONDITION;
}

void replay_free(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct replay_context context = {replay, actor, event};
	struct primitive *primitive;

	if (event->is_variable) {
		replay_free_variable(replay, actor, event);
		return;
	}
	primitive = replay_primitive(replay, event->object);
	lock_memory_freed(&replay->detector, actor->thread, primitive->address,
			  primitive->address + OBJECT_BYTES, false, &context);
	primitive->facts.facts = 0;
	primitive->allocator = 0;
	replay_reset_primitive(primitive);
}

/* The stack grows downwards: the objects below are gone too. */
void replay_leave(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *left = replay_primitive(replay, event->object);

	lock_stack_left(&replay->detector, actor->thread, left->address + OBJECT_BYTES);
	for (uint32_t i = 1; i <= name_table_count(&replay->script.object_names); i++) {
		struct primitive *primitive = &replay->primitives[i];

		if (primitive->leaver == left->leaver && primitive->address <= left->address &&
		    !primitive->owner)
			replay_reset_primitive(primitive);
	}
}

void replay_copy(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	const struct primitive *from = replay_primitive(replay, event->object);
	struct primitive *to = replay_primitive(replay, event->second);

	(void)actor;
	end_life(replay, to);
	to->facts = from->facts;
	replay_reset_primitive(to);
	to->owner = from->owner;
	to->count = from->count;
	to->is_destroyed = from->is_destroyed;
	to->is_copy = true;
}

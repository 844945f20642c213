/* The scheduler of a replay: which actors there are, which can run, which wait. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/base/thread.h"
#include "detect/data/wait.h"
#include "detect/deadlock/wait.h"
#include "detect/detector.h"
#include "detect/sync/thread.h"
#include "replay/replay.h"

/* Invented addresses, apart from those of code: of objects, and of threads' stacks. */
#define OBJECTS_AT 0x100000000000ul
#define STACKS_AT 0x200000000000ul
#define STACK_BYTES (64ul << 10)
#define OBJECT_BYTES 64u

static void (*const verbs[EVENT_VERB_COUNT])(struct replay *, struct actor *,
					     const struct script_event *) = {
#define EVENT(identifier, verb, arguments, needs, function, how) replay_##function,
#include "replay/script/events.def"
#undef EVENT
};

void replay_fail(struct replay *replay, const struct script_event *event, const char *format,
		 const char *first, const char *second)
{
	if (replay->is_failed)
		return;
	replay->is_failed = true;
	replay->error_line = event ? event->line : 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(replay->error, sizeof(replay->error), format, first, second);
#pragma GCC diagnostic pop
}

struct primitive *replay_primitive(struct replay *replay, uint32_t number)
{
	return &replay->primitives[number];
}

struct actor *replay_actor(struct replay *replay, uint32_t number)
{
	return &replay->actors[number];
}

const char *replay_actor_name(const struct replay *replay, const struct actor *actor)
{
	return name_table_text(&replay->script.thread_names, actor->number);
}

const char *replay_primitive_name(const struct replay *replay, const struct primitive *primitive)
{
	return name_table_text(&replay->script.object_names, primitive->number);
}

stack_id replay_stack(struct replay *replay, const struct actor *actor,
		      const struct script_event *event)
{
	/* A frame is a return address: one behind the place. */
	uintptr_t frame = actor->line ? replay_place(actor->line, 0) + 1
				      : replay_place(event->line, event->column) + 1;

	return stack_depot_intern(&replay->detector.stacks, &frame, 1, 0,
				  actor->handler_signal ? STACK_IN_HANDLER : 0,
				  actor->handler_signal);
}

/* --- Waiting ------------------------------------------------------------- */

void replay_block(struct actor *actor, struct primitive *primitive, enum waits_for waits_for,
		  bool is_timed, stack_id stack)
{
	struct actor **end = primitive ? &primitive->waiters : NULL;

	actor->state = ACTOR_BLOCKED;
	actor->waits_for = waits_for;
	actor->primitive = primitive;
	actor->is_timed = is_timed;
	actor->stack = stack;
	actor->next_waiter = NULL;
	while (end && *end)
		end = &(*end)->next_waiter;
	if (end)
		*end = actor;
}

void replay_leave_queue(struct primitive *primitive, struct actor *actor)
{
	struct actor **at = &primitive->waiters;

	while (*at && *at != actor)
		at = &(*at)->next_waiter;
	if (*at)
		*at = actor->next_waiter;
	actor->next_waiter = NULL;
}

void replay_unblock(struct replay *replay, struct actor *actor)
{
	actor->state = ACTOR_RUNNING;
	actor->primitive = NULL;
	if (!actor->first_delayed || actor->is_ready)
		return;
	actor->is_ready = true;
	actor->next_ready = NULL;
	if (replay->last_ready)
		replay->last_ready->next_ready = actor;
	else
		replay->ready = actor;
	replay->last_ready = actor;
}

/* --- Actors and primitives ----------------------------------------------- */

void replay_start_actor(struct replay *replay, struct actor *actor, struct thread *thread)
{
	actor->thread = thread;
	thread->stack_start = STACKS_AT + actor->number * STACK_BYTES;
	thread->stack_end = thread->stack_start + STACK_BYTES;
	thread_started(&replay->detector, thread);
	replay_unblock(replay, actor);
}

/* Shorter names first: T2 before T10. */
static int compare_names(const void *a, const void *b, void *context)
{
	const struct replay *replay = context;
	const char *left = name_table_text(&replay->script.thread_names, *(const uint32_t *)a);
	const char *right = name_table_text(&replay->script.thread_names, *(const uint32_t *)b);
	size_t left_length = strlen(left);
	size_t right_length = strlen(right);

	if (left_length != right_length)
		return left_length < right_length ? -1 : 1;
	return strcmp(left, right);
}

/* Creates the threads that no event creates, in the order of their names. */
static bool create_implicitly(struct replay *replay, uint32_t *order, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		order[i] = i + 1;
	qsort_r(order, count, sizeof(*order), compare_names, replay);
	for (uint32_t i = 0; i < count; i++) {
		struct actor *actor = &replay->actors[order[i]];
		struct thread *thread;

		if (actor->thread || script_thread(&replay->script, order[i])->is_created)
			continue;
		thread = thread_create(&replay->detector, replay->main_thread, 0);
		if (!thread)
			return false;
		actor->is_implicit = true;
		replay_start_actor(replay, actor, thread);
	}
	return true;
}

static bool prepare_actors(struct replay *replay)
{
	uint32_t count = name_table_count(&replay->script.thread_names);
	uint32_t main_number = name_table_find(&replay->script.thread_names, "main", 4);
	uint32_t *order = calloc(count + 1ul, sizeof(*order));
	bool is_fine;

	replay->main_thread = thread_adopt(&replay->detector, true);
	replay->actors = calloc(count + 1ul, sizeof(*replay->actors));
	is_fine = order && replay->actors && replay->main_thread;
	for (uint32_t i = 1; is_fine && i <= count; i++)
		replay->actors[i].number = i;
	if (is_fine && main_number) {
		replay->has_main_actor = true;
		replay->actors[main_number].is_detached = true;
		replay_start_actor(replay, &replay->actors[main_number], replay->main_thread);
	}
	is_fine = is_fine && create_implicitly(replay, order, count);
	free(order);
	return is_fine;
}

static bool prepare_primitives(struct replay *replay)
{
	uint32_t count = name_table_count(&replay->script.object_names);
	uint32_t on_stacks = 0;

	replay->primitives = calloc(count + 1ul, sizeof(*replay->primitives));
	replay->classes = calloc(name_table_count(&replay->script.class_names) + 1ul,
				 sizeof(*replay->classes));
	if (!replay->primitives || !replay->classes)
		return false;
	for (uint32_t i = 1; i <= count; i++) {
		const struct script_object *object = script_object(&replay->script, i);
		struct primitive *primitive = &replay->primitives[i];

		primitive->number = i;
		primitive->kind = object->kind;
		primitive->facts = object->facts;
		primitive->leaver = object->leaver;
		primitive->address = OBJECTS_AT + (uintptr_t)i * OBJECT_BYTES;
		/* An object that is named later lies in a deeper frame. */
		if (object->leaver)
			primitive->address =
				STACKS_AT + (object->leaver + 1ul) * STACK_BYTES -
				(++on_stacks % (STACK_BYTES / OBJECT_BYTES)) * OBJECT_BYTES;
		replay_reset_primitive(primitive);
	}
	return true;
}

void replay_dispose(struct replay *replay)
{
	free(replay->actors);
	free(replay->primitives);
	free(replay->classes);
	free(replay->findings);
	free(replay);
}

bool replay_prepare(struct replay *replay, const char *path, const char *text, size_t length_bytes,
		    bool predicts_races, page_source pages)
{
	replay->path = path;
	if (!script_read(&replay->script, text, length_bytes, pages)) {
		replay->is_failed = true;
		replay->error_line = replay->script.error.line;
		(void)snprintf(replay->error, sizeof(replay->error), "%s",
			       replay->script.error.text);
		return false;
	}
	if (!detector_init(&replay->detector, &replay_hooks, predicts_races, pages) ||
	    !prepare_actors(replay) ||
	    !prepare_primitives(replay))
		replay_fail(replay, NULL, "out of memory", "", "");
	replay->detector.is_memory_observed = true;
	return !replay->is_failed && replay_prepare_memory(replay);
}

/* --- Turns --------------------------------------------------------------- */

static void delay_event(struct actor *actor, struct script_event *event)
{
	event->next_delayed = NULL;
	if (actor->last_delayed)
		actor->last_delayed->next_delayed = event;
	else
		actor->first_delayed = event;
	actor->last_delayed = event;
}

/* Really sets it, as the detector asks the kernel for the signal mask. */
static void set_signal_mask(uint64_t mask)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (int signal = 1; signal <= 64; signal++)
		if (mask >> (signal - 1) & 1)
			(void)sigaddset(&set, signal);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

static void carry_out(struct replay *replay, struct actor *actor, struct script_event *event)
{
	if (actor->state == ACTOR_ENDED || actor->state == ACTOR_LOST) {
		replay_fail(replay, event, "'%s' %s", replay_actor_name(replay, actor),
			    actor->state == ACTOR_ENDED ? "has ended before this"
							: "is not there in the forked child");
		return;
	}
	if (actor->signal_mask)
		set_signal_mask(actor->signal_mask);
	actor->request = event->verb == EVENT_REQUEST ? event : NULL;
	verbs[event->verb](replay, actor, event);
	if (actor->signal_mask)
		set_signal_mask(0);
}

static bool can_run(const struct actor *actor)
{
	return actor->state != ACTOR_BLOCKED && actor->state != ACTOR_UNBORN;
}

static bool ends_wait(const struct script_event *event)
{
	return event->verb == EVENT_TIMEOUT || event->verb == EVENT_CANCELLED;
}

static void run_ready(struct replay *replay)
{
	while (replay->ready && !replay->is_failed) {
		struct actor *actor = replay->ready;

		replay->ready = actor->next_ready;
		actor->is_ready = false;
		if (!replay->ready)
			replay->last_ready = NULL;
		while (actor->first_delayed && !replay->is_failed &&
		       (can_run(actor) || ends_wait(actor->first_delayed))) {
			struct script_event *event = actor->first_delayed;

			actor->first_delayed = event->next_delayed;
			if (!actor->first_delayed)
				actor->last_delayed = NULL;
			carry_out(replay, actor, event);
		}
	}
}

/* If the script has no main thread: main joins the threads that have ended, and then
 * waits for one that is blocked; false. */
static bool join_implicitly(struct replay *replay)
{
	struct thread *main_thread = replay->main_thread;
	uint32_t count = name_table_count(&replay->script.thread_names);

	for (uint32_t i = 1; i <= count; i++) {
		struct actor *actor = &replay->actors[i];

		if (!actor->is_implicit || actor->state != ACTOR_ENDED || !actor->thread)
			continue;
		thread_joined(&replay->detector, main_thread, actor->thread, 0);
		actor->thread = NULL;
	}
	for (uint32_t i = 1; i <= count; i++) {
		const struct actor *actor = &replay->actors[i];
		struct wait wait = {.kind = WAIT_JOIN};

		if (!actor->is_implicit || actor->is_detached || actor->state != ACTOR_BLOCKED ||
		    actor->is_timed)
			continue;
		wait.target = actor->thread->id;
		wait_begin(&replay->detector, main_thread, &wait);
		return false;
	}
	return true;
}

/* False if the main thread waits for ever. */
static bool finish_main(struct replay *replay)
{
	uint32_t main_number = name_table_find(&replay->script.thread_names, "main", 4);

	if (!replay->has_main_actor)
		return join_implicitly(replay);
	return !main_number || replay->actors[main_number].state != ACTOR_BLOCKED;
}

/* A request that ends the trace of a thread was never granted: it waits. */
static void finish_requests(struct replay *replay)
{
	for (uint32_t i = 1; i <= name_table_count(&replay->script.thread_names); i++) {
		struct actor *actor = &replay->actors[i];

		if (actor->state == ACTOR_RUNNING && actor->request)
			replay_acquire(replay, actor, actor->request);
	}
}

bool replay_run(struct replay *replay)
{
	for (struct script_event *event = replay->script.first; event && !replay->is_failed;
	     event = event->next) {
		struct actor *actor = &replay->actors[event->thread];

		if (can_run(actor) || (ends_wait(event) && !actor->first_delayed))
			carry_out(replay, actor, event);
		else
			delay_event(actor, event);
		run_ready(replay);
	}
	if (replay->is_failed)
		return false;
	finish_requests(replay);
	if (finish_main(replay))
		detector_ended(&replay->detector, replay->main_thread);
	return !replay->is_failed;
}

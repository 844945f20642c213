/* Memory of a replay: its variables have addresses at which only shadow is mapped. */
#include "detect/base/thread.h"
#include "replay/replay.h"
#include "detect/race/access.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/shadow/shadow.h"

#define VARIABLES_AT (SHADOW_REPLAY_START + 0x10000000ul)
#define VARIABLES_END (SHADOW_REPLAY_END - 4096)

uintptr_t replay_variable_address(uint32_t number)
{
	return VARIABLES_AT + (uintptr_t)number * VARIABLE_BYTES;
}

uint32_t replay_variable_at(const struct replay *replay, uintptr_t address)
{
	uintptr_t number = (address - VARIABLES_AT) / VARIABLE_BYTES;

	return address >= VARIABLES_AT && number <= name_table_count(&replay->script.variable_names)
		       ? (uint32_t)number
		       : 0;
}

bool replay_prepare_memory(struct replay *replay)
{
	static bool is_reserved;
	uint32_t count = name_table_count(&replay->script.variable_names);
	uintptr_t end = replay_variable_address(count + 1);

	map_init(&replay->sites, &replay->script.arena);
	if (end == replay_variable_address(1))
		return true;
	if (end > VARIABLES_END) {
		replay_fail(replay, NULL, "more variables than can be told apart", "", "");
		return false;
	}
	if (!is_reserved && !shadow_reserve(true)) {
		replay_fail(replay, NULL, "no address space for shadow memory", "", "");
		return false;
	}
	is_reserved = true;
	replay->values = arena_alloc(&replay->script.arena,
				     (name_table_count(&replay->script.variable_names) + 1ul) *
					     sizeof(uint64_t));
	/* An earlier script may have used these addresses. */
	shadow_clear(VARIABLES_AT, end - VARIABLES_AT);
	return true;
}

static uint32_t flags_of(enum event_verb verb)
{
	switch ((int)verb) {
	case EVENT_READ:
		return SITE_READ;
	case EVENT_LOAD:
		return SITE_READ | SITE_PLAIN_MOVE;
	case EVENT_SPIN:
		return SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN;
	case EVENT_WATCH:
		return SITE_READ | SITE_PLAIN_MOVE | SITE_SPIN | SITE_MAY_BE_STALE | SITE_DECIDES;
	case EVENT_TAKE:
		return SITE_READ | SITE_PLAIN_MOVE | SITE_MAY_BE_STALE | SITE_MAY_BE_SPLIT;
	case EVENT_CHECK:
		return SITE_READ | SITE_PLAIN_MOVE | SITE_DECIDES | SITE_MAY_BE_SPLIT;
	case EVENT_AWAIT:
		return SITE_READ | SITE_PLAIN_MOVE | SITE_AWAITS | SITE_MAY_BE_SPLIT;
	case EVENT_STORE:
	case EVENT_REWRITE:
		return SITE_WRITE | SITE_PLAIN_MOVE;
	case EVENT_PUT:
		return SITE_WRITE | SITE_PLAIN_MOVE | SITE_UPDATE;
	case EVENT_ADVANCE:
		return SITE_WRITE | SITE_PLAIN_MOVE | SITE_UPDATE | SITE_EXAMINED;
	case EVENT_ASSIGN:
		return SITE_WRITE | SITE_PLAIN_MOVE | SITE_CONSTANT;
	case EVENT_UPDATE:
		return SITE_READ | SITE_WRITE | SITE_UPDATE;
	case EVENT_LOCKED:
	case EVENT_EXCHANGE:
		return SITE_READ | SITE_WRITE | SITE_UPDATE | SITE_LOCKED;
	default:
		return SITE_WRITE;
	}
}

/* True for the loads and stores of an update: the stored value, or whether it is
 * stored, depends on the loaded one. */
static bool is_of_update_group(enum event_verb verb)
{
	return verb == EVENT_TAKE || verb == EVENT_PUT || verb == EVENT_ADVANCE ||
	       verb == EVENT_CHECK || verb == EVENT_AWAIT || verb == EVENT_ASSIGN ||
	       verb == EVENT_UPDATE || verb == EVENT_WATCH;
}

static uintptr_t place_of(const struct actor *actor, const struct script_event *event)
{
	return actor->line ? replay_place(actor->line, 0)
			   : replay_place(event->line, event->column);
}

static site_id make_site(struct replay *replay, uintptr_t place, const struct script_event *event)
{
	site_id id = site_table_reserve(&replay->detector.sites, 1);
	struct site *site = site_get(&replay->detector.sites, id);

	if (!site)
		return 0;
	site->address = place;
	site->flags = flags_of(event->verb);
	if (event->size_bytes > sizeof(uint64_t))
		site->flags |= SITE_RANGE;
	site->size_bytes = (uint16_t)event->size_bytes;
	if (is_of_update_group(event->verb))
		site->update_group = event->object;
	return id;
}

/* The site of the code at the event's place. */
static site_id find_site(struct replay *replay, const struct actor *actor,
			 const struct script_event *event)
{
	uintptr_t place = place_of(actor, event);
	uint64_t key = (uint64_t)place << 24 | (uint64_t)event->size_bytes << 8 | event->verb;
	const uint64_t *known = map_find(&replay->sites, key);
	site_id id;

	if (known)
		return (site_id)*known;
	id = make_site(replay, place, event);
	return id && map_set(&replay->sites, key, id) ? id : 0;
}

stack_id replay_access_stack(struct detector *detector, struct thread *thread,
			     const struct access *access)
{
	const struct replay_context *context = access->context;

	(void)detector;
	(void)thread;
	return context ? replay_stack(context->replay, context->actor, context->event) : 0;
}

static struct access make_access(struct replay *replay, const struct actor *actor,
				 const struct script_event *event,
				 const struct replay_context *context)
{
	struct access access = {
		.address = replay_variable_address(event->object) + event->offset,
		.size_bytes = event->size_bytes,
		.site = find_site(replay, actor, event),
		.context = context,
	};
	const struct site *site = site_get(&replay->detector.sites, access.site);

	if (site) {
		access.flags = site->flags;
		access.has_value = replay->values && event->size_bytes <= sizeof(uint64_t);
		access.value = replay->values ? replay->values[event->object] : 0;
	} else {
		replay_fail(replay, event, "out of memory", "", "");
	}
	return access;
}

/* Each write but a rewrite stores a new value. */
static void store_value(struct replay *replay, const struct script_event *event, uint32_t flags)
{
	if (replay->values && flags & SITE_WRITE && event->verb != EVENT_REWRITE)
		replay->values[event->object] = ++replay->value_count;
}

void replay_access(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct replay_context context = {replay, actor, event};
	struct access access = make_access(replay, actor, event, &context);

	if (!access.site)
		return;
	access_check(&replay->detector, actor->thread, &access);
	store_value(replay, event, access.flags);
	if (event->verb == EVENT_AWAIT)
		actor->awaited = event->object;
}

void replay_add_call(struct replay *replay, struct actor *actor, stack_id stack)
{
	struct site_table *sites = &replay->detector.sites;
	const struct stack *call = stack_depot_get(&replay->detector.stacks, stack);
	struct site *site;
	site_id id;

	if (!actor->awaited || !call || site_find_call(sites, call->frames[0]))
		return;
	id = site_table_reserve(sites, 1);
	site = site_get(sites, id);
	if (!site)
		return;
	site->flags = SITE_CALL | SITE_AWAITS;
	site->update_group = actor->awaited;
	site_add_call(sites, call->frames[0], id);
	actor->awaited = 0;
}

void replay_locked(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct replay_context context = {replay, actor, event};
	struct access access = make_access(replay, actor, event, &context);
	struct atomic_location *location;

	if (!access.site)
		return;
	location = access_synchronise_begin(&replay->detector, actor->thread, &access);
	if (location)
		access_synchronised_over(location, &access, false);
	store_value(replay, event, access.flags);
	access.value = replay->values ? replay->values[event->object] : 0;
	access_synchronise_end(&replay->detector, actor->thread, location, &access,
			       event->verb == EVENT_EXCHANGE ? LOCKED_EXCHANGED : LOCKED_STORED);
}

void replay_refused_word(struct replay *replay, struct actor *actor,
			 const struct script_event *event)
{
	uintptr_t address = replay_variable_address(event->object) + event->offset;

	clock_learn(&replay->detector, actor->thread,
		    atomic_acquire(&replay->detector, actor->thread, address));
}

void replay_allocate(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	if (!event->is_variable) {
		replay_primitive(replay, event->object)->allocator = actor->thread->id;
		replay->has_blocks = true;
		return;
	}
	access_memory_begins(&replay->detector, actor->thread,
			     replay_variable_address(event->object), VARIABLE_BYTES);
}

void replay_free_variable(struct replay *replay, struct actor *actor,
			  const struct script_event *event)
{
	struct replay_context context = {replay, actor, event};
	struct access access = make_access(replay, actor, event, &context);

	if (access.site)
		access_memory_freed(&replay->detector, actor->thread, &access);
}

#include "reports/words/explain_memory.h"

#include <dwarf.h>
#include <string.h>

#include "reports/words/explain.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"
#include "reports/words/verdict.h"

#define SMALL_NUMBER_MAX 0xffffffffull /* larger ones are shown as hexadecimal */
#define SMALL_NEGATIVE_MAX 0x10000

static bool is_about_descriptor(const struct view_finding *finding)
{
	return finding->finding->kind == FINDING_DESCRIPTOR_RACE;
}

static const char *action_participle(const struct view_finding *finding,
				     enum finding_action action)
{
	if (is_about_descriptor(finding))
		return action == ACTION_READ ? "used" : "closed";
	switch ((int)action) {
	case ACTION_READ:
		return "read";
	case ACTION_WRITE:
		return "written";
	case ACTION_UPDATE:
		return "updated";
	default:
		return "freed";
	}
}

/* The threads that do @action to the memory, joined; NULL if none does. */
static const char *find_actors(struct view *view, const struct view_finding *finding,
			       enum finding_action action)
{
	const char *names[FINDING_EVENT_MAX];
	thread_id threads[FINDING_EVENT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		size_t known = 0;

		if (event->action != action || !memory_is_access(finding->finding, event))
			continue;
		while (known < count && threads[known] != event->thread)
			known++;
		if (known < count)
			continue;
		threads[count] = event->thread;
		names[count++] = thread_name(view, finding, event->thread);
	}
	return count ? join_words(view->pool, names, count) : NULL;
}

const char *memory_accesses_phrase(struct view *view, const struct view_finding *finding)
{
	static const enum finding_action order[] = {ACTION_UPDATE, ACTION_WRITE, ACTION_READ,
						    ACTION_FREE};
	const char *phrases[ARRAY_LENGTH(order)];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
		const char *names = find_actors(view, finding, order[i]);

		if (names)
			phrases[count++] = pool_format(view->pool, "%s by %s",
						       action_participle(finding, order[i]), names);
	}
	return count ? join_words(view->pool, phrases, count) : "accessed by several threads";
}

/* The locks of one side of a race, as far as the advice needs them. */
struct side {
	const struct finding_event *event;
	lock_id exclusive; /* the lock held for writing that the memory is likely to have, or 0 */
	lock_id shared;	   /* ... for reading, or 0 */
	bool is_known;	   /* there are no other locks */
};

/* A once excludes others, but nobody takes it around an access. */
static bool is_once(const struct view_finding *finding, const struct finding_hold *hold)
{
	const struct model_lock *lock = model_lock(finding->process, hold->lock);

	return lock && lock->kind == OBJECT_ONCE;
}

/* How near @lock stands to the memory: 0 outside of its block, else by the members that both are
 * in, "engine.asks_.". */
static size_t nearness(struct view *view, const struct view_finding *finding, lock_id id)
{
	const struct view_memory *memory = finding->memory;
	const struct finding_event *block = memory->allocation;
	const struct model_lock *lock = model_lock(finding->process, id);
	const char *name;
	size_t common = 0;

	if (!lock || !block || lock->address < block->address ||
	    lock->address - block->address >= block->size_bytes)
		return 0;
	name = lock_name(view, finding->process, id);
	while (name[common] && name[common] == memory->name[common])
		common++;
	return 1 + common;
}

/* Of several locks the one beside the memory in its block is likely to be its own, else the
 * innermost. */
static struct side side_of(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event)
{
	struct side side = {.event = event, .is_known = !event->holds_are_unknown};

	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++) {
		const struct finding_hold *hold = &event->holds[i];
		lock_id *place = hold->mode == HOLD_EXCLUSIVE ? &side.exclusive : &side.shared;

		if (!hold->lock)
			side.is_known = false;
		else if (!is_once(finding, hold) &&
			 (!*place || nearness(view, finding, hold->lock) >=
					     nearness(view, finding, *place)))
			*place = hold->lock;
	}
	return side;
}

/* A lock that both hold for writing excludes them, whatever else they hold. */
static void prefer_common(struct side *first, struct side *last)
{
	for (uint32_t i = 0; i < first->event->hold_count && i < FINDING_HOLD_MAX; i++) {
		const struct finding_hold *one = &first->event->holds[i];

		for (uint32_t j = 0; j < last->event->hold_count && j < FINDING_HOLD_MAX; j++) {
			const struct finding_hold *other = &last->event->holds[j];

			if (one->lock && one->lock == other->lock &&
			    one->mode == HOLD_EXCLUSIVE && other->mode == HOLD_EXCLUSIVE)
				first->exclusive = last->exclusive = one->lock;
		}
	}
}

/* The last access, and before it the last one of another thread; false if there is
 * no access. */
static bool find_sides(struct view *view, const struct view_finding *finding, struct side *first,
		       struct side *last)
{
	const struct finding_event *events[2] = {NULL, NULL};

	for (size_t i = finding->event_count; i-- > 0;) {
		const struct finding_event *event = finding->events[i];

		if (!memory_is_access(finding->finding, event))
			continue;
		if (!events[1])
			events[1] = event;
		else if (!events[0] || events[0]->thread == events[1]->thread)
			events[0] = event;
	}
	if (!events[1])
		return false;
	*last = side_of(view, finding, events[1]);
	*first = side_of(view, finding, events[0] ? events[0] : events[1]);
	prefer_common(first, last);
	return true;
}

/* @with holds a lock exclusively, @without holds none exclusively. */
static const char *advise_one_side(struct view *view, const struct view_finding *finding,
				   const struct side *with, const struct side *without,
				   const char *memory_name)
{
	const char *name = lock_name(view, finding->process, with->exclusive);
	const char *holder = thread_name(view, finding, with->event->thread);
	const char *other = thread_name(view, finding, without->event->thread);

	if (without->shared == with->exclusive)
		return pool_format(view->pool, "%s has only read-locked %s: write-lock it there.",
				   other, name);
	if (!without->is_known)
		return pool_format(view->pool,
				   "%s is held by %s: take it around every access of %s.", name,
				   holder, memory_name);
	return pool_format(view->pool, "%s is held by %s, but not by %s: take it there too.", name,
			   holder, other);
}

/* What may be done in place of a lock; "" if nothing.  @is_single: it is one variable. */
static const char *advise_no_lock(const struct type_place *part, bool is_single)
{
	if (part->is_bit_field)
		return ", or make each bit field a member of its own";
	return part->in_container.words || !is_single ? "" : ", or make it an atomic";
}

const char *memory_lock_advice(struct view *view, const struct view_finding *finding,
			       const char *name)
{
	struct side first;
	struct side last;

	if (!finding->memory || !find_sides(view, finding, &first, &last))
		return "Take one lock around all accesses.";
	if (!first.exclusive && !last.exclusive && first.shared && first.shared == last.shared)
		return pool_format(view->pool,
				   "%s is only read-locked: write-lock it where %s is written.",
				   lock_name(view, finding->process, first.shared), name);
	if (!first.exclusive && !last.exclusive)
		return pool_format(view->pool, "Take one lock around every access of %s%s.", name,
				   advise_no_lock(&finding->memory->variable.part,
						  name == finding->memory->name));
	if (!first.exclusive)
		return advise_one_side(view, finding, &last, &first, name);
	if (!last.exclusive)
		return advise_one_side(view, finding, &first, &last, name);
	if (first.exclusive == last.exclusive)
		return pool_format(view->pool, "Keep %s from the read to the write.",
				   lock_name(view, finding->process, first.exclusive));
	return pool_format(view->pool,
			   "%s holds %s and %s holds %s: these do not exclude "
			   "each other. Take the same lock around both.",
			   thread_name(view, finding, first.event->thread),
			   lock_name(view, finding->process, first.exclusive),
			   thread_name(view, finding, last.event->thread),
			   lock_name(view, finding->process, last.exclusive));
}

/* The encoding of the number that @event accessed: DW_ATE_..., or 0 if unknown. */
static unsigned encoding_of(const struct view_finding *finding, const struct finding_event *event)
{
	const struct view_memory *memory = finding->memory;

	if (!memory || event->address != memory->address ||
	    event->size_bytes != memory->variable.part.number_bytes)
		return 0;
	return memory->variable.part.encoding;
}

static const char *float_words(struct pool *pool, const struct finding_event *event)
{
	uint32_t bits = (uint32_t)event->value;
	double number;
	float narrow;

	memcpy(&number, &event->value, sizeof(number));
	memcpy(&narrow, &bits, sizeof(narrow));
	if (event->size_bytes == sizeof(narrow))
		number = (double)narrow;
	return pool_format(pool, "%g", number);
}

static const char *value_words(struct pool *pool, const struct view_finding *finding,
			       const struct finding_event *event)
{
	unsigned shift = event->size_bytes < 8 ? 64 - 8 * (unsigned)event->size_bytes : 0;
	int64_t number = (int64_t)(event->value << shift) >> shift;
	uint64_t bits = event->value << shift >> shift;
	unsigned encoding = encoding_of(finding, event);
	bool is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;

	if (encoding == DW_ATE_float && event->size_bytes >= sizeof(float))
		return float_words(pool, event);
	if (number < 0 && (is_signed || (!encoding && number >= -SMALL_NEGATIVE_MAX)))
		return pool_format(pool, "%lld", (long long)number);
	return pool_format(pool, encoding || bits <= SMALL_NUMBER_MAX ? "%llu" : "%#llx",
			   (unsigned long long)bits);
}

static bool has_value(const struct finding_event *event)
{
	return event->has_value && event->size_bytes && event->size_bytes <= 8;
}

const char *memory_value_phrase(struct view *view, const struct view_finding *finding,
				const struct finding_event *event)
{
	if (!has_value(event))
		return "";
	return pool_format(view->pool, "found %s", value_words(view->pool, finding, event));
}

const char *memory_action(struct view *view, const struct view_finding *finding,
			  const struct finding_event *event)
{
	const char *name = finding->memory ? finding->memory->name : "memory";
	const char *value = has_value(event) ? value_words(view->pool, finding, event) : NULL;

	if (is_about_descriptor(finding))
		return pool_format(view->pool, "%s %s",
				   event->action == ACTION_READ ? "uses" : "closes", name);
	switch ((int)event->action) {
	case ACTION_READ:
		return value ? pool_format(view->pool, "reads %s (%s)", name, value)
			     : pool_format(view->pool, "reads %s", name);
	case ACTION_WRITE:
		return value ? pool_format(view->pool, "writes %s (over %s)", name, value)
			     : pool_format(view->pool, "writes %s", name);
	case ACTION_UPDATE:
		return value ? pool_format(view->pool, "updates %s (was %s)", name, value)
			     : pool_format(view->pool, "updates %s", name);
	case ACTION_ALLOCATE:
		return "allocates the block";
	default:
		return "frees the block";
	}
}

static void add_step(struct memory_story *story, thread_id thread, const char *what)
{
	struct scenario_step *step = &story->steps[story->step_count++];

	step->thread = thread;
	step->what = what;
}

/* Two updates without a common lock: both read before either writes. */
static void tell_torn_updates(struct view *view, const struct view_finding *finding,
			      const struct finding_event *const *sides, struct memory_story *story)
{
	for (int i = 0; i < 2; i++) {
		struct finding_event read = *sides[i];

		read.action = ACTION_READ;
		read.has_value &= (finding->finding->details & DETAIL_VALUE_SEEN) != 0;
		add_step(story, sides[i]->thread, memory_action(view, finding, &read));
	}
	for (int i = 0; i < 2; i++)
		add_step(story, sides[i]->thread,
			 pool_format(view->pool, "writes %s", finding->memory->name));
}

/* A locked instruction goes as a whole between the read and the write of a plain update. */
static void tell_locked_update(struct view *view, const struct view_finding *finding,
			       const struct finding_event *plain,
			       const struct finding_event *locked, struct memory_story *story)
{
	struct finding_event read = *plain, whole = *locked;

	read.action = ACTION_READ;
	read.has_value = whole.has_value = false;
	add_step(story, plain->thread, memory_action(view, finding, &read));
	add_step(story, locked->thread, memory_action(view, finding, &whole));
	add_step(story, plain->thread, pool_format(view->pool, "writes %s", finding->memory->name));
}

static void tell_two_updates(struct view *view, const struct view_finding *finding,
			     const struct finding_event *const *sides, struct memory_story *story)
{
	int locked = verdict_is_locked(view, finding, sides[0]) ? 0
		     : verdict_is_locked(view, finding, sides[1]) ? 1 : -1;

	if (locked < 0)
		tell_torn_updates(view, finding, sides, story);
	else
		tell_locked_update(view, finding, sides[1 - locked], sides[locked], story);
}

/* The updates of others go between the read and the write of one thread. */
static void tell_split_update(struct view *view, const struct view_finding *finding,
			      const struct finding_event *const *sides, size_t count,
			      struct memory_story *story)
{
	thread_id late = sides[0]->thread;

	for (size_t i = 0; i < count; i++) {
		size_t seen = 0;

		for (size_t j = 0; j < count; j++)
			seen += sides[j]->thread == sides[i]->thread;
		if (seen > 1)
			late = sides[i]->thread;
	}
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < count; i++) {
			bool is_late = sides[i]->thread == late;
			bool is_read = sides[i]->action == ACTION_READ;

			if (is_late ? pass == (is_read ? 0 : 2) : pass == 1)
				add_step(story, sides[i]->thread,
					 memory_action(view, finding, sides[i]));
		}
	}
}

static void tell_events(struct view *view, const struct view_finding *finding,
			struct memory_story *story)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (memory_is_access(finding->finding, event))
			add_step(story, event->thread, memory_action(view, finding, event));
		else if (event->action == ACTION_WAIT)
			add_step(story, event->thread, explain_action(view, finding, event));
	}
}

static const char *closing_words(struct view *view, const struct view_finding *finding,
				 const struct memory_story *story)
{
	const struct scenario_step *steps = story->steps;
	size_t i = story->step_count;

	if (finding->finding->kind == FINDING_DATA_RACE || is_about_descriptor(finding))
		return "nothing orders these";
	if (finding->finding->kind == FINDING_POSSIBLE_RACE)
		return "in another run nothing may order these";
	if (finding->finding->kind == FINDING_CHECK_THEN_ACT)
		return "decided on an old value";
	if (finding->finding->kind != FINDING_LOST_UPDATE)
		return NULL;
	while (i-- > 0) {
		if (steps[i].thread != steps[story->step_count - 1].thread)
			return pool_format(view->pool, "the update of %s is lost",
					   thread_name(view, finding, steps[i].thread));
	}
	return NULL;
}

struct memory_story memory_tell(struct view *view, const struct view_finding *finding)
{
	const struct finding_event *sides[FINDING_EVENT_MAX] = {NULL};
	struct memory_story story = {0};
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		if (memory_is_access(finding->finding, finding->events[i]))
			sides[count++] = finding->events[i];
	}
	story.steps = pool_alloc(view->pool, (finding->event_count + 3) * sizeof(*story.steps));
	if (finding->finding->kind == FINDING_LOST_UPDATE && count == 2 &&
	    sides[0]->action == ACTION_UPDATE && sides[1]->action == ACTION_UPDATE &&
	    sides[0]->thread != sides[1]->thread)
		tell_two_updates(view, finding, sides, &story);
	else if (finding->finding->details & DETAIL_PREDICTED)
		tell_split_update(view, finding, sides, count, &story);
	else
		tell_events(view, finding, &story);
	story.closing = closing_words(view, finding, &story);
	return story;
}

bool memory_is_shown_as_possible(const struct view_finding *finding)
{
	uint32_t details = finding->finding->details;

	return details & DETAIL_PREDICTED ||
	       (finding->finding->kind == FINDING_LOST_UPDATE &&
		!(details & (DETAIL_VALUE_SEEN | DETAIL_SPLIT)));
}

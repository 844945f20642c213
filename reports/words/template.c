#include "reports/words/template.h"

#include <string.h>

#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

#define NAMES_MAX 64u /* of variables in one finding */

/* The finding whose sentences are being made. */
struct teller {
	struct view *view;
	const struct view_finding *finding;
};

/* @finding has events. */
static const struct finding_event *last_event(const struct view_finding *finding)
{
	return finding->events[finding->event_count - 1];
}

/* The distinct threads, or (@is_lock) locks, of all events, as names. */
static const char **collect_names(const struct teller *teller, bool is_lock, size_t *count)
{
	const struct view_finding *finding = teller->finding;
	size_t room = finding->event_count + 1;
	const char **names = pool_alloc(teller->view->pool, room * sizeof(*names));
	uint32_t *ids = pool_alloc(teller->view->pool, room * sizeof(*ids));

	*count = 0;
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		uint32_t id = is_lock ? event->lock : event->thread;
		size_t known = 0;

		while (known < *count && ids[known] != id)
			known++;
		if (!id || known < *count || memory_is_aside(finding, event))
			continue;
		ids[*count] = id;
		names[(*count)++] = is_lock ? lock_name(teller->view, finding->process, id)
					    : thread_name(teller->view, finding, id);
	}
	return names;
}

static const char *all_names(const struct teller *teller, bool is_lock)
{
	size_t count;
	const char **names = collect_names(teller, is_lock, &count);

	return join_words(teller->view->pool, names, count);
}

/* The one that the finding is about; of a predicted update the one that writes late. */
static const char *last_thread(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;
	const struct finding_event *last = last_event(finding);

	for (size_t i = 0; finding->details & DETAIL_PREDICTED && i < finding->event_count; i++)
		if (finding->events[i]->action == ACTION_WRITE)
			last = finding->events[i];
	return thread_name(teller->view, teller->finding, last->thread);
}

static const char *first_thread(const struct teller *teller)
{
	return thread_name(teller->view, teller->finding, teller->finding->events[0]->thread);
}

static const char *last_lock(const struct teller *teller)
{
	const struct finding_event *last = last_event(teller->finding);

	return last->lock ? lock_name(teller->view, teller->finding->process, last->lock) : "it";
}

static const char *last_target(const struct teller *teller)
{
	const struct finding_event *last = last_event(teller->finding);

	return thread_name(teller->view, teller->finding, last->target);
}

static const char *other_thread(const struct teller *teller)
{
	const struct finding_event *last = last_event(teller->finding);

	for (size_t i = 0; i < teller->finding->event_count; i++) {
		if (teller->finding->events[i]->thread != last->thread)
			return thread_name(teller->view, teller->finding,
					   teller->finding->events[i]->thread);
	}
	return "another thread";
}

static const char *held_lock(const struct teller *teller)
{
	const struct finding_event *last = last_event(teller->finding);

	return lock_name(teller->view, teller->finding->process,
			 last->hold_count ? last->holds[0].lock : 0);
}

/* Lock @index in order of appearance. */
static const char *numbered_lock(const struct teller *teller, size_t index)
{
	size_t count;
	const char **names = collect_names(teller, true, &count);

	return index < count ? names[index] : "the other";
}

static const char *first_lock(const struct teller *teller)
{
	return numbered_lock(teller, 0);
}

static const char *second_lock(const struct teller *teller)
{
	return numbered_lock(teller, 1);
}

static const char *all_threads(const struct teller *teller)
{
	return all_names(teller, false);
}

static const char *all_locks(const struct teller *teller)
{
	return all_names(teller, true);
}

/* A finding about classes names one lock of each class. */
static const char *lock_kinds(const struct teller *teller)
{
	struct pool *pool = teller->view->pool;
	const struct finding_event *last = last_event(teller->finding);
	size_t count;
	const char **names = collect_names(teller, true, &count);

	if (count == 1)
		return pool_format(
			pool, "locks of one origin, %s,",
			lock_origin_name(teller->view, teller->finding->process, last->lock));
	return pool_format(pool, "locks of two kinds, %s,", join_words(pool, names, count));
}

static const char *over_locks(const struct teller *teller)
{
	const char *names = all_names(teller, true);

	return names[0] ? pool_format(teller->view->pool, " over %s", names) : "";
}

/* The locks that the waiting thread holds, if they are known. */
static const char *held_locks(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;
	const char *names[FINDING_EVENT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		if (finding->events[i]->action == ACTION_HOLD && finding->events[i]->lock)
			names[count++] =
				lock_name(teller->view, finding->process, finding->events[i]->lock);
	}
	if (!count)
		return "";
	return pool_format(teller->view->pool, ": %s",
			   join_words(teller->view->pool, names, count));
}

static const char *wait_phrase(const struct teller *teller)
{
	size_t count;

	collect_names(teller, false, &count);
	return count == 1 ? "waits for itself" : "wait for each other";
}

static const char *all_wait_phrase(const struct teller *teller)
{
	size_t count;

	collect_names(teller, false, &count);
	return count == 1 ? "the only thread waits and nothing can wake it"
			  : "all threads wait and none of them can be woken";
}

static enum object_kind kind_of_last_lock(const struct teller *teller)
{
	const struct model_lock *lock =
		model_lock(teller->finding->process, last_event(teller->finding)->lock);

	return lock ? lock->kind : OBJECT_MUTEX;
}

static const char *holds_word(const struct teller *teller)
{
	return kind_of_last_lock(teller) == OBJECT_ONCE ? "runs" : "holds";
}

static const char *once_only(const struct teller *teller)
{
	const char *name = last_lock(teller);

	if (kind_of_last_lock(teller) == OBJECT_ONCE)
		return pool_format(teller->view->pool,
				   "Let the routine of %s do without what it is to prepare: "
				   "nothing that it calls may ask for it again.",
				   name);
	return pool_format(
		teller->view->pool,
		"Do not take %s again while it is held: keep a variant of the function "
		"that expects its caller to hold the lock%s.",
		name,
		kind_of_last_lock(teller) == OBJECT_MUTEX ? ", or make the lock recursive" : "");
}

/* The waiter that is blocked on a lock that @event's thread holds in its own wait, or NULL. */
static const struct finding_event *find_blocked(const struct view_finding *finding,
						const struct finding_event *event)
{
	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++)
		for (size_t j = 0; j < finding->event_count; j++)
			if (event->holds[i].lock && finding->events[j]->thread != event->thread &&
			    finding->events[j]->lock == event->holds[i].lock)
				return finding->events[j];
	return NULL;
}

/* Who is to wake the one may be the other, who cannot go on. */
static const char *release_first(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		const struct finding_event *blocked = find_blocked(finding, event);

		if (blocked)
			return pool_format(
				teller->view->pool,
				"Let %s release %s before it waits: %s cannot go on without it. ",
				thread_name(teller->view, finding, event->thread),
				lock_name(teller->view, finding->process, blocked->lock),
				thread_name(teller->view, finding, blocked->thread));
	}
	return "";
}

/* Do all sights of the bug have fields of one structure, as far as types are known? */
static bool has_one_holder(const struct view_finding *finding)
{
	const char *holder = finding->memory->variable.part.holder;

	for (size_t i = 0; holder && i < finding->other_count; i++) {
		const struct view_memory *memory = finding->others[i].memory;
		const char *other = memory ? memory->variable.part.holder : NULL;

		if (!finding->others[i].is_content &&
		    (other ? strcmp(other, holder) != 0 : !memory || !memory->allocation))
			return false;
	}
	return holder != NULL;
}

/* The distinct variables of all sights of the bug, or (@are_fields) their fields, in the
 * order of memory: which of them raced first differs from run to run. */
static size_t collect_variables(const struct view_finding *finding, bool are_fields,
				const char **names)
{
	uint64_t places[NAMES_MAX];
	size_t count = 0;

	for (size_t i = 0; i <= finding->other_count && count < NAMES_MAX; i++) {
		const struct view_memory *memory =
			i ? finding->others[i - 1].memory : finding->memory;
		bool is_content = i && finding->others[i - 1].is_content;
		const char *name;
		uint64_t place;
		size_t known = 0;
		size_t at;

		if (!memory || is_content || (are_fields && !memory->variable.part.holder))
			continue;
		name = are_fields ? memory->variable.part.field : memory->name;
		place = are_fields ? memory->variable.part.field_offset : memory->address;
		while (known < count && strcmp(names[known], name) != 0)
			known++;
		if (known < count)
			continue;
		for (at = count++; at > 0 && places[at - 1] > place; at--) {
			names[at] = names[at - 1];
			places[at] = places[at - 1];
		}
		names[at] = name;
		places[at] = place;
	}
	return count;
}

static bool has_several_variables(const struct view_finding *finding)
{
	const char *names[NAMES_MAX];

	return finding->memory && collect_variables(finding, false, names) > 1;
}

/* The name with its place or origin; of several "hits and misses of struct stats". */
static const char *variable_title(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;
	struct pool *pool = teller->view->pool;
	const char *names[NAMES_MAX];
	bool are_fields;
	size_t count;

	if (!finding->memory)
		return "memory";
	if (!has_several_variables(finding))
		return finding->memory->title;
	are_fields = has_one_holder(finding);
	count = collect_variables(finding, are_fields, names);
	/* The same field of several objects. */
	if (are_fields && count == 1) {
		are_fields = false;
		count = collect_variables(finding, false, names);
	}
	return are_fields ? pool_format(pool, "%s of %s", join_words(pool, names, count),
					finding->memory->variable.part.holder)
			  : join_words(pool, names, count);
}

static const char *is_word(const struct teller *teller)
{
	return has_several_variables(teller->finding) ? "are" : "is";
}

static const char *variable_short_name(const struct teller *teller)
{
	return teller->finding->memory ? teller->finding->memory->name : "it";
}

static const char *accesses_phrase(const struct teller *teller)
{
	return memory_accesses_phrase(teller->view, teller->finding);
}

static const char *done_word(const struct finding_event *event, enum object_kind kind,
			     uint32_t details)
{
	switch ((int)event->action) {
	case ACTION_INIT:
		return "initialised";
	case ACTION_DESTROY:
		return details & DETAIL_FREED ? "freed" : "destroyed";
	case ACTION_LEAVE:
		return "left behind with its stack frame";
	case ACTION_SIGNAL:
		return kind == OBJECT_SEMAPHORE ? "posted" : "signalled";
	case ACTION_WAIT:
		return "waited for";
	default:
		return kind <= OBJECT_SPIN || kind == OBJECT_OWN ? "acquired" : "used";
	}
}

static const char *object_uses(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;
	struct pool *pool = teller->view->pool;
	const char *words[FINDING_EVENT_MAX];
	size_t count = 0;

	for (; count < finding->event_count; count++) {
		const struct finding_event *event = finding->events[count];
		const struct model_lock *lock = model_lock(finding->process, event->lock);

		words[count] = pool_format(pool, "%s by %s",
					   done_word(event, lock ? lock->kind : OBJECT_MUTEX,
						     finding->finding->details),
					   thread_name(teller->view, finding, event->thread));
	}
	return join_words(pool, words, count);
}

/* All fields of a structure that are in the finding are one thing to protect. */
static const char *lock_to_take(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;
	const char *names[NAMES_MAX];
	const char *name = variable_short_name(teller);

	if (finding->memory && has_one_holder(finding) &&
	    collect_variables(finding, true, names) > 1)
		name = finding->memory->variable.part.holder;
	return memory_lock_advice(teller->view, finding, name);
}

/* Advice to build with -g, unless all code has debug information. */
static const char *debug_hint(const struct teller *teller)
{
	const struct view_finding *finding = teller->finding;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct source_frame *site = symbolize_site(
			teller->view->symbolizer, finding->process, finding->events[i]->stack);

		if (!memory_is_aside(finding, finding->events[i]) && (!site || !site->line))
			return ": build with -g to let snarl see that";
	}
	return "";
}

static const char *declared_order(const struct teller *teller)
{
	return teller->finding->declared ? teller->finding->declared->order : "it";
}

static const char *declared_objection(const struct teller *teller)
{
	return teller->finding->declared ? teller->finding->declared->objection : "no file has it";
}

struct word {
	const char *name;
	const char *(*tell)(const struct teller *teller);
};

static const struct word words[] = {
	{"thread", last_thread},
	{"lock", last_lock},
	{"target", last_target},
	{"other", other_thread},
	{"held", held_lock},
	{"first", first_lock},
	{"second", second_lock},
	{"threads", all_threads},
	{"locks", all_locks},
	{"waiter", first_thread},
	{"over-locks", over_locks},
	{"held-locks", held_locks},
	{"wait", wait_phrase},
	{"all-wait", all_wait_phrase},
	{"holds", holds_word},
	{"once-only", once_only},
	{"release-first", release_first},
	{"kinds", lock_kinds},
	{"order", declared_order},
	{"objection", declared_objection},
	{"variable", variable_title},
	{"name", variable_short_name},
	{"is", is_word},
	{"accesses", accesses_phrase},
	{"uses", object_uses},
	{"which-lock", lock_to_take},
	{"build-with-debug", debug_hint},
};

static const char *fill_word(const struct teller *teller, const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strlen(words[i].name) == length && memcmp(words[i].name, name, length) == 0)
			return words[i].tell(teller);
	}
	return "?";
}

const char *template_fill(struct view *view, const struct view_finding *finding,
			  const char *template)
{
	struct teller teller = {view, finding};
	struct pool *pool = view->pool;
	const char *text = "";

	for (;;) {
		size_t plain = strcspn(template, "{");
		size_t length;

		text = pool_format(pool, "%s%.*s", text, (int)plain, template);
		template += plain;
		if (!*template)
			return text;
		length = strcspn(template, "}");
		text = pool_format(pool, "%s%s", text,
				   fill_word(&teller, template + 1, length - 1));
		template += length + 1;
	}
}

#include "detect/base/report.h"

#include "base/hash.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"

#define KNOWN_BUCKETS 512u

/* To count repetitions. */
struct known_finding {
	struct intern_link link;
	uint64_t key; /* its hash, too */
	uint32_t number;
};

/* Filled under detector.lock, so one is enough; it is large for a stack. */
static struct finding draft;

struct finding *report_begin(struct detector *detector, enum finding_kind kind)
{
	(void)detector;
	draft.id = 0;
	draft.replaces = 0;
	draft.kind = kind;
	draft.severity = finding_kind_severity(kind);
	draft.details = 0;
	draft.is_provisional = false;
	draft.rests_on = (struct finding_pairs){{0}};
	draft.event_count = 0;
	return &draft;
}

struct finding_event *report_lock_event(struct finding *finding, thread_id thread,
					enum finding_action action, lock_id lock, stack_id stack)
{
	struct finding_event *event;

	if (finding->event_count == FINDING_EVENT_MAX)
		return NULL;
	event = &finding->events[finding->event_count++];
	event->thread = thread;
	event->action = action;
	event->lock = lock;
	event->target = 0;
	event->mode = HOLD_EXCLUSIVE;
	event->stack = stack;
	event->address = 0;
	event->size_bytes = 0;
	event->value = 0;
	event->has_value = false;
	event->process = 0;
	event->holds_are_unknown = false;
	event->hold_count = 0;
	return event;
}

struct finding_event *report_event(struct finding *finding, thread_id thread,
				   enum finding_action action, const struct sync_object *object,
				   stack_id stack)
{
	return report_lock_event(finding, thread, action,
				 object && object->info ? object->info->id : 0, stack);
}

struct finding_event *report_access(struct finding *finding, thread_id thread,
				    enum finding_action action, stack_id stack, uintptr_t address,
				    uint64_t size_bytes)
{
	struct finding_event *event = report_lock_event(finding, thread, action, 0, stack);

	if (event) {
		event->address = address;
		event->size_bytes = size_bytes;
	}
	return event;
}

void report_holds(struct finding_event *event, const struct thread *thread)
{
	uint32_t count = thread->held.count;
	uint32_t first = count > FINDING_HOLD_MAX ? count - FINDING_HOLD_MAX : 0;

	if (!event)
		return;
	event->hold_count = count;
	for (uint32_t i = first; i < count; i++) {
		const struct held_lock *held = &thread->held.locks[i];
		const struct sync_info *info = held->object->info;

		event->holds[i - first] = (struct finding_hold){
			.lock = info ? info->id : 0,
			.mode = held->mode == LOCK_EXCLUSIVE ? HOLD_EXCLUSIVE : HOLD_SHARED,
			.stack = held->stack,
		};
	}
}

static uint64_t key_of(enum finding_kind kind, uint64_t key)
{
	return hash_append(hash_append(1, key), kind);
}

static struct known_finding *find_known(const struct detector *detector, uint64_t key)
{
	struct known_finding *known = intern_first(&detector->findings, key);

	while (known && known->key != key)
		known = intern_next(known);
	return known;
}

static void add_known(struct detector *detector, uint64_t key, uint32_t number)
{
	struct known_finding *known = NULL;

	if (intern_begin(&detector->findings, &detector->arena, KNOWN_BUCKETS))
		known = arena_alloc(&detector->arena, sizeof(*known));
	if (!known)
		return;
	known->key = key;
	known->number = number;
	intern_add(&detector->findings, known, key);
}

bool report_is_known(struct detector *detector, enum finding_kind kind, uint64_t key)
{
	return find_known(detector, key_of(kind, key));
}

uint32_t report_number(struct detector *detector, enum finding_kind kind, uint64_t key)
{
	const struct known_finding *known = find_known(detector, key_of(kind, key));

	return known ? known->number : 0;
}

void report_forget(struct detector *detector, enum finding_kind kind, uint64_t key)
{
	struct known_finding *known = find_known(detector, key_of(kind, key));

	if (!known)
		return;
	intern_remove(&detector->findings, known, known->key);
	arena_free(&detector->arena, known, sizeof(*known));
}

uint32_t report_emit(struct detector *detector, struct finding *finding, uint64_t key)
{
	const struct known_finding *known;

	key = key_of(finding->kind, key);
	known = find_known(detector, key);
	if (known) {
		detector->hooks->count(detector, known->number);
		return 0;
	}
	finding->id = ++detector->finding_count;
	add_known(detector, key, finding->id);
	detector->hooks->emit(detector, finding);
	return finding->id;
}

void report_note_provisional(const struct sync_object *object, uint32_t number)
{
	struct sync_info *info = object ? object->info : NULL;

	if (!info || info->kind != OBJECT_SEMAPHORE)
		return;
	for (unsigned i = 0; i < SYNC_PROVISIONAL; i++) {
		if (!info->extra->provisional[i]) {
			info->extra->provisional[i] = number;
			return;
		}
	}
}

void report_retract(struct detector *detector, uint32_t number)
{
	detector->hooks->retract(detector, number);
}

void report_lower(struct detector *detector, uint32_t number)
{
	detector->hooks->lower(detector, number);
}

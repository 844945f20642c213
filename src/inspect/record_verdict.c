#include "inspect/record_verdict.h"

/* Where the events of a finding come from. */
struct teller {
	struct recorder *recorders; /* one for each look */
	struct finding *finding;
	bool is_cycle;
};

static struct recorder *recorder_of(const struct teller *teller, uint32_t number, uint32_t *index)
{
	struct inspection *inspection = teller->recorders[0].inspection;

	return &teller->recorders[verdict_look(inspection, number, index) - inspection->looks];
}

/* What thread @number waits for; of a condition in a cycle its mutex. */
static struct object needed_object(const struct teller *teller, uint32_t number)
{
	uint32_t index;
	const struct recorder *recorder = recorder_of(teller, number, &index);
	const struct wait *wait = &recorder->look->waits[index];

	return teller->is_cycle && wait->kind == OBJECT_CONDITION ? recorder_mutex(wait)
								  : recorder_object(wait);
}

static struct finding_event *add_event(const struct teller *teller, uint32_t number,
				       enum finding_action action)
{
	struct finding_event *event = &teller->finding->events[teller->finding->event_count++];
	uint32_t index;
	const struct recorder *recorder = recorder_of(teller, number, &index);

	*event = (struct finding_event){.thread = recorder->thread_ids[index], .action = action};
	event->process = recorder->process;
	event->holds_are_unknown = true;
	return event;
}

/* The address in @to of what lies at @address in @from; 0: nowhere. */
static uint64_t translate(const struct target *from, uint64_t address, const struct target *to)
{
	const struct target_range *range = target_find_range(from, address);
	uint64_t offset = range ? range->offset + (address - range->start) : 0;

	for (size_t i = 0; range && i < to->range_count; i++) {
		const struct target_range *other = &to->ranges[i];

		if (other->inode == range->inode && other->device == range->device &&
		    offset >= other->offset && offset - other->offset < other->end - other->start)
			return other->start + (offset - other->offset);
	}
	return 0;
}

/* The stack with which the thread of @slot took @lock; 0: not known. */
static uint32_t find_acquisition(const struct results_slot *slot, uint32_t lock)
{
	for (uint32_t i = 0; slot && i < slot->hold_count && i < RESULTS_SLOT_HOLDS; i++)
		if (slot->holds[i].lock == lock)
			return slot->holds[i].stack;
	return 0;
}

/* Thread @number holds what @waiter waits for. */
static void add_hold(const struct teller *teller, uint32_t number, uint32_t waiter)
{
	uint32_t index;
	const struct recorder *from = recorder_of(teller, waiter, &index);
	struct recorder *recorder = recorder_of(teller, number, &index);
	struct object object = needed_object(teller, waiter);
	struct finding_event *event;
	uint32_t lock;

	if (from != recorder && object.kind != OBJECT_FILE_LOCK)
		object.address =
			translate(&from->look->target, object.address, &recorder->look->target);
	lock = recorder_lock(recorder, &object);
	if (!lock)
		return;
	event = add_event(teller, number, ACTION_HOLD);
	event->lock = lock;
	event->stack = find_acquisition(recorder_slot(recorder, index), lock);
}

static enum finding_action wait_action(const struct wait *wait)
{
	if (wait->kind != OBJECT_CHANNEL)
		return ACTION_WAIT;
	return wait->is_for_room ? ACTION_OUTPUT : ACTION_INPUT;
}

static void add_wait(const struct teller *teller, uint32_t number)
{
	uint32_t index;
	struct recorder *recorder = recorder_of(teller, number, &index);
	const struct wait *wait = &recorder->look->waits[index];
	struct object object = needed_object(teller, number);
	const struct results_slot *slot = recorder_slot(recorder, index);
	bool is_join = wait->kind == OBJECT_THREAD;
	struct finding_event *event = add_event(teller, number,
						is_join ? ACTION_JOIN : wait_action(wait));

	event->lock = recorder_lock(recorder, &object);
	event->target = is_join ? recorder_thread(recorder, wait->state.holder) : 0;
	event->mode = wait->mode;
	event->stack = slot ? slot->stack : recorder_stack(recorder, index);
}

static void write_finding(struct recorder *recorder, const struct finding *finding)
{
	static unsigned char payload[FINDING_PAYLOAD_MAX];
	struct byte_writer writer = {payload, payload + sizeof(payload), false};
	struct record_header *record;

	finding_encode(&writer, finding);
	record = recorder_begin(recorder, RECORD_FINDING, (size_t)(writer.next - payload), &writer);
	if (!record)
		return;
	write_bytes(&writer, payload, record->payload_bytes);
	record_commit(record);
}

void record_verdict(struct recorder *recorders, const struct verdict *verdict, uint32_t id)
{
	static struct finding finding;
	struct teller teller = {recorders, &finding, verdict->kind == FINDING_DEADLOCK};
	bool has_holds = teller.is_cycle && !(verdict->details & DETAIL_ENDED_OWNER);
	uint32_t count = verdict->member_count;
	struct recorder *first;
	uint32_t index;

	finding = (struct finding){.id = id,
				   .kind = verdict->kind,
				   .severity = verdict->severity,
				   .details = verdict->details};
	for (uint32_t i = 0; i < count && finding.event_count + 2 <= FINDING_EVENT_MAX; i++) {
		if (has_holds)
			add_hold(&teller, verdict->members[i],
				 verdict->members[(i + count - 1) % count]);
		add_wait(&teller, verdict->members[i]);
	}
	if (finding.event_count + 2 > FINDING_EVENT_MAX)
		finding.details |= DETAIL_TRUNCATED;
	first = recorder_of(&teller, verdict->members[0], &index);
	for (uint32_t i = 0; i < finding.event_count; i++)
		if (finding.events[i].process == first->process)
			finding.events[i].process = 0;
	write_finding(first, &finding);
}

#include "detect/base/thread.h"
#include "detect/detector.h"
#include "detect/sync/thread.h"
#include "knowledge.h"

#include <check.h>

#include "detect/race/memory.h"
#include "detect/sync/mutex.h"

#define PLACE ((uintptr_t)0x7f1234560000)

struct detector judge;
struct thread *first, *a, *b, *c;
static unsigned finding_count;

static void count_finding(struct detector *of, const struct finding *finding)
{
	(void)of;
	(void)finding;
	finding_count++;
}

static void count_again(struct detector *of, uint32_t finding)
{
	(void)of;
	(void)finding;
}

static bool say_yes(struct detector *of)
{
	(void)of;
	return true;
}

static bool may_hold(struct detector *of, const struct thread *thread,
		     const struct sync_object *object)
{
	(void)of;
	(void)thread;
	(void)object;
	return true;
}

static bool is_asleep(struct detector *of, const struct thread *thread, const struct wait *wait)
{
	(void)of;
	(void)thread;
	(void)wait;
	return true;
}

static bool is_alive(struct detector *of, const struct thread *thread)
{
	(void)of;
	return thread->state == THREAD_CREATED || thread->state == THREAD_RUNNING;
}

static const struct detector_hooks hooks = {
	.emit = count_finding,
	.count = count_again,
	.retract = count_again,
	.lower = count_again,
	.can_be_woken = say_yes, /* so no hang */
	.has_handler = say_yes,
	.may_hold = may_hold,
	.is_asleep = is_asleep,
	.is_alive = is_alive,
};

struct thread *start(struct thread *parent)
{
	struct thread *child = thread_create(&judge, parent, HERE);

	ck_assert_ptr_nonnull(child);
	thread_started(&judge, child);
	return child;
}

void join(struct thread *thread, struct thread *target)
{
	thread_ending(&judge, target);
	thread_joined(&judge, thread, target, HERE);
}

void set_up_threads(void)
{
	finding_count = 0;
	ck_assert(detector_init(&judge, &hooks, false, pages_from_kernel));
	first = thread_adopt(&judge, true);
	ck_assert_ptr_nonnull(first);
	a = start(first);
	b = start(first);
	c = start(first);
}

void tear_down_threads(void)
{
	ck_assert_uint_eq(finding_count, 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_EDGES], 0);
	ck_assert_uint_eq(judge.counters[COUNTER_LOST_MEMORY], 0);
}

struct event happens(struct thread *thread)
{
	memory_before_record(&judge, thread);
	return (struct event){
		.slot = thread->slot,
		.full = vclock_get(&thread->clocks.full, thread->slot),
		.structural = vclock_get(&thread->clocks.structural, thread->slot),
		.hand_over = vclock_get(&thread->clocks.hand_over, thread->slot),
	};
}

unsigned knows(const struct thread *thread, const struct event *event)
{
	unsigned on = 0;

	if (vclock_get(&thread->clocks.full, event->slot) >= event->full)
		on |= IN_FULL;
	if (vclock_get(&thread->clocks.structural, event->slot) >= event->structural)
		on |= IN_STRUCTURAL;
	if (vclock_get(&thread->clocks.hand_over, event->slot) >= event->hand_over)
		on |= IN_HAND_OVER;
	return on;
}

struct sync_object *object_of(enum object_kind kind, unsigned number)
{
	struct sync_object *object = lock_find(&judge, first, PLACE + number * 64u, kind, 0, HERE);

	ck_assert_ptr_nonnull(object);
	return object;
}

void take_mutex(struct thread *thread, struct sync_object *mutex)
{
	mutex_wanted(&judge, thread, mutex, false, HERE);
	mutex_acquired(&judge, thread, mutex, HERE);
}

void release_mutex(struct thread *thread, struct sync_object *mutex)
{
	ck_assert(mutex_releasing(&judge, thread, mutex));
}

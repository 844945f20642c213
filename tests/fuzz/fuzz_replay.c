/*
 * Bytes as events, two per event, and an oracle for deadlocks.
 *
 * The actors of a replay know who waits for whom.  Where no primitive is
 * misused, a deadlock must be found exactly if their waits without a limit
 * close a cycle: a thread waits for the owner of its lock, for every reader if
 * it wants to write, for the writers before it if it queues to read, for the
 * thread it joins, for the owner of the mutex that its condition wait needs
 * back.
 *
 *   clang -g -O1 -D_GNU_SOURCE -Isrc -Itests/fuzz -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_replay.c tests/fuzz/replay_input.c \
 *     $(find src/replay -name "*.c" ! -name replay.c) \
 *     $(find src/{base,elf,finding,options,detect} -name "*.c") \
 *     -Wl,--wrap=misuse_released -o fuzz_replay &&
 *     ./fuzz_replay -max_total_time=60 CORPUS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/base/held_locks.h"
#include "detect/deadlock/misuse.h"
#include "replay/replay.h"
#include "detect/sync/lock.h"
#include "replay_input.h"

#define THREADS 5
#define TEXT_BYTES (1u << 16)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* One event each; the thread stands before it, an object's number behind. */
static const char *const phrases[] = {
	"acquire M", "acquire M", "acquire M", "release M", "release M",   "release M",
	"try M",     "timed M",	  "rdlock R",  "wrlock R",  "release R",   "rdlock W",
	"wrlock W",  "release W", "acquire E", "release E", "wait C0 M",   "timedwait C0 M",
	"signal C0", "broadcast", "timeout",   "cancelled", "tryrdlock W", "trywrlock R",
};

static size_t add_event(char *text, unsigned char what, unsigned char who)
{
	const char *phrase = phrases[what % (sizeof(phrases) / sizeof(phrases[0]))];
	unsigned thread = who % THREADS;
	unsigned object = who / THREADS % 4;

	if (strcmp(phrase, "broadcast") == 0)
		return (size_t)sprintf(text, "T%u broadcast C0\n", thread);
	if (strcmp(phrase, "timeout") == 0 || strcmp(phrase, "cancelled") == 0 ||
	    strcmp(phrase, "signal C0") == 0)
		return (size_t)sprintf(text, "T%u %s\n", thread, phrase);
	return (size_t)sprintf(text, "T%u %s%u\n", thread, phrase, object);
}

/* --- The oracle ---------------------------------------------------------- */

static bool holds_claim(const struct replay *replay, const struct actor *actor,
			const struct primitive *lock)
{
	const struct sync_object *object = sync_find(&replay->detector.objects, lock->address);

	return object && object->info && actor->thread &&
	       held_locks_find(&actor->thread->held, object);
}

/* Does @actor, which waits for @lock, wait for @other? */
static bool waits_at_lock(const struct replay *replay, const struct actor *actor,
			  const struct primitive *lock, const struct actor *other)
{
	if (lock->owner)
		return lock->owner == other;
	if (actor->waits_for != WAITS_FOR_LOCK || lock->kind != OBJECT_RWLOCK)
		return false;
	if (actor->mode == LOCK_EXCLUSIVE)
		return holds_claim(replay, other, lock);
	return actor->mode == LOCK_SHARED_QUEUED && other->state == ACTOR_BLOCKED &&
	       other->waits_for == WAITS_FOR_LOCK && other->primitive == lock &&
	       other->mode == LOCK_EXCLUSIVE && other != actor;
}

static bool waits_for(const struct replay *replay, const struct actor *actor,
		      const struct actor *other)
{
	if (actor->state != ACTOR_BLOCKED)
		return false;
	if (actor->waits_for == WAITS_FOR_SIGNAL || actor->waits_for == WAITS_FOR_MUTEX)
		return waits_at_lock(replay, actor, actor->mutex, other);
	if (actor->is_timed || actor->waits_for != WAITS_FOR_LOCK)
		return false;
	return waits_at_lock(replay, actor, actor->primitive, other);
}

static bool has_cycle(const struct replay *replay)
{
	uint32_t count = name_table_count(&replay->script.thread_names);
	static bool reaches[64][64];

	for (uint32_t i = 1; i <= count; i++)
		for (uint32_t j = 1; j <= count; j++)
			reaches[i][j] = waits_for(replay, &replay->actors[i], &replay->actors[j]);
	for (uint32_t k = 1; k <= count; k++)
		for (uint32_t i = 1; i <= count; i++)
			for (uint32_t j = 1; j <= count; j++)
				reaches[i][j] |= reaches[i][k] && reaches[k][j];
	for (uint32_t i = 1; i <= count; i++)
		if (reaches[i][i])
			return true;
	return false;
}

static bool has_finding(const struct replay *replay, enum finding_kind kind)
{
	for (uint32_t i = 1; i <= replay->detector.finding_count; i++)
		if (i < replay->finding_capacity && replay->findings[i].kind == kind)
			return true;
	return false;
}

/* Has a read lock been released by who has none?  Another's hold is over then, which nothing
 * tells. */
static bool is_reader_robbed;

void __real_misuse_released(struct detector *detector, struct thread *thread,
			    struct sync_object *object, stack_id stack, enum real_state real);
void __wrap_misuse_released(struct detector *detector, struct thread *thread,
			    struct sync_object *object, stack_id stack, enum real_state real);

void __wrap_misuse_released(struct detector *detector, struct thread *thread,
			    struct sync_object *object, stack_id stack, enum real_state real)
{
	is_reader_robbed |= real == REAL_HELD;
	__real_misuse_released(detector, thread, object, stack, real);
}

static bool is_misused(const struct replay *replay)
{
	return is_reader_robbed || has_finding(replay, FINDING_UNLOCK_NOT_OWNER) ||
	       has_finding(replay, FINDING_WAIT_WITHOUT_LOCK);
}

/* A cancelled or timed-out waiter may end a cycle that was found. */
static void judge_run(const struct replay *replay, const char *text)
{
	bool is_found = has_finding(replay, FINDING_DEADLOCK);
	bool can_end = strstr(text, "timeout") || strstr(text, "cancelled");

	if (is_misused(replay) || has_cycle(replay) == is_found || (is_found && can_end))
		return;
	fprintf(stderr, "deadlock %s:\n%s", is_found ? "found that is none" : "not found", text);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static char text[TEXT_BYTES];
	size_t length = (size_t)sprintf(
		text, "init E0 recursive\ninit E1 errorcheck\n"
		      "init W0 writers-first\ninit W1 writers-first\n"
		      "init W2 writers-first\ninit W3 writers-first\n"
		      "T0 acquire E0 T0 release E0 T0 acquire E1 T0 release E1\n"
		      "T0 tryrdlock W0 T0 tryrdlock W1 T0 tryrdlock W2 T0 tryrdlock W3\n"
		      "T0 release W0 T0 release W1 T0 release W2 T0 release W3\n");

	for (size_t i = 0; i + 1 < size && length + 64 < TEXT_BYTES; i += 2)
		length += add_event(text + length, data[i], data[i + 1]);
	is_reader_robbed = false;
	replay_input(text, length, judge_run);
	return 0;
}

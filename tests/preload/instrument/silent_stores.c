/*
 * What a library that is watched for synchronisation only stores by thunks, as shadow memory has
 * it: in no epoch that another thread has acquired amid, and in place of what others have read.
 * Natively there is no shadow memory.
 */
#include "opened_library.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/shadow_place.h"

#define WARM_ROUNDS 200 /* the first accesses of each line go to C */
#define EPOCH_SHIFT 12

static void (*silent_tell)(long *at);
static void (*silent_put)(long *at);
static long (*silent_get)(const long *at);

static long warm[2], flag, behind, known;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic pid_t main_id, other_id;

/* --- The kernel tells how far a thread is, so that nothing is ordered and no epoch ends ---- */

static void give_sign(void)
{
	static const struct sched_param none;

	CHECK_IS(sched_setscheduler(0, SCHED_BATCH, &none), 0);
}

static void await_sign(pid_t id)
{
	while (sched_getscheduler(id) != SCHED_BATCH)
		sched_yield();
}

static void await_end(pid_t id)
{
	while (sched_getscheduler(id) != -1)
		sched_yield();
}

/* --- Shadow memory ------------------------------------------------------------------- */

/* False: there is none. */
static bool peek(uintptr_t place, uint64_t *word)
{
	struct iovec to = {word, sizeof(*word)}, from = {(void *)place, sizeof(*word)};

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(*word);
}

static uint64_t epoch_of(uint64_t word)
{
	return word << (64 - 52) >> (64 - 52 + EPOCH_SHIFT);
}

/* --- Threads ------------------------------------------------------------------------- */

static void begin_epoch(void)
{
	CHECK_IS(pthread_mutex_lock(&lock), 0);
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
}

static void *read_known(void *unused)
{
	silent_get(&known);
	return unused;
}

/* Acquires amid the epoch in which main has stored to the flag. */
static void *read_flag(void *unused)
{
	other_id = gettid();
	await_sign(main_id);
	silent_get(&flag);
	return unused;
}

/* What is between the two stores accesses no memory: C would begin an epoch. */
static __attribute__((noinline)) void store_around(pid_t other, void (*tell)(long *),
						   void (*put)(long *))
{
	tell(&flag);
	give_sign();
	await_end(other);
	put(&behind);
}

int main(void)
{
	void *library = open_library_at("/usr/lib/../..", "libuv-silent.so", RTLD_NOW);
	uint64_t flag_word, behind_word, known_reads;
	pthread_t thread;
	pid_t other;

	find_function(library, "silent_tell", &silent_tell);
	find_function(library, "silent_put", &silent_put);
	find_function(library, "silent_get", &silent_get);
	main_id = gettid();
	guest_join(guest_start(read_known, NULL));
	thread = guest_start(read_flag, NULL);
	while (!(other = other_id))
		sched_yield();
	for (int round = 0; round < WARM_ROUNDS; round++) {
		begin_epoch();
		silent_tell(&warm[0]);
		silent_put(&warm[1]);
		silent_get(&warm[1]);
	}
	silent_put(&known);
	begin_epoch();
	store_around(other, silent_tell, silent_put);
	guest_join(thread);

	if (peek(SHADOW_WRITE_PLACE((uintptr_t)&flag), &flag_word)) {
		CHECK(flag_word && peek(SHADOW_WRITE_PLACE((uintptr_t)&behind), &behind_word) &&
		      peek(SHADOW_READ_PLACE((uintptr_t)&known), &known_reads));
		CHECK(epoch_of(behind_word) > epoch_of(flag_word));
		CHECK_IS(known_reads, 0);
	}
	return guest_passed();
}

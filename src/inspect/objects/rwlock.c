/*
 * struct __pthread_rwlock_arch_t: readers, writers, two words to wait at, two of padding, the
 * thread id of the writer.  Who reads is counted, not named.
 */
#include <stdio.h>

#include "inspect/objects/wait.h"

#define OFFSET_PHASE 8u
#define OFFSET_WRITERS 12u
#define READER_SHIFT 3
#define WRITE_PHASE 1u
/* A wait at the word of the phase expects at most this; at that of the readers, more. */
#define PHASE_EXPECTED_MAX 3u

struct rwlock {
	uint32_t readers, writers;
	uint32_t phase_word, writers_word;
	uint32_t padding[2];
	uint32_t writer;
	int32_t is_shared;
};

/* The object is aligned to eight bytes, which tells two of the words apart. */
static uint64_t find_start(const struct wait_question *question)
{
	if (question->futex % 8 == 4)
		return question->futex - OFFSET_WRITERS;
	return question->expected <= PHASE_EXPECTED_MAX ? question->futex - OFFSET_PHASE
							: question->futex;
}

bool wait_for_rwlock(const struct wait_question *question, struct wait *wait)
{
	struct rwlock lock;

	wait->object = find_start(question);
	if (!target_read(question->target, wait->object, &lock, sizeof(lock)))
		return false;
	wait->state.is_held = true;
	wait->state.flags = lock.is_shared ? LOCK_IS_PROCESS_SHARED : 0;
	if (lock.readers & WRITE_PHASE && lock.writer)
		wait->state.holder = lock.writer;
	else if (!(lock.readers & WRITE_PHASE) && lock.readers >> READER_SHIFT)
		(void)snprintf(wait->note, sizeof(wait->note),
			       "held for reading %u times, by threads that it does not name",
			       lock.readers >> READER_SHIFT);
	return true;
}

/*
 * pthread_cond_t has no word of its mutex.  But the function that waits keeps both, one after
 * the other, for its clean-up: struct _condvar_cleanup_buffer, in its frame.
 */
#include "inspect/objects/wait.h"

#include <pthread.h>

/* The words that a group waits at stand here, by version of glibc. */
static const uint32_t signal_offsets[] = {40, 44, 32, 36};

static bool is_signal_word(uint64_t condition, uint64_t futex)
{
	for (size_t i = 0; i < ARRAY_LENGTH(signal_offsets); i++)
		if (condition + signal_offsets[i] == futex)
			return true;
	return false;
}

/* What is an address in the condition itself is not that of a mutex. */
static bool is_within(uint64_t condition, uint64_t address)
{
	return address - condition < sizeof(pthread_cond_t);
}

/* Until this much of the stack above the function that waits. */
#define SEARCH_BYTES 512u

static bool find_pair(const struct wait_question *question, struct wait *wait)
{
	const struct target_thread *thread = question->thread;
	uint32_t outer = question->frame + 1;
	uint64_t end = outer < thread->frame_count
			       ? thread->frames[outer].sp
			       : thread->frames[question->frame].sp + SEARCH_BYTES;
	uint64_t word;
	uint64_t next;

	for (uint64_t at = thread->frames[0].sp & ~(uint64_t)7; at < end; at += sizeof(word)) {
		if (!target_read_word(question->target, at, &word) ||
		    !is_signal_word(word, question->futex) ||
		    !target_read_word(question->target, at + sizeof(word), &next))
			continue;
		wait->object = word;
		if (!is_within(word, next) &&
		    mutex_read(question->target, next, &wait->mutex_state)) {
			wait->mutex = next;
			return true;
		}
	}
	return wait->object != 0;
}

bool wait_for_condition(const struct wait_question *question, struct wait *wait)
{
	if (find_pair(question, wait))
		return true;
	wait->object = question->futex - signal_offsets[question->futex % 8 ? 1 : 0];
	return true;
}

/*
 * Semaphores and message queues of System V.
 *
 * A semaphore of a set has two channels: who raises it gives to those who lower it, and who
 * lowers it to those who wait until it is 0.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/real.h"
#include "preload/outside/lock_memory.h"

enum direction { RAISED, LOWERED };

static uint64_t semaphore_key(int set, unsigned number, enum direction direction)
{
	uint64_t raised = (uint64_t)(uint32_t)set << 17 | (number & 0xffff) << 1;

	return CHANNEL_KEY(KEY_SEMAPHORE, raised | direction);
}

static uint64_t messages_key(int queue)
{
	return CHANNEL_KEY(KEY_MESSAGES, (uint32_t)queue);
}

/* --- Semaphores ------------------------------------------------------------- */

#define CHANGES_MOST 500u /* the kernel takes no more at once */

/* The kernel refuses memory that is not there, and so do we: its number and change, the first word
 * of one, are read as such. */
static void give_changes(int set, const struct sembuf *changes, size_t count)
{
	uint32_t word;

	for (size_t i = 0; i < count && count <= CHANGES_MOST && !__libc_single_threaded; i++) {
		int16_t change;

		if (!lock_read_word((const int *)(uintptr_t)&changes[i], &word))
			return;
		change = (int16_t)(word >> 16);
		if (change)
			channel_key_gives(semaphore_key(set, word, change > 0 ? RAISED : LOWERED));
	}
}

static void take_changes(int set, const struct sembuf *changes, size_t count)
{
	for (size_t i = 0; i < count && !__libc_single_threaded; i++)
		if (changes[i].sem_op <= 0)
			channel_key_takes(semaphore_key(set, changes[i].sem_num,
							changes[i].sem_op < 0 ? RAISED : LOWERED));
}

#define CHANGES(name, parameters, arguments)                                                       \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int result;                                                                        \
                                                                                                   \
		give_changes(set, changes, count);                                                 \
		result = REAL(name) arguments;                                                     \
		if (result == 0)                                                                   \
			take_changes(set, changes, count);                                         \
		return result;                                                                     \
	}

CHANGES(semop, (int set, struct sembuf *changes, size_t count), (set, changes, count))
CHANGES(semtimedop, (int set, struct sembuf *changes, size_t count, const struct timespec *limit),
	(set, changes, count, limit))

/* A value that is set may raise or lower, and one that is read tells of both. */
EXPORT int semctl(int set, int number, int command, ...)
{
	va_list rest;
	void *argument; /* as large as the union */
	int result;

	va_start(rest, command);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (command == SETVAL) {
		channel_key_gives(semaphore_key(set, (unsigned)number, RAISED));
		channel_key_gives(semaphore_key(set, (unsigned)number, LOWERED));
	}
	result = REAL(semctl)(set, number, command, argument);
	if (command == GETVAL && result >= 0) {
		channel_key_takes(semaphore_key(set, (unsigned)number, RAISED));
		channel_key_takes(semaphore_key(set, (unsigned)number, LOWERED));
	}
	return result;
}

/* --- Messages --------------------------------------------------------------- */

EXPORT int msgsnd(int queue, const void *message, size_t size_bytes, int flags)
{
	channel_key_gives(messages_key(queue));
	return REAL(msgsnd)(queue, message, size_bytes, flags);
}

EXPORT ssize_t msgrcv(int queue, void *message, size_t size_bytes, long type, int flags)
{
	ssize_t result = REAL(msgrcv)(queue, message, size_bytes, type, flags);

	if (result >= 0)
		channel_key_takes(messages_key(queue));
	return result;
}

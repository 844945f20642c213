/*
 * A condition that is checked before the lock is taken (data-race).
 *
 * What happens: both ends of a connection may close it.  Whoever finds it
 * closed already leaves; who does not takes the lock and closes it.
 *
 * Why it is wrong: the check is outside the lock, so both may find it open, and
 * it is closed twice: the second time it may be somebody else's descriptor.
 * And nothing orders the check with the write, so it may be as old as it likes.
 *
 * See it: snarl run ./unlocked_check
 * The check without the lock, and the write of the other end under it.  That
 * neither is an atomic shows in the source alone.
 *
 * Fix: check under the lock: clean_unlocked_check.c.
 */
#include <pthread.h>
#include <stdio.h>

#define CLOSED -1

static pthread_mutex_t connection_lock = PTHREAD_MUTEX_INITIALIZER;
static int connection = 7;

static int close_connection(void)
{
	int descriptor = connection; /* HERE: checks */

	if (descriptor == CLOSED)
		return CLOSED;
	pthread_mutex_lock(&connection_lock);
	connection = CLOSED; /* HERE: closes */
	pthread_mutex_unlock(&connection_lock);
	return descriptor;
}

static void *run_end(void *closed)
{
	*(int *)closed = close_connection();
	return NULL;
}

int main(void)
{
	pthread_t ends[2];
	int closed[2];

	for (int end = 0; end < 2; end++)
		pthread_create(&ends[end], NULL, run_end, &closed[end]);
	for (int end = 0; end < 2; end++)
		pthread_join(ends[end], NULL);
	printf("closed %d times\n", (closed[0] != CLOSED) + (closed[1] != CLOSED));
	return 0;
}

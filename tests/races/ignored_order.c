/*
 * Regions that the program says are not to order threads: what locks and hand-overs do there counts
 * for lock orders alone.  Before and behind them, and of creation and joins, all is as ever.
 */
#include <semaphore.h>
#include <unistd.h>

#include "cases.h"

extern void AnnotateIgnoreSyncBegin(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreSyncEnd(const char *file, int line) __attribute__((weak));

static void begin_region(void)
{
	if (AnnotateIgnoreSyncBegin)
		AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
}

static void end_region(void)
{
	if (AnnotateIgnoreSyncEnd)
		AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
}

#define IGNORED(operation) (begin_region(), operation, end_region())

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t known = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t room = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t line, other_line;
static sem_t tokens, other_tokens, known_by_now;
static int channels[2][2];
static char letter;

#define MUST_BE_ONE(count) ((count) == 1 ? (void)0 : abort())

static void meet(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
}

/* The same call time and again, which its thread knows by then. */
static NOINLINE void meet_often(pthread_mutex_t *mutex)
{
	for (int i = 0; i < 100; i++)
		meet(mutex);
}

static void write_in_room(void)
{
	pthread_rwlock_wrlock(&room);
	pthread_rwlock_unlock(&room);
}

static void read_in_room(void)
{
	pthread_rwlock_rdlock(&room);
	pthread_rwlock_unlock(&room);
}

/* The first thread gives before the second one takes, by the clock alone. */
HAND_OVER(locked, IGNORED(meet(&lock)), (await_first(), meet(&lock)))
HAND_OVER(taken, meet(&lock), (await_first(), IGNORED(meet(&lock))))
HAND_OVER(taken_often, (sem_wait(&known_by_now), meet(&known)),
	  (meet_often(&known), sem_post(&known_by_now), await_first(),
	   IGNORED(meet_often(&known))))
HAND_OVER(entered, IGNORED(write_in_room()), (await_first(), read_in_room()))
HAND_OVER(left, IGNORED(read_in_room()), (await_first(), write_in_room()))
HAND_OVER(posted, IGNORED(sem_post(&tokens)), sem_wait(&tokens))
HAND_OVER(waited, sem_post(&tokens), IGNORED(sem_wait(&tokens)))
HAND_OVER(lined, IGNORED(pthread_barrier_wait(&line)), pthread_barrier_wait(&line))
HAND_OVER(sent, IGNORED(MUST_BE_ONE(write(channels[0][1], "x", 1))),
	  MUST_BE_ONE(read(channels[0][0], &letter, 1)))
HAND_OVER(received, MUST_BE_ONE(write(channels[1][1], "x", 1)),
	  IGNORED(MUST_BE_ONE(read(channels[1][0], &letter, 1))))

/* Order that is given outside of regions. */
HAND_OVER(behind, (IGNORED(meet(&lock)), meet(&other)), (await_first(), meet(&other)))
HAND_OVER(kept, meet(&other), (await_first(), IGNORED(meet(&lock)), meet(&other)))
HAND_OVER(posted_behind, (IGNORED(meet(&lock)), sem_post(&other_tokens)), sem_wait(&other_tokens))
HAND_OVER(lined_behind, (IGNORED(meet(&lock)), pthread_barrier_wait(&other_line)),
	  pthread_barrier_wait(&other_line))

static const struct race_case cases[] = {
	CASE(locked, "lost-update:error data-race?"),
	CASE(taken, "lost-update:error data-race?"),
	CASE(taken_often, "lost-update:error data-race?"),
	CASE(entered, "lost-update:error data-race?"),
	CASE(left, "lost-update:error data-race?"),
	CASE(posted, "lost-update:error data-race?"),
	CASE(waited, "lost-update:error data-race?"),
	CASE(lined, "lost-update:error data-race?"),
	CASE(sent, "lost-update:error data-race?"),
	CASE(received, "lost-update:error data-race?"),
	CASE(behind, "silent"),
	CASE(kept, "silent"),
	CASE(posted_behind, "silent"),
	CASE(lined_behind, "silent"),
};

int main(int argc, char **argv)
{
	MUST(pipe(channels[0]) == 0 && pipe(channels[1]) == 0);
	pthread_barrier_init(&line, NULL, 2);
	pthread_barrier_init(&other_line, NULL, 2);
	sem_init(&tokens, 0, 0);
	sem_init(&other_tokens, 0, 0);
	sem_init(&known_by_now, 0, 0);
	meet(&known);
	return RUN_CASES(cases, argc, argv);
}

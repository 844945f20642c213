/*
 * Mutexes that inherit or protect priorities, of each type, taken in each way;
 * conditions on them; priorities are as natively meanwhile.
 *
 * snarl-expect: status=0 kinds=self-lock-refused
 */
#include "../guest.h"

static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;

static int try_protocol(int protocol, int type)
{
	pthread_mutexattr_t attributes;
	int result;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	CHECK_IS(pthread_mutexattr_setprotocol(&attributes, protocol), 0);
	CHECK_IS(pthread_mutexattr_settype(&attributes, type), 0);
	if (protocol == PTHREAD_PRIO_PROTECT)
		CHECK_IS(pthread_mutexattr_setprioceiling(&attributes,
							  sched_get_priority_min(SCHED_FIFO)),
			 0);
	result = pthread_mutex_init(&mutex, &attributes);
	CHECK_IS(pthread_mutexattr_destroy(&attributes), 0);
	return result;
}

static void *take_turns(void *unused)
{
	int i;

	for (i = 0; i < 50; i++) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		while (turn % 2 == 0)
			CHECK_IS(pthread_cond_wait(&condition, &mutex), 0);
		turn++;
		CHECK_IS(pthread_cond_signal(&condition), 0);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	}
	return unused;
}

static void hand_over(void)
{
	pthread_t thread = guest_start(take_turns, NULL);
	int i;

	for (i = 0; i < 50; i++) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		while (turn % 2)
			CHECK_IS(pthread_cond_wait(&condition, &mutex), 0);
		turn++;
		CHECK_IS(pthread_cond_signal(&condition), 0);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	}
	guest_join(thread);
}

static void check_type(int type)
{
	struct timespec later = guest_deadline(CLOCK_REALTIME, 60000), past = {1, 0};
	int recursive = type == PTHREAD_MUTEX_RECURSIVE;

	CHECK_IS(pthread_mutex_timedlock(&mutex, &later), 0);
	CHECK_IS(pthread_mutex_trylock(&mutex), recursive			       ? 0
						: type == PTHREAD_MUTEX_ERRORCHECK ? EDEADLK
										   : EBUSY);
	if (recursive)
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	if (type == PTHREAD_MUTEX_ERRORCHECK)
		CHECK_IS(pthread_mutex_lock(&mutex), EDEADLK);
	CHECK_IS(pthread_cond_timedwait(&condition, &mutex, &past), ETIMEDOUT);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

int main(void)
{
	int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE};
	size_t i;
	int ceiling;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (try_protocol(PTHREAD_PRIO_INHERIT, types[i])) {
			printf("no priority inheritance\n");
			continue;
		}
		check_type(types[i]);
		hand_over();
		CHECK_IS(pthread_mutex_destroy(&mutex), 0);
	}
	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		CHECK_IS(try_protocol(PTHREAD_PRIO_PROTECT, types[i]), 0);
		CHECK_IS(pthread_mutex_getprioceiling(&mutex, &ceiling), 0);
		CHECK_IS(ceiling, sched_get_priority_min(SCHED_FIFO));
		/* Raising to the ceiling is a privilege. */
		if (pthread_mutex_trylock(&mutex)) {
			printf("no priority protection\n");
		} else {
			CHECK_IS(pthread_mutex_unlock(&mutex), 0);
			check_type(types[i]);
		}
		CHECK_IS(pthread_mutex_destroy(&mutex), 0);
	}
	return guest_passed();
}

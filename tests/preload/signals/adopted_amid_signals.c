/*
 * Threads that are created past us: each is known from its first call on, amid which that of a
 * handler may come.  They are one thread all the same, and what both change is no race.
 */
#include "../guest.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <signal.h>

#define THREADS 200
#define INTERVAL_NS 200000 /* a handler does not take as long, not even if it is slow */

static pthread_barrier_t is_over;
static sem_t posted;
static sigset_t signals;
/* By what functions of libc touch no thread is known. */
static _Thread_local char has_begun[THREADS], none[1];
static _Thread_local volatile long own;

static void note(int signal)
{
	if (memcmp(has_begun, none, (size_t)(signal - SIGUSR1 + 1)) != 0)
		own++;
}

static void *add(void *number)
{
	memset(has_begun, 1, (size_t)number);
	CHECK_IS(sem_post(&posted), 0);
	own++;
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	own++;
	/* Another thread's variables would take the place of its own. */
	pthread_barrier_wait(&is_over);
	return number;
}

static void begin_signals(void)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	const struct itimerspec times = {{0, INTERVAL_NS}, {0, INTERVAL_NS}};
	timer_t timer;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_IS(sigemptyset(&signals), 0);
	CHECK_IS(sigaddset(&signals, SIGUSR1), 0);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	CHECK_IS(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	CHECK_IS(timer_settime(timer, 0, &times, NULL), 0);
}

int main(void)
{
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	pthread_t threads[THREADS];
	pthread_attr_t attributes;
	sigset_t nothing;

	CHECK(libc != NULL);
	create = (__typeof__(create))dlsym(libc, "pthread_create");
	CHECK(create != NULL);
	CHECK_IS(sem_init(&posted, 0, 0), 0);
	CHECK_IS(pthread_barrier_init(&is_over, NULL, THREADS + 1), 0);
	CHECK_IS(sigemptyset(&nothing), 0);
	CHECK_IS(pthread_attr_init(&attributes), 0);
	CHECK_IS(pthread_attr_setsigmask_np(&attributes, &nothing), 0);
	begin_signals();
	threads[0] = guest_start(add, (void *)1);
	for (size_t i = 1; i < THREADS; i++)
		CHECK_IS(create(&threads[i], &attributes, add, (void *)i), 0);
	pthread_barrier_wait(&is_over);
	for (int i = 0; i < THREADS; i++)
		guest_join(threads[i]);
	return guest_passed();
}

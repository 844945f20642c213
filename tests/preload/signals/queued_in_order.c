/*
 * Real-time signals to one thread, whatever they interrupt: they come in the order in which
 * they were sent, each once, with what the sender said; also if the handler of one takes others
 * that wait.
 *
 * guest-bare: yes
 * guest-timeout: 120
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SENT 3000
#define AHEAD 300
#define SIGNALS 2

static atomic_int taken[SIGNALS], out_of_order, wrong_sender, is_over;
static sem_t ready;

static void check_next(const siginfo_t *told)
{
	int which = told->si_signo - SIGRTMIN;

	if (told->si_value.sival_int != taken[which])
		out_of_order++;
	if (told->si_code != SI_QUEUE || told->si_pid != getpid())
		wrong_sender++;
	taken[which]++;
}

static void note(int signal, siginfo_t *told, void *context)
{
	(void)signal;
	(void)context;
	check_next(told);
}

/* Every third one without a look at it. */
static void note_waiting(int signal, siginfo_t *told, void *context)
{
	const struct timespec no_time = {0, 0};
	sigset_t own;

	(void)context;
	check_next(told);
	sigemptyset(&own);
	sigaddset(&own, signal);
	for (;;) {
		bool looks = taken[signal - SIGRTMIN] % 3;

		if (sigtimedwait(&own, looks ? told : NULL, &no_time) != signal)
			return;
		if (looks)
			check_next(told);
		else
			taken[signal - SIGRTMIN]++;
	}
}

/* A new one each time, so that much has to be noted. */
static void *be_interrupted(void *unused)
{
	static sem_t places[512];

	(void)unused;
	CHECK_IS(sem_post(&ready), 0);
	for (unsigned int i = 0; !is_over; i++) {
		sem_t *semaphore = &places[i % 512];

		sem_init(semaphore, 0, 1);
		sem_wait(semaphore);
		sem_post(semaphore);
		sem_destroy(semaphore);
	}
	return NULL;
}

static void send(pthread_t target, int which, int number)
{
	union sigval value = {.sival_int = number};

	while (number - taken[which] > AHEAD)
		guest_pause();
	CHECK_IS(pthread_sigqueue(target, SIGRTMIN + which, value), 0);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	pthread_t target;

	CHECK_IS(sigaction(SIGRTMIN, &action, NULL), 0);
	action.sa_sigaction = note_waiting;
	CHECK_IS(sigaction(SIGRTMIN + 1, &action, NULL), 0);
	CHECK_IS(sem_init(&ready, 0, 0), 0);
	target = guest_start(be_interrupted, NULL);
	CHECK_IS(sem_wait(&ready), 0);
	for (int number = 0; number < SENT; number++)
		for (int which = 0; which < SIGNALS; which++)
			send(target, which, number);
	while (taken[0] < SENT || taken[1] < SENT)
		guest_pause();
	is_over = 1;
	guest_join(target);
	CHECK_IS(out_of_order, 0);
	CHECK_IS(wrong_sender, 0);
	return guest_passed();
}

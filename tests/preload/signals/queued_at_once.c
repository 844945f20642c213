/*
 * Many real-time signals come at once, each several times, as other threads had the processor
 * meanwhile: those of one number come in the order in which they were sent.
 *
 * guest-bare: yes
 * guest-timeout: 120
 */
#include "../guest.h"

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#define SIGNALS 20
#define ROUNDS 150
#define EACH 3

static atomic_int taken[SIGNALS], taken_count, out_of_order, is_over;
static sem_t ready;

static void note(int signal, siginfo_t *told, void *context)
{
	(void)context;
	if (told->si_value.sival_int != taken[signal - SIGRTMIN]++)
		out_of_order++;
	taken_count++;
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

/* All threads run on one processor, so that nothing is taken before all is sent. */
static void share_processor(void)
{
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(sched_getcpu(), &processors);
	CHECK_IS(sched_setaffinity(0, sizeof(processors), &processors), 0);
}

static void send_round(pthread_t target, int round)
{
	for (int number = round * EACH; number < (round + 1) * EACH; number++)
		for (int which = 0; which < SIGNALS; which++)
			CHECK_IS(pthread_sigqueue(target, SIGRTMIN + which,
						  (union sigval){.sival_int = number}), 0);
	while (taken_count < (round + 1) * EACH * SIGNALS)
		guest_pause();
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	pthread_t target;

	share_processor();
	for (int which = 0; which < SIGNALS; which++)
		CHECK_IS(sigaction(SIGRTMIN + which, &action, NULL), 0);
	CHECK_IS(sem_init(&ready, 0, 0), 0);
	target = guest_start(be_interrupted, NULL);
	CHECK_IS(sem_wait(&ready), 0);
	for (int round = 0; round < ROUNDS; round++)
		send_round(target, round);
	is_over = 1;
	guest_join(target);
	CHECK_IS(out_of_order, 0);
	return guest_passed();
}

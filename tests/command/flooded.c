/* More signals at once than are put off in order: their handler lets others of their number in. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#define ROUNDS 20
#define SIGNALS 200

static atomic_int taken, is_over;
static sem_t ready;

static void note(int signal, siginfo_t *told, void *context)
{
	(void)signal;
	(void)told;
	(void)context;
	taken++;
}

static void *be_interrupted(void *unused)
{
	static sem_t places[512];

	sem_post(&ready);
	for (unsigned i = 0; !is_over; i++) {
		sem_init(&places[i % 512], 0, 1);
		sem_wait(&places[i % 512]);
		sem_post(&places[i % 512]);
		sem_destroy(&places[i % 512]);
	}
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_NODEFER};
	cpu_set_t one;
	pthread_t target;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	sigaction(SIGRTMIN, &action, NULL);
	sem_init(&ready, 0, 0);
	pthread_create(&target, NULL, be_interrupted, NULL);
	sem_wait(&ready);
	for (int round = 1; round <= ROUNDS; round++) {
		for (int i = 0; i < SIGNALS; i++)
			pthread_sigqueue(target, SIGRTMIN, (union sigval){.sival_int = i});
		while (taken < round * SIGNALS)
			sched_yield();
	}
	is_over = 1;
	return pthread_join(target, NULL);
}

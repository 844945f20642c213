/*
 * A semaphore that only a signal handler posts: all threads wait until another process
 * sends the signal, which is no hang, twice.
 *
 * guest-bare: yes
 */
#include <semaphore.h>
#include <signal.h>

#include "../guest.h"

static sem_t request;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int request_count;

static void post_semaphore(int signal)
{
	(void)signal;
	sem_post(&request);
}

static void *count_requests(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	while (request_count < 2)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

/* Sends the signal each time that a byte comes from the pipe. */
static void send_requests(int orders)
{
	char byte;

	while (read(orders, &byte, 1) == 1) {
		guest_await_sleep(getppid());
		CHECK_IS(kill(getppid(), SIGUSR1), 0);
	}
	_exit(0);
}

static void await_request(int orders)
{
	CHECK_IS(write(orders, "", 1), 1);
	while (sem_wait(&request) != 0)
		CHECK_IS(errno, EINTR);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	request_count++;
	CHECK_IS(pthread_cond_signal(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

int main(void)
{
	struct sigaction action = {.sa_handler = post_semaphore, .sa_flags = SA_RESTART};
	pthread_t counter;
	pid_t child;
	int orders[2];

	CHECK_IS(sem_init(&request, 0, 0), 0);
	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_IS(pipe(orders), 0);
	child = fork();
	if (child == 0) {
		CHECK_IS(close(orders[1]), 0);
		send_requests(orders[0]);
	}
	counter = guest_start(count_requests, NULL);
	await_request(orders[1]);
	await_request(orders[1]);
	guest_join(counter);
	CHECK_IS(close(orders[1]), 0);
	CHECK_IS(guest_wait_for(child), 0);
	return guest_passed();
}

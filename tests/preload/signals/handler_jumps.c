/*
 * Handlers that leave calls on locks by siglongjmp(), handlers that are reset when they
 * run, and cancellation at any place: wherever they interrupt our work on a new lock,
 * the other threads go on.
 *
 * snarl-expect: kinds=any
 * guest-timeout: 60
 */
#include "../guest.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>

#define TURNS 60
#define PLACES 512

struct places {
	sem_t semaphores[PLACES];
	unsigned int next;
};

static struct places of_target, of_sender;
static sigjmp_buf back;
static atomic_int jump_count, once_count, is_over;
static atomic_int is_ready;

/* A new one each time, so that much has to be noted. */
static void use_new_lock(struct places *places)
{
	sem_t *semaphore = &places->semaphores[places->next++ % PLACES];

	sem_init(semaphore, 0, 1);
	sem_wait(semaphore);
	sem_post(semaphore);
	sem_destroy(semaphore);
}

static void jump_back(int signal)
{
	(void)signal;
	jump_count++;
	siglongjmp(back, 1);
}

static void set_once(void);

static void count_once(int signal)
{
	(void)signal;
	set_once();
	once_count++;
}

static void set_once(void)
{
	struct sigaction action = {.sa_handler = count_once, .sa_flags = SA_RESETHAND};

	sigaction(SIGUSR2, &action, NULL);
}

static void *be_interrupted(void *unused)
{
	(void)unused;
	(void)sigsetjmp(back, 1);
	is_ready = 1;
	while (!is_over)
		use_new_lock(&of_target);
	return NULL;
}

/* The next one is sent when the last one was handled. */
static void send_in_turn(pthread_t target, int signal, atomic_int *count)
{
	for (int turn = 0; turn < TURNS; turn++) {
		CHECK_IS(pthread_kill(target, signal), 0);
		while (*count == turn)
			use_new_lock(&of_sender);
	}
	CHECK_IS(*count, TURNS);
}

static void *be_cancelled(void *unused)
{
	CHECK_IS(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL), 0);
	is_ready = 1;
	for (;;)
		use_new_lock(&of_target);
	return unused;
}

static void cancel_one(void)
{
	pthread_t thread;

	is_ready = 0;
	thread = guest_start(be_cancelled, NULL);
	while (!is_ready)
		use_new_lock(&of_sender);
	CHECK_IS(pthread_cancel(thread), 0);
	CHECK(guest_join(thread) == PTHREAD_CANCELED);
	use_new_lock(&of_sender);
}

int main(void)
{
	struct sigaction action = {.sa_handler = jump_back};
	pthread_t target;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	set_once();
	target = guest_start(be_interrupted, NULL);
	while (!is_ready)
		use_new_lock(&of_sender);
	send_in_turn(target, SIGUSR1, &jump_count);
	send_in_turn(target, SIGUSR2, &once_count);
	is_over = 1;
	guest_join(target);
	for (int i = 0; i < TURNS; i++)
		cancel_one();
	return guest_passed();
}

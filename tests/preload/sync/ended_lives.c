/*
 * Objects that end right after their last use, as POSIX allows: while others who have let
 * go of them, or have been woken, are still in their calls.
 */
#include <semaphore.h>
#include <stdbool.h>

#include "../guest.h"

#define ROUNDS 500

/* Whoever gives up the last reference destroys the mutex that guards it. */
struct counted {
	pthread_mutex_t lock;
	int references;
};

static void *drop_reference(void *context)
{
	struct counted *counted = context;
	bool is_last;

	CHECK_IS(pthread_mutex_lock(&counted->lock), 0);
	is_last = --counted->references == 0;
	CHECK_IS(pthread_mutex_unlock(&counted->lock), 0);
	if (!is_last)
		return NULL;
	CHECK_IS(pthread_mutex_destroy(&counted->lock), 0);
	free(counted);
	return NULL;
}

static void count_references(void)
{
	struct counted *counted = malloc(sizeof(*counted));
	pthread_t other;

	CHECK_IS(pthread_mutex_init(&counted->lock, NULL), 0);
	counted->references = 2;
	other = guest_start(drop_reference, counted);
	drop_reference(counted);
	guest_join(other);
}

/* A request on the stack of who waits for it: gone as soon as the answer is seen. */
struct request {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	pthread_rwlock_t text_lock;
	bool is_answered;
};

static void *answer_call(void *context)
{
	struct request *request = context;

	CHECK_IS(pthread_rwlock_rdlock(&request->text_lock), 0);
	CHECK_IS(pthread_rwlock_unlock(&request->text_lock), 0);
	CHECK_IS(pthread_mutex_lock(&request->lock), 0);
	request->is_answered = true;
	CHECK_IS(pthread_cond_signal(&request->answered), 0);
	CHECK_IS(pthread_mutex_unlock(&request->lock), 0);
	return NULL;
}

static pthread_t ask_peer(void)
{
	struct request request = {.lock = PTHREAD_MUTEX_INITIALIZER,
				  .answered = PTHREAD_COND_INITIALIZER,
				  .text_lock = PTHREAD_RWLOCK_INITIALIZER};
	pthread_t other = guest_start(answer_call, &request);

	CHECK_IS(pthread_mutex_lock(&request.lock), 0);
	while (!request.is_answered)
		CHECK_IS(pthread_cond_wait(&request.answered, &request.lock), 0);
	CHECK_IS(pthread_mutex_unlock(&request.lock), 0);
	CHECK_IS(pthread_rwlock_destroy(&request.text_lock), 0);
	return other;
}

/* Its waiter destroys the semaphore, while the poster may still be in its call. */
static void *post_semaphore(void *context)
{
	CHECK_IS(sem_post(context), 0);
	return NULL;
}

static pthread_t wait_for_post(void)
{
	sem_t *tokens = malloc(sizeof(*tokens));
	pthread_t other;

	CHECK_IS(sem_init(tokens, 0, 0), 0);
	other = guest_start(post_semaphore, tokens);
	CHECK_IS(sem_wait(tokens), 0);
	CHECK_IS(sem_destroy(tokens), 0);
	free(tokens);
	return other;
}

/* One of those who pass a barrier destroys it. */
static void *pass_turn(void *context)
{
	pthread_barrier_t *barrier = context;

	if (pthread_barrier_wait(barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
		CHECK_IS(pthread_barrier_destroy(barrier), 0);
		free(barrier);
	}
	return NULL;
}

static pthread_t meet_other(void)
{
	pthread_barrier_t *barrier = malloc(sizeof(*barrier));
	pthread_t other;

	CHECK_IS(pthread_barrier_init(barrier, NULL, 2), 0);
	other = guest_start(pass_turn, barrier);
	pass_turn(barrier);
	return other;
}

/* A broadcast, then the end of the condition, before its waiters have left. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	int waiting_count;
	bool is_open;
};

static void *wait_at_gate(void *context)
{
	struct gate *gate = context;

	CHECK_IS(pthread_mutex_lock(&gate->lock), 0);
	gate->waiting_count++;
	while (!gate->is_open)
		CHECK_IS(pthread_cond_wait(&gate->opened, &gate->lock), 0);
	CHECK_IS(pthread_mutex_unlock(&gate->lock), 0);
	return NULL;
}

static void open_gate(void)
{
	struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER,
			    .opened = PTHREAD_COND_INITIALIZER};
	pthread_t first = guest_start(wait_at_gate, &gate);
	pthread_t second = guest_start(wait_at_gate, &gate);

	CHECK_IS(pthread_mutex_lock(&gate.lock), 0);
	while (gate.waiting_count < 2) {
		CHECK_IS(pthread_mutex_unlock(&gate.lock), 0);
		sched_yield();
		CHECK_IS(pthread_mutex_lock(&gate.lock), 0);
	}
	gate.is_open = true;
	CHECK_IS(pthread_cond_broadcast(&gate.opened), 0);
	CHECK_IS(pthread_cond_destroy(&gate.opened), 0);
	CHECK_IS(pthread_mutex_unlock(&gate.lock), 0);
	guest_join(first);
	guest_join(second);
}

/* A mutex that is made anew without a call, and destroyed without a use. */
static void make_anew(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	CHECK_IS(pthread_mutex_lock(&lock), 0);
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
	CHECK_IS(pthread_mutex_destroy(&lock), 0);
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	CHECK_IS(pthread_mutex_destroy(&lock), 0);
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		count_references();
		guest_join(ask_peer());
		guest_join(wait_for_post());
		guest_join(meet_other());
		open_gate();
		make_anew();
	}
	return guest_passed();
}

/*
 * Coroutines on stacks of their own, by makecontext: a lock is taken on one
 * stack and released on another, by one thread; and on a stack that is freed.
 *
 * guest-forgetful: yes
 */
#include "../guest.h"

#include <sys/mman.h>
#include <ucontext.h>

#define STACK_BYTES 65536
#define COROUTINE_COUNT 8
#define ROUND_COUNT 100

static pthread_mutex_t mutexes[COROUTINE_COUNT];
static _Thread_local ucontext_t scheduler, coroutines[COROUTINE_COUNT];
static _Thread_local int step_count;

/* Yields with its lock held. */
static void run_coroutine(int index)
{
	int round;

	for (round = 0; round < ROUND_COUNT; round++) {
		CHECK_IS(pthread_mutex_lock(&mutexes[index]), 0);
		step_count++;
		CHECK_IS(swapcontext(&coroutines[index], &scheduler), 0);
		CHECK_IS(pthread_mutex_unlock(&mutexes[index]), 0);
	}
}

static void start_coroutine(int index)
{
	ucontext_t *context = &coroutines[index];

	CHECK_IS(getcontext(context), 0);
	context->uc_stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	CHECK(context->uc_stack.ss_sp != MAP_FAILED);
	context->uc_stack.ss_size = STACK_BYTES;
	context->uc_link = &scheduler;
	makecontext(context, (void (*)(void))run_coroutine, 1, index);
}

static void *schedule_next(void *unused)
{
	int index, round;

	step_count = 0;
	for (index = 0; index < COROUTINE_COUNT; index++)
		start_coroutine(index);
	/* The last round lets each one return to here. */
	for (round = 0; round <= ROUND_COUNT; round++)
		for (index = 0; index < COROUTINE_COUNT; index++)
			CHECK_IS(swapcontext(&scheduler, &coroutines[index]), 0);
	CHECK_IS(step_count, COROUTINE_COUNT * ROUND_COUNT);
	for (index = 0; index < COROUTINE_COUNT; index++)
		CHECK_IS(munmap(coroutines[index].uc_stack.ss_sp, STACK_BYTES), 0);
	return unused;
}

int main(void)
{
	int i;

	for (i = 0; i < COROUTINE_COUNT; i++)
		CHECK_IS(pthread_mutex_init(&mutexes[i], NULL), 0);
	schedule_next(NULL);
	guest_run_in_thread(schedule_next, NULL);
	schedule_next(NULL);
	return guest_passed();
}

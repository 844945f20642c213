/*
 * Places that one lock after another lies in, without a call that says so:
 * locks of different kinds, stacks of threads that follow each other, and
 * stacks that are left for another for a while.
 */
#include "../guest.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK_BYTES (256 * 1024)
#define ROUND_COUNT 20

/* --- Kinds -------------------------------------------------------------------- */

union place {
	pthread_mutex_t mutex;
	pthread_rwlock_t rwlock;
	pthread_spinlock_t spin;
	pthread_once_t once;
};

static void do_nothing(void)
{
}

static void use_mutex(union place *place)
{
	place->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	CHECK_IS(pthread_mutex_lock(&place->mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&place->mutex), 0);
}

static void use_rwlock(union place *place)
{
	place->rwlock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
	CHECK_IS(pthread_rwlock_rdlock(&place->rwlock), 0);
	CHECK_IS(pthread_rwlock_unlock(&place->rwlock), 0);
	CHECK_IS(pthread_rwlock_wrlock(&place->rwlock), 0);
	CHECK_IS(pthread_rwlock_unlock(&place->rwlock), 0);
}

static void check_kinds(void)
{
	static union place place;

	use_mutex(&place);
	use_rwlock(&place);
	CHECK_IS(pthread_rwlock_destroy(&place.rwlock), 0);
	use_mutex(&place);
	place.once = PTHREAD_ONCE_INIT;
	CHECK_IS(pthread_once(&place.once, do_nothing), 0);
	CHECK_IS(pthread_spin_init(&place.spin, PTHREAD_PROCESS_PRIVATE), 0);
	CHECK_IS(pthread_spin_lock(&place.spin), 0);
	CHECK_IS(pthread_spin_unlock(&place.spin), 0);
	use_mutex(&place);
	CHECK_IS(pthread_mutex_destroy(&place.mutex), 0);
}

/* --- Threads that follow each other ------------------------------------------- */

static atomic_int ended_id;

static void *lock_own_pair(void *first)
{
	pthread_mutex_t pair[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
	int i = (int)(intptr_t)first;

	CHECK_IS(pthread_mutex_lock(&pair[i]), 0);
	CHECK_IS(pthread_mutex_lock(&pair[!i]), 0);
	CHECK_IS(pthread_mutex_unlock(&pair[!i]), 0);
	CHECK_IS(pthread_mutex_unlock(&pair[i]), 0);
	ended_id = gettid();
	return NULL;
}

/* Detached, so that no join orders them, and one after the other, so that they
 * get the same stack. */
static void check_threads(void)
{
	char path[64];

	for (intptr_t i = 0; i < ROUND_COUNT; i++) {
		ended_id = 0;
		CHECK_IS(pthread_detach(guest_start(lock_own_pair, (void *)(i % 2))), 0);
		while (!ended_id)
			sched_yield();
		snprintf(path, sizeof(path), "/proc/self/task/%d", ended_id);
		while (access(path, F_OK) == 0)
			sched_yield();
	}
}

/* --- Another stack ------------------------------------------------------------ */

struct meeting {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	pid_t waiter;
	bool is_over;
};

static pthread_mutex_t elsewhere = PTHREAD_MUTEX_INITIALIZER;
static ucontext_t thread_context, other_context;

static void lock_elsewhere(void)
{
	CHECK_IS(pthread_mutex_lock(&elsewhere), 0);
	CHECK_IS(pthread_mutex_unlock(&elsewhere), 0);
}

static void *wait_for_end(void *argument)
{
	struct meeting *meeting = argument;

	pthread_mutex_lock(&meeting->mutex);
	meeting->waiter = gettid();
	pthread_cond_signal(&meeting->condition);
	while (!meeting->is_over)
		pthread_cond_wait(&meeting->condition, &meeting->mutex);
	pthread_mutex_unlock(&meeting->mutex);
	return NULL;
}

/* Somebody waits at a condition on our stack, while we are on another, above. */
static void *switch_stacks(void *stack)
{
	struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};
	pthread_t thread;

	pthread_mutex_lock(&meeting.mutex);
	thread = guest_start(wait_for_end, &meeting);
	while (!meeting.waiter)
		pthread_cond_wait(&meeting.condition, &meeting.mutex);
	pthread_mutex_unlock(&meeting.mutex);
	guest_await_sleep(meeting.waiter);
	CHECK_IS(getcontext(&other_context), 0);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = STACK_BYTES;
	other_context.uc_link = &thread_context;
	makecontext(&other_context, lock_elsewhere, 0);
	CHECK_IS(swapcontext(&thread_context, &other_context), 0);
	pthread_mutex_lock(&meeting.mutex);
	meeting.is_over = true;
	pthread_cond_signal(&meeting.condition);
	pthread_mutex_unlock(&meeting.mutex);
	return guest_join(thread);
}

static void check_stacks(void)
{
	/* Made before the thread's, it usually lies above. */
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	CHECK(stack != MAP_FAILED);
	for (int i = 0; i < ROUND_COUNT; i++)
		guest_run_in_thread(switch_stacks, stack);
}

int main(void)
{
	check_kinds();
	check_threads();
	check_stacks();
	return guest_passed();
}

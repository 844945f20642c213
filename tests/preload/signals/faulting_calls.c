/*
 * Calls on objects in memory that is not there.  A handler of SIGSEGV leaves the call by a jump,
 * or makes the memory and returns: afterwards signals come as before, in calls that go deeper
 * than the one that was left, too, and the objects work.
 *
 * guest-bare: yes
 * guest-timeout: 60
 */
#include "../guest.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#define PAGE 4096

static char *memory;
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf back;
static volatile sig_atomic_t jumps, fault_count, usual_count;

static void on_fault(int signal)
{
	(void)signal;
	fault_count++;
	CHECK_IS(pthread_mutex_lock(&own), 0);
	CHECK_IS(pthread_mutex_unlock(&own), 0);
	if (jumps)
		siglongjmp(back, 1);
	CHECK_IS(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), 0);
}

static void on_usual(int signal)
{
	(void)signal;
	usual_count++;
}

static __attribute__((noinline)) void signal_deeper(int depth)
{
	volatile char pad[256] = {0};

	if (depth > 0)
		signal_deeper(depth - 1);
	else
		CHECK_IS(pthread_kill(pthread_self(), SIGUSR1), 0);
	pad[0] = pad[1];
}

static void check_signals(void)
{
	static const int depths[] = {0, 2, 30};

	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		usual_count = 0;
		signal_deeper(depths[i]);
		CHECK_IS(usual_count, 1);
	}
}

static void wait_at_barrier(void *place)
{
	pthread_barrier_wait(place);
}

static void unlock(void *place)
{
	pthread_mutex_unlock(place);
}

static void lock(void *place)
{
	if (pthread_mutex_lock(place) == 0)
		CHECK_IS(pthread_mutex_unlock(place), 0);
}

static void lock_to_write(void *place)
{
	if (pthread_rwlock_wrlock(place) == 0)
		CHECK_IS(pthread_rwlock_unlock(place), 0);
}

static void post(void *place)
{
	sem_post(place);
}

static void take(void *place)
{
	sem_trywait(place);
}

static void wake(void *place)
{
	pthread_cond_broadcast(place);
}

static void hide_memory(void)
{
	CHECK_IS(mprotect(memory, PAGE, PROT_NONE), 0);
}

/* Left by a jump, then gone on with. */
static void call_both(void (*call)(void *), void *place)
{
	hide_memory();
	jumps = 1;
	fault_count = 0;
	if (sigsetjmp(back, 1) == 0) {
		call(place);
		CHECK_NOT_REACHED("no fault");
	}
	CHECK_IS(fault_count, 1);
	check_signals();
	jumps = 0;
	call(place);
	CHECK_IS(fault_count, 2);
	check_signals();
}

static void make_calls(void)
{
	CHECK_IS(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), 0);
	memset(memory, 0, PAGE);
	CHECK_IS(pthread_barrier_init((pthread_barrier_t *)memory, NULL, 1), 0);
	call_both(wait_at_barrier, memory);
	call_both(lock, memory + 128);
	CHECK_IS(pthread_mutex_lock((pthread_mutex_t *)(memory + 192)), 0);
	call_both(unlock, memory + 192);
	call_both(lock, memory + 192);
	call_both(lock_to_write, memory + 256);
	call_both(post, memory + 384);
	call_both(take, memory + 384);
	call_both(wake, memory + 448);
}

static void *make_calls_in_thread(void *unused)
{
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};

	(void)unused;
	CHECK_IS(sigaltstack(&stack, NULL), 0);
	make_calls();
	stack.ss_flags = SS_DISABLE;
	CHECK_IS(sigaltstack(&stack, NULL), 0);
	free(stack.ss_sp);
	return NULL;
}

int main(void)
{
	struct sigaction on_stack = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};

	memory = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	CHECK(signal(SIGUSR1, on_usual) != SIG_ERR);
	CHECK(signal(SIGSEGV, on_fault) != SIG_ERR);
	make_calls();
	CHECK_IS(sigaction(SIGSEGV, &on_stack, NULL), 0);
	guest_run_in_thread(make_calls_in_thread, NULL);
	make_calls();
	return guest_passed();
}

/*
 * Control that leaves observed code in unusual ways: handlers that jump out of any
 * instruction, coroutines that change threads, children by fork and vfork that go on in
 * the middle of a function.
 *
 * guest-forgetful: yes
 */
// guest-timeout: 60
#include "../guest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline))
#define JUMPS 500
#define TURNS 300

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_long counter;
static long under_lock;

static void count_tick(int number, long nanoseconds, timer_t *timer)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number};
	struct itimerspec often = {{0, nanoseconds}, {0, nanoseconds}};

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	CHECK_IS(timer_create(CLOCK_MONOTONIC, &event, timer), 0);
	CHECK_IS(timer_settime(*timer, 0, &often, NULL), 0);
}

/* --- Jumps out of handlers --------------------------------------------------------- */

static __thread sigjmp_buf target __attribute__((tls_model("initial-exec")));
static __thread volatile sig_atomic_t may_jump __attribute__((tls_model("initial-exec")));

static void jump_back(int number)
{
	if (may_jump)
		siglongjmp(target, number);
}

/* Never ends by itself; all of it may be left anywhere. */
static NOINLINE void work_for_ever(long *memory)
{
	for (unsigned long i = 0;; i++) {
		memory[i % 100] += (long)i;
		((short *)memory)[i * 3 % 100]--;
		memory[i % 50] ^= memory[i % 77 + 3];
		if (i % 8 == 0)
			atomic_fetch_add(&counter, 1);
		if (i % 100 == 0)
			memset(memory + 40, (int)i, 128);
	}
}

static void *be_interrupted(void *unused)
{
	long memory[100] = {0};
	volatile int jumps = 0;
	timer_t timer;

	count_tick(SIGUSR1, 150000, &timer);
	while (jumps < JUMPS) {
		if (sigsetjmp(target, 1) == 0) {
			may_jump = 1;
			work_for_ever(memory);
		}
		may_jump = 0;
		jumps++;
		CHECK_IS(pthread_mutex_lock(&lock), 0);
		under_lock++;
		CHECK_IS(pthread_mutex_unlock(&lock), 0);
	}
	CHECK_IS(timer_delete(timer), 0);
	return unused;
}

static void jump_out(void)
{
	struct sigaction action = {.sa_handler = jump_back};
	pthread_t first, second;

	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	first = guest_start(be_interrupted, NULL);
	second = guest_start(be_interrupted, NULL);
	guest_join(first);
	guest_join(second);
	CHECK_IS(under_lock, 2 * JUMPS);
	/* Nobody has left it taken. */
	for (int i = 0; i < 1000; i++)
		atomic_fetch_add(&counter, 1);
	CHECK(counter > 1000);
}

/* --- Coroutines ------------------------------------------------------------------------ */

struct coroutine {
	ucontext_t context, caller;
	char stack[65536];
	long values[32];
	int is_over;
};

static struct coroutine coroutines[4];

static NOINLINE void give_way(struct coroutine *self)
{
	CHECK_IS(swapcontext(&self->context, &self->caller), 0);
}

static void be_coroutine(int index)
{
	struct coroutine *self = &coroutines[index];
	long local[16] = {0};

	for (int turn = 0; turn < TURNS; turn++) {
		for (int i = 0; i < 32; i++) {
			self->values[i] += i * turn;
			local[i % 16] += self->values[i];
		}
		if (turn % 3 == 0)
			give_way(self);
		self->values[turn % 32] ^= local[turn % 16] & 0xff;
	}
	self->is_over = 1;
}

static void *turn_them(void *unused)
{
	int left = 1;

	for (int turns = 0; left && (turns < 7 || unused); turns++) {
		left = 0;
		for (int i = 0; i < 4; i++) {
			if (coroutines[i].is_over)
				continue;
			CHECK_IS(swapcontext(&coroutines[i].caller, &coroutines[i].context), 0);
			left++;
		}
	}
	return NULL;
}

static NOINLINE void begin_coroutine(int i)
{
	struct coroutine *self = &coroutines[i];

	CHECK_IS(getcontext(&self->context), 0);
	self->context.uc_stack.ss_sp = self->stack;
	self->context.uc_stack.ss_size = sizeof(self->stack);
	self->context.uc_link = &self->caller;
	makecontext(&self->context, (void (*)(void))be_coroutine, 1, i);
}

static NOINLINE void change_threads(void)
{
	long sum = 0;

	for (int i = 0; i < 4; i++)
		begin_coroutine(i);
	/* Each thread goes on with what the one before left. */
	for (int i = 0; i < 5; i++)
		guest_run_in_thread(turn_them, NULL);
	turn_them(coroutines);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 32; j++)
			sum = sum * 31 + coroutines[i].values[j];
	printf("coroutines: %lx\n", sum);
}

/* --- Children ----------------------------------------------------------------------------- */

static NOINLINE int compute_value(int *values, int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++) {
		values[i] = values[i] * 5 + i;
		sum += values[i] & 15;
	}
	return sum & 63;
}

static NOINLINE int fork_within(int *values, int count)
{
	int sum = compute_value(values, count);
	pid_t child = fork();

	for (int i = 0; i < count; i++)
		values[i] += 3;
	if (child == 0)
		_exit(compute_value(values, count));
	CHECK_IS(guest_wait_for(child), compute_value(values, count));
	return sum;
}

static NOINLINE int vfork_within(int *values, int count)
{
	volatile int sum = compute_value(values, count);
	pid_t child = vfork();

	if (child == 0) {
		values[count - 1]++;
		if (sum & 1)
			_exit(sum);
		execl("/bin/true", "true", (char *)NULL);
		_exit(99);
	}
	CHECK_IS(guest_wait_for(child), sum & 1 ? sum : 0);
	return compute_value(values, count);
}

static NOINLINE void *make_children(void *unused)
{
	int values[50] = {0};
	int sum = 0;

	for (int i = 0; i < 10; i++) {
		sum = sum * 3 + fork_within(values, 50);
		sum = sum * 3 + vfork_within(values, 50);
	}
	printf("children: %x\n", (unsigned int)sum);
	fflush(stdout);
	return unused;
}

int main(void)
{
	jump_out();
	change_threads();
	guest_run_in_thread(make_children, NULL);
	make_children(NULL);
	return guest_passed();
}

/*
 * Handlers on alternate stacks, interrupted by other ones there: wherever a signal comes, the
 * frames of the handler that it interrupts stay as they are.  The stack is a block of its own,
 * or an array on the thread's.
 *
 * guest-bare: yes
 * guest-timeout: 120
 */
#include "../guest.h"

#include <signal.h>
#include <stdatomic.h>

#define STACK_BYTES 32768
#define TURNS 2000
#define DEPTH_MOST 6

static const int signals[] = {SIGUSR1, SIGUSR2, SIGURG};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(*signals))

static atomic_int taken[NSIG];
static atomic_long touched;
static atomic_int is_ready, is_over;

/* By ever other callers, so that their stacks are looked for. */
static __attribute__((noinline)) long touch(long *place, int depth)
{
	long before = depth, after = depth + 1;
	long result;

	touched++;
	*place += depth;
	result = depth > 0 ? touch(place, depth - 1) + touch(place, depth / 2 - 1) : *place;
	CHECK_IS(before, depth);
	CHECK_IS(after, depth + 1);
	return result;
}

static void note(int signal)
{
	long own = 0;

	touch(&own, (taken[signal] + signal) % DEPTH_MOST);
	taken[signal]++;
}

static void work_on(char *block)
{
	stack_t stack = {.ss_sp = block, .ss_size = STACK_BYTES};
	long own = 0;

	CHECK_IS(sigaltstack(&stack, NULL), 0);
	is_ready = 1;
	while (!is_over)
		touch(&own, DEPTH_MOST);
	stack.ss_flags = SS_DISABLE;
	CHECK_IS(sigaltstack(&stack, NULL), 0);
}

static void *work_on_block(void *unused)
{
	char *block = malloc(STACK_BYTES);

	(void)unused;
	work_on(block);
	free(block);
	return NULL;
}

static void *work_on_array(void *unused)
{
	char array[STACK_BYTES];

	(void)unused;
	work_on(array);
	return NULL;
}

static void interrupt(void *(*body)(void *))
{
	pthread_t target;

	is_ready = is_over = 0;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		taken[signals[i]] = 0;
	target = guest_start(body, NULL);
	while (!is_ready)
		guest_pause();
	for (int turn = 0; turn < TURNS; turn++) {
		int next = signals[turn % (int)SIGNAL_COUNT];

		while (taken[next] < turn / (int)SIGNAL_COUNT)
			guest_pause();
		CHECK_IS(pthread_kill(target, next), 0);
	}
	is_over = 1;
	guest_join(target);
}

int main(void)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_ONSTACK | SA_RESTART};

	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		CHECK_IS(sigaction(signals[i], &action, NULL), 0);
	interrupt(work_on_block);
	interrupt(work_on_array);
	return guest_passed();
}

/*
 * Threads that are cancelled at any instruction of observed code: destructors and
 * cleanup handlers of all frames run, innermost first, and other threads go on.
 *
 * guest-forgetful: yes
 */
// guest-timeout: 60
#include <atomic>
#include <csignal>

#include "../guest.h"

#define NOINLINE __attribute__((noinline))
#define DEPTH 5
#define ROUNDS 120

/* What the present thread has left behind, in order. */
static std::atomic<int> left_count;
static int left[2 * DEPTH + 2];
static std::atomic<long> is_going;
static long shared_sum;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct frame {
	int depth;
	explicit frame(int number) : depth(number) {}
	~frame() { left[left_count++] = depth; }
};

/* Accesses of every kind, and no cancellation point. */
static NOINLINE void run_loop(long *memory, std::atomic<long> *counter)
{
	for (unsigned long i = 0;; i++) {
		memory[i % 64] += (long)i;
		memory[i * 7 % 64] ^= memory[i % 61];
		((char *)memory)[i % 512]++;
		if (i % 16 == 0)
			counter->fetch_add(1);
		__asm__ volatile("" : : : "memory");
	}
}

/* Not known to throw nothing, nor to go on for ever. */
static void (*volatile loop_somehow)(long *, std::atomic<long> *) = run_loop;

static void note_cleanup(void *argument)
{
	pthread_mutex_lock(&lock);
	shared_sum += *(long *)argument;
	pthread_mutex_unlock(&lock);
	left[left_count++] = 100;
}

static NOINLINE long call_deeper(int depth, long *memory)
{
	frame here(depth);

	if (depth == DEPTH) {
		pthread_cleanup_push(note_cleanup, memory);
		loop_somehow(memory, &is_going);
		pthread_cleanup_pop(0);
	}
	return depth == DEPTH ? 0 : call_deeper(depth + 1, memory) + memory[depth];
}

static void *run_case(void *)
{
	long memory[64] = {1};
	int before;

	CHECK_IS(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before), 0);
	call_deeper(1, memory);
	return NULL;
}

/* The whole of it at once: all frames are left, and in order. */
static void cancel_one(int round)
{
	pthread_t thread;
	long seen;

	left_count = 0;
	is_going = 0;
	thread = guest_start(run_case, NULL);
	/* Somewhere in the loop, each time elsewhere. */
	do
		seen = is_going;
	while (seen < 1 + round % 37);
	CHECK_IS(pthread_cancel(thread), 0);
	CHECK(guest_join(thread) == PTHREAD_CANCELED);
	CHECK_IS(left_count, DEPTH + 1);
	CHECK_IS(left[0], 100);
	for (int i = 0; i < DEPTH; i++)
		CHECK_IS(left[1 + i], DEPTH - i);
}

int main()
{
	for (int round = 0; round < ROUNDS; round++)
		cancel_one(round);
	return guest_passed();
}

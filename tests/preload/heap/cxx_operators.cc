/*
 * An allocator with operators new and delete of its own gives out again what another thread
 * has deleted; nothing else orders the two.  What both use at a time is in a race all the same.
 *
 * guest-preload: libtcmalloc_minimal.so.4
 * snarl-expect: status=66 kinds=data-race
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static const int rounds = 1000;
static const unsigned long block_bytes = 1ul << 20;

static void *use_blocks(void *unused)
{
	for (int i = 0; i < rounds; i++) {
		volatile char *block = new char[block_bytes];

		block[0] = block[0] + 1;
		block[block_bytes - 1] = block[block_bytes - 1] + 1;
		sched_yield();
		delete[] block;
		sched_yield();
	}
	return unused;
}

static int *shared;

static void *write_shared(void *unused)
{
	for (int i = 0; i < rounds; i++) {
		*shared = i;
		sched_yield();
	}
	return unused;
}

static void *read_shared(void *unused)
{
	long sum = 0;

	for (int i = 0; i < rounds; i++) {
		sum += *shared;
		sched_yield();
	}
	return sum < 0 ? shared : unused;
}

static void run_both(void *(*first)(void *), void *(*second)(void *))
{
	pthread_t threads[2];

	pthread_create(&threads[0], nullptr, first, nullptr);
	pthread_create(&threads[1], nullptr, second, nullptr);
	for (pthread_t &thread : threads)
		pthread_join(thread, nullptr);
}

int main()
{
	run_both(use_blocks, use_blocks);
	shared = new int(0);
	run_both(write_shared, read_shared);
	delete shared;
	puts("done");
	return 0;
}

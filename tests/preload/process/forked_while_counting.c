/*
 * Forks while another thread is in the middle of atomic operations and of writes to
 * a pipe: children that use the same ones do not wait for it.
 *
 * guest-timeout: 20
 */
#include "../guest.h"

#include <stdatomic.h>

#define CHILDREN 20
#define STEPS 50

static atomic_int counter;
static atomic_int is_over;
static int pipe_ends[2];

static void pass_byte(void)
{
	char byte = 0;

	CHECK_IS(write(pipe_ends[1], &byte, 1), 1);
	CHECK_IS(read(pipe_ends[0], &byte, 1), 1);
}

static void *keep_counting(void *unused)
{
	while (!atomic_load(&is_over)) {
		atomic_fetch_add(&counter, 1);
		if (atomic_load(&counter) % 64 == 0)
			pass_byte();
	}
	return unused;
}

static void count_in_child(void)
{
	for (int i = 0; i < STEPS; i++)
		atomic_fetch_add(&counter, 1);
	pass_byte();
	_exit(0);
}

int main(void)
{
	pthread_t thread;

	CHECK_IS(pipe(pipe_ends), 0);
	thread = guest_start(keep_counting, NULL);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			count_in_child();
		CHECK(child > 0);
		CHECK_IS(waitpid(child, &status, 0), child);
		CHECK_IS(status, 0);
	}
	atomic_store(&is_over, 1);
	guest_join(thread);
	puts("done");
	return 0;
}

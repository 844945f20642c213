/*
 * A handler that releases in the middle of a loop, all of which was recorded before: what the
 * loop touches after that is not before what the release orders.
 *
 * snarl-expect: status=66 kinds=data-race
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>

#define PAGES 4u
#define COUNT (PAGES * 4096u / sizeof(long))
#define ROUNDS 400u /* until no access of the loop is recorded with its stack any more */

static long *numbers;
static sem_t in_loop;
static volatile sig_atomic_t fault_count;

__attribute__((noinline)) static void add_to_all(long *all, unsigned long count, long term)
{
	for (unsigned long i = 0; i < count; i++)
		all[i] += term;
}

static void let_other_write(int number)
{
	(void)number;
	fault_count = fault_count + 1;
	CHECK_IS(mprotect(numbers, PAGES * 4096, PROT_READ | PROT_WRITE), 0);
	CHECK_IS(sem_post(&in_loop), 0);
}

static void *write_last(void *unused)
{
	CHECK_IS(sem_wait(&in_loop), 0);
	numbers[COUNT - 1] = 1;
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_handler = let_other_write};
	pthread_t thread;

	numbers = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	CHECK(numbers != MAP_FAILED);
	CHECK_IS(sem_init(&in_loop, 0, 0), 0);
	CHECK_IS(sigaction(SIGSEGV, &action, NULL), 0);
	CHECK_IS(pthread_create(&thread, NULL, write_last, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++)
		add_to_all(numbers, COUNT, 1);
	CHECK_IS(mprotect(numbers + COUNT / 2, PAGES * 4096 / 2, PROT_NONE), 0);
	add_to_all(numbers, COUNT, 1);
	CHECK_IS(pthread_join(thread, NULL), 0);
	CHECK_IS(fault_count, 1);
	return 0;
}

/* sem_open, sem_close and sem_unlink, in one process and between two. */
#include "../guest.h"

#include <semaphore.h>

static char name[64];

static void check_refusals(void)
{
	sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1u);

	CHECK(semaphore != SEM_FAILED);
	CHECK(sem_open(name, 0) == semaphore);
	errno = 0;
	CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 1u) == SEM_FAILED);
	CHECK_IS(errno, EEXIST);
	CHECK_IS(sem_wait(semaphore), 0);
	CHECK_FAILS(sem_trywait(semaphore), EAGAIN);
	CHECK_IS(sem_post(semaphore), 0);
	CHECK_IS(sem_close(semaphore), 0);
	CHECK_IS(sem_close(semaphore), 0);
	CHECK_IS(sem_unlink(name), 0);
	CHECK_FAILS(sem_unlink(name), ENOENT);
	errno = 0;
	CHECK(sem_open(name, 0) == SEM_FAILED);
	CHECK_IS(errno, ENOENT);
}

static void hand_to_and_fro(sem_t *mine, sem_t *yours)
{
	int i;

	for (i = 0; i < 200; i++) {
		while (sem_wait(mine))
			CHECK_IS(errno, EINTR);
		CHECK_IS(sem_post(yours), 0);
	}
}

static void check_two_processes(void)
{
	char other_name[sizeof(name) + 8];
	sem_t *mine, *yours;
	pid_t child;

	snprintf(other_name, sizeof(other_name), "%s-other", name);
	child = fork();
	mine = sem_open(name, O_CREAT, 0600, 0u);
	yours = sem_open(other_name, O_CREAT, 0600, 1u);
	CHECK(mine != SEM_FAILED);
	CHECK(yours != SEM_FAILED);
	if (!child) {
		hand_to_and_fro(yours, mine);
		_exit(4);
	}
	hand_to_and_fro(mine, yours);
	CHECK_IS(guest_wait_for(child), 4);
	CHECK_IS(sem_unlink(name), 0);
	CHECK_IS(sem_unlink(other_name), 0);
	CHECK_IS(sem_close(mine), 0);
	CHECK_IS(sem_close(yours), 0);
}

int main(void)
{
	sem_t *probe;

	snprintf(name, sizeof(name), "/guest-%d", (int)getpid());
	probe = sem_open(name, O_CREAT, 0600, 0u);
	if (probe == SEM_FAILED)
		return guest_skip("no /dev/shm");
	CHECK_IS(sem_unlink(name), 0);
	CHECK_IS(sem_close(probe), 0);
	check_refusals();
	check_two_processes();
	return guest_passed();
}

/*
 * Descriptors that one thread closes or replaces while another uses their numbers.  When
 * the other one has done so is asked of the kernel, in a way that orders nothing.
 *
 * snarl-expect: kinds=descriptor-race
 */
#include <sys/stat.h>

#include "../guest.h"

static int open_file(void)
{
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file < 0)
		exit(guest_skip("no unnamed files in /tmp"));
	return file;
}

static void await_text(int file)
{
	struct stat status = {0};

	while (status.st_size == 0)
		CHECK_IS(fstat(file, &status), 0);
}

static void *write_text(void *file)
{
	CHECK_IS(write(*(int *)file, "text", 4), 4);
	return NULL;
}

static void *close_after_text(void *file)
{
	await_text(*(int *)file);
	CHECK_IS(close(*(int *)file), 0);
	return NULL;
}

static void *replace_after_text(void *file)
{
	await_text(*(int *)file);
	CHECK_IS(dup2(STDOUT_FILENO, *(int *)file), *(int *)file);
	return NULL;
}

static void *write_after_close(void *file)
{
	while (fcntl(*(int *)file, F_GETFD) >= 0)
		sched_yield();
	CHECK_FAILS(write(*(int *)file, "text", 4), EBADF);
	return NULL;
}

static void *close_it(void *file)
{
	CHECK_IS(close(*(int *)file), 0);
	return NULL;
}

static void run_two(void *(*one)(void *), void *(*other)(void *))
{
	int file = open_file();
	pthread_t first = guest_start(one, &file);
	pthread_t second = guest_start(other, &file);

	guest_join(first);
	guest_join(second);
}

int main(void)
{
	run_two(write_text, close_after_text);
	run_two(write_text, replace_after_text);
	run_two(close_it, write_after_close);
	return guest_passed();
}

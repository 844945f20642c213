/*
 * select() with the limit of descriptors as the count, and sets that are smaller: the kernel looks
 * at no more than there are places for descriptors.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/select.h>

#define PAGE 4096

/* A set with nothing behind it. */
static fd_set *make_set(void)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	CHECK(page != MAP_FAILED);
	CHECK_IS(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
	return (fd_set *)(void *)(page + PAGE - sizeof(fd_set));
}

static void select_all(int count, int readable, int writable)
{
	static fd_set *read_set, *write_set;
	struct timeval none = {0, 0};
	struct timespec no_time = {0, 0};

	if (!read_set) {
		read_set = make_set();
		write_set = make_set();
	}
	FD_ZERO(read_set);
	FD_ZERO(write_set);
	FD_SET(readable, read_set);
	FD_SET(writable, write_set);
	CHECK_IS(select(count, read_set, write_set, NULL, &none), 2);
	CHECK(FD_ISSET(readable, read_set));
	CHECK(FD_ISSET(writable, write_set));
	CHECK_IS(pselect(count, read_set, NULL, NULL, &no_time, NULL), 1);
	FD_ZERO(read_set);
	CHECK_IS(pselect(count, read_set, write_set, NULL, &no_time, NULL), 1);
	CHECK_IS(select(count, NULL, write_set, NULL, &none), 1);
	CHECK_IS(select(count, read_set, NULL, NULL, &none), 0);
}

static void *select_often(void *ends)
{
	static const int counts[] = {FD_SETSIZE, 1 << 20, INT_MAX};
	int *pipe_ends = ends;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		select_all(counts[i], pipe_ends[0], pipe_ends[1]);
	return NULL;
}

int main(void)
{
	int ends[2];

	CHECK_IS(pipe(ends), 0);
	CHECK_IS(write(ends[1], "x", 1), 1);
	select_often(ends);
	guest_run_in_thread(select_often, ends);
	return guest_passed();
}

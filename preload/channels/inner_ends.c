#define _GNU_SOURCE
#include "preload/channels/inner_ends.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/kernel.h"
#include "detect/data/wait.h"
#include "preload/guest/process_id.h"

uint32_t inner_generation WRITTEN_IN_FORKS = 1;
uint32_t inner_ends[DESCRIPTORS_KEPT];

static void set_generation(int descriptor, uint32_t generation)
{
	/* relaxed: as in inner_is_end(). */
	if ((unsigned)descriptor < DESCRIPTORS_KEPT &&
	    load_relaxed(&inner_ends[descriptor]) != generation && !process_is_borrowed())
		store_relaxed(&inner_ends[descriptor], generation);
}

void inner_made(int first, int second)
{
	uint32_t generation = load_relaxed(&inner_generation); /* relaxed: as above */

	set_generation(first, generation);
	set_generation(second, generation);
}

void inner_forget(int descriptor)
{
	set_generation(descriptor, 0);
}

void inner_copied(int descriptor, int copy)
{
	/* relaxed: as above. */
	if ((unsigned)descriptor < DESCRIPTORS_KEPT)
		set_generation(copy, load_relaxed(&inner_ends[descriptor]));
}

void inner_shared(void)
{
	/* relaxed: the caller does not wait, so nobody takes this for a hang. */
	fetch_add_relaxed(&inner_generation, 1u);
}

/* Has the socket a limit to its waits? */
static bool is_timed(int descriptor)
{
	struct timeval limit = {0};
	socklen_t size_bytes = sizeof(limit);

	return kernel_call6(SYS_getsockopt, descriptor, SOL_SOCKET, SO_RCVTIMEO, (long)&limit,
			    (long)&size_bytes, 0) == 0 &&
	       (limit.tv_sec || limit.tv_usec);
}

/* Not so if the number was closed and opened anew by calls that are not observed. */
static bool is_pipe_or_socket(int descriptor)
{
	struct stat status;

	return kernel_call2(SYS_fstat, descriptor, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

bool inner_may_have_input(const struct detector *detector, const struct wait *wait)
{
	struct pollfd file = {.fd = (int)wait->number, .events = POLLIN};

	(void)detector;
	return !inner_is_end(file.fd) || kernel_call3(SYS_poll, &file, 1, 0) != 0 ||
	       kernel_call2(SYS_fcntl, file.fd, F_GETFL) & O_NONBLOCK ||
	       !is_pipe_or_socket(file.fd) || is_timed(file.fd);
}

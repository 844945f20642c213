#include "inspect/peers/polled.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "inspect/process/procfs.h"

#define EPOLL_TEXT_BYTES 65536u

static void add(struct polled_list *list, int descriptor, bool is_read)
{
	if (list->count < POLLED_MAX)
		list->rows[list->count++] = (struct polled){descriptor, is_read};
}

/* The rows stay as the program wrote them until the call returns. */
static void read_poll(struct target *target, const uint64_t *arguments, struct polled_list *list)
{
	static struct pollfd rows[POLLED_MAX];
	uint64_t count = arguments[1] < POLLED_MAX ? arguments[1] : POLLED_MAX;

	if (!target_read(target, arguments[0], rows, count * sizeof(*rows)))
		return;
	for (uint64_t i = 0; i < count; i++)
		if (rows[i].fd >= 0)
			add(list, rows[i].fd, rows[i].events & (POLLIN | POLLPRI | POLLRDHUP));
}

static void read_select(struct target *target, const uint64_t *arguments, struct polled_list *list)
{
	uint64_t count = arguments[0] < FD_SETSIZE ? arguments[0] : FD_SETSIZE;
	fd_set sets[2];

	for (int i = 0; i < 2; i++)
		if (!arguments[1 + i] ||
		    !target_read(target, arguments[1 + i], &sets[i], (count + 63) / 64 * 8))
			memset(&sets[i], 0, sizeof(sets[i]));
	for (uint64_t i = 0; i < count; i++)
		for (int j = 0; j < 2; j++)
			if (FD_ISSET(i, &sets[j]))
				add(list, (int)i, j == 0);
}

/* Lines "tfd: 5 events: 19 data: 5 ..." */
static void read_epoll(const struct target *target, const uint64_t *arguments,
		       struct polled_list *list)
{
	static char text[EPOLL_TEXT_BYTES];
	char name[64];
	unsigned events;
	int descriptor;

	(void)snprintf(name, sizeof(name), "fdinfo/%d", (int)arguments[0]);
	if (procfs_read(target->pid, name, text, sizeof(text)) <= 0)
		return;
	for (char *line = text; line; line = strchr(line + 1, '\n'))
		if (sscanf(line, " tfd: %d events: %x", &descriptor, &events) == 2)
			add(list, descriptor, events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP));
}

bool polled_find(struct target *target, const struct target_thread *thread,
		 struct polled_list *list)
{
	const uint64_t *arguments = thread->arguments;

	list->count = 0;
	switch (thread->call) {
	case SYS_poll:
		read_poll(target, arguments, list);
		list->is_timed = (int)arguments[2] >= 0;
		return true;
	case SYS_ppoll:
		read_poll(target, arguments, list);
		list->is_timed = arguments[2] != 0;
		return true;
	case SYS_select:
	case SYS_pselect6:
		read_select(target, arguments, list);
		list->is_timed = arguments[4] != 0;
		return true;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		read_epoll(target, arguments, list);
		list->is_timed = (int)arguments[3] >= 0;
		return true;
	default:
		return false;
	}
}

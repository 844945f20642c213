/*
 * Calls on descriptors and streams have their native results while several threads are
 * alive: lengths, ends of files, errors with their errno, numbers used again for another
 * file, children that share our memory, and cancellation in a read.
 */
#include "../guest.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>

static atomic_int reader_id, is_cleaned;
static int ends[2];

static void *stay_inside(void *argument)
{
	char byte;

	CHECK_IS(read(*(int *)argument, &byte, 1), 0);
	return NULL;
}

static void check_errors(void)
{
	char byte;
	int pair[2];

	CHECK_FAILS(read(-1, &byte, 1), EBADF);
	CHECK_FAILS(write(-1, &byte, 1), EBADF);
	CHECK_FAILS(read(70000, &byte, 1), EBADF);
	CHECK_FAILS(close(-1), EBADF);
	CHECK_FAILS(close(70000), EBADF);
	CHECK_FAILS(dup(-1), EBADF);
	CHECK_FAILS(dup2(-1, 5), EBADF);
	CHECK_FAILS(dup3(1, 1, 0), EINVAL);
	CHECK_IS(dup2(1, 1), 1);
	CHECK_FAILS(epoll_ctl(-1, EPOLL_CTL_DEL, 0, NULL), EBADF);
	CHECK_FAILS(send(0, &byte, 1, 0), ENOTSOCK);
	CHECK_FAILS(fcntl(0, F_SETLKW, (struct flock *)8), EFAULT);
	CHECK_IS(pipe2(pair, O_NONBLOCK), 0);
	CHECK_FAILS(read(pair[0], &byte, 1), EAGAIN);
	errno = EDOM;
	CHECK_IS(write(pair[1], "x", 1), 1);
	CHECK_IS(read(pair[0], &byte, 1), 1);
	CHECK_IS(close(pair[0]), 0);
	CHECK_IS(errno, EDOM);
	CHECK_IS(close(pair[1]), 0);
}

/* One number for a pipe, a file, an eventfd, a socket and a pipe in turn. */
static void check_reused_numbers(void)
{
	char text[8] = "";
	uint64_t count = 3;
	int pair[2], file, event;

	for (int round = 0; round < 100; round++) {
		CHECK_IS(pipe(pair), 0);
		CHECK_IS(write(pair[1], "pipe", 4), 4);
		CHECK_IS(read(pair[0], text, sizeof(text)), 4);
		CHECK_IS(close(pair[0]), 0);
		CHECK_IS(close(pair[1]), 0);
		file = open("/dev/null", O_RDWR);
		CHECK_IS(file, pair[0]);
		CHECK_IS(write(file, text, 4), 4);
		CHECK_IS(read(file, text, 4), 0);
		CHECK_IS(close(file), 0);
		event = eventfd(0, EFD_NONBLOCK);
		CHECK_IS(event, pair[0]);
		CHECK_IS(eventfd_write(event, count), 0);
		CHECK_IS(eventfd_read(event, &count), 0);
		CHECK_IS(count, 3);
		CHECK_FAILS(eventfd_read(event, &count), EAGAIN);
		CHECK_IS(close_range((unsigned)event, (unsigned)event, 0), 0);
		CHECK_IS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		CHECK_IS(pair[0], event);
		CHECK_IS(send(pair[0], "socket", 6, 0), 6);
		CHECK_IS(recv(pair[1], text, sizeof(text), 0), 6);
		CHECK_IS(shutdown(pair[0], SHUT_WR), 0);
		CHECK_IS(recv(pair[1], text, sizeof(text), 0), 0);
		CHECK_IS(dup2(pair[1], pair[0]), pair[0]);
		CHECK_IS(close(pair[0]), 0);
		CHECK_IS(close(pair[1]), 0);
	}
}

static void check_streams(void)
{
	char line[32], *grown = NULL;
	size_t room = 0;
	int pair[2], whole;
	double real;
	FILE *in, *out, *memory;

	CHECK_IS(pipe(pair), 0);
	in = fdopen(pair[0], "r");
	out = fdopen(pair[1], "w");
	CHECK_IS(fprintf(out, "%s %d %.3f %Lf\n", "a", 1, 2.5, 3.5L), 19);
	CHECK_IS(fputs("7 8.25\n", out), 1);
	CHECK_IS(fputc('x', out), 'x');
	CHECK_IS(putc('\n', out), '\n');
	CHECK_IS(fwrite("abcd", 2, 2, out), 2);
	CHECK_IS(fclose(out), 0);
	CHECK(fgets(line, sizeof(line), in) == line);
	CHECK_IS(strcmp(line, "a 1 2.500 3.500000\n"), 0);
	CHECK_IS(fscanf(in, "%d %lf\n", &whole, &real), 2);
	CHECK(whole == 7 && real == 8.25);
	CHECK_IS(getline(&grown, &room, in), 2);
	CHECK_IS(getc(in), 'a');
	CHECK_IS(ungetc('a', in), 'a');
	CHECK_IS(fread(line, 1, sizeof(line), in), 4);
	CHECK_IS(fgetc(in), EOF);
	CHECK(feof(in));
	CHECK_IS(fclose(in), 0);
	free(grown);
	grown = NULL;
	memory = open_memstream(&grown, &room);
	CHECK_IS(fputs("text", memory), 1);
	CHECK_IS(fclose(memory), 0);
	CHECK_IS(room, 4);
	free(grown);
	CHECK_IS(dprintf(STDOUT_FILENO, "%.1f\n", 0.5), 4);
}

static void check_waits(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 42};
	struct timeval none = {0, 0};
	int pair[2], watcher;
	fd_set set;

	CHECK_IS(pipe(pair), 0);
	watcher = epoll_create1(0);
	CHECK_IS(epoll_ctl(watcher, EPOLL_CTL_ADD, pair[0], &event), 0);
	CHECK_FAILS(epoll_ctl(watcher, EPOLL_CTL_ADD, pair[0], &event), EEXIST);
	CHECK_IS(epoll_wait(watcher, &event, 1, 0), 0);
	CHECK_IS(poll(&(struct pollfd){.fd = pair[0], .events = POLLIN}, 1, 0), 0);
	CHECK_IS(write(pair[1], "x", 1), 1);
	event.data.u64 = 0;
	CHECK_IS(epoll_wait(watcher, &event, 1, 0), 1);
	CHECK_IS(event.data.u64, 42);
	FD_ZERO(&set);
	FD_SET(pair[0], &set);
	CHECK_IS(select(pair[0] + 1, &set, NULL, NULL, &none), 1);
	CHECK(FD_ISSET(pair[0], &set));
	CHECK_IS(close(watcher), 0);
	CHECK_IS(close(pair[0]), 0);
	CHECK_IS(close(pair[1]), 0);
}

/* What it closes and copies are numbers of its own. */
static void check_vfork(void)
{
	int pair[2], event = eventfd(0, 0);
	uint64_t count = 1;
	pid_t child;
	char byte;

	CHECK_IS(pipe(pair), 0);
	child = vfork();
	if (child == 0) {
		dup2(pair[1], event);
		close(pair[0]);
		_exit(write(event, "x", 1) == 1 ? 0 : 1);
	}
	CHECK_IS(guest_wait_for(child), 0);
	CHECK_IS(read(pair[0], &byte, 1), 1);
	CHECK_IS(write(event, &count, sizeof(count)), sizeof(count));
	CHECK_IS(read(event, &count, sizeof(count)), sizeof(count));
	CHECK_IS(close(event), 0);
	CHECK_IS(close(pair[0]), 0);
	CHECK_IS(close(pair[1]), 0);
}

static void pass_cleanly(void *argument)
{
	(void)argument;
	atomic_store(&is_cleaned, 1);
}

static void *read_for_ever(void *argument)
{
	char byte;

	pthread_cleanup_push(pass_cleanly, argument);
	atomic_store(&reader_id, gettid());
	while (read(ends[0], &byte, 1) >= 0)
		;
	pthread_cleanup_pop(1);
	return NULL;
}

static void check_cancellation(void)
{
	pthread_t reader;

	CHECK_IS(pipe(ends), 0);
	reader = guest_start(read_for_ever, NULL);
	while (!atomic_load(&reader_id))
		sched_yield();
	guest_await_sleep(atomic_load(&reader_id));
	CHECK_IS(pthread_cancel(reader), 0);
	CHECK(guest_join(reader) == PTHREAD_CANCELED);
	CHECK_IS(atomic_load(&is_cleaned), 1);
	CHECK_IS(close(ends[0]), 0);
	CHECK_IS(close(ends[1]), 0);
}

/* Twice as many as are kept when nobody has them. */
static void check_many(void)
{
	for (int i = 0; i < 5000; i++) {
		int pair[2];
		char byte;

		CHECK_IS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		CHECK_IS(write(pair[0], "x", 1), 1);
		CHECK_IS(read(pair[1], &byte, 1), 1);
		CHECK_IS(close(pair[0]), 0);
		CHECK_IS(close(pair[1]), 0);
	}
}

int main(void)
{
	int company[2];
	pthread_t other;

	CHECK_IS(pipe(company), 0);
	other = guest_start(stay_inside, &company[0]);
	check_errors();
	check_reused_numbers();
	check_streams();
	check_waits();
	check_vfork();
	check_cancellation();
	check_many();
	CHECK_IS(close(company[1]), 0);
	guest_join(other);
	return guest_passed();
}

/*
 * Reads that look like hangs, as all other threads wait, and are none: another process
 * has the other end (forked, executed, passed by a message), the read is limited, does
 * not block or has nothing to read.
 *
 * guest-bare: yes
 */
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../guest.h"

extern char **environ;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_over;

static void *wait_for_end(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	while (!is_over)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void end(void)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	is_over = 1;
	CHECK_IS(pthread_cond_signal(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

/* A child of fork writes once its parent sleeps. */
static void read_from_child(void)
{
	char byte;
	int ends[2];
	pid_t child;

	CHECK_IS(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		guest_await_sleep(getppid());
		_exit(write(ends[1], "", 1) != 1);
	}
	CHECK_IS(read(ends[0], &byte, 1), 1);
	CHECK_IS(guest_wait_for(child), 0);
}

/* An executed program has the end as its standard output. */
static void read_from_program(void)
{
	char *arguments[] = {"echo", NULL};
	posix_spawn_file_actions_t actions;
	char byte;
	int ends[2];
	pid_t child;

	CHECK_IS(pipe2(ends, O_CLOEXEC), 0);
	CHECK_IS(posix_spawn_file_actions_init(&actions), 0);
	CHECK_IS(posix_spawn_file_actions_adddup2(&actions, ends[1], 1), 0);
	CHECK_IS(posix_spawnp(&child, "echo", &actions, NULL, arguments, environ), 0);
	CHECK_IS(read(ends[0], &byte, 1), 1);
	CHECK_IS(guest_wait_for(child), 0);
}

static void send_descriptor(int socket, int descriptor)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {"", 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(descriptor));
	CHECK_IS(sendmsg(socket, &message, 0), 1);
}

static int receive_descriptor(int socket)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof(room)};
	int descriptor;

	CHECK_IS(recvmsg(socket, &message, 0), 1);
	memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(descriptor));
	return descriptor;
}

/* A child gets the end of a pipe that is younger than it is. */
static void read_from_receiver(void)
{
	int sockets[2], ends[2];
	char byte;
	pid_t child;

	CHECK_IS(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	child = fork();
	if (child == 0) {
		int end = receive_descriptor(sockets[1]);

		guest_await_sleep(getppid());
		_exit(write(end, "", 1) != 1);
	}
	CHECK_IS(pipe(ends), 0);
	send_descriptor(sockets[0], ends[1]);
	CHECK_IS(read(ends[0], &byte, 1), 1);
	CHECK_IS(guest_wait_for(child), 0);
}

/* No process but this one has an end, but nothing waits for ever. */
static void read_without_waiting(void)
{
	struct timeval limit = {.tv_usec = 1000};
	struct iovec nothing = {NULL, 0};
	int ends[2], sockets[2];
	char byte;

	CHECK_IS(pipe(ends), 0);
	CHECK_IS(read(ends[0], &byte, 0), 0);
	CHECK_IS(readv(ends[0], &nothing, 1), 0);
	CHECK_IS(write(ends[1], "", 1), 1);
	CHECK_IS(read(ends[0], &byte, 1), 1);
	CHECK_IS(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	CHECK_FAILS(read(ends[0], &byte, 1), EAGAIN);
	CHECK_IS(close(ends[1]), 0);
	CHECK_IS(read(ends[0], &byte, 1), 0);
	CHECK_IS(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	CHECK_FAILS(recv(sockets[0], &byte, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_IS(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	CHECK_FAILS(recv(sockets[0], &byte, 1, 0), EAGAIN);
	CHECK_IS(shutdown(sockets[1], SHUT_WR), 0);
	CHECK_IS(recv(sockets[0], &byte, 1, 0), 0);
}

int main(void)
{
	pthread_t waiter = guest_start(wait_for_end, NULL);

	read_without_waiting();
	read_from_child();
	read_from_program();
	read_from_receiver();
	end();
	guest_join(waiter);
	return guest_passed();
}

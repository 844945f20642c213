/* Waits of each kind, one by the name that is given; the program does not end by itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t page_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t both_are_there, three_come;
static unsigned word;

/* Of @protocol and @robustness, held by a thread that sleeps. */
static void init_lock(int type, int protocol, int robustness)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, type);
	pthread_mutexattr_setprotocol(&attributes, protocol);
	pthread_mutexattr_setrobust(&attributes, robustness);
	pthread_mutex_init(&lock, &attributes);
}

static void *hold(void *unused)
{
	pthread_mutex_lock(&lock);
	pthread_rwlock_wrlock(&page_lock);
	word = (unsigned)syscall(SYS_gettid);
	pthread_barrier_wait(&both_are_there);
	pause();
	return unused;
}

static void *leave_locked(void *unused)
{
	pthread_mutex_lock(&lock);
	return unused;
}

static void start(void *(*body)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, body, NULL);
	if (body == hold)
		pthread_barrier_wait(&both_are_there);
	else
		pthread_join(thread, NULL);
}

static void *take_other_way(void *unused)
{
	struct timespec late = {4000000000, 0};

	pthread_mutex_lock(&other_lock);
	pthread_barrier_wait(&both_are_there);
	pthread_mutex_timedlock(&lock, &late);
	return unused;
}

static void wait_in_time(void)
{
	pthread_t thread;

	pthread_mutex_lock(&lock);
	pthread_create(&thread, NULL, take_other_way, NULL);
	pthread_barrier_wait(&both_are_there);
	pthread_mutex_lock(&other_lock);
}

/* A child that has what @ready tells of, and ends with us. */
static void start_child(const char *path, const int ends[2])
{
	char byte = 0;
	int pipe_ends[2];

	if (pipe(pipe_ends))
		exit(1);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		if (path)
			flock(open(path, O_RDWR | O_CREAT, 0600), LOCK_EX);
		if (write(pipe_ends[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	if (read(pipe_ends[0], &byte, 1) != 1)
		exit(1);
}

static void wait_for_file(void)
{
	const int none[2] = {-1, -1};

	start_child("file", none);
	flock(open("file", O_RDWR), LOCK_EX);
}

static void wait_for_socket(void)
{
	char byte;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		exit(1);
	start_child(NULL, ends);
	close(ends[1]);
	if (read(ends[0], &byte, 1) < 0)
		exit(1);
}

/* The other end of what is polled is a child's, that of the second one our own. */
static void poll_by(const char *name)
{
	int theirs[2], ours[2];
	struct pollfd rows[2];
	struct epoll_event event = {.events = EPOLLIN};
	fd_set set;

	if (pipe(theirs) || pipe(ours))
		exit(1);
	start_child(NULL, theirs);
	close(theirs[1]);
	rows[0] = (struct pollfd){.fd = theirs[0], .events = POLLIN};
	rows[1] = (struct pollfd){.fd = ours[0], .events = POLLIN};
	FD_ZERO(&set);
	FD_SET(theirs[0], &set);
	if (!strcmp(name, "poll"))
		poll(rows, 2, -1);
	else if (!strcmp(name, "select"))
		select(theirs[0] + 1, &set, NULL, NULL, NULL);
	else {
		int epoll = epoll_create1(0);

		epoll_ctl(epoll, EPOLL_CTL_ADD, theirs[0], &event);
		epoll_wait(epoll, &event, 1, -1);
	}
}

static void fill_pipe(void)
{
	static const char bytes[4096];
	int ends[2];

	if (pipe(ends))
		exit(1);
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		;
}

static void listen_for_nobody(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int end = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(end, (struct sockaddr *)&address, sizeof(address)) || listen(end, 1))
		exit(1);
	accept(end, NULL, NULL);
}

static void wait_for_signal_in_time(void)
{
	static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
	struct timespec later;

	clock_gettime(CLOCK_REALTIME, &later);
	later.tv_sec += 3600;
	pthread_mutex_lock(&other_lock);
	pthread_cond_timedwait(&arrived, &other_lock, &later);
}

static void wait_for_mutex(int type, int protocol, int robustness)
{
	init_lock(type, protocol, robustness);
	start(hold);
	pthread_mutex_lock(&lock);
}

int main(int count, char **arguments)
{
	const char *name = count > 1 ? arguments[1] : "";

	pthread_barrier_init(&both_are_there, NULL, 2);
	pthread_barrier_init(&three_come, NULL, 3);
	if (!strcmp(name, "recursive"))
		wait_for_mutex(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
	if (!strcmp(name, "checking"))
		wait_for_mutex(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
	if (!strcmp(name, "adaptive"))
		wait_for_mutex(PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
	if (!strcmp(name, "inheriting"))
		wait_for_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
	if (!strcmp(name, "robust"))
		wait_for_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
	if (!strcmp(name, "written")) {
		start(hold);
		pthread_rwlock_rdlock(&page_lock);
	}
	if (!strcmp(name, "word")) {
		start(hold);
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, word, NULL, NULL, 0);
	}
	if (!strcmp(name, "ended")) {
		start(leave_locked);
		pthread_mutex_lock(&lock);
	}
	if (!strcmp(name, "barrier"))
		pthread_barrier_wait(&three_come);
	if (!strcmp(name, "timed"))
		wait_in_time();
	if (!strcmp(name, "condition"))
		wait_for_signal_in_time();
	if (!strcmp(name, "file"))
		wait_for_file();
	if (!strcmp(name, "socket"))
		wait_for_socket();
	if (!strcmp(name, "poll") || !strcmp(name, "select") || !strcmp(name, "epoll"))
		poll_by(name);
	if (!strcmp(name, "full"))
		fill_pipe();
	if (!strcmp(name, "listens"))
		listen_for_nobody();
	return 0;
}

/*
 * Two threads take two locks in opposite orders, one after the other: the second
 * waits for what the first one sends by the way that the argument names.  So the
 * finding is a warning and no error: it is known what ordered them.  The number that
 * both change is no race.
 *
 * snarl-expect: status=0 kinds=lock-order-inversion
 * guest-run: pipe
 * guest-run: pipe_copied
 * guest-run: pipe_end
 * guest-run: pipe_vector
 * guest-run: fifo
 * guest-run: stream
 * guest-run: stream_line
 * guest-run: socketpair
 * guest-run: socketpair_back
 * guest-run: datagrams
 * guest-run: unix_stream
 * guest-run: unix_abstract
 * guest-run: tcp
 * guest-run: tcp_back
 * guest-run: tcp_six
 * guest-run: tcp_connect
 * guest-run: udp
 * guest-run: eventfd
 * guest-run: eventfd_copied
 * guest-run: eventfd_polled
 * guest-run: eventfd_selected
 * guest-run: eventfd_epoll
 * guest-run: eventfd_epoll_many
 * guest-run: timerfd
 * guest-run: splice
 * guest-run: queue
 * guest-run: futex
 * guest-run: futex_requeue
 * guest-run: sigwait
 * guest-run: signalfd
 * guest-run: timer_thread
 */
#include "../guest.h"

#include <arpa/inet.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

struct way {
	const char *name;
	void (*begin)(void);
	void (*send)(void);
	void (*receive)(void);
};

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static int in, out;
static int number = 1;
static FILE *reader, *writer;
static char byte;

static void send_byte(void)
{
	CHECK_IS(write(out, "x", 1), 1);
}
static void receive_byte(void)
{
	CHECK_IS(read(in, &byte, 1), 1);
}

/* --- Pipes ---------------------------------------------------------------------- */

static void begin_pipe(void)
{
	int ends[2];

	CHECK_IS(pipe(ends), 0);
	in = ends[0];
	out = ends[1];
}

static void begin_copied(void)
{
	begin_pipe();
	CHECK_IS(dup2(out, 100), 100);
	CHECK_IS(close(out), 0);
	out = fcntl(100, F_DUPFD, 200);
	CHECK_IS(out, 200);
	in = dup(in);
}

static void send_end(void)
{
	CHECK_IS(close(out), 0);
}
static void receive_end(void)
{
	CHECK_IS(read(in, &byte, 1), 0);
}

static void send_vector(void)
{
	struct iovec parts[] = {{(char[]){'a'}, 1}, {(char[]){'b'}, 1}};

	CHECK_IS(writev(out, parts, 2), 2);
}

static void receive_vector(void)
{
	char more;
	struct iovec parts[] = {{&byte, 1}, {&more, 1}};

	CHECK_IS(readv(in, parts, 2), 2);
}

static void begin_fifo(void)
{
	CHECK_IS(mkfifo("fifo", 0600), 0);
	in = open("fifo", O_RDWR);
	out = open("fifo", O_WRONLY);
	CHECK(in >= 0 && out >= 0);
}

static void begin_streams(void)
{
	begin_pipe();
	reader = fdopen(in, "r");
	writer = fdopen(out, "w");
	CHECK(reader && writer);
}

static void send_stream(void)
{
	CHECK_IS(fputc('x', writer), 'x');
	CHECK_IS(fflush(writer), 0);
}

static void receive_stream(void)
{
	CHECK_IS(fgetc(reader), 'x');
}

static void send_line(void)
{
	CHECK_IS(fprintf(writer, "%d %.2f\n", 7, 1.5), 7);
	CHECK_IS(fclose(writer), 0);
}

static void receive_line(void)
{
	char line[16];

	CHECK(fgets(line, sizeof(line), reader) == line);
	CHECK_IS(strcmp(line, "7 1.50\n"), 0);
}

static void receive_splice(void)
{
	int ends[2];

	CHECK_IS(pipe(ends), 0);
	CHECK_IS(splice(in, NULL, ends[1], NULL, 1, 0), 1);
}

/* --- Sockets -------------------------------------------------------------------- */

static void begin_pair(int type)
{
	int ends[2];

	CHECK_IS(socketpair(AF_UNIX, type, 0, ends), 0);
	in = ends[0];
	out = ends[1];
}

static void take_turn(void)
{
	int swapped = in;

	in = out;
	out = swapped;
}

static void begin_socketpair(void)
{
	begin_pair(SOCK_STREAM);
}
static void begin_datagrams(void)
{
	begin_pair(SOCK_DGRAM);
}

static void begin_socketpair_back(void)
{
	begin_socketpair();
	take_turn();
}

static void send_message(void)
{
	struct iovec part = {(char[]){'x'}, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	CHECK_IS(sendmsg(out, &message, 0), 1);
}

static void receive_message(void)
{
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	CHECK_IS(recvmsg(in, &message, 0), 1);
}

/* 'in' is the accepted end. */
static void begin_connection(struct sockaddr *address, socklen_t size_bytes)
{
	int listener = socket(address->sa_family, SOCK_STREAM, 0);

	CHECK_IS(bind(listener, address, size_bytes), 0);
	CHECK_IS(listen(listener, 1), 0);
	if (address->sa_family != AF_UNIX)
		CHECK_IS(getsockname(listener, address, &size_bytes), 0);
	out = socket(address->sa_family, SOCK_STREAM, 0);
	CHECK_IS(connect(out, address, size_bytes), 0);
	in = accept(listener, NULL, NULL);
	CHECK(in >= 0);
	CHECK_IS(close(listener), 0);
}

static void begin_unix(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};

	begin_connection((struct sockaddr *)&address, sizeof(address));
}

static void begin_abstract(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "hand_overs.%d",
		 (int)getpid());
	begin_connection((struct sockaddr *)&address,
			 (socklen_t)(sizeof(sa_family_t) + 1 + strlen(address.sun_path + 1)));
}

static struct sockaddr_in loopback = {.sin_family = AF_INET};

static void begin_tcp(void)
{
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	begin_connection((struct sockaddr *)&loopback, sizeof(loopback));
}

static void begin_tcp_back(void)
{
	begin_tcp();
	take_turn();
}

static void begin_tcp_six(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int probe = socket(AF_INET6, SOCK_STREAM, 0);

	if (probe < 0 || bind(probe, (struct sockaddr *)&address, sizeof(address)) != 0) {
		begin_tcp();
		return;
	}
	close(probe);
	begin_connection((struct sockaddr *)&address, sizeof(address));
}

static void send_part(void)
{
	CHECK_IS(send(out, "x", 1, 0), 1);
}
static void receive_part(void)
{
	CHECK_IS(recv(in, &byte, 1, 0), 1);
}

static void begin_listener(void)
{
	socklen_t size_bytes = sizeof(loopback);

	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_IS(bind(in, (struct sockaddr *)&loopback, size_bytes), 0);
	CHECK_IS(listen(in, 1), 0);
	CHECK_IS(getsockname(in, (struct sockaddr *)&loopback, &size_bytes), 0);
}

static void send_connection(void)
{
	out = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_IS(connect(out, (struct sockaddr *)&loopback, sizeof(loopback)), 0);
}

static void receive_connection(void)
{
	CHECK(accept(in, NULL, NULL) >= 0);
}

static void begin_udp(void)
{
	socklen_t size_bytes = sizeof(loopback);

	loopback.sin_addr.s_addr = htonl(INADDR_ANY);
	in = socket(AF_INET, SOCK_DGRAM, 0);
	out = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_IS(bind(in, (struct sockaddr *)&loopback, size_bytes), 0);
	CHECK_IS(getsockname(in, (struct sockaddr *)&loopback, &size_bytes), 0);
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void send_udp(void)
{
	CHECK_IS(sendto(out, "x", 1, 0, (struct sockaddr *)&loopback, sizeof(loopback)), 1);
}

static void receive_udp(void)
{
	CHECK_IS(recvfrom(in, &byte, 1, 0, NULL, NULL), 1);
}

/* --- Without a name ----------------------------------------------------------------- */

static void begin_eventfd(void)
{
	in = out = eventfd(0, 0);
	CHECK(in >= 0);
}

static void begin_eventfd_copied(void)
{
	begin_eventfd();
	out = fcntl(in, F_DUPFD_CLOEXEC, 150);
	in = dup3(in, 120, O_CLOEXEC);
}

static void send_event(void)
{
	uint64_t one = 1;

	CHECK_IS(write(out, &one, sizeof(one)), sizeof(one));
}

static void receive_event(void)
{
	uint64_t count;

	CHECK_IS(read(in, &count, sizeof(count)), sizeof(count));
	CHECK_IS(count, 1);
}

/* The event itself is never read. */
static void receive_polled(void)
{
	struct pollfd files[] = {{.fd = -1, .events = POLLIN}, {.fd = in, .events = POLLIN}};

	CHECK_IS(poll(files, 2, -1), 1);
	CHECK_IS(files[1].revents, POLLIN);
}

static void receive_selected(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(in, &set);
	CHECK_IS(select(in + 1, &set, NULL, NULL, NULL), 1);
}

static int watchers[8];

static void add_watcher(unsigned i)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	watchers[i] = epoll_create1(EPOLL_CLOEXEC);
	CHECK(watchers[i] >= 0);
	CHECK_IS(epoll_ctl(watchers[i], EPOLL_CTL_ADD, in, &event), 0);
}

static void begin_epoll(void)
{
	begin_eventfd();
	add_watcher(0);
}

static void begin_epoll_many(void)
{
	begin_eventfd();
	for (unsigned i = 8; i-- > 0;)
		add_watcher(i);
}

static void receive_epoll(void)
{
	struct epoll_event event;

	CHECK_IS(epoll_wait(watchers[0], &event, 1, -1), 1);
}

static void begin_timer(void)
{
	in = out = timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK(in >= 0);
}

static void send_timer(void)
{
	struct itimerspec soon = {.it_value = {0, 1}};

	CHECK_IS(timerfd_settime(out, 0, &soon, NULL), 0);
}

static mqd_t queue;

static void begin_queue(void)
{
	struct mq_attr facts = {.mq_maxmsg = 1, .mq_msgsize = 1};
	char name[32];

	snprintf(name, sizeof(name), "/hand_overs.%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &facts);
	if (queue == (mqd_t)-1) { /* none here: show the pipe once more */
		begin_pipe();
		return;
	}
	mq_unlink(name);
}

static void send_queue(void)
{
	if (out)
		send_byte();
	else
		CHECK_IS(mq_send(queue, "x", 1, 0), 0);
}

static void receive_queue(void)
{
	if (in)
		receive_byte();
	else
		CHECK_IS(mq_receive(queue, &byte, 1, NULL), 1);
}

/* --- Futexes and signals --------------------------------------------------------------- */

static atomic_int word, other;

static void send_wake(void)
{
	atomic_store(&word, 1);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void send_requeue(void)
{
	atomic_store(&word, 1);
	syscall(SYS_futex, &word, FUTEX_REQUEUE_PRIVATE, 1, 1, &other, 0);
}

/* Comes too late to sleep, or is woken. */
static void receive_wake(void)
{
	errno = 0;
	while (!atomic_load(&word))
		CHECK(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == 0 ||
		      errno == EAGAIN || errno == EINTR);
	/* Whoever did not sleep says so. */
	CHECK_FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EAGAIN);
}

static sigset_t signals;

static void begin_signals(void)
{
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	CHECK_IS(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	in = signalfd(-1, &signals, SFD_CLOEXEC);
	CHECK(in >= 0);
}

static void send_signal(void)
{
	CHECK_IS(kill(getpid(), SIGUSR1), 0);
}

static void receive_signal(void)
{
	int number;

	CHECK_IS(sigwait(&signals, &number), 0);
	CHECK_IS(number, SIGUSR1);
}

static void receive_signalfd(void)
{
	struct signalfd_siginfo told;

	CHECK_IS(read(in, &told, sizeof(told)), sizeof(told));
	CHECK_IS(told.ssi_signo, SIGUSR1);
}

/* The thread that libc makes for a timer passes it on. */
static void handle_expiry(union sigval value)
{
	pthread_mutex_lock(value.sival_ptr);
	pthread_mutex_unlock(value.sival_ptr);
	send_byte();
}

static void send_timer_thread(void)
{
	static pthread_mutex_t any = PTHREAD_MUTEX_INITIALIZER;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD,
				 .sigev_value.sival_ptr = &any,
				 .sigev_notify_function = handle_expiry};
	struct itimerspec soon = {.it_value = {0, 1}};
	timer_t timer;

	CHECK_IS(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	CHECK_IS(timer_settime(timer, 0, &soon, NULL), 0);
}

static const struct way ways[] = {
	{"pipe", begin_pipe, send_byte, receive_byte},
	{"pipe_copied", begin_copied, send_byte, receive_byte},
	{"pipe_end", begin_pipe, send_end, receive_end},
	{"pipe_vector", begin_pipe, send_vector, receive_vector},
	{"fifo", begin_fifo, send_byte, receive_byte},
	{"stream", begin_streams, send_stream, receive_stream},
	{"stream_line", begin_streams, send_line, receive_line},
	{"socketpair", begin_socketpair, send_byte, receive_byte},
	{"socketpair_back", begin_socketpair_back, send_message, receive_message},
	{"datagrams", begin_datagrams, send_part, receive_part},
	{"unix_stream", begin_unix, send_byte, receive_byte},
	{"unix_abstract", begin_abstract, send_byte, receive_byte},
	{"tcp", begin_tcp, send_byte, receive_byte},
	{"tcp_back", begin_tcp_back, send_part, receive_part},
	{"tcp_six", begin_tcp_six, send_byte, receive_byte},
	{"tcp_connect", begin_listener, send_connection, receive_connection},
	{"udp", begin_udp, send_udp, receive_udp},
	{"eventfd", begin_eventfd, send_event, receive_event},
	{"eventfd_copied", begin_eventfd_copied, send_event, receive_event},
	{"eventfd_polled", begin_eventfd, send_event, receive_polled},
	{"eventfd_selected", begin_eventfd, send_event, receive_selected},
	{"eventfd_epoll", begin_epoll, send_event, receive_epoll},
	{"eventfd_epoll_many", begin_epoll_many, send_event, receive_epoll},
	{"timerfd", begin_timer, send_timer, receive_event},
	{"splice", begin_pipe, send_byte, receive_splice},
	{"queue", begin_queue, send_queue, receive_queue},
	{"futex", begin_pipe, send_wake, receive_wake},
	{"futex_requeue", begin_pipe, send_requeue, receive_wake},
	{"sigwait", begin_signals, send_signal, receive_signal},
	{"signalfd", begin_signals, send_signal, receive_signalfd},
	{"timer_thread", begin_pipe, send_timer_thread, receive_byte},
};

static void take_both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

static void *run_sender(void *argument)
{
	const struct way *way = argument;

	take_both(&first, &second);
	number += 2;
	way->send();
	return NULL;
}

static void *run_receiver(void *argument)
{
	const struct way *way = argument;

	way->receive();
	number *= 3;
	take_both(&second, &first);
	return NULL;
}

int main(int count, char **arguments)
{
	for (size_t i = 0; count > 1 && i < sizeof(ways) / sizeof(*ways); i++) {
		struct way *way = (struct way *)&ways[i];
		pthread_t receiver;

		if (strcmp(way->name, arguments[1]) != 0)
			continue;
		way->begin();
		receiver = guest_start(run_receiver, way);
		guest_run_in_thread(run_sender, way);
		guest_join(receiver);
		CHECK_IS(number, 9);
		return guest_passed();
	}
	return guest_skip("no such way");
}

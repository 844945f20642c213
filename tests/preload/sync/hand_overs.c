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
#include "hand_over.h"

#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

static FILE *reader, *writer;

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

int main(int count, char **arguments)
{
	return hand_over(ways, sizeof(ways) / sizeof(*ways), count > 1 ? arguments[1] : NULL);
}

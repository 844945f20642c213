/*
 * RULES, 'Happens-before': what the kernel orders.  Descriptors, futexes, signals;
 * and next to them uses that order nothing.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

/* The end to read from, the end to write to. */
struct channel {
	int in, out;
};

static void put_byte(const struct channel *channel)
{
	MUST(write(channel->out, "x", 1) == 1);
}

static void take_byte(const struct channel *channel)
{
	char byte;

	MUST(read(channel->in, &byte, 1) == 1);
}

static void open_pipe(struct channel *channel)
{
	int ends[2];

	MUST(pipe(ends) == 0);
	*channel = (struct channel){ ends[0], ends[1] };
}

static struct channel pipe_channel;
HAND_OVER(pipe, put_byte(&pipe_channel), take_byte(&pipe_channel))

/* The taker reads what main has written. */
static struct channel pipe_other_first, pipe_other_second;
HAND_OVER(pipe_other, put_byte(&pipe_other_first), take_byte(&pipe_other_second))

static struct channel pipe_dup_channel;
HAND_OVER(pipe_dup, put_byte(&pipe_dup_channel), take_byte(&pipe_dup_channel))

/* The end of the file tells as much as a byte does. */
static struct channel pipe_closed_channel;

static void take_end(const struct channel *channel)
{
	char byte;

	MUST(read(channel->in, &byte, 1) == 0);
}

HAND_OVER(pipe_closed, close(pipe_closed_channel.out), take_end(&pipe_closed_channel))

static struct channel vectors_channel;

static void put_vector(const struct channel *channel)
{
	struct iovec part = { "x", 1 };

	MUST(writev(channel->out, &part, 1) == 1);
}

static void take_vector(const struct channel *channel)
{
	char byte;
	struct iovec part = { &byte, 1 };

	MUST(readv(channel->in, &part, 1) == 1);
}

HAND_OVER(vectors, put_vector(&vectors_channel), take_vector(&vectors_channel))

static struct channel fifo_channel;
HAND_OVER(fifo, put_byte(&fifo_channel), take_byte(&fifo_channel))

static void open_fifo(struct channel *channel)
{
	char directory[] = "/tmp/races-XXXXXX", path[64];

	MUST(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/fifo", directory);
	MUST(mkfifo(path, 0600) == 0);
	channel->in = open(path, O_RDWR);
	channel->out = open(path, O_WRONLY);
	MUST(channel->in >= 0 && channel->out >= 0);
	unlink(path);
	rmdir(directory);
}

static struct channel socket_pair_channel;
HAND_OVER(socket_pair, put_byte(&socket_pair_channel), take_byte(&socket_pair_channel))

static struct channel datagrams_channel;

static void send_datagram(const struct channel *channel)
{
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	MUST(sendmsg(channel->out, &message, 0) == 1);
}

static void receive_datagram(const struct channel *channel)
{
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	MUST(recvmsg(channel->in, &message, 0) == 1);
}

HAND_OVER(datagrams, send_datagram(&datagrams_channel), receive_datagram(&datagrams_channel))

static void open_socket_pair(struct channel *channel, int type)
{
	int ends[2];

	MUST(socketpair(AF_UNIX, type, 0, ends) == 0);
	*channel = (struct channel){ ends[0], ends[1] };
}

static struct channel tcp_channel;
HAND_OVER(tcp, MUST(send(tcp_channel.out, "x", 1, 0) == 1), {
	char byte;

	MUST(recv(tcp_channel.in, &byte, 1, 0) == 1);
})

static void open_tcp(struct channel *channel)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
	MUST(listen(listener, 1) == 0);
	MUST(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
	channel->out = socket(AF_INET, SOCK_STREAM, 0);
	MUST(connect(channel->out, (struct sockaddr *)&address, sizeof address) == 0);
	channel->in = accept(listener, NULL, NULL);
	MUST(channel->in >= 0);
	close(listener);
}

static int event_descriptor;

static void put_event(void)
{
	MUST(eventfd_write(event_descriptor, 1) == 0);
}

static void take_event(void)
{
	eventfd_t value;

	MUST(eventfd_read(event_descriptor, &value) == 0);
}

HAND_OVER(event, put_event(), take_event())

static int polled_event_descriptor;

static void take_polled_event(void)
{
	struct pollfd polled = { polled_event_descriptor, POLLIN, 0 };
	uint64_t value;

	MUST(poll(&polled, 1, -1) == 1);
	MUST(read(polled_event_descriptor, &value, sizeof value) == sizeof value);
}

static void put_polled_event(void)
{
	uint64_t value = 1;

	MUST(write(polled_event_descriptor, &value, sizeof value) == sizeof value);
}

HAND_OVER(polled_event, put_polled_event(), take_polled_event())

static int timer_descriptor;

static void start_timer(void)
{
	struct itimerspec at_once = { .it_value.tv_nsec = 1 };

	MUST(timerfd_settime(timer_descriptor, 0, &at_once, NULL) == 0);
}

static void take_expiration(void)
{
	uint64_t value;

	MUST(read(timer_descriptor, &value, sizeof value) == sizeof value);
}

HAND_OVER(timer, start_timer(), take_expiration())

/* Blocked in all threads, so that it waits to be read. */
static int signal_descriptor;

static void take_signal(void)
{
	struct signalfd_siginfo info;

	MUST(read(signal_descriptor, &info, sizeof info) == sizeof info);
}

HAND_OVER(signal_read, kill(getpid(), SIGUSR1), take_signal())

/* --- Futexes ----------------------------------------------------------------------- */

static atomic_int futex_word;

static void wake_futex(void)
{
	atomic_store(&futex_word, 1);
	syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void await_futex(void)
{
	while (atomic_load(&futex_word) == 0)
		syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

HAND_OVER(futex, wake_futex(), await_futex())

/* The kernel alone orders: the word says nothing but 'not yet'. */
static int futex_alone_word;
static sem_t futex_alone_waits;

static void wake_alone(void)
{
	while (sem_wait(&futex_alone_waits) != 0)
		continue;
	while (syscall(SYS_futex, &futex_alone_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0)
		sched_yield();
}

static void await_alone(void)
{
	sem_post(&futex_alone_waits);
	while (syscall(SYS_futex, &futex_alone_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) != 0)
		continue;
}

HAND_OVER(futex_alone, wake_alone(), await_alone())

/* --- Signals ------------------------------------------------------------------------- */

static long handler_data;
static pthread_t handler_thread;
static sem_t handler_is_ready;
static volatile sig_atomic_t handler_has_run;

static void handler_update(int number)
{
	(void)number;
	handler_data++;
	handler_has_run = 1;
}

static void *handler_receiver(void *unused)
{
	sigset_t none;

	(void)unused;
	sigemptyset(&none);
	handler_thread = pthread_self();
	sem_post(&handler_is_ready);
	while (!handler_has_run)
		sigsuspend(&none);
	handler_data++;
	return NULL;
}

static void *handler_sender(void *unused)
{
	(void)unused;
	while (sem_wait(&handler_is_ready) != 0)
		continue;
	handler_data++;
	pthread_kill(handler_thread, SIGUSR2);
	return NULL;
}

static void handler_case(void)
{
	struct sigaction action = { .sa_handler = handler_update };

	sigaction(SIGUSR2, &action, NULL);
	run_both(handler_receiver, handler_sender, NULL);
	KEEP(handler_data);
}

/* What a handler and the code that it interrupts tell each other. */
static volatile sig_atomic_t handler_own_ticks;
static atomic_long handler_own_sum;

static void handler_own_tick(int number)
{
	(void)number;
	handler_own_ticks++;
	atomic_fetch_add(&handler_own_sum, 1);
}

static void *handler_own_raises(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		int before = handler_own_ticks;

		if (i % 2)
			raise(SIGIO);
		else
			pthread_kill(pthread_self(), SIGIO);
		while (handler_own_ticks == before)
			continue;
		if (atomic_load_explicit(&handler_own_sum, memory_order_relaxed) > 10)
			handler_own_ticks = 0;
	}
	return NULL;
}

static void *handler_own_looks_on(void *unused)
{
	while (atomic_load(&handler_own_sum) < 50)
		sched_yield();
	return unused;
}

static void handler_own_case(void)
{
	struct sigaction action = { .sa_handler = handler_own_tick };

	sigaction(SIGIO, &action, NULL);
	run_both(handler_own_raises, handler_own_looks_on, NULL);
}

/* A handler is as unordered as the thread that it interrupts. */
static long handler_alone_data;

static void handler_alone_update(int number)
{
	(void)number;
	handler_alone_data++;
}

static void *handler_alone_raises(void *unused)
{
	(void)unused;
	raise(SIGURG);
	return NULL;
}

static void *handler_alone_other(void *unused)
{
	(void)unused;
	handler_alone_data++;
	return NULL;
}

static void handler_alone_case(void)
{
	struct sigaction action = { .sa_handler = handler_alone_update };

	sigaction(SIGURG, &action, NULL);
	run_both(handler_alone_raises, handler_alone_other, NULL);
	KEEP(handler_alone_data);
}

static const struct race_case cases[] = {
	CASE(pipe, "silent"),
	CASE(pipe_other, "lost-update:error"),
	CASE(pipe_dup, "silent"),
	CASE(pipe_closed, "silent"),
	CASE(vectors, "silent"),
	CASE(fifo, "silent"),
	CASE(socket_pair, "silent"),
	CASE(datagrams, "silent"),
	CASE(tcp, "silent"),
	CASE(event, "silent"),
	CASE(polled_event, "silent"),
	CASE(timer, "silent"),
	CASE(signal_read, "silent"),
	CASE(futex, "silent"),
	CASE(futex_alone, "silent"),
	CASE(handler, "silent"),
	CASE(handler_own, "silent"),
	CASE(handler_alone, "lost-update:error"),
};

static void open_all(void)
{
	sigset_t blocked;

	open_pipe(&pipe_channel);
	open_pipe(&pipe_other_first);
	open_pipe(&pipe_other_second);
	put_byte(&pipe_other_second);
	open_pipe(&pipe_dup_channel);
	pipe_dup_channel.out = dup(pipe_dup_channel.out);
	open_pipe(&pipe_closed_channel);
	open_pipe(&vectors_channel);
	open_fifo(&fifo_channel);
	open_socket_pair(&socket_pair_channel, SOCK_STREAM);
	open_socket_pair(&datagrams_channel, SOCK_DGRAM);
	open_tcp(&tcp_channel);
	event_descriptor = eventfd(0, 0);
	polled_event_descriptor = eventfd(0, 0);
	timer_descriptor = timerfd_create(CLOCK_MONOTONIC, 0);
	sem_init(&handler_is_ready, 0, 0);
	sem_init(&futex_alone_waits, 0, 0);

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigdelset(&blocked, SIGUSR2);
	signal_descriptor = signalfd(-1, &blocked, 0);
	MUST(event_descriptor >= 0 && timer_descriptor >= 0 && signal_descriptor >= 0);
}

int main(int argc, char **argv)
{
	open_all();
	return RUN_CASES(cases, argc, argv);
}

/*
 * Threads that libc starts by itself: timers, message queues, asynchronous
 * I/O and name look-ups call the program back, and it locks there.
 *
 * guest-forgetful: yes
 */
#include "../guest.h"

#include <aio.h>
#include <mqueue.h>
#include <netdb.h>
#include <signal.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int called_count;
static int message_count; /* ordered by what has the program called back */

static void call_back(union sigval value)
{
	CHECK(value.sival_ptr == &mutex);
	CHECK(message_count <= 1);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	called_count++;
	CHECK_IS(pthread_cond_signal(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
}

static struct sigevent event_for_thread(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = call_back,
		.sigev_value.sival_ptr = &mutex,
	};

	return event;
}

static void wait_for_calls(const char *from, int count)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	while (called_count < count)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	called_count = 0;
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	printf("called by %s\n", from);
}

static void use_timer(void)
{
	struct itimerspec soon = {.it_value = {0, 1000000}};
	struct sigevent event = event_for_thread();
	timer_t timer;
	int i;

	CHECK_IS(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	for (i = 0; i < 5; i++) {
		CHECK_IS(timer_settime(timer, 0, &soon, NULL), 0);
		wait_for_calls("a timer", 1);
	}
	CHECK_IS(timer_delete(timer), 0);
}

static void use_message_queue(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 8};
	struct sigevent event = event_for_thread();
	char name[64], message[8];
	mqd_t queue;

	snprintf(name, sizeof(name), "/guest-%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attributes);
	if (queue < 0) {
		CHECK(errno == ENOSYS || errno == EACCES || errno == EMFILE);
		printf("no message queues here\n");
		return;
	}
	CHECK_IS(mq_unlink(name), 0);
	CHECK_IS(mq_notify(queue, &event), 0);
	message_count++;
	CHECK_IS(mq_send(queue, "hello", 6, 0), 0);
	wait_for_calls("a message queue", 1);
	CHECK_IS(mq_receive(queue, message, sizeof(message), NULL), 6);
	CHECK_FAILS(mq_receive(queue, message, sizeof(message), NULL), EAGAIN);
	CHECK_IS(mq_close(queue), 0);
}

static void use_asynchronous_io(void)
{
	static char text[] = "text", back[8];
	struct aiocb request = {.aio_sigevent = event_for_thread()};
	const struct aiocb *requests[] = {&request};
	FILE *file = tmpfile();

	CHECK(file != NULL);
	request.aio_fildes = fileno(file);
	request.aio_buf = text;
	request.aio_nbytes = sizeof(text);
	CHECK_IS(aio_write(&request), 0);
	wait_for_calls("aio_write", 1);
	CHECK_IS(aio_error(&request), 0);
	CHECK_IS(aio_return(&request), sizeof(text));
	request.aio_buf = back;
	CHECK_IS(aio_read(&request), 0);
	while (aio_suspend(requests, 1, NULL))
		CHECK(errno == EINTR);
	wait_for_calls("aio_read", 1);
	CHECK_IS(aio_return(&request), sizeof(text));
	CHECK(!strcmp(back, text));
	fclose(file);
}

static void use_name_lookup(void)
{
	struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
	struct gaicb lookup = {.ar_name = "127.0.0.1", .ar_request = &numeric};
	struct gaicb *lookups[] = {&lookup};
	struct sigevent event = event_for_thread();

	CHECK_IS(getaddrinfo_a(GAI_NOWAIT, lookups, 1, &event), 0);
	wait_for_calls("getaddrinfo_a", 1);
	CHECK_IS(gai_error(&lookup), 0);
	CHECK_IS(lookup.ar_result->ai_family, AF_INET);
	freeaddrinfo(lookup.ar_result);
	lookup.ar_result = NULL;
	CHECK_IS(getaddrinfo_a(GAI_WAIT, lookups, 1, NULL), 0);
	freeaddrinfo(lookup.ar_result);
}

int main(void)
{
	use_timer();
	use_message_queue();
	use_asynchronous_io();
	use_name_lookup();
	return guest_passed();
}

/*
 * The fixed twin of channel.c: the reader reads to the end mark, so the
 * writer always finds room again.
 */
#include <pthread.h>
#include <stdio.h>

#define CAPACITY 2
#define END_MARK 0

struct channel {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int messages[CAPACITY];
	int sent_count, received_count;
};

static struct channel results = { .lock = PTHREAD_MUTEX_INITIALIZER,
				  .changed = PTHREAD_COND_INITIALIZER };
static int best;

static void send_message(struct channel *channel, int message)
{
	pthread_mutex_lock(&channel->lock);
	while (channel->sent_count - channel->received_count == CAPACITY)
		pthread_cond_wait(&channel->changed, &channel->lock); /* HERE: full */
	channel->messages[channel->sent_count++ % CAPACITY] = message;
	pthread_cond_broadcast(&channel->changed);
	pthread_mutex_unlock(&channel->lock);
}

static int receive_message(struct channel *channel)
{
	int message;

	pthread_mutex_lock(&channel->lock);
	while (channel->sent_count == channel->received_count)
		pthread_cond_wait(&channel->changed, &channel->lock);
	message = channel->messages[channel->received_count++ % CAPACITY];
	pthread_cond_broadcast(&channel->changed);
	pthread_mutex_unlock(&channel->lock);
	return message;
}

static void *search(void *unused)
{
	(void)unused;
	for (int result = 9; result > 0; result--)
		send_message(&results, result); /* HERE: sends */
	send_message(&results, END_MARK);
	return NULL;
}

static void *pick_best(void *unused)
{
	int result;

	(void)unused;
	while ((result = receive_message(&results)) != END_MARK)
		if (result > best)
			best = result;
	return NULL;
}

int main(void)
{
	pthread_t writer, reader;

	pthread_create(&writer, NULL, search, NULL);
	pthread_create(&reader, NULL, pick_best, NULL);
	pthread_join(reader, NULL);
	pthread_join(writer, NULL); /* HERE: joins */
	printf("best result: %d\n", best);
	return 0;
}

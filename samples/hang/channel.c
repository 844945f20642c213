/*
 * A channel that nobody reads any more (hang: all threads are asleep).
 *
 * What happens: the reader stops after the first message, as if it had found
 * what it was looking for.  The writer fills the channel and then waits for
 * room, for ever; main waits for the writer.
 *
 * Why: a bounded channel makes the writer depend on the reader's appetite.
 * Who stops reading must say so, or read to the end.
 *
 * See it: snarl run ./channel
 * What Go's runtime says of goroutines ('all goroutines are asleep'), said of
 * threads, with the stack of each.
 *
 * Fix: clean_channel.c goes on reading until the end mark, and ignores what
 * it does not need.
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
	result = receive_message(&results);
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

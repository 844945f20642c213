/*
 * A reader who does not know of the sequence (data-race).
 *
 * What happens: the writer counts a sequence up before and after each change,
 * so that readers notice a change under their hands and read again.  This
 * reader just reads.
 *
 * Why it is wrong: it may get the bid of one quote and the ask of the next.
 * Nothing orders its reads with the writes.
 *
 * See it: snarl run ./seqlock
 * The reads, and the writes between the two steps of the sequence.
 *
 * Fix: read the sequence, the quote, the sequence; if it was odd or has moved,
 * begin anew.  As such reads do race and are thrown away then, the members
 * must be atomic: clean_seqlock.c.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define QUOTE_COUNT 100

struct quote {
	long bid, ask;
};

static atomic_uint sequence;
static struct quote quote = { 10, 12 };

static void *write_quotes(void *unused)
{
	(void)unused;
	for (int i = 0; i < QUOTE_COUNT; i++) {
		atomic_fetch_add(&sequence, 1);
		quote.bid = 10 + i; /* HERE: writes_bid */
		quote.ask = 12 + i; /* HERE: writes_ask */
		atomic_fetch_add(&sequence, 1);
	}
	return NULL;
}

static void *read_quote(void *copy)
{
	*(struct quote *)copy = quote; /* HERE: reads */
	return NULL;
}

int main(void)
{
	struct quote copy;
	pthread_t writer, reader;

	pthread_create(&writer, NULL, write_quotes, NULL);
	pthread_create(&reader, NULL, read_quote, &copy);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	printf("ask - bid = %ld\n", copy.ask - copy.bid);
	return 0;
}

/*
 * A connection leaked on an error path (hang: a lock that nobody gives back).
 *
 * What happens: book() locks the connection; for a bad amount it returns early
 * and forgets to unlock.  The server goes on to wait for the next request, and
 * the client, who wants the same connection, waits for the server's lock.
 *
 * Why: an early return skips the clean-up at the function's end.  The leak is
 * silent; the hang comes later and elsewhere, in code that is right.
 *
 * See it: snarl run ./error_path
 * The client's stack, and where the lock it wants was taken: inside book(),
 * from which the server has long returned.
 *
 * Fix: leave by one exit.  In clean_error_path.c both ways pass the unlock.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>

#define END_MARK 0

static pthread_mutex_t connection_lock = PTHREAD_MUTEX_INITIALIZER;
static int balance;

/* One request at a time: written before 'sent', read before 'answered'. */
static int request_amount;
static bool is_accepted;
static sem_t request_sent, request_answered;

static bool book(int amount)
{
	pthread_mutex_lock(&connection_lock); /* HERE: leaked */
	if (amount < 0)
		return false;
	balance += amount;
	pthread_mutex_unlock(&connection_lock);
	return true;
}

static void *serve(void *unused)
{
	(void)unused;
	for (;;) {
		sem_wait(&request_sent); /* HERE: server_waits */
		if (request_amount == END_MARK)
			return NULL;
		is_accepted = book(request_amount); /* HERE: server_books */
		sem_post(&request_answered);
	}
}

static bool request(int amount)
{
	request_amount = amount;
	sem_post(&request_sent);
	sem_wait(&request_answered);
	return is_accepted;
}

static void show_balance(void)
{
	pthread_mutex_lock(&connection_lock); /* HERE: client_waits */
	printf("balance: %d\n", balance);
	pthread_mutex_unlock(&connection_lock);
}

int main(void)
{
	pthread_t server;

	sem_init(&request_sent, 0, 0);
	sem_init(&request_answered, 0, 0);
	pthread_create(&server, NULL, serve, NULL);
	request(5);
	if (!request(-1))
		puts("refused");
	show_balance();
	request_amount = END_MARK;
	sem_post(&request_sent);
	pthread_join(server, NULL);
	return 0;
}

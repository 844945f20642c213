/*
 * Two threads that pay out what they have seen in the account: in two critical sections,
 * or, with an argument, in one.
 */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int balance = 100;

static void *withdraw_late(void *unused)
{
	int is_there;

	pthread_mutex_lock(&lock);
	is_there = balance >= 80;
	pthread_mutex_unlock(&lock);
	if (!is_there)
		return unused;
	pthread_mutex_lock(&lock);
	balance -= 80;
	pthread_mutex_unlock(&lock);
	return unused;
}

static void *withdraw(void *unused)
{
	pthread_mutex_lock(&lock);
	if (balance >= 80)
		balance -= 80;
	pthread_mutex_unlock(&lock);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	(void)argv;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, argc > 1 ? withdraw : withdraw_late, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* Waits for a semaphore that nobody posts, with a handler of the signal of that number. */
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

static sem_t semaphore;

static void handle_signal(int number)
{
	(void)number;
	sem_post(&semaphore);
}

int main(int count, char **arguments)
{
	struct sigaction action = {.sa_handler = handle_signal};

	if (count != 2 || sigaction(atoi(arguments[1]), &action, NULL))
		return 1;
	sem_init(&semaphore, 0, 0);
	sem_wait(&semaphore);
	return 0;
}

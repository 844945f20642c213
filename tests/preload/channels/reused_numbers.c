/*
 * Numbers of sockets, which the kernel gives to one thread after the other, hand over
 * the program's table rows of these numbers.
 */
#include <sys/socket.h>

#include "../guest.h"

#define ROUNDS 20
#define NUMBERS 64

static struct {
	int uses, last_user;
} by_number[NUMBERS];

static int number;

static void *use_and_close(void *user)
{
	by_number[number].uses++;
	by_number[number].last_user = *(int *)user;
	CHECK_IS(close(number), 0);
	return NULL;
}

/* Asks the kernel whether it is closed, in a way that orders nothing. */
static void *open_and_use(void *user)
{
	int made;

	while (fcntl(number, F_GETFD) >= 0)
		sched_yield();
	made = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_IS(made, number);
	by_number[made].uses++;
	by_number[made].last_user = *(int *)user;
	return NULL;
}

int main(void)
{
	int users[2] = {0, 1};
	pthread_t threads[2];
	int i;

	number = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(number >= 0 && number < NUMBERS);
	for (i = 0; i < ROUNDS; i++) {
		CHECK_IS(pthread_create(&threads[0], NULL, open_and_use, &users[0]), 0);
		CHECK_IS(pthread_create(&threads[1], NULL, use_and_close, &users[1]), 0);
		CHECK_IS(pthread_join(threads[0], NULL), 0);
		CHECK_IS(pthread_join(threads[1], NULL), 0);
	}
	printf("%d\n", by_number[number].uses);
	return 0;
}

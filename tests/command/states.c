/* Six threads that wait, or not, in as many ways; the program does not end by itself. */
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ends[2];
static sem_t semaphore;
static unsigned word;

static void *read_pipe(void *unused)
{
	char byte;

	return read(ends[0], &byte, 1) == 1 ? unused : NULL;
}

static void *spin_on(void *unused)
{
	while (!__atomic_load_n(&word, __ATOMIC_RELAXED))
		;
	return unused;
}

static void *take_token(void *unused)
{
	sem_wait(&semaphore);
	return unused;
}

static void *await_word(void *unused)
{
	syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
	return unused;
}

static void *poll_nothing(void *unused)
{
	poll(NULL, 0, -1);
	return unused;
}

static pthread_t threads[5];

static __attribute__((noinline)) void start_threads(void)
{
	void *(*const bodies[])(void *) = {read_pipe, spin_on, take_token, await_word,
					   poll_nothing};

	for (int i = 0; i < 5; i++)
		pthread_create(&threads[i], NULL, bodies[i], NULL);
	__asm__ volatile("");
}

int main(void)
{
	if (pipe(ends))
		return 1;
	sem_init(&semaphore, 0, 0);
	start_threads();
	pthread_join(threads[0], NULL);
	return 0;
}

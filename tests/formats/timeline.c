/*
 * What run_timeline looks for in a trace, one way for each word of the command line.  No thread
 * goes on before the kernel says that the one it waits for sleeps at the right address, so that
 * each run has the same slices.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CROWD 1000
#define MANY 10000

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t book = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static sem_t tokens;
static int is_told;
static pid_t worker_id;

/* Returns once the thread that has told its number sleeps in a futex call in @object. */
static void await_waiter(const void *object, size_t size_bytes)
{
	char path[64], line[128] = "";
	unsigned long address;
	int file;

	for (;; sched_yield()) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall",
			 __atomic_load_n(&worker_id, __ATOMIC_ACQUIRE));
		file = open(path, O_RDONLY);
		if (file < 0)
			continue;
		if (read(file, line, sizeof(line) - 1) > 0 &&
		    sscanf(line, "202 %lx", &address) == 1 &&
		    address - (unsigned long)object < size_bytes)
			break;
		close(file);
	}
	close(file);
	__atomic_store_n(&worker_id, 0, __ATOMIC_RELEASE);
}

static void tell_number(void)
{
	__atomic_store_n(&worker_id, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static void *lock_first(void *unused)
{
	tell_number();
	pthread_mutex_lock(&first); /* the wait */
	pthread_mutex_unlock(&first);
	return unused;
}

static void *wait_for_news(void *unused)
{
	pthread_mutex_lock(&second);
	tell_number();
	while (!is_told)
		pthread_cond_wait(&news, &second);
	pthread_mutex_unlock(&second);
	return unused;
}

static void *wait_for_token(void *unused)
{
	tell_number();
	sem_wait(&tokens);
	return unused;
}

static pthread_t start(void *(*body)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, body, NULL);
	return thread;
}

/* Two threads wait for what the main thread has; a third is sent news, a fourth a token. */
static void contend(void)
{
	pthread_t threads[4];

	pthread_mutex_lock(&first); /* the hold */
	for (int i = 0; i < 2; i++) {
		threads[i] = start(lock_first);
		await_waiter(&first, sizeof(first));
	}
	pthread_mutex_unlock(&first);
	threads[2] = start(wait_for_news);
	await_waiter(&news, sizeof(news));
	pthread_mutex_lock(&second);
	is_told = 1;
	pthread_cond_signal(&news); /* the signal */
	pthread_mutex_unlock(&second);
	threads[3] = start(wait_for_token);
	await_waiter(&tokens, sizeof(tokens));
	sem_post(&tokens);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* Neither hold is within the other. */
static void overlap(void)
{
	pthread_mutex_lock(&first);
	pthread_rwlock_rdlock(&book);
	pthread_mutex_unlock(&first);
	pthread_rwlock_unlock(&book);
}

static void fork_child(void)
{
	pid_t child;

	pthread_mutex_lock(&first);
	child = fork();
	if (!child) {
		pthread_mutex_lock(&second);
		pthread_mutex_unlock(&second);
		pthread_mutex_unlock(&first);
		exit(0);
	}
	waitpid(child, NULL, 0);
	pthread_mutex_unlock(&first);
}

static void be_killed(void)
{
	pthread_mutex_lock(&first);
	start(lock_first);
	await_waiter(&first, sizeof(first));
	raise(SIGKILL);
}

static void crowd(void)
{
	static pthread_t threads[CROWD];

	for (int i = 0; i < CROWD; i++)
		threads[i] = start(lock_first);
	for (int i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
}

static void lock_often(int count)
{
	for (int i = 0; i < count; i++) {
		pthread_mutex_lock(&second);
		pthread_mutex_unlock(&second);
	}
}

static void signal_often(int count)
{
	for (int i = 0; i < count; i++)
		pthread_cond_signal(&news);
}

static void lock_many(void)
{
	static pthread_mutex_t many[MANY];

	for (int i = 0; i < MANY; i++) {
		pthread_mutex_lock(&many[i]);
		pthread_mutex_unlock(&many[i]);
	}
}

static void misuse(void)
{
	pthread_mutex_unlock(&second);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	sem_init(&tokens, 0, 0);
	if (!strcmp(word, "contend"))
		contend();
	else if (!strcmp(word, "overlap"))
		overlap();
	else if (!strcmp(word, "fork"))
		fork_child();
	else if (!strcmp(word, "killed"))
		be_killed();
	else if (!strcmp(word, "crowd"))
		crowd();
	else if (!strcmp(word, "lock"))
		lock_often(count);
	else if (!strcmp(word, "signal"))
		signal_often(count);
	else if (!strcmp(word, "many"))
		lock_many();
	if (!strcmp(word, "misuse") || !strcmp(word, "many"))
		misuse();
	return 0;
}

/*
 * Processes that share locks and let each other go on: much contention in one
 * order, a lock held over fork, waiters and holders that are killed, that
 * execute another program, and a semaphore that others post.
 *
 * guest-run: order
 * guest-run: fork
 * guest-run: kill
 * guest-run: exec
 * guest-run: posts
 * guest-run: robust
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define ROUND_COUNT 20000

struct shared {
	pthread_mutex_t first, second, robust;
	pthread_rwlock_t rwlock;
	sem_t lock, token;
	atomic_int waiter_count;
	long counter;
};

static struct shared *shared;

static void initialise_locks(void)
{
	pthread_mutexattr_t for_mutex;
	pthread_rwlockattr_t for_rwlock;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK_IS(pthread_mutexattr_init(&for_mutex), 0);
	CHECK_IS(pthread_mutexattr_setpshared(&for_mutex, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_mutex_init(&shared->first, &for_mutex), 0);
	CHECK_IS(pthread_mutex_init(&shared->second, &for_mutex), 0);
	CHECK_IS(pthread_mutexattr_setrobust(&for_mutex, PTHREAD_MUTEX_ROBUST), 0);
	CHECK_IS(pthread_mutex_init(&shared->robust, &for_mutex), 0);
	CHECK_IS(pthread_rwlockattr_init(&for_rwlock), 0);
	CHECK_IS(pthread_rwlockattr_setpshared(&for_rwlock, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_rwlock_init(&shared->rwlock, &for_rwlock), 0);
	CHECK_IS(sem_init(&shared->lock, 1, 1), 0);
	CHECK_IS(sem_init(&shared->token, 1, 1), 0);
}

static pid_t start_child(void (*body)(void))
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		body();
		_exit(0);
	}
	return child;
}

/* Returns once @child, which is about to wait, sleeps. */
static void await_sleep(pid_t child)
{
	char path[64], line[256], *after_name;
	struct timespec moment = {.tv_nsec = 1000000};

	do {
		ssize_t length;
		int file;

		nanosleep(&moment, NULL);
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
		file = open(path, O_RDONLY | O_CLOEXEC);
		CHECK(file >= 0);
		length = read(file, line, sizeof(line) - 1);
		close(file);
		CHECK(length > 0);
		line[length] = '\0';
		after_name = strrchr(line, ')');
	} while (!after_name || after_name[2] != 'S');
}

static void count_in_order(void)
{
	for (int i = 0; i < ROUND_COUNT; i++) {
		CHECK_IS(pthread_mutex_lock(&shared->first), 0);
		CHECK_IS(pthread_mutex_lock(&shared->second), 0);
		shared->counter++;
		CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
		CHECK_IS(sem_wait(&shared->lock), 0);
		CHECK_IS(i % 4 ? pthread_rwlock_rdlock(&shared->rwlock)
			       : pthread_rwlock_wrlock(&shared->rwlock),
			 0);
		CHECK_IS(pthread_mutex_unlock(&shared->second), 0);
		CHECK_IS(pthread_rwlock_unlock(&shared->rwlock), 0);
		CHECK_IS(sem_post(&shared->lock), 0);
	}
}

static void *count_in_thread(void *unused)
{
	count_in_order();
	return unused;
}

static void count_with_helper(void)
{
	pthread_t helper = guest_start(count_in_thread, NULL);

	count_in_order();
	guest_join(helper);
}

static void check_order(void)
{
	pid_t children[2] = {start_child(count_with_helper), start_child(count_with_helper)};

	CHECK_IS(guest_wait_for(children[0]), 0);
	CHECK_IS(guest_wait_for(children[1]), 0);
	CHECK_IS(shared->counter, 4l * ROUND_COUNT);
}

/* The child waits for what its parent held when it forked. */
static void want_first(void)
{
	CHECK_IS(pthread_mutex_lock(&shared->first), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
}

static void check_fork(void)
{
	pid_t child;

	CHECK_IS(pthread_mutex_lock(&shared->first), 0);
	CHECK_IS(pthread_rwlock_rdlock(&shared->rwlock), 0);
	CHECK_IS(sem_wait(&shared->token), 0);
	child = start_child(want_first);
	await_sleep(child);
	CHECK_IS(sem_post(&shared->token), 0);
	CHECK_IS(pthread_rwlock_unlock(&shared->rwlock), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
	CHECK_IS(guest_wait_for(child), 0);
}

/* Holds the second (by try, so that it is not in the wrong order) and waits. */
static void hold_and_wait(void)
{
	CHECK_IS(sem_trywait(&shared->lock), 0);
	CHECK_IS(sem_post(&shared->lock), 0);
	CHECK_IS(sem_trywait(&shared->lock), 0);
	atomic_fetch_add(&shared->waiter_count, 1);
	pthread_mutex_lock(&shared->first);
}

static void await_waiter(pid_t child)
{
	while (!atomic_load(&shared->waiter_count))
		sched_yield();
	await_sleep(child);
}

static void post_once_wanted(void)
{
	await_sleep(getppid());
	CHECK_IS(sem_post(&shared->lock), 0);
}

/* A waiter is killed and not waited for: what it holds is not held by a thread
 * that waits. */
static void check_kill(void)
{
	pid_t children[2];

	CHECK_IS(pthread_mutex_lock(&shared->first), 0);
	children[0] = start_child(hold_and_wait);
	await_waiter(children[0]);
	CHECK_IS(kill(children[0], SIGKILL), 0);
	CHECK_IS(waitid(P_PID, (id_t)children[0], NULL, WEXITED | WNOWAIT), 0);
	children[1] = start_child(post_once_wanted);
	CHECK_IS(sem_wait(&shared->lock), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
	CHECK_IS(guest_wait_for(children[0]), 128 + SIGKILL);
	CHECK_IS(guest_wait_for(children[1]), 0);
}

static void *execute_again(void *unused)
{
	await_sleep(getpid());
	execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL);
	return unused;
}

/* One thread waits, another executes a program: the wait is over. */
static void wait_and_execute(void)
{
	guest_start(execute_again, NULL);
	hold_and_wait();
}

static void check_exec(void)
{
	pid_t child;

	CHECK_IS(pthread_mutex_lock(&shared->first), 0);
	child = start_child(wait_and_execute);
	CHECK_IS(guest_wait_for(child), 3);
	CHECK_IS(sem_trywait(&shared->lock), -1);
	child = start_child(post_once_wanted);
	CHECK_IS(sem_wait(&shared->lock), 0);
	CHECK_IS(guest_wait_for(child), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
}

static void post_token(void)
{
	for (int i = 0; i < 100; i++)
		CHECK_IS(sem_post(&shared->token), 0);
}

/* Holds a token that others give back. */
static void take_tokens(void)
{
	for (int i = 0; i < 50; i++) {
		CHECK_IS(sem_wait(&shared->token), 0);
		CHECK_IS(pthread_mutex_lock(&shared->first), 0);
		CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
	}
}

static void check_posts(void)
{
	pid_t children[3] = {start_child(post_token), start_child(take_tokens),
			     start_child(take_tokens)};

	for (int i = 0; i < 3; i++)
		CHECK_IS(guest_wait_for(children[i]), 0);
}

static void die_holding(void)
{
	CHECK_IS(pthread_mutex_lock(&shared->robust), 0);
	atomic_fetch_add(&shared->waiter_count, 1);
	pthread_mutex_lock(&shared->first);
}

static void check_robust(void)
{
	pid_t child;

	CHECK_IS(pthread_mutex_lock(&shared->first), 0);
	child = start_child(die_holding);
	await_waiter(child);
	CHECK_IS(kill(child, SIGKILL), 0);
	CHECK_IS(waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT), 0);
	CHECK_IS(pthread_mutex_lock(&shared->robust), EOWNERDEAD);
	CHECK_IS(pthread_mutex_consistent(&shared->robust), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->robust), 0);
	CHECK_IS(pthread_mutex_unlock(&shared->first), 0);
	CHECK_IS(guest_wait_for(child), 128 + SIGKILL);
}

static const struct part {
	const char *name;
	void (*check)(void);
} parts[] = {
	{"order", check_order}, {"fork", check_fork},	{"kill", check_kill},
	{"exec", check_exec},	{"posts", check_posts}, {"robust", check_robust},
};

int main(int argument_count, char **arguments)
{
	const struct part *part = parts;

	CHECK_IS(argument_count, 2);
	while (strcmp(part->name, arguments[1]) != 0)
		CHECK(++part < parts + sizeof(parts) / sizeof(*parts));
	initialise_locks();
	part->check();
	return guest_passed();
}

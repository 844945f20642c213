/*
 * Changes of owner that no wrapper sees: locks released by a library with
 * RTLD_DEEPBIND, files unlocked by close, tokens posted by a thread that never did
 * before, a recursive mutex that a wait leaves held.
 */
#include "../guest.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/file.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int blocked_id;

static void *lock_and_unlock(void *unused)
{
	blocked_id = gettid();
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void await_blocked(void)
{
	while (!blocked_id)
		sched_yield();
	guest_await_sleep(blocked_id);
	blocked_id = 0;
}

/* --- Released past us --------------------------------------------------------- */

static int (*unlock_directly)(pthread_mutex_t *);

static void *release_unseen(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(unlock_directly(&mutex), 0);
	return unused;
}

static void check_unlock(void)
{
	void *library = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

	CHECK(library);
	*(void **)&unlock_directly = dlsym(library, "pthread_mutex_unlock");
	CHECK(unlock_directly);
	guest_run_in_thread(release_unseen, NULL);
}

/* --- A file unlocked by close -------------------------------------------------- */

static const char file_name[] = "locked";

static void *lock_and_close(void *unused)
{
	int file = open(file_name, O_RDWR | O_CREAT, 0600);

	CHECK(file >= 0);
	CHECK_IS(flock(file, LOCK_EX), 0);
	CHECK_IS(close(file), 0);
	return lock_and_unlock(unused);
}

/* In a child: has the file until @until is closed. */
static void hold_file(int ready, int until)
{
	int file = open(file_name, O_RDWR);
	char byte = 0;

	if (flock(file, LOCK_EX) != 0 || write(ready, &byte, 1) != 1)
		_exit(1);
	_exit(read(until, &byte, 1) != 0);
}

static void *end_holder(void *until)
{
	await_blocked();
	close(*(int *)until);
	return NULL;
}

static void check_file(void)
{
	int ready[2], until[2];
	pthread_t closer, ender;
	pid_t child;
	char byte;
	int file;

	CHECK_IS(pipe(ready), 0);
	CHECK_IS(pipe(until), 0);
	guest_run_in_thread(lock_and_close, NULL);
	blocked_id = 0;
	child = fork();
	if (child == 0) {
		close(until[1]);
		hold_file(ready[1], until[0]);
	}
	CHECK_IS(read(ready[0], &byte, 1), 1);
	file = open(file_name, O_RDWR);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	closer = guest_start(lock_and_unlock, NULL);
	ender = guest_start(end_holder, &until[1]);
	CHECK_IS(flock(file, LOCK_EX), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(closer);
	guest_join(ender);
	CHECK_IS(guest_wait_for(child), 0);
	close(file);
	unlink(file_name);
}

/* --- A token ------------------------------------------------------------------- */

static sem_t token;

static void *want_token(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	blocked_id = gettid();
	CHECK_IS(sem_wait(&token), 0);
	CHECK_IS(sem_post(&token), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

/* The token's new owner, who gives it back once all others are blocked. */
static void *give_token_back(void *main_id)
{
	guest_await_sleep(*(pid_t *)main_id);
	CHECK_IS(sem_post(&token), 0);
	return NULL;
}

static void check_token(void)
{
	pid_t id = gettid();
	pthread_t wanting, giving;

	CHECK_IS(sem_init(&token, 0, 1), 0);
	CHECK_IS(sem_wait(&token), 0);
	CHECK_IS(sem_post(&token), 0);
	CHECK_IS(sem_wait(&token), 0);
	wanting = guest_start(want_token, NULL);
	await_blocked();
	giving = guest_start(give_token_back, &id);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(wanting);
	guest_join(giving);
}

/* --- Held during a wait --------------------------------------------------------- */

static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static atomic_bool is_ready;

static void *signal_without(void *main_id)
{
	guest_await_sleep(*(pid_t *)main_id);
	is_ready = true;
	CHECK_IS(pthread_cond_signal(&condition), 0);
	return NULL;
}

static void check_recursive(void)
{
	pid_t id = gettid();
	pthread_t thread;

	CHECK_IS(pthread_mutex_lock(&recursive), 0);
	CHECK_IS(pthread_mutex_lock(&recursive), 0);
	thread = guest_start(signal_without, &id);
	while (!is_ready) {
		struct timespec soon = guest_deadline(CLOCK_REALTIME, 500);

		pthread_cond_timedwait(&condition, &recursive, &soon);
	}
	CHECK_IS(pthread_mutex_unlock(&recursive), 0);
	CHECK_IS(pthread_mutex_unlock(&recursive), 0);
	guest_join(thread);
}

int main(void)
{
	check_unlock();
	check_file();
	check_token();
	check_recursive();
	return guest_passed();
}

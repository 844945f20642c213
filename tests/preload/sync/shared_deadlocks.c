/*
 * Processes that wait for each other by locks in shared memory, for each kind
 * of lock.  Two or three children get stuck; the parent ends them once they
 * sleep, if nobody did before.
 *
 * snarl-expect: status=66 kinds=deadlock,lock-order-inversion?,lock-order-cycle?
 * guest-run: mutexes
 * guest-run: writers
 * guest-run: upgrades
 * guest-run: semaphores
 * guest-run: three
 * guest-run: through_thread
 * guest-run: through_join
 * guest-run: files
 */
#include "../guest.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>

#define LOCK_COUNT 3

struct shared {
	pthread_barrier_t all_hold;
	atomic_int waiter_count;
	pthread_mutex_t mutexes[LOCK_COUNT];
	pthread_rwlock_t rwlocks[LOCK_COUNT];
	sem_t semaphores[LOCK_COUNT];
};

static struct shared *shared;
static int child_count;

static void initialise_locks(void)
{
	pthread_barrierattr_t for_barrier;
	pthread_mutexattr_t for_mutex;
	pthread_rwlockattr_t for_rwlock;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK_IS(pthread_barrierattr_init(&for_barrier), 0);
	CHECK_IS(pthread_barrierattr_setpshared(&for_barrier, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_barrier_init(&shared->all_hold, &for_barrier, (unsigned)child_count), 0);
	CHECK_IS(pthread_mutexattr_init(&for_mutex), 0);
	CHECK_IS(pthread_mutexattr_setpshared(&for_mutex, PTHREAD_PROCESS_SHARED), 0);
	CHECK_IS(pthread_rwlockattr_init(&for_rwlock), 0);
	CHECK_IS(pthread_rwlockattr_setpshared(&for_rwlock, PTHREAD_PROCESS_SHARED), 0);
	for (int i = 0; i < LOCK_COUNT; i++) {
		CHECK_IS(pthread_mutex_init(&shared->mutexes[i], &for_mutex), 0);
		CHECK_IS(pthread_rwlock_init(&shared->rwlocks[i], &for_rwlock), 0);
		CHECK_IS(sem_init(&shared->semaphores[i], 1, 1), 0);
	}
}

static void meet_other(void)
{
	int result = pthread_barrier_wait(&shared->all_hold);

	CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
	atomic_fetch_add(&shared->waiter_count, 1);
}

/* Of a ring of children: each holds one and wants the next. */
static int next_of(int side)
{
	return (side + 1) % child_count;
}

static void cross_mutexes(int side)
{
	CHECK_IS(pthread_mutex_lock(&shared->mutexes[side]), 0);
	meet_other();
	pthread_mutex_lock(&shared->mutexes[next_of(side)]);
}

static void cross_writers(int side)
{
	CHECK_IS(pthread_rwlock_wrlock(&shared->rwlocks[side]), 0);
	meet_other();
	if (side)
		pthread_rwlock_wrlock(&shared->rwlocks[next_of(side)]);
	else
		pthread_rwlock_rdlock(&shared->rwlocks[next_of(side)]);
}

static void cross_upgrades(int side)
{
	(void)side;
	CHECK_IS(pthread_rwlock_rdlock(&shared->rwlocks[0]), 0);
	meet_other();
	pthread_rwlock_wrlock(&shared->rwlocks[0]);
}

/* Used as a lock before, so it is one. */
static void cross_semaphores(int side)
{
	CHECK_IS(sem_wait(&shared->semaphores[side]), 0);
	CHECK_IS(sem_post(&shared->semaphores[side]), 0);
	CHECK_IS(sem_wait(&shared->semaphores[side]), 0);
	meet_other();
	sem_wait(&shared->semaphores[next_of(side)]);
}

static pthread_mutex_t own_mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t helper_holds;

static void *hold_own(void *wants_shared)
{
	CHECK_IS(pthread_mutex_lock(&own_mutex), 0);
	CHECK_IS(sem_post(&helper_holds), 0);
	pthread_mutex_lock(wants_shared);
	return NULL;
}

/* Child 0 waits for its own thread, which waits for the other process. */
static void cross_through_thread(int side)
{
	CHECK_IS(pthread_mutex_lock(&shared->mutexes[side]), 0);
	meet_other();
	if (side == 0) {
		CHECK_IS(sem_init(&helper_holds, 0, 0), 0);
		guest_start(hold_own, &shared->mutexes[1]);
		CHECK_IS(sem_wait(&helper_holds), 0);
		pthread_mutex_lock(&own_mutex);
	}
	pthread_mutex_lock(&shared->mutexes[0]);
}

static void *want_lock(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static void cross_through_join(int side)
{
	CHECK_IS(pthread_mutex_lock(&shared->mutexes[side]), 0);
	meet_other();
	if (side == 0)
		pthread_join(guest_start(want_lock, &shared->mutexes[1]), NULL);
	pthread_mutex_lock(&shared->mutexes[0]);
}

static char paths[2][64];

static void make_files(void)
{
	for (int i = 0; i < 2; i++) {
		int file;

		snprintf(paths[i], sizeof(paths[i]), "/tmp/snarl-guest-%d-%d", (int)getpid(), i);
		file = open(paths[i], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		CHECK(file >= 0);
		close(file);
	}
}

static void cross_files(int side)
{
	int files[2];

	for (int i = 0; i < 2; i++) {
		files[i] = open(paths[i], O_RDWR | O_CLOEXEC);
		CHECK(files[i] >= 0);
	}
	CHECK_IS(flock(files[side], LOCK_EX), 0);
	meet_other();
	flock(files[next_of(side)], LOCK_EX);
}

static const struct shape {
	const char *name;
	int child_count;
	void (*get_stuck)(int side);
} shapes[] = {
	{"mutexes", 2, cross_mutexes},
	{"writers", 2, cross_writers},
	{"upgrades", 2, cross_upgrades},
	{"semaphores", 2, cross_semaphores},
	{"three", 3, cross_mutexes},
	{"through_thread", 2, cross_through_thread},
	{"through_join", 2, cross_through_join},
	{"files", 2, cross_files},
};

/* All threads of @child sleep, or it is dead. */
static int is_asleep(pid_t child)
{
	char path[64], line[256], *after_name;
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
	file = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(file >= 0);
	length = read(file, line, sizeof(line) - 1);
	close(file);
	CHECK(length > 0);
	line[length] = '\0';
	after_name = strrchr(line, ')');
	return after_name && strchr("SZ", after_name[2]) != NULL;
}

/* The parent's patience is no part of the result: who is stuck stays so. */
static void await_sleep(const pid_t *children)
{
	struct timespec moment = {.tv_nsec = 20000000};

	while (atomic_load(&shared->waiter_count) < child_count)
		sched_yield();
	for (int quiet = 0; quiet < 5; quiet++) {
		nanosleep(&moment, NULL);
		for (int i = 0; i < child_count; i++)
			if (!is_asleep(children[i]))
				quiet = 0;
	}
}

int main(int argument_count, char **arguments)
{
	pid_t children[LOCK_COUNT];
	const struct shape *shape = shapes;

	CHECK_IS(argument_count, 2);
	while (strcmp(shape->name, arguments[1]) != 0)
		CHECK(++shape < shapes + sizeof(shapes) / sizeof(*shapes));
	child_count = shape->child_count;
	initialise_locks();
	make_files();
	for (int i = 0; i < child_count; i++) {
		children[i] = fork();
		CHECK(children[i] >= 0);
		if (children[i] == 0) {
			shape->get_stuck(i);
			CHECK_NOT_REACHED("nobody lets go");
		}
	}
	await_sleep(children);
	/* Stopped first, or the end of one would free the other. */
	for (int i = 0; i < child_count; i++)
		kill(children[i], SIGSTOP);
	for (int i = 0; i < child_count; i++) {
		kill(children[i], SIGKILL);
		CHECK(guest_wait_for(children[i]) > 1);
	}
	unlink(paths[0]);
	unlink(paths[1]);
	return guest_passed();
}

/*
 * Locks of the program's own, a token in a pipe that system calls without the C library take
 * and give, with the annotations that its argument says: none, snarl, dynamic or tsan; named,
 * of pthreads with a name; tried; shared; benign, a heap block, or another one.
 */
#include <pthread.h>
#include <snarl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void AnnotateRWLockAcquired(const char *file, int line, const volatile void *lock,
				   long is_write) __attribute__((weak));
extern void AnnotateRWLockReleased(const char *file, int line, const volatile void *lock,
				   long is_write) __attribute__((weak));
extern void AnnotateBenignRaceSized(const char *file, int line, const volatile void *address,
				    size_t size_bytes, const char *why) __attribute__((weak));
extern void __tsan_mutex_pre_lock(void *lock, unsigned flags) __attribute__((weak));
extern void __tsan_mutex_post_lock(void *lock, unsigned flags, int recursion)
	__attribute__((weak));
extern int __tsan_mutex_pre_unlock(void *lock, unsigned flags) __attribute__((weak));

#define TSAN_TRY_LOCK 16u

struct own_lock {
	int ends[2];
};

static const char *annotation;
static struct own_lock first, second;
static pthread_mutex_t third = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fourth = PTHREAD_MUTEX_INITIALIZER;
static int count, meant;
static int *allocated;

static long call_kernel(long number, long descriptor, char *byte)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(descriptor), "S"(byte), "d"(1L)
			 : "rcx", "r11", "memory");
	return result;
}

static int is_called(const char *name)
{
	return strcmp(annotation, name) == 0;
}

static void take(struct own_lock *lock)
{
	char byte;

	if (is_called("tsan") && __tsan_mutex_pre_lock)
		__tsan_mutex_pre_lock(lock, 0);
	call_kernel(SYS_read, lock->ends[0], &byte);
	if (is_called("snarl"))
		SNARL_LOCK_ACQUIRED(lock);
	if (is_called("tried"))
		SNARL_LOCK_TRIED(lock);
	if (is_called("shared"))
		SNARL_LOCK_ACQUIRED_SHARED(lock);
	if (is_called("dynamic") && AnnotateRWLockAcquired)
		AnnotateRWLockAcquired(__FILE__, __LINE__, lock, 1);
	if (is_called("tsan") && __tsan_mutex_post_lock)
		__tsan_mutex_post_lock(lock, 0, 0);
}

static void give(struct own_lock *lock)
{
	char byte = 0;

	if (is_called("snarl") || is_called("tried") || is_called("shared"))
		SNARL_LOCK_RELEASED(lock);
	if (is_called("dynamic") && AnnotateRWLockReleased)
		AnnotateRWLockReleased(__FILE__, __LINE__, lock, 1);
	if (is_called("tsan") && __tsan_mutex_pre_unlock)
		__tsan_mutex_pre_unlock(lock, 0);
	call_kernel(SYS_write, lock->ends[1], &byte);
}

static void init(struct own_lock *lock, const char *name)
{
	char byte = 0;

	if (pipe(lock->ends))
		exit(1);
	call_kernel(SYS_write, lock->ends[1], &byte);
	if (is_called("snarl"))
		SNARL_LOCK_NAME(lock, name);
}

static void *count_up(void *unused)
{
	take(&first);
	count++;
	give(&first);
	return unused;
}

static void *race(void *unused)
{
	meant++;
	(*allocated)++;
	return unused;
}

static void *lock_forwards(void *unused)
{
	take(&first);
	take(&second);
	give(&second);
	give(&first);
	return unused;
}

static void *lock_backwards(void *unused)
{
	take(&second);
	take(&first);
	give(&first);
	give(&second);
	return unused;
}

static void *named_forwards(void *unused)
{
	pthread_mutex_lock(&third);
	pthread_mutex_lock(&fourth);
	pthread_mutex_unlock(&fourth);
	pthread_mutex_unlock(&third);
	return unused;
}

static void *named_backwards(void *unused)
{
	pthread_mutex_lock(&fourth);
	pthread_mutex_lock(&third);
	pthread_mutex_unlock(&third);
	pthread_mutex_unlock(&fourth);
	return unused;
}

static int turn[2];
static void *(*bodies[2])(void *);

static void *go_first(void *unused)
{
	char byte = 0;

	bodies[0](NULL);
	call_kernel(SYS_write, turn[1], &byte);
	return unused;
}

static void *go_second(void *unused)
{
	char byte;

	call_kernel(SYS_read, turn[0], &byte);
	bodies[1](NULL);
	return unused;
}

/* One after the other, which only they know. */
static void run(void *(*one)(void *), void *(*other)(void *))
{
	pthread_t threads[2];

	if (pipe(turn))
		exit(1);
	bodies[0] = one;
	bodies[1] = other;
	pthread_create(&threads[0], NULL, go_first, NULL);
	pthread_create(&threads[1], NULL, go_second, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static void mean_races(const char *what)
{
	allocated = malloc(sizeof(*allocated));
	*allocated = 0;
	if (strcmp(what, "none") == 0)
		return;
	SNARL_BENIGN_RACE(&meant, sizeof(meant), "a statistic that may be wrong");
	if (strcmp(what, "all") == 0 && AnnotateBenignRaceSized)
		AnnotateBenignRaceSized(__FILE__, __LINE__, allocated, sizeof(*allocated), "");
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";

	annotation = argc > 1 ? argv[1] : "none";
	init(&first, "the first lock");
	init(&second, "the second lock");
	if (is_called("benign")) {
		mean_races(what);
		run(race, race);
	} else if (is_called("named")) {
		SNARL_LOCK_NAME(&third, "the third lock");
		run(named_forwards, named_backwards);
	} else if (strcmp(what, "order") == 0) {
		run(lock_forwards, lock_backwards);
	} else {
		run(count_up, count_up);
		printf("%d\n", count);
	}
	return 0;
}

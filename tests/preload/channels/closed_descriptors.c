/*
 * A daemon closes every descriptor but the standard ones, in one way or the
 * other, and opens its own files, which are numbered from 3 and hold what it
 * wrote and nothing else, although there is something to report meanwhile.
 *
 * guest-bare: yes
 * guest-run: close_range
 * guest-run: close
 * guest-run: dup2
 * guest-run: closefrom
 * snarl-expect: status=66 kinds=lock-order-inversion
 */
#include "../guest.h"

#include <sys/stat.h>

#define FILE_COUNT 40

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int is_locked_one_way; /* under turn */
static int files[FILE_COUNT];

static void close_all(const char *how)
{
	int descriptor, null;

	if (!strcmp(how, "close_range")) {
		CHECK_IS(close_range(3, ~0U, 0), 0);
	} else if (!strcmp(how, "closefrom")) {
		closefrom(3);
	} else if (!strcmp(how, "close")) {
		for (descriptor = 3; descriptor < 20000; descriptor++)
			close(descriptor);
	} else {
		null = open("/dev/null", O_RDWR);
		for (descriptor = 3; descriptor < 1024; descriptor++)
			if (descriptor != null)
				CHECK_IS(dup2(null, descriptor), descriptor);
		for (descriptor = 3; descriptor < 1024; descriptor++)
			close(descriptor);
	}
}

static int change_turn(int change)
{
	int result;

	CHECK_IS(pthread_mutex_lock(&turn), 0);
	result = is_locked_one_way += change;
	CHECK_IS(pthread_mutex_unlock(&turn), 0);
	return result;
}

/* Both orders, by threads that are alive at once but never contend for these locks.  They take
 * turns by a mutex, which is no hand-over: an error. */
static void *lock_one_way(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&first), 0);
	CHECK_IS(pthread_mutex_lock(&second), 0);
	CHECK_IS(pthread_mutex_unlock(&second), 0);
	CHECK_IS(pthread_mutex_unlock(&first), 0);
	change_turn(1);
	return unused;
}

static void *lock_other_way(void *unused)
{
	while (!change_turn(0))
		sched_yield();
	CHECK_IS(pthread_mutex_lock(&second), 0);
	CHECK_IS(pthread_mutex_lock(&first), 0);
	CHECK_IS(pthread_mutex_unlock(&first), 0);
	CHECK_IS(pthread_mutex_unlock(&second), 0);
	return unused;
}

static void make_a_finding(void)
{
	pthread_t threads[2];

	threads[0] = guest_start(lock_one_way, NULL);
	threads[1] = guest_start(lock_other_way, NULL);
	guest_join(threads[0]);
	guest_join(threads[1]);
}

static void open_files(void)
{
	char name[32];
	int i;

	for (i = 0; i < FILE_COUNT; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		files[i] = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		CHECK_IS(files[i], i + 3);
		CHECK_IS(write(files[i], name, strlen(name)), strlen(name));
		CHECK_IS(unlink(name), 0);
	}
}

static void check_files(void)
{
	char name[32], content[64];
	struct stat status;
	int i;

	for (i = 0; i < FILE_COUNT; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		CHECK_IS(fstat(files[i], &status), 0);
		CHECK_IS(status.st_size, strlen(name));
		CHECK_IS(pread(files[i], content, sizeof(content), 0), strlen(name));
		CHECK(!memcmp(name, content, strlen(name)));
		CHECK_IS(close(files[i]), 0);
	}
}

int main(int count, char **arguments)
{
	(void)count;
	close_all(arguments[1]);
	open_files();
	make_a_finding();
	check_files();
	return guest_passed();
}

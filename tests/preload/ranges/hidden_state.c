/*
 * Functions of the C library that share a buffer or other state, called by two threads
 * that nothing orders: each is a race, and what they return is as natively.  Numbers in
 * vector registers come and go unchanged.
 *
 * snarl-expect: status=66 kinds=data-race
 */
#include <dirent.h>
#include <search.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "../guest.h"

#define CALLS 6

static DIR *directory;
static pid_t first_id;

static void call_numbers(void)
{
	int point, sign;
	double number = drand48();

	CHECK(number >= 0 && number < 1);
	CHECK(strcmp(ecvt(123.25, 5, &point, &sign), "12325") == 0);
	CHECK_IS(point, 3);
}

static void call_time(void)
{
	time_t time = 86400;
	struct tm *broken_down = gmtime(&time);

	CHECK_IS(broken_down->tm_mday, 2);
	CHECK(strcmp(asctime(broken_down), "Fri Jan  2 00:00:00 1970\n") == 0);
}

static void call_strtok(void)
{
	char text[] = "one two";

	CHECK(strcmp(strtok(text, " "), "one") == 0);
	CHECK(strcmp(strtok(NULL, " "), "two") == 0);
}

static void call_environment(void)
{
	CHECK_IS(setenv("GUEST", "value", 1), 0);
	CHECK(strcmp(getenv("GUEST"), "value") == 0);
}

static void call_readdir(void)
{
	CHECK(readdir(directory) != NULL);
}

static void call_hsearch(void)
{
	ENTRY entry = {"key", directory};

	CHECK(hsearch(entry, ENTER)->data == directory);
}

static void (*const calls[CALLS])(void) = {call_numbers,	  call_time,	call_strtok,
					   call_environment, call_readdir, call_hsearch};

static void *call_all(void *is_first)
{
	if (is_first)
		__atomic_exchange_n(&first_id, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	for (int i = 0; i < CALLS; i++)
		calls[i]();
	return NULL;
}

/* Waits for the end of the first thread, as the kernel tells: that orders nothing. */
static void await_first(void)
{
	char path[64];
	pid_t id;

	while ((id = __atomic_load_n(&first_id, __ATOMIC_ACQUIRE)) == 0)
		sched_yield();
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d", (int)id);
	while (access(path, F_OK) == 0)
		sched_yield();
}

int main(void)
{
	pthread_t first, second;

	CHECK(hcreate(10));
	directory = opendir("/");
	CHECK(directory != NULL);
	first = guest_start(call_all, (void *)(intptr_t)1);
	await_first();
	second = guest_start(call_all, NULL);
	guest_join(first);
	guest_join(second);
	CHECK_IS(closedir(directory), 0);
	return guest_passed();
}

/*
 * Functions of the C library that share state, used as is right: before there are threads,
 * under a lock, or in variants that share nothing.  No finding.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <locale.h>
#include <pwd.h>

#include "../guest.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void call_under_lock(void)
{
	char text[] = "one two";
	time_t time = 86400;

	CHECK_IS(pthread_mutex_lock(&lock), 0);
	CHECK(strcmp(ctime(&time), "Fri Jan  2 00:00:00 1970\n") == 0);
	CHECK_IS(localtime(&time)->tm_mday, 2);
	CHECK(strcmp(strtok(text, " "), "one") == 0);
	CHECK_IS(setenv("GUEST", "value", 1), 0);
	CHECK(getpwuid(0) != NULL);
	CHECK(drand48() < 1);
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
}

static void call_variants(void)
{
	char text[] = "one two";
	DIR *directory = opendir("/");
	struct in_addr address = {htonl(INADDR_LOOPBACK)};
	time_t time = 86400;
	struct tm broken_down;
	char buffer[64];
	char *rest;

	CHECK(gmtime_r(&time, &broken_down) == &broken_down);
	CHECK(asctime_r(&broken_down, buffer) == buffer);
	CHECK(strcmp(strtok_r(text, " ", &rest), "one") == 0);
	CHECK(readdir(directory) != NULL);
	CHECK_IS(closedir(directory), 0);
	/* A buffer for each thread, or a lock. */
	CHECK(strlen(strerror(EINVAL)) > 0);
	CHECK(strcmp(inet_ntoa(address), "127.0.0.1") == 0);
	CHECK(rand() >= 0);
	CHECK(strcmp(getenv("GUEST_SET_BEFORE"), "value") == 0);
	CHECK(setlocale(LC_ALL, NULL) != NULL);
}

static void *call_all(void *unused)
{
	for (int i = 0; i < 100; i++)
		call_variants();
	return unused;
}

static void *call_all_under_lock(void *unused)
{
	for (int i = 0; i < 100; i++)
		call_under_lock();
	return unused;
}

static void run_two(void *(*body)(void *))
{
	pthread_t first = guest_start(body, NULL);
	pthread_t second = guest_start(body, NULL);

	guest_join(first);
	guest_join(second);
}

int main(void)
{
	CHECK_IS(setenv("TZ", "UTC", 1), 0);
	CHECK_IS(setenv("GUEST_SET_BEFORE", "value", 1), 0);
	CHECK(setlocale(LC_ALL, "C") != NULL);
	run_two(call_all);
	run_two(call_all_under_lock);
	return guest_passed();
}

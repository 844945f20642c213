/*
 * Two threads in functions of the C library that share a buffer (data-race).
 *
 * What happens: both workers write lines with the time of day, which they get by
 * localtime().  Its result is in one buffer for the whole process.
 *
 * Why it is wrong: between the call and the use of its result the other thread may
 * call it, too, and the line gets the other one's time.  With ctime(), getpwnam(),
 * strtok() and others it is the same: glibc's manual marks them 'MT-Unsafe race'.
 *
 * See it: snarl run ./local_time
 * Both calls; the report names what they share.
 *
 * Fix: localtime_r(), whose result is in the caller's memory: clean_local_time.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY 86400

static int day_of(time_t when)
{
	struct tm *local = localtime(&when); /* HERE: call */

	return local->tm_mday;
}

static void *find_day(void *when)
{
	time_t *time = when;

	*time = day_of(*time); /* HERE: finds */
	return NULL;
}

int main(void)
{
	time_t first_time = 2 * DAY, second_time = 9 * DAY;
	pthread_t first, second;

	setenv("TZ", "UTC", 1);
	pthread_create(&first, NULL, find_day, &first_time);
	pthread_create(&second, NULL, find_day, &second_time);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	printf("two days of a month\n");
	return first_time == second_time;
}

/*
 * The fixed twin of local_time.c: localtime_r() leaves its result in the caller's
 * memory.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY 86400

static int day_of(time_t when)
{
	struct tm local;

	localtime_r(&when, &local); /* HERE: call */
	return local.tm_mday;
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

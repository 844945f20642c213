/*
 * The fixed twin of open_end.c: main closes the writing end when all is written,
 * and the logger comes to the end of its input.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int lines[2]; /* a pipe: read from, written to */

static void *count_bytes(void *total)
{
	char text[64];
	ssize_t count;

	while ((count = read(lines[0], text, sizeof(text))) > 0)
		*(long *)total += count;
	return NULL;
}

int main(void)
{
	pthread_t logger;
	long total = 0;

	if (pipe(lines))
		return 1;
	pthread_create(&logger, NULL, count_bytes, &total);
	for (int i = 0; i < 10; i++)
		if (write(lines[1], "a line\n", 7) != 7)
			return 1;
	close(lines[1]);
	pthread_join(logger, NULL);
	close(lines[0]);
	printf("%ld bytes logged\n", total);
	return 0;
}

/*
 * The end of a pipe that is never closed (hang).
 *
 * What happens: the logger reads until the end of its input.  Main has written all
 * lines and waits for the logger's end, but its own end of the pipe is open
 * still: the logger waits for more, and nobody else could write any.
 *
 * Why: a read ends with the end of file once all writing ends are closed, in
 * every process and thread.  Within one process there is one table of
 * descriptors: who has no more to write must say so.
 *
 * See it: snarl run ./open_end
 * No other process has an end of this pipe, so this is for ever.
 *
 * Fix: clean_open_end.c closes the writing end before it joins.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int lines[2]; /* a pipe: read from, written to */

static void *count_bytes(void *total)
{
	char text[64];
	ssize_t count;

	while ((count = read(lines[0], text, sizeof(text))) > 0) /* HERE: reads */
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
	pthread_join(logger, NULL); /* HERE: joins */
	close(lines[1]);
	close(lines[0]);
	printf("%ld bytes logged\n", total);
	return 0;
}

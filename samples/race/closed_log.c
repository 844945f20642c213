/*
 * A descriptor closed while another thread uses its number (descriptor-race).
 *
 * What happens: the worker writes to a log.  The main thread looks how long the log
 * has become, and closes it when there is enough in it.
 *
 * Why it is wrong: nothing tells the worker.  Its next write fails; or, once another
 * file was opened, goes there: descriptors are numbers, which are given out again.
 *
 * See it: snarl run ./closed_log
 * The write and the close.  It is a warning: the program may have agreed about
 * the end in a way that snarl does not see.
 *
 * Fix: close it after the worker has ended: clean_closed_log.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int log_file;

static void *work(void *unused)
{
	ssize_t written = write(log_file, "begun\n", 6); /* HERE: write */

	return written == 6 ? unused : NULL;
}

static int is_empty(void)
{
	struct stat status;

	return fstat(log_file, &status) == 0 && status.st_size == 0;
}

static void end_log(void)
{
	close(log_file); /* HERE: close */
}

int main(void)
{
	pthread_t worker;

	log_file = fileno(tmpfile());
	pthread_create(&worker, NULL, work, NULL);
	while (is_empty())
		; /* something else to do */
	end_log();
	pthread_join(worker, NULL);
	puts("logged");
	return 0;
}

/*
 * The fixed twin of closed_log.c: the log is closed after its writer has ended.
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
	pthread_join(worker, NULL);
	end_log();
	puts("logged");
	return 0;
}

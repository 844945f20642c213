/*
 * Descriptors that are used and closed by several threads as is right: handed over, closed
 * after a join, and numbers that the kernel gives to another thread.  No finding.
 */
#include <dirent.h>

#include "../guest.h"

#define ROUNDS 200
#define FILES 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int handed_over[FILES];
static int file_count;

static int take_file(void)
{
	int file;

	CHECK_IS(pthread_mutex_lock(&lock), 0);
	file = file_count ? handed_over[--file_count] : -1;
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
	return file;
}

static int give_file(int file)
{
	int has_room;

	CHECK_IS(pthread_mutex_lock(&lock), 0);
	has_room = file_count < FILES;
	if (has_room)
		handed_over[file_count++] = file;
	CHECK_IS(pthread_mutex_unlock(&lock), 0);
	return has_room;
}

/* Writes to files of its own and of the others, and closes either: all get the same few
 * numbers again and again, by calls that are observed and by some that are not. */
static void *use_files(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		FILE *stream = fopen("/dev/null", "w");
		DIR *directory = opendir("/");
		int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
		int other = take_file();

		CHECK_IS(write(fileno(stream), "text", 4), 4);
		CHECK_IS(write(file, "text", 4), 4);
		CHECK(fcntl(dirfd(directory), F_GETFD) >= 0);
		CHECK_IS(closedir(directory), 0);
		CHECK_IS(fclose(stream), 0);
		if (other >= 0) {
			CHECK_IS(write(other, "text", 4), 4);
			CHECK_IS(dup2(file, other), other);
			CHECK_IS(close(other), 0);
		}
		if (!give_file(file))
			CHECK_IS(close(file), 0);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[3];
	int file = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		threads[i] = guest_start(use_files, NULL);
	CHECK_IS(write(file, "text", 4), 4);
	for (int i = 0; i < 3; i++)
		guest_join(threads[i]);
	for (int other = take_file(); other >= 0; other = take_file())
		CHECK_IS(close(other), 0);
	CHECK_IS(close(file), 0);
	return guest_passed();
}

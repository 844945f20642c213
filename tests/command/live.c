/*
 * Errs, waits until the file that its argument names says so, errs again and in another way.
 * Status 1: it did not, in a minute or so many tenths of a second as a second argument says.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 600 /* of a tenth of a second */

static pthread_mutex_t early = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t late = PTHREAD_MUTEX_INITIALIZER;

static int has_finding(const char *path)
{
	char line[4096];
	int found = 0;
	FILE *file = fopen(path, "r");

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, "unlock-unlocked") != NULL;
	if (file)
		fclose(file);
	return found;
}

static void unlock_early(void)
{
	pthread_mutex_unlock(&early);
}

int main(int argc, char **argv)
{
	int tries = argc > 2 ? atoi(argv[2]) : TRIES;

	for (int i = 0; i < 2; i++) {
		unlock_early();
		while (argc > 1 && !has_finding(argv[1]) && tries-- > 0)
			poll(NULL, 0, 100);
	}
	pthread_mutex_unlock(&late);
	return tries < 0;
}

/*
 * The fixed twin of exit_holding.c: the early return unlocks first.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t symbols_lock = PTHREAD_MUTEX_INITIALIZER;
static int symbol_count;

static void *parse_lines(void *argument)
{
	const char *line = argument;

	pthread_mutex_lock(&symbols_lock); /* HERE: lock */
	for (; *line; line++) {
		if (*line == '?') {
			pthread_mutex_unlock(&symbols_lock);
			return NULL;
		}
		symbol_count++;
	}
	pthread_mutex_unlock(&symbols_lock);
	return NULL;
}

int main(void)
{
	static char text[] = "ab?c";
	pthread_t parser;

	pthread_create(&parser, NULL, parse_lines, text);
	pthread_join(parser, NULL);
	printf("%d symbols\n", symbol_count);
	return 0;
}

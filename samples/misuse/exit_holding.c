/*
 * A thread that ends holding a lock (exit-holding-lock).
 *
 * What happens: the parser finds a bad line, gives up and returns from the
 * thread without unlocking the table.
 *
 * Why it is wrong: a normal mutex is not released by its owner's end.  Nobody
 * can ever unlock it again; the next thread that wants it hangs.  In this run
 * nobody comes, so the program ends as if all were well.
 *
 * See it: snarl run ./exit_holding
 * Where the lock was taken, and which thread took it to its grave.
 *
 * Fix: unlock on every way out: clean_exit_holding.c.
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

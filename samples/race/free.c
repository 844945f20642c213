/*
 * Freed while another thread still reads (data-race).
 *
 * What happens: main gives a bill to the printer's thread and frees it, then
 * waits for the thread.
 *
 * Why it is wrong: the two lines at the end of main are in the wrong order.  If
 * the printer is slow, the memory already belongs to somebody else.
 *
 * See it: snarl run ./free
 * The read and the free(), and where the memory came from.
 *
 * Fix: wait first, free then: clean_free.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_COUNT 100

static void *print_bill(void *argument)
{
	const int *amounts = argument;
	int sum = 0;

	for (int line = 0; line < LINE_COUNT; line++)
		sum += amounts[line]; /* HERE: reads */
	printf("to pay: %d\n", sum);
	return NULL;
}

int main(void)
{
	int *amounts = malloc(LINE_COUNT * sizeof *amounts); /* HERE: allocates */
	pthread_t printer;

	if (!amounts)
		abort();
	for (int line = 0; line < LINE_COUNT; line++)
		amounts[line] = line;
	pthread_create(&printer, NULL, print_bill, amounts);
	free(amounts); /* HERE: frees */
	pthread_join(printer, NULL);
	return 0;
}

/*
 * The fixed twin of free.c: main waits for the printer before it frees
 * what the printer reads.
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
	pthread_join(printer, NULL);
	free(amounts); /* HERE: frees */
	return 0;
}

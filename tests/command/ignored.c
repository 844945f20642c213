/*
 * A race whose one side is in a region that the program asks not to observe, as the argument says:
 * none, reads, writes, nested, ended (the region has ended before it), other (the other kind), wtf,
 * left (threads before it have ended in theirs), beside (behind one, and in the epoch with the
 * number that the second argument says, from 0 on).
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void AnnotateIgnoreReadsBegin(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreReadsEnd(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreWritesBegin(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreWritesEnd(const char *file, int line) __attribute__((weak));
extern void WTFAnnotateBenignRaceSized(const char *file, int line, uintptr_t address, size_t size,
				       const char *why) __attribute__((weak));

#define EPOCHS 200

static const char *mode;
static int number;
static long datum, seen, data[EPOCHS];
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

static int is(const char *name)
{
	return strcmp(mode, name) == 0;
}

#define CALL(name)                                                                                 \
	do {                                                                                       \
		if (name)                                                                          \
			name(__FILE__, __LINE__);                                                  \
	} while (0)

/* By one instruction, which is known after its first times. */
static void *write_beside(void *unused)
{
	CALL(AnnotateIgnoreWritesBegin);
	CALL(AnnotateIgnoreWritesEnd);
	for (int i = 0; i < EPOCHS; i++) {
		pthread_mutex_lock(&own);
		data[i] = i;
		pthread_mutex_unlock(&own);
	}
	return unused;
}

static void *read_beside(void *unused)
{
	seen = data[number];
	return unused;
}

static void *write_it(void *unused)
{
	int has_region = is("writes") || is("nested") || is("ended");

	if (has_region)
		CALL(AnnotateIgnoreWritesBegin);
	if (is("nested")) {
		CALL(AnnotateIgnoreWritesBegin);
		CALL(AnnotateIgnoreWritesEnd);
	}
	if (is("ended"))
		CALL(AnnotateIgnoreWritesEnd);
	if (is("other"))
		CALL(AnnotateIgnoreReadsBegin);
	datum = 3;
	if (is("other"))
		CALL(AnnotateIgnoreReadsEnd);
	if (has_region && !is("ended"))
		CALL(AnnotateIgnoreWritesEnd);
	return unused;
}

static void *leave_open(void *unused)
{
	CALL(AnnotateIgnoreWritesBegin);
	return unused;
}

static void *read_it(void *unused)
{
	if (is("reads"))
		CALL(AnnotateIgnoreReadsBegin);
	seen = datum;
	if (is("reads"))
		CALL(AnnotateIgnoreReadsEnd);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	mode = argc > 1 ? argv[1] : "none";
	number = argc > 2 ? atoi(argv[2]) : 0;
	if (is("wtf") && WTFAnnotateBenignRaceSized)
		WTFAnnotateBenignRaceSized(__FILE__, __LINE__, (uintptr_t)&datum, sizeof(datum),
					   "it is meant");
	for (int i = 0; is("left") && i < 8; i++) {
		pthread_create(&threads[0], NULL, leave_open, NULL);
		pthread_join(threads[0], NULL);
	}
	pthread_create(&threads[0], NULL, is("beside") ? write_beside : write_it, NULL);
	pthread_create(&threads[1], NULL, is("beside") ? read_beside : read_it, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}

/*
 * A program that walks its own stack, by libgcc and by backtrace(3), holding
 * locks and in handlers, sees all its frames in order.
 */
#include "../guest.h"

#include <execinfo.h>
#include <signal.h>
#include <unwind.h>

#define DEPTH 12

static pthread_mutex_t mutexes[DEPTH + 1];
static volatile int handled_count;

struct walk {
	void *frames[64];
	int count;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;

	if (walk->count < 64)
		walk->frames[walk->count++] = (void *)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static void __attribute__((noinline)) lock_and_walk(int depth, struct walk *by_libgcc,
						    struct walk *by_libc)
{
	CHECK_IS(pthread_mutex_lock(&mutexes[depth]), 0);
	if (depth) {
		lock_and_walk(depth - 1, by_libgcc, by_libc);
	} else {
		CHECK_IS(_Unwind_Backtrace(note_frame, by_libgcc), _URC_END_OF_STACK);
		by_libc->count = backtrace(by_libc->frames, 64);
	}
	CHECK_IS(pthread_mutex_unlock(&mutexes[depth]), 0);
}

/* Frames of lock_and_walk: one call site, DEPTH times, above the innermost. */
static int repeated_count(const struct walk *walk)
{
	int i, count = 0;

	for (i = 1; i < walk->count; i++)
		count += walk->frames[i] == walk->frames[i - 1];
	return count;
}

static void *walk_here(void *unused)
{
	struct walk by_libgcc = {.count = 0}, by_libc = {.count = 0};
	int i;

	lock_and_walk(DEPTH, &by_libgcc, &by_libc);
	CHECK_IS(repeated_count(&by_libgcc), DEPTH - 1);
	CHECK_IS(repeated_count(&by_libc), DEPTH - 1);
	/* backtrace() leaves out an outermost frame without an address. */
	CHECK(by_libc.count == by_libgcc.count ||
	      (by_libc.count == by_libgcc.count - 1 && !by_libgcc.frames[by_libc.count]));
	/* All but the two call sites in the innermost frame are the same. */
	for (i = 1; i < by_libc.count; i++)
		CHECK(by_libc.frames[i] == by_libgcc.frames[i]);
	return unused;
}

static void walk_in_handler(int number)
{
	(void)number;
	walk_here(NULL);
	handled_count++;
}

static void print_symbols(void)
{
	void *frames[4];
	char **symbols;
	int count = backtrace(frames, 4);

	CHECK(count >= 2);
	symbols = backtrace_symbols(frames, count);
	CHECK(symbols != NULL);
	CHECK(strstr(symbols[0], "backtraces") != NULL);
	free(symbols);
}

int main(void)
{
	int i;

	for (i = 0; i <= DEPTH; i++)
		CHECK_IS(pthread_mutex_init(&mutexes[i], NULL), 0);
	for (i = 0; i < 20; i++) {
		walk_here(NULL);
		guest_run_in_thread(walk_here, NULL);
	}
	CHECK(signal(SIGUSR1, walk_in_handler) != SIG_ERR);
	CHECK_IS(raise(SIGUSR1), 0);
	CHECK_IS(handled_count, 1);
	print_symbols();
	return guest_passed();
}

/*
 * Who joins the main thread, which has left or was cancelled, comes after all that it did, its
 * cleanup handlers' part, too.
 */
#include "../guest.h"

#include <stdbool.h>

static int written, cleaned;
static pthread_t main_thread;

static void clean_up(void *unused)
{
	(void)unused;
	cleaned = 2;
}

static void *join_main(void *must_cancel)
{
	void *result;

	if (must_cancel)
		CHECK_IS(pthread_cancel(main_thread), 0);
	CHECK_IS(pthread_join(main_thread, &result), 0);
	CHECK(result == (must_cancel ? PTHREAD_CANCELED : NULL));
	CHECK_IS(written, 1);
	CHECK_IS(cleaned, 2);
	guest_passed();
	exit(0);
}

static void begin(bool must_cancel)
{
	main_thread = pthread_self();
	written = 1;
	pthread_cleanup_push(clean_up, NULL);
	guest_start(join_main, must_cancel ? &main_thread : NULL);
	while (must_cancel)
		pause();
	pthread_exit(NULL);
	pthread_cleanup_pop(0);
}

int main(void)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (!child)
		begin(true);
	CHECK_IS(waitpid(child, &status, 0), child);
	CHECK_IS(status, 0);
	begin(false);
}

/*
 * A stream that is closed by exit() calls _exit(), as a handler may: the process ends by that.
 *
 * guest-bare: yes
 */
#include "../guest.h"

static ssize_t end_here(void *cookie, const char *bytes, size_t count)
{
	(void)cookie;
	(void)bytes;
	(void)count;
	_exit(23);
}

int main(void)
{
	FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = end_here});

	CHECK(stream != NULL);
	CHECK(fputs("kept until the end", stream) >= 0);
	puts("passed");
	fflush(stdout);
	exit(1);
}

#include "command/base/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/model/utf8.h"

/* Files and arguments may have any bytes: none may steer the terminal. */
static void __attribute__((format(printf, 1, 0))) print_line(const char *format, va_list arguments)
{
	struct pool pool = {0};
	char *line;

	if (vasprintf(&line, format, arguments) < 0)
		return;
	/* Errors of standard error itself cannot be reported. */
	(void)fprintf(stderr, "snarl: %s\n", utf8_plain(&pool, line));
	pool_free(&pool);
	free(line);
}

int command_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
	return STATUS_FAILED;
}

void command_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}

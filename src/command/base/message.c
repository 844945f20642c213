#include "command/base/message.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 1, 0))) print_line(const char *format, va_list arguments)
{
	/* Errors of standard error itself cannot be reported. */
	(void)fputs("snarl: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputs("\n", stderr);
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

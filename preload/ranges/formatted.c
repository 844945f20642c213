/*
 * Formatted printing to memory and reading from it, with variable arguments.
 *
 * Compiled with vector registers, as floating-point arguments are passed in
 * them.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "preload/ranges/tables.h"
#include "preload/guest/real.h"

/* Makes @call with the variable arguments as the list 'rest'. */
#define CALL_WITH_LIST(result, last, call)                                                         \
	do {                                                                                       \
		va_list rest;                                                                      \
                                                                                                   \
		va_start(rest, last);                                                              \
		result = (call);                                                                   \
		va_end(rest);                                                                      \
	} while (0)

#if __USE_FORTIFY_LEVEL == 0 /* else stdio.h has them */
int __vsprintf_chk(char *to, int flag, size_t limit, const char *format, va_list rest);
int __vsnprintf_chk(char *to, size_t n, int flag, size_t limit, const char *format, va_list rest);
#endif
int __isoc99_vsscanf(const char *s, const char *format, va_list rest);

static __attribute__((format(printf, 2, 3))) int wrapped_sprintf(char *to, const char *format, ...)
{
	struct unwind_start start = unwind_start_here();
	int result;

	CALL_WITH_LIST(result, format, REAL(vsprintf)(to, format, rest));
	range_written(&start, to, ranges_printed(result, SIZE_MAX));
	return result;
}

static __attribute__((format(printf, 4, 5))) int
wrapped___sprintf_chk(char *to, int flag, size_t limit, const char *format, ...)
{
	struct unwind_start start = unwind_start_here();
	int result;

	CALL_WITH_LIST(result, format, REAL(__vsprintf_chk)(to, flag, limit, format, rest));
	range_written(&start, to, ranges_printed(result, SIZE_MAX));
	return result;
}

static __attribute__((format(printf, 3, 4))) int wrapped_snprintf(char *to, size_t n,
								  const char *format, ...)
{
	struct unwind_start start = unwind_start_here();
	int result;

	CALL_WITH_LIST(result, format, REAL(vsnprintf)(to, n, format, rest));
	range_written(&start, to, ranges_printed(result, n));
	return result;
}

static __attribute__((format(printf, 5, 6))) int
wrapped___snprintf_chk(char *to, size_t n, int flag, size_t limit, const char *format, ...)
{
	struct unwind_start start = unwind_start_here();
	int result;

	CALL_WITH_LIST(result, format, REAL(__vsnprintf_chk)(to, n, flag, limit, format, rest));
	range_written(&start, to, ranges_printed(result, n));
	return result;
}

/* What it stores is not checked: where that is follows from the format, which
 * is not parsed. */
static __attribute__((format(scanf, 2, 3))) int wrapped_sscanf(const char *s, const char *format,
							       ...)
{
	struct unwind_start start = unwind_start_here();
	int result;

	range_read(&start, s, REAL(strlen)(s) + 1);
	CALL_WITH_LIST(result, format, REAL(vsscanf)(s, format, rest));
	return result;
}

static __attribute__((format(scanf, 2, 3))) int wrapped___isoc99_sscanf(const char *s,
									const char *format, ...)
{
	struct unwind_start start = unwind_start_here();
	int result;

	range_read(&start, s, REAL(strlen)(s) + 1);
	CALL_WITH_LIST(result, format, REAL(__isoc99_vsscanf)(s, format, rest));
	return result;
}

void *const ranges_formatted[RANGE_COUNT] = {
	[RANGE_OF_sprintf] = wrapped_sprintf,
	[RANGE_OF___sprintf_chk] = wrapped___sprintf_chk,
	[RANGE_OF_snprintf] = wrapped_snprintf,
	[RANGE_OF___snprintf_chk] = wrapped___snprintf_chk,
	[RANGE_OF_sscanf] = wrapped_sscanf,
	[RANGE_OF___isoc99_sscanf] = wrapped___isoc99_sscanf,
};

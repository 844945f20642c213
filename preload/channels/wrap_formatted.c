/*
 * Writes and reads with a format (wrap_channel.c has the others).  Compiled
 * with vector registers, so that floating-point arguments are passed on.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>

#include "preload/guest/export.h"

int __vfprintf_chk(FILE *restrict file, int flag, const char *restrict format, va_list list);
int __vdprintf_chk(int descriptor, int flag, const char *restrict format, va_list list);
int __isoc99_vfscanf(FILE *restrict file, const char *restrict format, va_list list);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __dprintf_chk(int descriptor, int flag, const char *format, ...);
int __isoc99_fscanf(FILE *file, const char *format, ...);

#define WITH_FORMAT(name, parameters, real, ...)                                                   \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		va_list list;                                                                      \
		int result;                                                                        \
                                                                                                   \
		va_start(list, format);                                                            \
		result = real(__VA_ARGS__, format, list);                                          \
		va_end(list);                                                                      \
		return result;                                                                     \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
WITH_FORMAT(fprintf, (FILE *restrict file, const char *restrict format, ...), vfprintf, file)
WITH_FORMAT(__fprintf_chk, (FILE * file, int flag, const char *format, ...), __vfprintf_chk, file,
	    flag)
WITH_FORMAT(dprintf, (int descriptor, const char *restrict format, ...), vdprintf, descriptor)
WITH_FORMAT(__dprintf_chk, (int descriptor, int flag, const char *format, ...), __vdprintf_chk,
	    descriptor, flag)
WITH_FORMAT(__isoc99_fscanf, (FILE * file, const char *format, ...), __isoc99_vfscanf, file)
#pragma GCC diagnostic pop

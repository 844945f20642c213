/*
 * Sources in Fortran, which has atomic accesses only by name: directives of OpenMP and OpenACC, and
 * intrinsic procedures.
 *
 * A file without any such name, and without what may bring one, has plain accesses alone.  May miss
 * those of a file that has one; accepted as it need not be parsed then.
 */
#ifndef REPORTS_SYMBOLS_FORTRAN_H
#define REPORTS_SYMBOLS_FORTRAN_H

#include "base/types.h"

/* By the suffix of @path. */
bool fortran_is_source(const char *path);

/* Are all accesses of the file with this text plain? */
bool fortran_is_plain(const char *text, size_t length);

/* Is line @line, or the one before it, a directive that makes an access atomic? */
bool fortran_is_atomic(const char *text, size_t length, unsigned line);

#endif

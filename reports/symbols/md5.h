/*
 * MD5 (RFC 1321), which line tables have of source files.
 */
#ifndef REPORTS_SYMBOLS_MD5_H
#define REPORTS_SYMBOLS_MD5_H

#include "base/types.h"

#define MD5_BYTES 16u

void md5_of(const void *data, size_t size_bytes, unsigned char digest[MD5_BYTES]);

#endif

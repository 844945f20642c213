/* UTF-8 that other programs will read: names of programs may have any bytes. */
#ifndef REPORTS_FORMATS_CI_UTF8_H
#define REPORTS_FORMATS_CI_UTF8_H

#include "base/types.h"

/* The length of the character at @text, or 0 if it is none that XML 1.0 allows. */
size_t utf8_length(const unsigned char *text);

#endif

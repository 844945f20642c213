/* UTF-8 that others will read: names of programs may have any bytes. */
#ifndef REPORTS_MODEL_UTF8_H
#define REPORTS_MODEL_UTF8_H

#include "reports/model/pool.h"

/* The length of the character at @text, or 0 if it is none that XML 1.0 allows. */
size_t utf8_length(const unsigned char *text);

/* @text for a line on a terminal, as long as it is: each byte of what is no UTF-8, steers the
 * terminal or turns the direction of writing is '?'. */
const char *utf8_plain(struct pool *pool, const char *text);

#endif

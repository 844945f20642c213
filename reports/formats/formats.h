/*
 * The writers of the formats: one for each row of formats.def, in its own file.  A
 * writer writes @view to @out; 0 or a negative errno.
 */
#ifndef REPORTS_FORMATS_FORMATS_H
#define REPORTS_FORMATS_FORMATS_H

#include <stdio.h>

#include "reports/words/view.h"

#define FORMAT(identifier, key, writer, use, help) int writer(struct view *view, FILE *out);
#include "options/formats.def"
#undef FORMAT

#endif

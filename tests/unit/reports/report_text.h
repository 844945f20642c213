/* Rendering an image into a string, for tests of report formats. */
#ifndef UNIT_REPORT_TEXT_H
#define UNIT_REPORT_TEXT_H

#include <stdio.h>

#include "reports/report.h"
#include "reports/words/view.h"

typedef int (*report_writer)(struct view *view, FILE *out);

/* The document; free() it. */
char *render_image(const unsigned char *image, report_writer writer,
		   const struct view_options *options);

#endif

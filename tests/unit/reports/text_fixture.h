/* A results image and the text of its report, for tests of texts. */
#ifndef UNIT_TEXT_FIXTURE_H
#define UNIT_TEXT_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "report_text.h"
#include "reports/formats/formats.h"
#include "../finding/results_image.h"

static unsigned char *image;
static char *text;
static struct view_options options;

static inline void set_up(void)
{
	image = image_new();
	text = NULL;
	options = (struct view_options){.program = "./prog"};
	image_process(image, 1, 0, PROCESS_STARTED, "/somewhere/prog");
}

static inline void tear_down(void)
{
	free(text);
	free(image);
}

static inline void render_text(void)
{
	free(text);
	text = render_image(image, text_write, &options);
}

static inline void expect_text(const char *part)
{
	ck_assert_msg(strstr(text, part), "no '%s' in:\n%s", part, text);
}

static inline void expect_no(const char *part)
{
	ck_assert_msg(!strstr(text, part), "'%s' in:\n%s", part, text);
}

static inline void expect_last_line(const char *line)
{
	size_t length = strlen(text);

	ck_assert_uint_gt(length, strlen(line));
	ck_assert_str_eq(text + length - strlen(line), line);
}

/* Writes a finding of two events on lock 1 by threads 2 and 3. */
static inline void write_pair(enum finding_kind kind, enum severity severity, uint32_t details,
		              enum finding_action first, enum finding_action second)
{
	static struct finding finding;

	finding = (struct finding){.id = 2, .kind = kind, .severity = severity, .details = details};
	image_event(&finding, 2, first, 1, 0);
	image_event(&finding, 3, second, 1, 0);
	image_finding(image, 1, &finding, 1);
}

#endif

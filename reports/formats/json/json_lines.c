/*
 * JSON lines: a document in each line, so that a reader needs no more memory than for one.
 * First the findings, as the JSON report has them; then one line with the result.
 */
#include <errno.h>

#include "reports/formats/formats.h"
#include "reports/formats/json/json_parts.h"

static bool write_line(const char *type, json_t *line, FILE *out)
{
	bool is_written = json_object_set_new(line, "type", json_string(type)) == 0 &&
			  json_dumpf(line, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 &&
			  fputc('\n', out) != EOF;

	json_decref(line);
	return is_written;
}

int json_lines_write(struct view *view, FILE *out)
{
	bool is_written = true;

	for (size_t i = 0; i < view->finding_count && is_written; i++)
		is_written = write_line("finding", json_finding(view, &view->findings[i]), out);
	return is_written && write_line("result", json_result(view), out) ? 0 : -EIO;
}

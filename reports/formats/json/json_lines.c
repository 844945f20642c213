/*
 * JSON lines: a document in each line, so that a reader needs no more memory than for one.
 * First the findings, as the JSON report has them, some of them while the program runs; then
 * what has changed of these; then one line with the result.
 */
#include <errno.h>

#include "reports/formats/formats.h"
#include "reports/formats/json/json_parts.h"
#include "reports/view/shown.h"

static bool write_line(const char *type, json_t *line, struct json_stream *stream)
{
	json_object_set_new(line, "type", json_string(type));
	stream->has_members = false;
	json_stream_add(stream, NULL, line);
	return putc('\n', stream->out) != EOF;
}

/* A finding, or what has changed since it was written. */
static bool write_finding(struct view *view, const struct view_finding *finding,
			  struct json_stream *stream)
{
	if (!finding->shown)
		return write_line("finding", json_finding(view, finding), stream);
	if (!shown_has_changed(finding))
		return true;
	return write_line("change",
			  json_pack("{s:s, s:I}", "fingerprint", finding->shown->fingerprint,
				    "count", (json_int_t)finding->count),
			  stream);
}

/* Findings that were written and are none of their own any more. */
static bool write_gone(const struct shown *shown, struct json_stream *stream)
{
	bool is_written = true;

	for (size_t i = 0; shown && i < shown->count && is_written; i++)
		if (shown_is_gone(&shown->rows[i]))
			is_written = write_line("withdrawn",
						json_pack("{s:s}", "fingerprint",
							  shown->rows[i].fingerprint),
						stream);
	return is_written;
}

int json_lines_write(struct view *view, FILE *out)
{
	struct json_stream stream = {.out = out, .is_compact = true};
	bool is_written = true;

	for (size_t i = 0; i < view->finding_count && is_written; i++)
		is_written = write_finding(view, &view->findings[i], &stream);
	if (is_written && !view->options->is_live)
		is_written = write_gone(view->options->shown, &stream) &&
			     write_line("result", json_result(view), &stream);
	json_frames_free(view);
	return json_stream_end(&stream) && is_written ? 0 : -EIO;
}

/*
 * Annotations for GitHub: workflow commands, a line for each finding, which a job prints
 * to its standard output.
 */
#include <errno.h>

#include "reports/formats/formats.h"
#include "reports/view/place.h"

static const char *const commands[] = {
	[SEVERITY_NOTE] = "notice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

/* A line break would end the command, and what follows could be another one; in a
 * property (@is_property) ':' and ',' end the value. */
static void write_escaped(FILE *out, const char *text, bool is_property)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == '%' || c == 127 || (is_property && (c == ':' || c == ',')))
			fprintf(out, "%%%02X", c);
		else
			fputc(c, out);
	}
}

static void write_property(FILE *out, const char *before, const char *name, const char *value)
{
	fprintf(out, "%s%s=", before, name);
	write_escaped(out, value, true);
}

static void write_annotation(struct view *view, const struct view_finding *finding, FILE *out)
{
	const struct source_frame *place = place_of(view, finding);
	const char *path = place_path(view, place);

	fprintf(out, "::%s", commands[finding->severity]);
	write_property(out, " ", "title", finding_kind_name(finding->finding->kind));
	if (path)
		write_property(out, ",", "file", path);
	if (path && place->line)
		fprintf(out, ",line=%u", place->line);
	if (path && place->line && place->column)
		fprintf(out, ",col=%u", place->column);
	fputs("::", out);
	write_escaped(out, finding->summary, false);
	if (finding->advice[0]) {
		fputs("%0ATo fix: ", out);
		write_escaped(out, finding->advice, false);
	}
	fputc('\n', out);
}

int annotations_write(struct view *view, FILE *out)
{
	for (size_t i = 0; i < view->finding_count; i++)
		write_annotation(view, &view->findings[i], out);
	return ferror(out) ? -EIO : 0;
}

#include "reports/view/headline.h"

#include "reports/view/place.h"
#include "reports/words/names.h"

const char *headline_words(struct view *view, const struct view_finding *finding)
{
	const char *process = process_phrase(view, finding);
	const char *line = pool_format(view->pool, "%s%s%s", finding->summary,
				       process[0] ? ", " : "", process);

	if (finding->count > 1)
		line = pool_format(view->pool, "%s [%llu times]", line,
				   (unsigned long long)finding->count);
	return line;
}

const char *headline_place(struct view *view, const struct view_finding *finding)
{
	const struct source_frame *place = place_of(view, finding);

	if (!place || !place->module)
		return "";
	return pool_format(view->pool, "%s: ", place_words(view, place));
}

const char *headline_line(struct view *view, const struct view_finding *finding)
{
	return pool_format(view->pool, "%s%s: %s: %s", headline_place(view, finding),
			   severity_name(finding->severity),
			   finding_kind_name(finding->finding->kind),
			   headline_words(view, finding));
}

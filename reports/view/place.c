#include "reports/view/place.h"

#include "reports/words/memory.h"

/* The event that completed the finding comes last; one without a line may stand behind
 * another that has one. */
const struct source_frame *place_of(struct view *view, const struct view_finding *finding)
{
	const struct source_frame *place = NULL;

	for (size_t i = finding->event_count; i-- > 0 && !(place && place->line);) {
		const struct finding_event *event = finding->events[i];
		const struct source_frame *site =
			symbolize_site(view->symbolizer, finding->process, event->stack);

		if (site && !memory_is_aside(finding, event) && (!place || site->line))
			place = site;
	}
	return place;
}

const char *place_folder(struct view *view)
{
	const char *directory = view->options->directory;

	return directory && directory[1] ? pool_format(view->pool, "%s/", directory) : "";
}

const char *place_path(struct view *view, const struct source_frame *frame)
{
	const char *directory = view->options->directory;
	const char *below;
	const char *path;

	if (!frame || !frame->file)
		return NULL;
	path = source_frame_path(view->pool, frame);
	if (path[0] != '/' && directory)
		path = source_path_straight(view->pool,
					    pool_format(view->pool, "%s/%s", directory, path));
	below = source_path_below(path, directory);
	return below ? below : path;
}

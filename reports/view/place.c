#include "reports/view/place.h"

#include <string.h>

#include "reports/words/memory.h"

/* Of a signal sent too early the wait is no fault. */
static bool is_place(const struct view_finding *finding, const struct finding_event *event)
{
	return !memory_is_aside(finding, event) &&
	       !(finding->finding->kind == FINDING_LOST_WAKEUP && event->action == ACTION_WAIT);
}

/* The event that completed the finding comes last; one without a line may stand behind
 * another that has one. */
const struct source_frame *place_of(struct view *view, const struct view_finding *finding)
{
	const struct source_frame *place = NULL;

	for (size_t i = finding->event_count; i-- > 0 && !(place && place->line);) {
		const struct finding_event *event = finding->events[i];
		const struct source_frame *site =
			symbolize_site(view->symbolizer, finding->process, event->stack);

		if (site && is_place(finding, event) && (!place || site->line))
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

const char *place_words(struct view *view, const struct source_frame *frame)
{
	if (!frame)
		return NULL;
	return frame->file && frame->line
		       ? pool_format(view->pool, "%s:%u", place_path(view, frame), frame->line)
		       : source_frame_place(view->pool, frame);
}

/* How much of @folder, without its last slash, holds @path too. */
static size_t common_length(const char *folder, size_t length, const char *path)
{
	size_t common = 0;

	for (size_t i = 0; i <= length && path[i]; i++) {
		if (i < length && folder[i] != path[i])
			break;
		if (path[i] == '/')
			common = i;
		if (i == length)
			break;
	}
	return common;
}

const char *place_root(struct view *view)
{
	const char *folder = NULL;
	size_t length = 0;

	for (size_t i = 0; i < view->finding_count; i++) {
		const char *path = place_path(view, place_of(view, &view->findings[i]));

		if (!path)
			continue;
		if (path[0] != '/')
			return view->options->directory;
		if (!folder) {
			folder = path;
			length = (size_t)(strrchr(path, '/') - path);
		}
		length = common_length(folder, length, path);
	}
	return length ? pool_format(view->pool, "%.*s", (int)length, folder)
		      : view->options->directory;
}

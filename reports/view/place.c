#include "reports/view/place.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

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
	static char folder[PATH_MAX];

	if (!folder[0] && getcwd(folder, sizeof(folder) - 1) && strcmp(folder, "/") != 0)
		strcat(folder, "/");
	return pool_copy(view->pool, folder, strlen(folder));
}

/* Leaves out "." and "..", and what stands before a "..". */
static char *normalise_path(struct pool *pool, const char *path)
{
	char *normal = pool_alloc(pool, strlen(path) + 2);
	size_t length = 0;

	while (*path) {
		size_t part = strcspn(path, "/");

		if (part == 2 && memcmp(path, "..", 2) == 0) {
			while (length && normal[--length] != '/')
				;
		} else if (part && !(part == 1 && *path == '.')) {
			normal[length++] = '/';
			memcpy(normal + length, path, part);
			length += part;
		}
		path += part + (path[part] == '/');
	}
	normal[length] = '\0';
	return normal;
}

const char *place_path(struct view *view, const struct source_frame *frame)
{
	const char *folder = place_folder(view);
	const char *path;

	if (!frame || !frame->file)
		return NULL;
	path = frame->file;
	if (path[0] != '/')
		path = pool_format(view->pool, "%s/%s",
				   frame->directory ? frame->directory : folder, path);
	path = normalise_path(view->pool, path);
	if (folder[0] && strncmp(path, folder, strlen(folder)) == 0)
		path += strlen(folder);
	return path;
}

#include <stdio.h>
#include <string.h>

#include "reports/formats/json/json_parts.h"
#include "reports/formats/json/sarif_parts.h"
#include "reports/view/place.h"

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~/+", c));
}

/* Bytes that an address may not have become %XX (RFC 3986, 2.1). */
static const char *escape_path(struct pool *pool, const char *path)
{
	char *text = pool_alloc(pool, 3 * strlen(path) + 1);
	size_t length = 0;

	for (; *path; path++) {
		if (is_plain((unsigned char)*path))
			text[length++] = *path;
		else
			length += (size_t)sprintf(text + length, "%%%02X", (unsigned char)*path);
	}
	text[length] = '\0';
	return text;
}

static json_t *make_artifact(struct view *view, const char *path)
{
	const char *escaped = escape_path(view->pool, path);

	if (path[0] == '/')
		return json_pack("{so}", "uri",
				 json_text(pool_format(view->pool, "file://%s", escaped)));
	return json_pack("{soss}", "uri", json_text(escaped), "uriBaseId", SARIF_FOLDER);
}

json_t *sarif_folder(struct view *view)
{
	const char *folder = escape_path(view->pool, place_folder(view));

	return json_pack("{s{so}}", SARIF_FOLDER, "uri",
			 json_text(pool_format(view->pool, "file://%s", folder[0] ? folder : "/")));
}

/* A place of the source, else one of the module. */
static json_t *make_physical(struct view *view, const struct source_frame *frame)
{
	const char *path = place_path(view, frame);
	json_t *physical = json_object();
	json_t *region;

	if (!path) {
		json_object_set_new(physical, "artifactLocation",
				    make_artifact(view, frame->module_path));
		json_object_set_new(physical, "address",
				    json_pack("{sI}", "relativeAddress",
					      (json_int_t)frame->offset));
		return physical;
	}
	json_object_set_new(physical, "artifactLocation", make_artifact(view, path));
	if (frame->line) {
		region = json_pack("{si}", "startLine", (int)frame->line);
		if (frame->column)
			json_object_set_new(region, "startColumn", json_integer(frame->column));
		json_object_set_new(physical, "region", region);
	}
	return physical;
}

json_t *sarif_location(struct view *view, const struct source_frame *frame, const char *text)
{
	json_t *location = json_object();
	const char *name;

	if (text)
		json_object_set_new(location, "message", sarif_message(text));
	if (!frame)
		return location;
	name = source_frame_function(view->pool, frame);
	if (frame->file || frame->module_path)
		json_object_set_new(location, "physicalLocation", make_physical(view, frame));
	json_object_set_new(location, "logicalLocations",
			    json_pack("[{soss}]", "fullyQualifiedName", json_text(name), "kind",
				      "function"));
	return location;
}

json_t *sarif_stack(struct view *view, const struct model_process *process, stack_id stack)
{
	const struct source_stack *source = symbolize_stack(view->symbolizer, process, stack);
	json_t *frames = json_array();

	for (size_t i = 0; source && i < source->visible_count; i++) {
		const struct source_frame *frame = &source->frames[i];
		json_t *object = json_object();

		json_object_set_new(object, "location", sarif_location(view, frame, NULL));
		if (frame->module)
			json_object_set_new(object, "module", json_text(frame->module));
		json_array_append_new(frames, object);
	}
	return json_pack("{so}", "frames", frames);
}

#include "reports/symbols/source_frame.h"

#include <string.h>

#include "base/strings.h"

const char *source_frame_function(struct pool *pool, const struct source_frame *frame)
{
	if (frame->function)
		return frame->function;
	if (frame->module && frame->function_start)
		return pool_format(pool, "<%s+%#llx>", frame->module,
				   (unsigned long long)frame->function_start);
	return "??";
}

const char *source_frame_place(struct pool *pool, const struct source_frame *frame)
{
	if (frame->file && frame->line)
		return pool_format(pool, "%s:%u", frame->file, frame->line);
	if (frame->file)
		return frame->file;
	if (frame->module)
		return pool_format(pool, "%s+%#llx", frame->module,
				   (unsigned long long)frame->offset);
	/* Generated code: nothing but the address is known. */
	return "code outside of all modules";
}

const char *source_frame_short_place(struct pool *pool, const struct source_frame *frame)
{
	const char *place = source_frame_place(pool, frame);
	const char *slash = strrchr(place, '/');

	return slash ? slash + 1 : place;
}

const char *source_path_straight(struct pool *pool, const char *file)
{
	char *straight;
	size_t length = 0;

	if (file[0] != '/')
		return file;
	straight = pool_alloc(pool, strlen(file) + 2);
	while (*file) {
		size_t part = strcspn(file, "/");

		if (part == 2 && memcmp(file, "..", 2) == 0) {
			while (length && straight[--length] != '/')
				;
		} else if (part && !(part == 1 && *file == '.')) {
			straight[length++] = '/';
			memcpy(straight + length, file, part);
			length += part;
		}
		file += part + (file[part] == '/');
	}
	straight[length] = '\0';
	return straight;
}

const char *source_path_below(const char *path, const char *directory)
{
	size_t length = directory ? strlen(directory) : 0;

	return length > 1 && strncmp(path, directory, length) == 0 && path[length] == '/'
		       ? path + length + 1
		       : NULL;
}

const char *source_frame_path(struct pool *pool, const struct source_frame *frame)
{
	if (frame->path)
		return frame->path;
	if (frame->file[0] == '/' || !frame->directory)
		return source_path_straight(pool, frame->file);
	return source_path_straight(
		pool, pool_format(pool, "%s/%s", frame->directory, frame->file));
}

const char *source_frame_place_from(struct pool *pool, const struct source_frame *frame,
				    const char *directory)
{
	const char *path = frame->file && frame->line
				   ? source_path_below(source_frame_path(pool, frame), directory)
				   : NULL;

	return path ? pool_format(pool, "%s:%u", path, frame->line)
		    : source_frame_place(pool, frame);
}

/* True for "std::thread::..." and "void std::__invoke_impl<...>(...)". */
static bool is_library_function(const char *name)
{
	size_t head = strcspn(name, "<(");
	const char *found = strstr(name, "std::");

	return (found && (size_t)(found - name) < head) || name[0] == '<' ||
	       string_has_prefix(name, "core::") || string_has_prefix(name, "alloc::") ||
	       string_has_prefix(name, "__rust") || string_has_prefix(name, "execute_native");
}

bool source_frame_is_glue(const struct source_frame *frame)
{
	return (frame->function && is_library_function(frame->function)) ||
	       (frame->file && strstr(frame->file, "/c++/")) ||
	       (frame->module && (string_has_prefix(frame->module, "libstdc++.so") ||
				  string_has_prefix(frame->module, "libc++.so")));
}

static bool is_system_path(const char *path)
{
	return string_has_prefix(path, "/usr/") || string_has_prefix(path, "/lib") ||
	       string_has_prefix(path, "/rustc/");
}

bool source_frame_is_system(const struct source_frame *frame)
{
	const char *module = frame->module_path;
	bool is_named = frame->file && frame->line;

	/* A library of the system, whatever files its debug information names. */
	if (!module || (is_system_path(module) && strstr(module, ".so")))
		return true;
	/* Without lines, names tell. */
	if (!is_named)
		return frame->function && is_library_function(frame->function);
	return is_system_path(frame->file) ||
	       (frame->directory && string_has_prefix(frame->directory, "/rustc/"));
}

const struct source_frame *source_stack_site(const struct source_stack *stack)
{
	if (!stack || !stack->frame_count)
		return NULL;
	for (size_t i = 0; i < stack->visible_count; i++) {
		if (!source_frame_is_system(&stack->frames[i]))
			return &stack->frames[i];
	}
	return &stack->frames[0];
}

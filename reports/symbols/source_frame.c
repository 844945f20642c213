#include "reports/symbols/source_frame.h"

#include <string.h>

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

bool source_frame_is_system(const struct source_frame *frame)
{
	const char *path = frame->file && frame->line ? frame->file : frame->module_path;

	if (!path || (frame->directory && strncmp(frame->directory, "/rustc/", 7) == 0))
		return true;
	return strncmp(path, "/usr/", 5) == 0 || strncmp(path, "/lib", 4) == 0 ||
	       strncmp(path, "/rustc/", 7) == 0;
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

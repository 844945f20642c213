#include "reports/symbols/symbolize.h"

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
	/* Generated code: its address is all there is. */
	return "code outside of all modules";
}

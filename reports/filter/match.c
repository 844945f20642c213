#include "reports/filter/match.h"

#include "reports/filter/pattern.h"
#include "reports/symbols/short_name.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

static bool matches_function(struct pool *pool, const char *pattern,
			     const struct source_frame *frame)
{
	const char *name = source_frame_function(pool, frame);

	return pattern_matches(pattern, name) ||
	       pattern_matches(pattern, short_name(pool, name));
}

/* "bank.c", "src/bank.c" or "bank.c:12". */
static bool matches_file(struct pool *pool, const char *pattern, const struct source_frame *frame)
{
	const char *path = frame->file;

	if (!path)
		return false;
	if (path[0] != '/' && frame->directory)
		path = pool_format(pool, "%s/%s", frame->directory, path);
	return pattern_matches_path(pattern, path) ||
	       pattern_matches_path(pattern, pool_format(pool, "%s:%u", path, frame->line));
}

static bool matches_module(const char *pattern, const struct source_frame *frame)
{
	return pattern_matches_path(pattern, frame->module_path);
}

static bool matches_frame(struct pool *pool, const struct suppression_pattern *pattern,
			  const struct source_frame *frame)
{
	switch (pattern->about) {
	case ABOUT_FUNCTION:
		return matches_function(pool, pattern->pattern, frame);
	case ABOUT_FILE:
		return matches_file(pool, pattern->pattern, frame);
	case ABOUT_MODULE:
	case ABOUT_TOP_MODULE:
		return matches_module(pattern->pattern, frame);
	case ABOUT_ANY_NAME:
	case ABOUT_TOP_FRAME:
		return matches_function(pool, pattern->pattern, frame) ||
		       matches_file(pool, pattern->pattern, frame) ||
		       matches_module(pattern->pattern, frame);
	case ABOUT_LOCK:
	case ABOUT_VARIABLE:
	case ABOUT_FINGERPRINT:
	case ABOUT_MORE_FRAMES:
		break;
	}
	return false;
}

static bool is_about_top(enum suppression_about about)
{
	return about == ABOUT_TOP_FRAME || about == ABOUT_TOP_MODULE;
}

/* Frames of the accesses or calls; not those of locks that were held. */
static bool matches_some_frame(const struct suppression_pattern *pattern, struct view *view,
			       const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct source_stack *stack = symbolize_stack(
			view->symbolizer, finding->process, finding->events[i]->stack);
		size_t count = stack ? stack->visible_count : 0;

		if (is_about_top(pattern->about) && count > 1)
			count = 1;
		for (size_t j = 0; j < count; j++)
			if (matches_frame(view->pool, pattern, &stack->frames[j]))
				return true;
	}
	return false;
}

static bool matches_lock(const char *pattern, struct view *view, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		lock_id lock = finding->events[i]->lock;

		if (!lock)
			continue;
		if (pattern_matches(pattern, lock_name(view, finding->process, lock)) ||
		    pattern_matches(pattern, lock_origin_name(view, finding->process, lock)) ||
		    pattern_matches(pattern, lock_stable_name(view, finding->process, lock)))
			return true;
	}
	return false;
}

static bool matches_variable(const char *pattern, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;

	return memory && (pattern_matches(pattern, memory->name) ||
			  pattern_matches(pattern, memory->title) ||
			  pattern_matches(pattern, memory->stable_name));
}

static bool matches_pattern(const struct suppression_pattern *pattern, struct view *view,
			    const struct view_finding *finding)
{
	enum suppression_about about = pattern->about;

	if (about == ABOUT_LOCK)
		return matches_lock(pattern->pattern, view, finding);
	if (about == ABOUT_VARIABLE)
		return matches_variable(pattern->pattern, finding);
	if (about == ABOUT_FINGERPRINT)
		return pattern_matches(pattern->pattern, finding->fingerprint);
	if ((about == ABOUT_ANY_NAME || about == ABOUT_TOP_FRAME) &&
	    matches_variable(pattern->pattern, finding))
		return true;
	return matches_some_frame(pattern, view, finding);
}

/* The frames of @entry, from the innermost of @stack on; only the last '...' is tried
 * again, as with the * of a pattern. */
static bool matches_stack(const struct suppression *entry, struct pool *pool,
			  const struct source_stack *stack)
{
	size_t frame = 0;
	size_t at = 0;
	size_t after_more = 0; /* 0: there was none */
	size_t tried = 0;

	while (at < entry->frame_count) {
		if (entry->frames[at].about == ABOUT_MORE_FRAMES) {
			after_more = ++at;
			tried = frame;
		} else if (frame < stack->visible_count &&
			   matches_frame(pool, &entry->frames[at], &stack->frames[frame])) {
			at++;
			frame++;
		} else if (after_more && tried < stack->visible_count) {
			at = after_more;
			frame = ++tried;
		} else {
			return false;
		}
	}
	return true;
}

static bool matches_some_stack(const struct suppression *entry, struct view *view,
			       const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct source_stack *stack = symbolize_stack(
			view->symbolizer, finding->process, finding->events[i]->stack);

		if (stack && matches_stack(entry, view->pool, stack))
			return true;
	}
	return false;
}

bool suppression_matches(const struct suppression *entry, struct view *view,
			 const struct view_finding *finding)
{
	if (entry->is_expired || !(entry->kinds >> finding->finding->kind & 1))
		return false;
	for (size_t i = 0; i < entry->pattern_count; i++)
		if (!matches_pattern(&entry->patterns[i], view, finding))
			return false;
	return !entry->frame_count || matches_some_stack(entry, view, finding);
}

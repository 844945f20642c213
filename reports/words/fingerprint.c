#include "reports/words/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "reports/words/memory.h"
#include "reports/words/names.h"

#define FUNCTION_COUNT 3 /* of each stack, the innermost: a wrapper, its caller, and one more */

const char *fingerprint_event(struct view *view, const struct model_process *process,
			      const struct finding_event *event)
{
	const struct source_stack *stack =
		symbolize_stack(view->symbolizer, process, event->stack);
	const char *text = finding_action_name(event->action);

	if (event->lock)
		text = pool_format(view->pool, "%s %s", text,
				   lock_stable_name(view, process, event->lock));
	for (size_t i = 0; stack && i < stack->visible_count && i < FUNCTION_COUNT; i++)
		text = pool_format(view->pool, "%s<%s", text,
				   source_frame_function(view->pool, &stack->frames[i]));
	return text;
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo), of the text and its final zero. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 1099511628211ull;
	while (*text++);
	return hash;
}

/* True if the order of the events does not matter. */
static bool is_unordered(const struct view_finding *finding)
{
	return finding_is_cycle(finding->finding) || finding->finding->kind == FINDING_HANG ||
	       finding->memory;
}

const char *fingerprint_make(struct view *view, const struct view_finding *finding)
{
	const char **texts = pool_alloc(view->pool, (finding->event_count + 1) * sizeof(*texts));
	size_t count = 0;
	uint64_t hash = hash_text(14695981039346656037ull,
				  finding_kind_name(finding->finding->kind));

	if (finding->memory)
		hash = hash_text(hash, finding->memory->stable_name);
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (!finding->memory || memory_is_access(finding->finding, event))
			texts[count++] = fingerprint_event(view, finding->process, event);
	}
	if (is_unordered(finding))
		qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count; i++)
		hash = hash_text(hash, texts[i]);
	return pool_format(view->pool, "%016llx", (unsigned long long)hash);
}

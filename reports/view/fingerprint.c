#include "reports/view/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "reports/words/memory.h"
#include "reports/types/stable_names.h"

/* What one event adds: its action, its lock, and the function that it took place in. */
static const char *event_text(struct view *view, const struct model_process *process,
			      const struct finding_event *event)
{
	const char *lock = "";

	if (event->lock)
		lock = stable_lock(view->symbolizer, view->pool, process, event->lock);
	return pool_format(view->pool, "%s %s<%s", finding_action_name(event->action), lock,
			   stable_site(view->symbolizer, view->pool, process, event->stack));
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

/* Sorts @texts and leaves one of each: how many threads did the same is chance. */
static size_t sort_texts(const char **texts, size_t count)
{
	size_t kept = 0;

	qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(texts[i], texts[kept - 1]) != 0)
			texts[kept++] = texts[i];
	return kept;
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
			texts[count++] = event_text(view, finding->process, event);
	}
	if (is_unordered(finding))
		count = sort_texts(texts, count);
	for (size_t i = 0; i < count; i++)
		hash = hash_text(hash, texts[i]);
	return pool_format(view->pool, "%016llx", (unsigned long long)hash);
}

const char *fingerprint_number(struct pool *pool, const char *fingerprint, size_t number)
{
	uint64_t hash = hash_text(14695981039346656037ull, fingerprint);

	return pool_format(pool, "%016llx", (unsigned long long)(hash + number * 1099511628211ull));
}

#include "reports/formats/text/group.h"

#include "reports/words/names.h"

/* The next event of @thread from @index on; the number of events if there is none. */
static size_t next_event(const struct view_finding *finding, thread_id thread, size_t index)
{
	while (index < finding->event_count && finding->events[index]->thread != thread)
		index++;
	return index;
}

static bool are_alike(const struct finding_event *a, const struct finding_event *b)
{
	if (a->action != b->action || a->lock != b->lock || a->target != b->target ||
	    a->mode != b->mode || a->stack != b->stack || a->hold_count != b->hold_count)
		return false;
	for (uint32_t i = 0; i < a->hold_count && i < FINDING_HOLD_MAX; i++)
		if (a->holds[i].lock != b->holds[i].lock || a->holds[i].stack != b->holds[i].stack)
			return false;
	return true;
}

/* Accesses and the steps of a cycle are told one by one: who meets whom matters there. */
static bool do_the_same(const struct view_finding *finding, thread_id one, thread_id other)
{
	size_t i = next_event(finding, one, 0);
	size_t j = next_event(finding, other, 0);

	if (finding->memory || finding_is_cycle(finding->finding))
		return one == other;
	while (i < finding->event_count && j < finding->event_count) {
		if (!are_alike(finding->events[i], finding->events[j]))
			return false;
		i = next_event(finding, one, i + 1);
		j = next_event(finding, other, j + 1);
	}
	return i == finding->event_count && j == finding->event_count;
}

thread_id group_first(const struct view_finding *finding, thread_id thread)
{
	for (size_t i = 0; i < finding->event_count; i++)
		if (do_the_same(finding, finding->events[i]->thread, thread))
			return finding->events[i]->thread;
	return thread;
}

/* Puts its threads into @threads, unless that is NULL; returns their number. */
static size_t collect_threads(const struct view_finding *finding, thread_id first,
			      thread_id *threads)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		thread_id thread = finding->events[i]->thread;

		if (next_event(finding, thread, 0) != i || !do_the_same(finding, first, thread))
			continue;
		if (threads)
			threads[count] = thread;
		count++;
	}
	return count;
}

size_t group_count(const struct view_finding *finding, thread_id first)
{
	return collect_threads(finding, first, NULL);
}

const char *group_words(struct view *view, const struct view_finding *finding, thread_id first)
{
	thread_id *threads =
		pool_alloc(view->pool, (finding->event_count + 1) * sizeof(*threads));
	size_t count = collect_threads(finding, first, threads);
	const char **names = pool_alloc(view->pool, (count + 1) * sizeof(*names));

	if (count < 2)
		return thread_name(view, finding, first);
	for (size_t i = 0; i < count; i++)
		names[i] = thread_name(view, finding, threads[i]);
	return join_words(view->pool, names, count);
}

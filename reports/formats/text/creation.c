#include "reports/formats/text/creation.h"

#include <string.h>

#include "reports/formats/text/stack.h"
#include "reports/formats/text/thread.h"
#include "reports/words/names.h"

/* True the first time that the page is asked for @what. */
static bool is_news(struct text_page *page, const char *what)
{
	size_t count = page->created.count;

	return text_set_add(&page->created, what) == count;
}

/* Who created @thread and where, though perhaps by several calls. */
static const char *creation_key(struct text_page *page, const struct model_process *process,
				thread_id thread)
{
	const struct model_thread *row = model_thread(process, thread);
	const char *place = symbolize_place(page->view->symbolizer, process, row->creation_stack);

	return pool_format(page->view->pool, "%u by %u at %s%u", process->number, row->creator,
			   place ? place : "", place ? 0 : row->creation_stack);
}

/* Is the creation of @thread known, and to be told? */
static bool has_creation(struct text_page *page, const struct model_process *process,
			 thread_id thread)
{
	const struct model_thread *row = model_thread(process, thread);

	return row && !(row->flags & THREAD_IS_MAIN) && (row->creation_stack || row->creator) &&
	       (is_news(page, pool_format(page->view->pool, "%u %u", process->number, thread)) ||
		page->view->options->is_verbose);
}

/* The threads to tell of, each once; returns their number. */
static size_t collect_created(struct text_page *page, const struct view_finding *finding,
			      thread_id *threads)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++)
		if (text_is_first_of_thread(finding, i) &&
		    has_creation(page, finding->process, finding->events[i]->thread))
			threads[count++] = finding->events[i]->thread;
	return count;
}

/* Moves those that were created as the first to the front; returns their number. */
static size_t gather_created(struct text_page *page, const struct model_process *process,
			     thread_id *threads, size_t count)
{
	const char *key = creation_key(page, process, threads[0]);
	size_t same = 1;

	for (size_t i = 1; i < count; i++) {
		thread_id thread = threads[i];

		if (strcmp(creation_key(page, process, thread), key) != 0)
			continue;
		memmove(&threads[same + 1], &threads[same], (i - same) * sizeof(*threads));
		threads[same++] = thread;
	}
	return same;
}

/* Is there more of its stack than one frame of the program? */
static bool has_callers(const struct source_stack *stack)
{
	size_t own = 0;

	for (size_t i = 0; i < stack->visible_count; i++)
		own += !source_frame_is_system(&stack->frames[i]);
	return own > 1;
}

/* "T2 and T3 were created by T1 (main) at bank.c:40", and once the callers. */
static void write_creation(struct text_page *page, const struct view_finding *finding,
			   const thread_id *threads, size_t count)
{
	const struct model_process *process = finding->process;
	const struct model_thread *row = model_thread(process, threads[0]);
	struct pool *pool = page->view->pool;
	const struct source_stack *stack =
		symbolize_stack(page->view->symbolizer, process, row->creation_stack);
	const struct source_frame *site = source_stack_site(stack);
	const char **names = pool_alloc(pool, count * sizeof(*names));
	bool is_news_of_place = is_news(page, creation_key(page, process, threads[0]));
	bool with_stack = stack && (page->view->options->is_verbose ||
				    (is_news_of_place && has_callers(stack)));

	for (size_t i = 0; i < count; i++)
		names[i] = thread_name(page->view, finding, threads[i]);
	fputs("  ", page->out);
	text_wrap(page, 2, 4,
		  pool_format(pool, "%s %s created by %s%s%s%s", join_words(pool, names, count),
			      count == 1 ? "was" : "were",
			      thread_name(page->view, finding, row->creator), site ? " at " : "",
			      site ? source_frame_place_from(pool, site, page->root) : "",
			      with_stack ? ":" : ""));
	if (with_stack)
		text_stack(page, process, row->creation_stack);
}

void text_creations(struct text_page *page, const struct view_finding *finding)
{
	thread_id *threads = pool_alloc(page->view->pool,
					(finding->event_count + 1) * sizeof(*threads));
	size_t left = collect_created(page, finding, threads);

	while (left) {
		size_t count = gather_created(page, finding->process, threads, left);

		write_creation(page, finding, threads, count);
		threads += count;
		left -= count;
	}
}

#include "reports/formats/losses.h"

#include <string.h>

static bool is_same(const struct model_text *a, const struct model_text *b)
{
	return strcmp(a->text, b->text) == 0 && strcmp(a->why, b->why) == 0;
}

/* Each program once, with the number of times it was started. */
static void write_unobserved(struct text_page *page)
{
	const struct model *model = page->view->model;

	for (size_t i = 0; i < model->unobserved_count; i++) {
		const struct model_text *child = &model->unobserved[i];
		size_t count = 0;
		size_t first = i;

		for (size_t j = 0; j < model->unobserved_count; j++) {
			if (!is_same(&model->unobserved[j], child))
				continue;
			count++;
			first = j < first ? j : first;
		}
		if (first != i)
			continue;
		text_wrap(page, 0, 4,
			  pool_format(page->view->pool, "snarl: not observed: %s (%s)%s",
				      child->text, child->why,
				      count > 1 ? pool_format(page->view->pool, ", %zu times",
							      count)
						: ""));
	}
}

/* --stats shows all counters, and write_unobserved() names the children.  Details are told where
 * findings lack them. */
static bool is_shown(const struct text_page *page, enum counter counter)
{
	const struct view *view = page->view;
	uint64_t count = model_counter(view->model, counter);

	if (!count || !counter_is_loss(counter) || view->options->with_stats)
		return false;
	if (counter_is_detail(counter))
		return page->has_gaps;
	return counter != COUNTER_LOST_CHILDREN || count != view->model->unobserved_count;
}

void losses_write(struct text_page *page)
{
	struct view *view = page->view;

	write_unobserved(page);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter counter = (enum counter)i;

		if (is_shown(page, counter))
			text_wrap(page, 0, 4,
				  pool_format(view->pool, "snarl: lost: %s: %llu (%s)",
					      counter_text(counter),
					      (unsigned long long)model_counter(view->model,
										counter),
					      counter_meaning(counter)));
	}
}

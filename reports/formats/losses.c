#include "reports/formats/losses.h"

#include <string.h>

static bool is_same(const struct model_text *a, const struct model_text *b)
{
	return strcmp(a->text, b->text) == 0 && strcmp(a->why, b->why) == 0;
}

/* Each program once, with the number of times it was started. */
static void write_unobserved(const struct model *model, FILE *out)
{
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
		fprintf(out, "snarl: not observed: %s (%s)", child->text, child->why);
		if (count > 1)
			fprintf(out, ", %zu times", count);
		fputc('\n', out);
	}
}

/* --stats shows all counters, and write_unobserved() names the children. */
static bool is_shown(const struct view *view, enum counter counter)
{
	uint64_t count = model_counter(view->model, counter);

	if (!count || !counter_is_loss(counter) || view->options->with_stats)
		return false;
	if (counter_is_detail(counter))
		return view->finding_count != 0;
	return counter != COUNTER_LOST_CHILDREN || count != view->model->unobserved_count;
}

void losses_write(struct view *view, FILE *out)
{
	write_unobserved(view->model, out);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter counter = (enum counter)i;

		if (is_shown(view, counter))
			fprintf(out, "snarl: lost: %s: %llu (%s)\n", counter_text(counter),
				(unsigned long long)model_counter(view->model, counter),
				counter_meaning(counter));
	}
}

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

static bool is_lost(const struct model *model, enum counter counter)
{
	return counter_is_loss(counter) && model_counter(model, counter) != 0;
}

void losses_write(struct view *view, FILE *out)
{
	const struct model *model = view->model;

	write_unobserved(model, out);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter counter = (enum counter)i;

		/* --stats shows all counters, and write_unobserved() names the children. */
		if (!is_lost(model, counter) || view->options->with_stats ||
		    (counter == COUNTER_LOST_CHILDREN &&
		     model_counter(model, counter) == model->unobserved_count))
			continue;
		fprintf(out, "snarl: lost: %s: %llu\n", counter_text(counter),
			(unsigned long long)model_counter(model, counter));
	}
}

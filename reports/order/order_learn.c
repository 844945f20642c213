#include "reports/order/order_learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/order/order_check.h"

/* False: the file was left out. */
static bool learn_from(struct order_file *file, struct pool *pool, const char *path,
		       struct order_lesson *lesson)
{
	static const struct view_options options;
	struct model model;
	struct view *view;
	int result;

	model_init(&model);
	result = model_read_file(&model, path);
	if (result == 0) {
		model_finish(&model);
		view = view_begin(&model, &options);
		order_learn(view, file, pool);
		view_free(view);
	} else {
		lesson->complain(model.error);
	}
	model_free(&model);
	return result == 0;
}

static int compare_lines(const void *left, const void *right)
{
	const struct order_line *a = left;
	const struct order_line *b = right;
	int result = strcmp(a->from, b->from);

	return result ? result : strcmp(a->to, b->to);
}

static void write_head(FILE *out)
{
	fputs("# Orders of locks: HELD -> TAKEN, by classes of locks.  For snarl run --order.\n"
	      "# Learned from results, to be reviewed: see snarl-order(1).\n\n",
	      out);
}

static void write_line(const struct order_file *file, const struct order_line *line, FILE *out)
{
	if (order_file_find(file, line->to, line->from))
		fputs("# The opposite order is here, too: one of them may be a fault.\n", out);
	fprintf(out, "%s%s%s\n", line->from, ORDER_ARROW, line->to);
}

/* Appends the lines from @first on. */
static int write_lines(const struct order_file *file, size_t first, bool is_new)
{
	FILE *out = fopen(file->path, "ae");
	int result;

	if (!out)
		return -errno;
	if (is_new)
		write_head(out);
	for (size_t i = first; i < file->count; i++)
		write_line(file, &file->lines[i], out);
	result = ferror(out) ? -EIO : 0;
	return fclose(out) && result == 0 ? -EIO : result;
}

static int learn_all(struct order_lesson *lesson, struct pool *pool)
{
	bool is_new = access(lesson->path, F_OK) != 0;
	struct order_file file = {.path = lesson->path};
	size_t known;
	int result = 0;

	if (!is_new)
		result = order_file_read(&file, pool, lesson->path, lesson->error,
					 sizeof(lesson->error));
	if (result != 0)
		return result;
	known = file.count;
	for (size_t i = 0; i < lesson->file_count; i++)
		lesson->left_out_count += !learn_from(&file, pool, lesson->files[i], lesson);
	lesson->learned_count = file.count - known;
	if (lesson->learned_count)
		qsort(file.lines + known, lesson->learned_count, sizeof(*file.lines),
		      compare_lines);
	if (!is_new && !lesson->learned_count)
		return 0;
	result = write_lines(&file, known, is_new);
	if (result != 0)
		(void)snprintf(lesson->error, sizeof(lesson->error), "cannot write %s: %s",
			       lesson->path, strerror(-result));
	return result;
}

int order_learn_files(struct order_lesson *lesson)
{
	struct pool pool = {0};
	int result = learn_all(lesson, &pool);

	pool_free(&pool);
	return result;
}

#include "reports/report.h"

#include <errno.h>
#include <string.h>

#include "reports/filter/filter.h"
#include "reports/formats/formats.h"
#include "reports/model/model.h"
#include "reports/order/order_check.h"
#include "reports/view/shown.h"
#include "reports/words/view.h"

/* default, live */
#define ON_REQUEST false, false
#define IN_LINES false, true
#define BY_DEFAULT true, true
#define OF_EVENTS false, false

const struct report_format report_formats[FORMAT_COUNT] = {
#define FORMAT(identifier, key, writer, use, help) {OPTION_ID_##identifier, use, writer},
#include "options/formats.def"
#undef FORMAT
};

/* A report is made of many small pieces; messages go out at once. */
static FILE *open_stderr(void)
{
	static char pieces[16384];

	(void)setvbuf(stderr, pieces, _IOFBF, sizeof(pieces));
	return stderr;
}

FILE *report_open(const struct report_output *output)
{
	if (!output->path)
		return open_stderr();
	if (strcmp(output->path, "-") == 0)
		return stdout;
	return fopen(output->path, output->is_appended ? "ae" : "we");
}

int report_close(FILE *out)
{
	int result = fflush(out) != 0 || ferror(out) ? -EIO : 0;

	if (out == stderr)
		(void)setvbuf(stderr, NULL, _IONBF, 0);
	if (out == stderr || out == stdout)
		return result;
	return fclose(out) != 0 ? -EIO : result;
}

/* Keeps the message of the first error; returns @result. */
static int set_error(struct report_outcome *outcome, int result, const char *what, const char *why)
{
	if (!outcome->error[0])
		snprintf(outcome->error, sizeof(outcome->error), "%s: %s", what, why);
	return result;
}

/* Of a writer's result. */
static const char *failure_words(int result)
{
	return result == -ENODATA ? "there are no events: snarl run --timeline keeps them"
				  : "cannot be written";
}

static int write_output(struct view *view, const struct report_output *output,
			struct report_outcome *outcome)
{
	const char *where = output->path ? output->path : "standard error";
	FILE *out;
	int result;

	errno = 0;
	out = report_open(output);
	if (!out)
		return set_error(outcome, -errno, where, strerror(errno));
	result = output->format->write(view, out);
	if (report_close(out) != 0 && result == 0)
		result = -EIO;
	if (result != 0)
		set_error(outcome, result, where, failure_words(result));
	return result;
}

static void fill_outcome(const struct view *view, struct report_outcome *outcome)
{
	const struct model *model = view->model;

	for (size_t i = 0; i < view->finding_count; i++)
		outcome->finding_counts[view->findings[i].severity]++;
	if (!model->file_count)
		return;
	outcome->is_ended = model->files[0].header.is_ended;
	outcome->exit_status = model->files[0].header.exit_status;
	for (size_t i = 0; i < model->file_count; i++)
		outcome->is_ended_by_us |= model->files[i].header.is_ended_by_us != 0;
}

static int read_files(struct model *model, const struct report_request *request,
		      struct report_outcome *outcome)
{
	int result = 0;

	*outcome = (struct report_outcome){0};
	model_init(model);
	for (size_t i = 0; i < request->file_count && result == 0; i++)
		result = model_read_file(model, request->files[i]);
	if (result != 0)
		memcpy(outcome->error, model->error, sizeof(outcome->error));
	else
		model_finish(model);
	return result;
}

int report_check(const struct view_options *view, char *error, size_t error_bytes)
{
	struct pool pool = {0};
	struct filter filter;
	struct order_file order;
	int result = filter_read(&filter, &pool, view, error, error_bytes);

	if (result == 0 && view->order)
		result = order_file_read(&order, &pool, view->order, error, error_bytes);
	pool_free(&pool);
	return result;
}

static int write_outputs(struct view *view, const struct report_request *request,
			 struct report_outcome *outcome)
{
	int result = 0;

	for (size_t i = 0; i < request->output_count; i++) {
		int written = write_output(view, &request->outputs[i], outcome);

		result = result ? result : written;
	}
	return result;
}

/* What is due while the program runs; what could not be written is left to the end. */
static int write_due(struct view *view, const struct report_request *request,
		     struct report_outcome *outcome)
{
	int result;

	shown_keep_due(view);
	if (!view->finding_count)
		return 0;
	result = write_outputs(view, request, outcome);
	if (result == 0)
		shown_add(request->view.shown, view);
	return result;
}

int report_write(const struct report_request *request, struct report_outcome *outcome)
{
	struct model model;
	struct view *view;
	struct filter filter;
	struct order_file order;
	int result = read_files(&model, request, outcome);

	if (result == 0)
		result = filter_read(&filter, &model.pool, &request->view, outcome->error,
				     sizeof(outcome->error));
	if (result == 0 && request->view.order)
		result = order_file_read(&order, &model.pool, request->view.order, outcome->error,
					 sizeof(outcome->error));
	if (result == 0) {
		view = view_begin(&model, &request->view);
		if (request->view.order)
			order_check(view, &order);
		view_fill(view);
		filter_apply(&filter, view);
		shown_match(view);
		fill_outcome(view, outcome);
		result = request->view.is_live ? write_due(view, request, outcome)
					       : write_outputs(view, request, outcome);
		view_free(view);
	}
	model_free(&model);
	return result;
}

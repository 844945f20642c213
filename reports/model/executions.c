#include "reports/model/executions.h"

#include <stdlib.h>

#include "reports/model/pool.h"

/* A program that recorded itself. */
struct start {
	uint32_t pid;
	uint64_t offset;
};

static int compare_starts(const void *left, const void *right)
{
	const struct start *a = left;
	const struct start *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Sorted by pid, then by place in the file. */
static struct start *collect_starts(struct model *model, uint32_t file, size_t *count)
{
	struct start *starts =
		pool_alloc(&model->pool, (model->process_count + 1) * sizeof(*starts));

	*count = 0;
	for (size_t i = 0; i < model->process_count; i++) {
		const struct model_process *process = model->processes[i];

		if (process->file == file && process->how == PROCESS_STARTED)
			starts[(*count)++] = (struct start){process->pid, process->offset};
	}
	qsort(starts, *count, sizeof(*starts), compare_starts);
	return starts;
}

/* A spawned program may write its record before its parent does. */
static bool has_begun(const struct model_execution *execution, const struct start *starts,
		      size_t count)
{
	uint64_t after = execution->how == EXECUTES_SPAWNED ? 0 : execution->offset;
	size_t first = 0;
	size_t end = count;

	/* Find the first start of that process behind @after. */
	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (starts[middle].pid < execution->pid ||
		    (starts[middle].pid == execution->pid && starts[middle].offset <= after))
			first = middle + 1;
		else
			end = middle;
	}
	return first < count && starts[first].pid == execution->pid;
}

static void add_unobserved(struct model *model, const struct model_execution *execution)
{
	struct model_text *text;

	model->unobserved = pool_grow(&model->pool, model->unobserved, model->unobserved_count,
				      sizeof(*text));
	text = &model->unobserved[model->unobserved_count++];
	*text = (struct model_text){
		.process = execution->process,
		.text = execution->path,
		.why = "it never began to record",
	};
}

void executions_check(struct model *model, uint32_t file)
{
	size_t count;
	struct start *starts = collect_starts(model, file, &count);

	for (size_t i = 0; i < model->execution_count; i++) {
		const struct model_execution *execution = &model->executions[i];

		if (execution->process->file == file && execution->how != EXECUTES_FAILED &&
		    !has_begun(execution, starts, count))
			add_unobserved(model, execution);
	}
}

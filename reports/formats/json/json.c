#include "reports/formats/formats.h"

#include <errno.h>
#include <jansson.h>
#include <sys/wait.h>

#include "reports/filter/filter.h"
#include "reports/formats/json/json_parts.h"
#include "reports/states/calls.h"
#include "reports/states/state.h"
#include "reports/words/names.h"

#define DOCUMENT_VERSION 1

static json_t *make_program(const struct view *view)
{
	const struct model *model = view->model;
	const struct model_process *process = model->process_count ? model->processes[0] : NULL;
	const struct results_header *header = model->file_count ? &model->files[0].header : NULL;
	json_t *program = json_object();
	json_t *arguments = json_array();
	bool is_ended = header && header->is_ended;
	int status = is_ended ? (int)header->exit_status : 0;

	for (uint32_t i = 0; process && i < process->argument_count; i++)
		json_array_append_new(arguments, json_text(process->arguments[i]));
	json_object_set_new(program, "path", json_text(view->program));
	json_object_set_new(program, "arguments", arguments);
	json_object_set_new(program, "pid", json_integer(process ? process->pid : 0));
	json_object_set_new(program, "exit_status",
			    is_ended && WIFEXITED(status) ? json_integer(WEXITSTATUS(status))
							  : json_null());
	json_object_set_new(program, "signal",
			    is_ended && WIFSIGNALED(status) ? json_integer(WTERMSIG(status))
							    : json_null());
	json_object_set_new(program, "timed_out", json_boolean(process && process->has_timed_out));
	return program;
}

static json_t *lock_or_null(struct view *view, const struct model_process *process, lock_id lock)
{
	return lock ? json_text(lock_name(view, process, lock)) : json_null();
}

/* What the thread holds, and where it took that. */
static json_t *make_holds(struct view *view, const struct model_process *process,
			  const struct finding_event *event)
{
	json_t *holds = json_array();

	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++) {
		const struct finding_hold *hold = &event->holds[i];
		json_t *row = json_object();

		json_object_set_new(row, "lock", lock_or_null(view, process, hold->lock));
		json_object_set_new(row, "stack", json_stack(view, process, hold->stack));
		json_array_append_new(holds, row);
	}
	return holds;
}

static void add_wait(struct view *view, const struct model_process *process,
		     const struct thread_state *state, json_t *row)
{
	const struct model_state *seen = &state->seen;

	json_object_set_new(row, "kernel_id", json_integer(seen->kernel_id));
	json_object_set_new(row, "lock", lock_or_null(view, process, seen->lock));
	json_object_set_new(row, "joins", json_number_or_null(seen->target));
	json_object_set_new(row, "shared", json_boolean(seen->mode == HOLD_SHARED));
	json_object_set_new(row, "holder", json_number_or_null(seen->holder));
	json_object_set_new(row, "mutex", lock_or_null(view, process, seen->mutex));
	json_object_set_new(row, "mutex_holder", json_number_or_null(seen->mutex_holder));
	json_object_set_new(row, "timed", json_boolean(seen->is_timed));
	json_object_set_new(row, "holds", make_holds(view, process, state->event));
	json_object_set_new(row, "taken",
			    state->taken ? json_stack(view, process, state->taken) : json_null());
	json_object_set_new(row, "python", seen->script[0] ? json_text(seen->script) : json_null());
	json_object_set_new(row, "note", seen->note[0] ? json_text(seen->note) : json_null());
}

/* What each thread did when its process was looked at, or ended by --timeout. */
static json_t *make_states(struct view *view, const struct model_process *process)
{
	size_t count;
	const struct thread_state *states = states_collect(view, process, &count);
	json_t *rows = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct model_state *seen = &states[i].seen;
		json_t *row = json_object();

		json_object_set_new(row, "id", json_number_or_null(seen->thread));
		json_object_set_new(row, "name", json_text(seen->name));
		json_object_set_new(row, "state", json_text(call_name(view->pool, seen)));
		add_wait(view, process, &states[i], row);
		json_object_set_new(row, "stack", json_stack(view, process, seen->stack));
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *make_processes(struct view *view)
{
	json_t *processes = json_array();

	for (size_t i = 0; i < view->model->process_count; i++) {
		const struct model_process *process = view->model->processes[i];
		json_t *row = json_object();

		json_object_set_new(row, "id", json_integer(process->number));
		json_object_set_new(row, "pid", json_integer(process->pid));
		json_object_set_new(row, "path", json_text(process->path));
		json_object_set_new(row, "parent",
				    process->parent ? json_integer(process->parent->number)
						    : json_null());
		json_object_set_new(row, "forked", json_boolean(process->how == PROCESS_FORKED));
		json_object_set_new(row, "ended", json_boolean(process->has_ended));
		json_object_set_new(row, "timed_out", json_boolean(process->has_timed_out));
		if (process->has_timed_out || process->is_looked_at)
			json_object_set_new(row, "threads", make_states(view, process));
		json_array_append_new(processes, row);
	}
	return processes;
}

/* A site is an instruction that accesses memory; skipped ones were not instrumented. */
static json_t *make_access_coverage(const struct model *model)
{
	uint64_t sites = model_counter(model, COUNTER_ACCESS_SITES);
	uint64_t checked = model_counter(model, COUNTER_ACCESS_SITES_CHECKED);
	json_t *object = json_object();

	json_object_set_new(object, "sites", json_integer((json_int_t)sites));
	json_object_set_new(object, "instrumented", json_integer((json_int_t)checked));
	json_object_set_new(object, "skipped",
			    json_integer(sites > checked ? (json_int_t)(sites - checked) : 0));
	return object;
}

/* All counters: losses, and coverage. */
static json_t *make_coverage(const struct view *view)
{
	json_t *coverage = json_object();
	json_t *held_back = json_object();
	json_t *lost = json_object();

	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter counter = (enum counter)i;

		json_object_set_new(counter_is_loss(counter) ? lost : coverage,
				    counter_name(counter),
				    json_integer((json_int_t)model_counter(view->model, counter)));
	}
	json_object_set_new(coverage, "memory_accesses", make_access_coverage(view->model));
	json_object_set_new(held_back, "atomic_by_debug_information",
			    json_integer((json_int_t)view->atomic_count));
	json_object_set_new(coverage, "held_back", held_back);
	json_object_set_new(coverage, "lost", lost);
	json_object_set_new(coverage, "torn_records",
			    json_integer((json_int_t)view->model->torn_count));
	return coverage;
}

static json_t *make_unobserved(const struct view *view)
{
	json_t *children = json_array();

	for (size_t i = 0; i < view->model->unobserved_count; i++) {
		const struct model_text *child = &view->model->unobserved[i];
		json_t *row = json_object();

		json_object_set_new(row, "path", json_text(child->text));
		json_object_set_new(row, "reason", json_text(child->why));
		json_object_set_new(row, "process", json_integer(child->process->number));
		json_array_append_new(children, row);
	}
	return children;
}

static json_t *make_messages(const struct view *view)
{
	json_t *messages = json_array();

	for (size_t i = 0; i < view->model->text_count; i++)
		json_array_append_new(messages, json_text(view->model->texts[i].text));
	return messages;
}

/* Which entry hides a finding. */
static json_t *make_entry(const struct suppression *entry)
{
	json_t *object = json_object();

	json_object_set_new(object, "file", json_text(entry->path));
	json_object_set_new(object, "line", json_integer((json_int_t)entry->line));
	json_object_set_new(object, "reason", json_text(entry->reason));
	json_object_set_new(object, "expires", json_text(entry->expires));
	return object;
}

json_t *json_hidden(struct view *view, const struct view_finding *finding)
{
	json_t *object = json_finding(view, finding);

	if (finding->suppression)
		json_object_set_new(object, "suppression", make_entry(finding->suppression));
	return object;
}

static size_t count_severity(const struct view *view, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < view->finding_count; i++)
		count += view->findings[i].severity == severity;
	return count;
}

json_t *json_result(const struct view *view)
{
	const struct view_options *options = view->options;
	json_t *counts = json_object();
	size_t known = 0;
	size_t failed = 0;

	for (unsigned i = SEVERITY_ERROR; i >= SEVERITY_NOTE; i--) {
		size_t count = count_severity(view, (enum severity)i);

		json_object_set_new(counts, severity_name((enum severity)i),
				    json_integer((json_int_t)count));
		failed += i >= options->fails_from ? count : 0;
	}
	for (size_t i = 0; i < view->hidden_count; i++)
		known += view->hidden[i].is_known;
	json_object_set_new(counts, "suppressed",
			    json_integer((json_int_t)(view->hidden_count - known)));
	json_object_set_new(counts, "known", json_integer((json_int_t)known));
	return json_pack("{sbsisoso}", "failed", failed != 0, "status",
			 failed ? options->status_failed : options->status_else, "fail_on",
			 json_text(options->fails_from == SEVERITY_NEVER
					   ? "never"
					   : severity_name(options->fails_from)),
			 "counts", counts);
}

static json_t *make_tool(void)
{
	return json_pack("{soso}", "name", json_text("snarl"), "version",
			 json_text(PACKAGE_VERSION));
}

void json_begin_document(struct view *view, struct json_stream *stream)
{
	json_stream_open(stream, NULL, '{');
	json_stream_add(stream, "version", json_integer(DOCUMENT_VERSION));
	json_stream_add(stream, "tool", make_tool());
	json_stream_add(stream, "program", make_program(view));
	json_stream_add(stream, "result", json_result(view));
	json_stream_add(stream, "processes", make_processes(view));
}

void json_end_document(struct view *view, struct json_stream *stream)
{
	json_stream_add(stream, "coverage", make_coverage(view));
	json_stream_add(stream, "unobserved", make_unobserved(view));
	json_stream_add(stream, "messages", make_messages(view));
	json_stream_close(stream, '}');
}

/* The findings that are not reported, as an entry or (@are_known) the baseline has them. */
static void write_hidden(struct view *view, struct json_stream *stream, bool are_known)
{
	json_stream_open(stream, are_known ? "known" : "suppressed", '[');
	for (size_t i = 0; i < view->hidden_count; i++)
		if (view->hidden[i].is_known == are_known)
			json_stream_add(stream, NULL, json_hidden(view, &view->hidden[i]));
	json_stream_close(stream, ']');
}

int json_write(struct view *view, FILE *out)
{
	struct json_stream stream = {.out = out};

	json_begin_document(view, &stream);
	json_stream_open(&stream, "findings", '[');
	for (size_t i = 0; i < view->finding_count; i++)
		json_stream_add(&stream, NULL, json_finding(view, &view->findings[i]));
	json_stream_close(&stream, ']');
	write_hidden(view, &stream, false);
	write_hidden(view, &stream, true);
	json_end_document(view, &stream);
	putc('\n', out);
	json_frames_free(view);
	return json_stream_end(&stream) ? 0 : -EIO;
}

/*
 * The SARIF report, version 2.1.0, which GitHub and editors read.
 *
 * A kind of finding is a rule; each thread of a finding is a thread flow with a step for
 * each of its events.  What is suppressed or known is there too, and marked as such.
 */
#include <errno.h>
#include <sys/wait.h>

#include "reports/filter/filter.h"
#include "reports/formats/formats.h"
#include "reports/formats/json/json_parts.h"
#include "reports/formats/json/sarif_parts.h"
#include "reports/view/place.h"
#include "reports/words/explain.h"
#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

static const char *event_words(struct view *view, const struct view_finding *finding,
			       const struct finding_event *event)
{
	return finding->memory && memory_is_access(finding->finding, event)
		       ? memory_action(view, finding, event)
		       : explain_action(view, finding, event);
}

static json_t *make_step(struct view *view, const struct view_finding *finding,
			 const struct finding_event *event)
{
	const struct source_frame *site =
		symbolize_site(view->symbolizer, finding->process, event->stack);
	json_t *step = json_object();

	json_object_set_new(step, "location",
			    sarif_location(view, site, event_words(view, finding, event)));
	if (event->stack)
		json_object_set_new(step, "stack",
				    sarif_stack(view, finding->process, event->stack));
	json_object_set_new(step, "kinds",
			    json_pack("[s]", finding_action_name(event->action)));
	return step;
}

/* The steps of the thread of event @first, or NULL if an earlier event has shown it. */
static json_t *make_thread_flow(struct view *view, const struct view_finding *finding, size_t first)
{
	thread_id thread = finding->events[first]->thread;
	json_t *steps;

	for (size_t i = 0; i < first; i++)
		if (finding->events[i]->thread == thread)
			return NULL;
	steps = json_array();
	for (size_t i = first; i < finding->event_count; i++)
		if (finding->events[i]->thread == thread)
			json_array_append_new(steps,
					      make_step(view, finding, finding->events[i]));
	return json_pack("{sososo}", "id", json_text(pool_format(view->pool, "T%u", thread)),
			 "message", sarif_message(thread_name(view, finding, thread)), "locations",
			 steps);
}

static json_t *make_flows(struct view *view, const struct view_finding *finding)
{
	json_t *flows = json_array();

	for (size_t i = 0; i < finding->event_count; i++) {
		json_t *flow = make_thread_flow(view, finding, i);

		if (flow)
			json_array_append_new(flows, flow);
	}
	return json_pack("[{so}]", "threadFlows", flows);
}

/* The summary, what limits it, and what would help. */
static json_t *make_message(struct view *view, const struct view_finding *finding)
{
	const char *text = finding->summary;

	for (size_t i = 0; i < finding->note_count; i++)
		text = pool_format(view->pool, "%s\n%s", text, finding->notes[i]);
	if (finding->advice[0])
		text = pool_format(view->pool, "%s\nTo fix: %s", text, finding->advice);
	return sarif_message(text);
}

static json_t *make_suppressions(const struct view_finding *finding)
{
	json_t *suppression = json_pack("{ssss}", "kind", "external", "status", "accepted");

	if (finding->suppression->reason)
		json_object_set_new(suppression, "justification",
				    json_text(finding->suppression->reason));
	return json_pack("[o]", suppression);
}

static json_t *make_result(struct view *view, const struct view_finding *finding)
{
	enum finding_kind kind = finding->finding->kind;
	const struct source_frame *place = place_of(view, finding);
	json_t *result = json_object();

	json_object_set_new(result, "ruleId", json_text(finding_kind_name(kind)));
	json_object_set_new(result, "ruleIndex", json_integer(kind));
	json_object_set_new(result, "level", json_text(severity_name(finding->severity)));
	json_object_set_new(result, "message", make_message(view, finding));
	json_object_set_new(result, "locations",
			    place ? json_pack("[o]", sarif_location(view, place, NULL))
				  : json_array());
	if (finding->event_count)
		json_object_set_new(result, "codeFlows", make_flows(view, finding));
	json_object_set_new(result, "partialFingerprints",
			    json_pack("{so}", "snarl/v1", json_text(finding->fingerprint)));
	json_object_set_new(result, "occurrenceCount",
			    json_integer(finding->count ? (json_int_t)finding->count : 1));
	if (view->options->baseline)
		json_object_set_new(result, "baselineState",
				    json_text(finding->is_known ? "unchanged" : "new"));
	if (view->filter)
		json_object_set_new(result, "suppressions",
				    finding->suppression ? make_suppressions(finding)
							 : json_array());
	return result;
}

static json_t *make_invocation(const struct view *view)
{
	const struct model *model = view->model;
	const struct model_process *process = model->process_count ? model->processes[0] : NULL;
	const struct results_header *header = model->file_count ? &model->files[0].header : NULL;
	json_t *invocation = json_pack("{sb}", "executionSuccessful", 1);
	json_t *arguments = json_array();
	int status = header && header->is_ended ? (int)header->exit_status : 0;

	for (uint32_t i = 1; process && i < process->argument_count; i++)
		json_array_append_new(arguments, json_text(process->arguments[i]));
	json_object_set_new(invocation, "arguments", arguments);
	if (process)
		json_object_set_new(invocation, "processId", json_integer(process->pid));
	if (WIFSIGNALED(status))
		json_object_set_new(invocation, "exitSignalNumber",
				    json_integer(WTERMSIG(status)));
	else if (header && header->is_ended)
		json_object_set_new(invocation, "exitCode", json_integer(WEXITSTATUS(status)));
	return invocation;
}

static json_t *make_tool(void)
{
	return json_pack("{s{ssssso}}", "driver", "name", "snarl", "version", PACKAGE_VERSION,
			 "rules", sarif_rules());
}

static void write_results(struct view *view, struct json_stream *stream)
{
	json_stream_open(stream, "results", '[');
	for (size_t i = 0; i < view->finding_count; i++)
		json_stream_add(stream, NULL, make_result(view, &view->findings[i]));
	for (size_t i = 0; i < view->hidden_count; i++)
		json_stream_add(stream, NULL, make_result(view, &view->hidden[i]));
	json_stream_close(stream, ']');
}

int sarif_write(struct view *view, FILE *out)
{
	struct json_stream stream = {.out = out};

	json_stream_open(&stream, NULL, '{');
	json_stream_add(&stream, "$schema",
			json_text("https://json.schemastore.org/sarif-2.1.0.json"));
	json_stream_add(&stream, "version", json_text("2.1.0"));
	json_stream_open(&stream, "runs", '[');
	json_stream_open(&stream, NULL, '{');
	json_stream_add(&stream, "tool", make_tool());
	json_stream_add(&stream, "invocations", json_pack("[o]", make_invocation(view)));
	json_stream_add(&stream, "originalUriBaseIds", sarif_folder(view));
	write_results(view, &stream);
	json_stream_close(&stream, '}');
	json_stream_close(&stream, ']');
	json_stream_close(&stream, '}');
	fputc('\n', out);
	return json_stream_end(&stream) ? 0 : -EIO;
}

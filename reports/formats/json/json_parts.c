#include "reports/formats/json/json_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/words/explain.h"
#include "reports/formats/json/json_memory.h"
#include "reports/words/names.h"

json_t *json_text(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();
	char *copy;

	if (string)
		return string;
	copy = strdup(text);
	for (char *byte = copy; byte && *byte; byte++) {
		if (*byte & 0x80)
			*byte = '?';
	}
	string = json_string(copy ? copy : "?");
	free(copy);
	return string;
}

json_t *json_hexadecimal(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	return json_string(text);
}

json_t *json_number_or_null(uint64_t value)
{
	return value ? json_integer((json_int_t)value) : json_null();
}

/* As text reports write it; not in the pool, as there may be very many. */
static json_t *make_place(struct view *view, const struct source_frame *frame)
{
	const char *path = frame->file && frame->line && frame->path
				   ? source_path_below(frame->path, view->options->directory)
				   : NULL;
	json_t *place = path ? json_sprintf("%s:%u", path, frame->line) : NULL;

	return place ? place
		     : json_text(source_frame_place_from(view->pool, frame,
							 view->options->directory));
}

static json_t *make_frame(struct view *view, const struct source_frame *frame)
{
	json_t *object = json_object();

	json_object_set_new(object, "function", json_text(frame->function));
	json_object_set_new(object, "file", json_text(frame->file));
	json_object_set_new(object, "line", json_number_or_null(frame->line));
	json_object_set_new(object, "column", json_number_or_null(frame->column));
	json_object_set_new(object, "inlined", json_boolean(frame->is_inlined));
	json_object_set_new(object, "module", json_text(frame->module));
	json_object_set_new(object, "build_id", json_text(frame->build_id));
	json_object_set_new(object, "offset", json_hexadecimal(frame->offset));
	json_object_set_new(object, "place", make_place(view, frame));
	if (frame->directory)
		json_object_set_new(object, "directory", json_text(frame->directory));
	if (frame->module_path)
		json_object_set_new(object, "path", json_text(frame->module_path));
	if (!frame->function && frame->function_start)
		json_object_set_new(object, "function_start",
				    json_hexadecimal(frame->function_start));
	if (source_frame_is_system(frame))
		json_object_set_new(object, "library", json_true());
	if (frame->is_startup)
		json_object_set_new(object, "startup", json_true());
	return object;
}

/* By the numbers of frames. */
struct json_frames {
	json_t **values;
	size_t count;
};

/* One value for each frame, so that it is written as one (json_stream.h). */
static json_t *obtain_frame(struct view *view, const struct source_frame *frame)
{
	struct json_frames *frames = view->json_frames;

	if (!frames)
		frames = view->json_frames = pool_alloc(view->pool, sizeof(*frames));
	while (frames->count <= frame->number) {
		frames->values = pool_grow(view->pool, frames->values, frames->count,
					   sizeof(*frames->values));
		frames->values[frames->count++] = NULL;
	}
	if (!frame->number)
		return make_frame(view, frame);
	if (!frames->values[frame->number])
		frames->values[frame->number] = make_frame(view, frame);
	return json_incref(frames->values[frame->number]);
}

void json_frames_free(struct view *view)
{
	struct json_frames *frames = view->json_frames;

	for (size_t i = 0; frames && i < frames->count; i++)
		json_decref(frames->values[i]);
	view->json_frames = NULL;
}

json_t *json_stack(struct view *view, const struct model_process *process, stack_id stack)
{
	const struct source_stack *frames = symbolize_stack(view->symbolizer, process, stack);
	json_t *array = json_array();

	for (size_t i = 0; frames && i < frames->frame_count; i++)
		json_array_append_new(array, obtain_frame(view, &frames->frames[i]));
	return array;
}

static json_t *make_stack_object(struct view *view, const struct model_process *process,
				 stack_id stack)
{
	json_t *object = json_object();

	json_object_set_new(object, "stack", json_stack(view, process, stack));
	return object;
}

static json_t *make_thread(struct view *view, const struct view_finding *finding, thread_id id)
{
	const struct model_thread *thread = model_thread(finding->process, id);
	json_t *object = json_object();
	json_t *created;

	json_object_set_new(object, "id", json_integer(id));
	json_object_set_new(object, "name", json_text(thread_own_name(view, finding, id)));
	if (thread && !(thread->flags & THREAD_IS_MAIN)) {
		created = make_stack_object(view, finding->process, thread->creation_stack);
		json_object_set_new(created, "thread", json_integer(thread->creator));
		json_object_set_new(object, "created", created);
	} else {
		json_object_set_new(object, "created", json_null());
	}
	if (thread)
		json_object_set_new(object, "kernel_id", json_number_or_null(thread->kernel_id));
	if (thread && thread->home)
		json_object_set_new(object, "process", json_integer(thread->home->number));
	return object;
}

static json_t *make_lock(struct view *view, const struct view_finding *finding, lock_id id)
{
	const struct model_lock *lock = model_lock(finding->process, id);
	json_t *object = json_object();

	json_object_set_new(object, "id", json_integer(id));
	json_object_set_new(object, "kind", json_text(lock ? object_kind_name(lock->kind) : NULL));
	json_object_set_new(object, "name", json_text(lock_name(view, finding->process, id)));
	json_object_set_new(object, "address",
			    lock && lock->address ? json_hexadecimal(lock->address) : json_null());
	json_object_set_new(object, "created",
			    lock && lock->creation_stack ? make_stack_object(view, finding->process,
									     lock->creation_stack)
							 : json_null());
	if (lock && lock->first_stack)
		json_object_set_new(object, "first_used",
				    make_stack_object(view, finding->process, lock->first_stack));
	return object;
}

/* The locks held at @event, and where each was taken. */
static void add_holds(struct view *view, const struct view_finding *finding,
		      const struct finding_event *event, json_t *object)
{
	json_t *holding = json_array();
	json_t *holds = json_array();

	for (uint32_t i = 0; i < event->hold_count && i < FINDING_HOLD_MAX; i++) {
		const struct finding_hold *hold = &event->holds[i];
		json_t *row = make_stack_object(view, finding->process, hold->stack);

		/* Null: the lock has ended, and it is not known which it was. */
		json_object_set_new(row, "lock", json_number_or_null(hold->lock));
		json_object_set_new(row, "shared", json_boolean(hold->mode == HOLD_SHARED));
		if (hold->lock)
			json_array_append_new(holding, json_integer(hold->lock));
		json_array_append_new(holds, row);
	}
	json_object_set_new(object, "holding", holding);
	json_object_set_new(object, "held", holds);
	/* False: "held" is empty because the locks were not recorded. */
	json_object_set_new(object, "holding_known", json_boolean(!event->holds_are_unknown));
	json_object_set_new(object, "holding_count", json_integer(event->hold_count));
}

/* The accessed bytes and their value; of a write, the value that it replaced. */
static void add_memory_range(json_t *object, const struct finding_event *event)
{
	bool is_about_memory = event->size_bytes != 0;

	json_object_set_new(object, "address", is_about_memory ? json_hexadecimal(event->address)
							       : json_null());
	json_object_set_new(object, "size", json_number_or_null(event->size_bytes));
	json_object_set_new(object, "value",
			    event->has_value ? json_hexadecimal(event->value) : json_null());
}

static json_t *make_event(struct view *view, const struct view_finding *finding,
			  const struct finding_event *event)
{
	json_t *object = json_object();

	json_object_set_new(object, "thread", json_integer(event->thread));
	json_object_set_new(object, "action", json_text(finding_action_name(event->action)));
	json_object_set_new(object, "lock", json_number_or_null(event->lock));
	json_object_set_new(object, "target", json_number_or_null(event->target));
	json_object_set_new(object, "shared", json_boolean(event->mode == HOLD_SHARED));
	add_memory_range(object, event);
	add_holds(view, finding, event, object);
	json_object_set_new(object, "stack", json_stack(view, finding->process, event->stack));
	json_object_set_new(object, "text", json_text(explain_event(view, finding, event)));
	return object;
}

/* A list of distinct ids, in the order in which they appear. */
struct id_list {
	uint32_t *ids;
	size_t count;
};

static void add_id(struct view *view, struct id_list *list, uint32_t id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->ids[i] == id)
			return;
	}
	if (!id)
		return;
	list->ids = pool_grow(view->pool, list->ids, list->count, sizeof(*list->ids));
	list->ids[list->count++] = id;
}

/* With the creators, so that each id of a thread is in the list. */
static json_t *make_threads(struct view *view, const struct view_finding *finding)
{
	json_t *array = json_array();
	struct id_list list = {0};

	for (size_t i = 0; i < finding->event_count; i++) {
		add_id(view, &list, finding->events[i]->thread);
		add_id(view, &list, finding->events[i]->target);
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct model_thread *thread = model_thread(finding->process, list.ids[i]);

		if (thread)
			add_id(view, &list, thread->creator);
		json_array_append_new(array, make_thread(view, finding, list.ids[i]));
	}
	return array;
}

static json_t *make_locks(struct view *view, const struct view_finding *finding)
{
	json_t *array = json_array();
	struct id_list list = {0};

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		add_id(view, &list, event->lock);
		for (uint32_t j = 0; j < event->hold_count && j < FINDING_HOLD_MAX; j++)
			add_id(view, &list, event->holds[j].lock);
	}
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(array, make_lock(view, finding, list.ids[i]));
	return array;
}

static json_t *make_scenario(struct view *view, const struct view_finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->step_count; i++) {
		const struct scenario_step *step = &finding->steps[i];

		json_array_append_new(array, json_text(pool_format(view->pool, "T%u %s",
								   step->thread, step->what)));
	}
	return array;
}

static json_t *make_strings(const char **texts, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_text(texts[i]));
	return array;
}

json_t *json_finding(struct view *view, const struct view_finding *finding)
{
	const char **details = detail_names(view->pool, finding->finding->details);
	json_t *object = json_object();
	json_t *events = json_array();
	json_t *others = json_array();
	size_t detail_count = 0;

	for (size_t i = 0; i < finding->other_count; i++)
		json_array_append_new(others, json_finding(view, &finding->others[i]));
	while (details[detail_count])
		detail_count++;
	for (size_t i = 0; i < finding->event_count; i++)
		json_array_append_new(events, make_event(view, finding, finding->events[i]));
	json_object_set_new(object, "kind", json_text(finding_kind_name(finding->finding->kind)));
	json_object_set_new(object, "severity",
			    json_text(severity_name(finding->severity)));
	json_object_set_new(object, "fingerprint", json_text(finding->fingerprint));
	json_object_set_new(object, "summary", json_text(finding->summary));
	json_object_set_new(object, "count", json_integer((json_int_t)finding->count));
	json_object_set_new(object, "process", json_integer(finding->process->number));
	json_object_set_new(object, "process_count", json_integer(finding->process_count));
	json_object_set_new(object, "details", make_strings(details, detail_count));
	json_object_set_new(object, "threads", make_threads(view, finding));
	json_object_set_new(object, "locks", make_locks(view, finding));
	json_object_set_new(object, "memory",
			    finding->memory ? json_memory(view, finding) : json_null());
	json_object_set_new(object, "events", events);
	json_object_set_new(object, "scenario", make_scenario(view, finding));
	json_object_set_new(object, "possible", json_boolean(explain_is_possible(finding)));
	json_object_set_new(object, "advice", json_text(finding->advice));
	json_object_set_new(object, "notes", make_strings(finding->notes, finding->note_count));
	json_object_set_new(object, "closing", json_text(finding->closing));
	json_object_set_new(object, "others", others);
	return object;
}

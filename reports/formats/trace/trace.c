/*
 * The timeline: a trace in the Chrome trace-event format, for Perfetto and chrome://tracing.
 *
 * Each thread has a track with what it holds and waits for, and findings and signals as
 * moments.  Slices of a track must lie within each other, as calls do.  Locks need not: a slice
 * that lasts longer than the one around it is ended with that and begun anew.
 */
#include <errno.h>
#include <stdlib.h>

#include "reports/formats/formats.h"
#include "reports/formats/json/json_parts.h"
#include "reports/formats/trace/slices.h"
#include "reports/model/text_set.h"
#include "reports/words/names.h"

#define OPEN_MAX 512u
/* In place of a number of the kernel that another process or thread has had. */
#define OWN_NUMBERS 5000000u

/* The slices of one thread. */
struct track {
	const struct slice *slices;
	size_t count;
	const char *name; /* "T2 (worker)" */
	uint32_t pid;
	uint32_t tid;
};

struct known_finding {
	const struct model_process *process;
	uint32_t id;
	const struct view_finding *finding;
};

struct trace {
	struct view *view;
	FILE *out;
	struct slices slices;
	struct track *tracks; /* by process and thread; of the pool */
	size_t track_count;
	struct known_finding *findings; /* by process and number; of the pool */
	size_t finding_count;
	bool has_events;
	const struct slice *open[OPEN_MAX]; /* of the track that is written, the innermost last */
	size_t open_count;
};

/* --- Values --------------------------------------------------------------------- */

static void write_text(const struct trace *trace, const char *key, const char *text)
{
	json_t *string = json_text(text);

	fprintf(trace->out, "\"%s\":", key);
	if (!string || json_dumpf(string, trace->out, JSON_ENCODE_ANY | JSON_COMPACT) != 0)
		fputs("\"?\"", trace->out);
	json_decref(string);
}

static void write_member(const struct trace *trace, const char *key, const char *text)
{
	putc(',', trace->out);
	write_text(trace, key, text);
}

static void begin_event(struct trace *trace, char phase, const struct track *track)
{
	fputs(trace->has_events ? ",\n" : "\n", trace->out);
	fprintf(trace->out, "{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u", phase, track->pid, track->tid);
	trace->has_events = true;
}

/* In microseconds. */
static void write_time(const struct trace *trace, uint64_t time_ns)
{
	fprintf(trace->out, ",\"ts\":%llu.%03u", (unsigned long long)(time_ns / 1000),
		(unsigned)(time_ns % 1000));
}

static void write_metadata(struct trace *trace, const struct track *track, const char *what,
			   const char *name)
{
	begin_event(trace, 'M', track);
	fprintf(trace->out, ",\"ts\":0,\"name\":\"%s\",\"args\":{", what);
	write_text(trace, "name", name);
	fputs("}}", trace->out);
}

/* --- Tracks --------------------------------------------------------------------- */

/* "T2 (worker)".  @stack, one of its own, may tell which function it runs. */
static const char *name_thread(struct view *view, const struct model_process *process,
			       uint32_t thread, stack_id stack)
{
	static const struct finding none;
	const struct finding_event event = {.thread = thread, .stack = stack};
	const struct finding_event *events[] = {&event};
	const struct view_finding finding = {
		.process = process, .finding = &none, .events = events, .event_count = 1};

	return thread_name(view, &finding, thread);
}

static stack_id find_stack(const struct track *track)
{
	for (size_t i = 0; i < track->count; i++)
		if (track->slices[i].event.stack)
			return track->slices[i].event.stack;
	return 0;
}

/* @wanted, unless it is 0 or taken. */
static uint32_t choose_number(struct text_set *taken, struct pool *pool, uint32_t wanted)
{
	size_t count = taken->count;

	if (wanted && text_set_add(taken, pool_format(pool, "%u", wanted)) == count)
		return wanted;
	(void)text_set_add(taken, pool_format(pool, "%zu", OWN_NUMBERS + count));
	return (uint32_t)(OWN_NUMBERS + count);
}

static void add_track(struct trace *trace, const struct slice *first)
{
	struct track *track;

	trace->tracks = pool_grow(trace->view->pool, trace->tracks, trace->track_count,
				  sizeof(*trace->tracks));
	track = &trace->tracks[trace->track_count++];
	*track = (struct track){.slices = first};
}

static void number_tracks(struct trace *trace)
{
	const struct model_process *process = NULL;
	struct text_set pids = {0};
	struct text_set tids = {0};
	uint32_t pid = 0;

	for (size_t i = 0; i < trace->track_count; i++) {
		struct track *track = &trace->tracks[i];
		const struct slice *first = track->slices;
		const struct model_thread *row = model_thread(first->process, first->thread);

		if (first->process != process)
			pid = choose_number(&pids, trace->view->pool, first->process->pid);
		process = first->process;
		track->pid = pid;
		track->tid = choose_number(&tids, trace->view->pool, row ? row->kernel_id : 0);
		track->name = name_thread(trace->view, process, first->thread, find_stack(track));
	}
	text_set_free(&pids);
	text_set_free(&tids);
}

static void find_tracks(struct trace *trace)
{
	const struct slice *last = NULL;

	for (size_t i = 0; i < trace->slices.count; i++) {
		const struct slice *slice = &trace->slices.rows[i];

		if (!last || slice->process != last->process || slice->thread != last->thread)
			add_track(trace, slice);
		trace->tracks[trace->track_count - 1].count++;
		last = slice;
	}
	number_tracks(trace);
}

static int compare_tracks(const void *left, const void *right)
{
	const struct slice *a = left;
	const struct slice *b = ((const struct track *)right)->slices;

	if (a->process != b->process)
		return a->process->number < b->process->number ? -1 : 1;
	return a->thread < b->thread ? -1 : a->thread > b->thread;
}

/* NULL: it has done nothing. */
static const struct track *find_track(const struct trace *trace,
				      const struct model_process *process, uint32_t thread)
{
	const struct slice key = {.process = process, .thread = thread};

	return bsearch(&key, trace->tracks, trace->track_count, sizeof(*trace->tracks),
		       compare_tracks);
}

static void write_names(struct trace *trace)
{
	for (size_t i = 0; i < trace->track_count; i++) {
		const struct track *track = &trace->tracks[i];

		if (i == 0 || track->pid != track[-1].pid)
			write_metadata(trace, track, "process_name", track->slices->process->path);
		write_metadata(trace, track, "thread_name", track->name);
		begin_event(trace, 'M', track);
		fprintf(trace->out,
			",\"ts\":0,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%u}}",
			track->slices->thread);
	}
}

/* --- Findings ------------------------------------------------------------------- */

static int compare_findings(const void *left, const void *right)
{
	const struct known_finding *a = left;
	const struct known_finding *b = right;

	if (a->process != b->process)
		return a->process->number < b->process->number ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static void add_finding(struct trace *trace, const struct view_finding *sight,
			const struct view_finding *finding)
{
	trace->findings = pool_grow(trace->view->pool, trace->findings, trace->finding_count,
				    sizeof(*trace->findings));
	trace->findings[trace->finding_count++] =
		(struct known_finding){sight->process, sight->finding->id, finding};
}

static void find_findings(struct trace *trace)
{
	for (size_t i = 0; i < trace->view->finding_count; i++) {
		const struct view_finding *finding = &trace->view->findings[i];

		add_finding(trace, finding, finding);
		for (size_t j = 0; j < finding->other_count; j++)
			add_finding(trace, &finding->others[j], finding);
	}
	if (trace->finding_count)
		qsort(trace->findings, trace->finding_count, sizeof(*trace->findings),
		      compare_findings);
}

/* NULL: it is not reported. */
static const struct view_finding *find_finding(const struct trace *trace,
					       const struct slice *slice)
{
	const struct known_finding key = {.process = slice->process, .id = slice->event.lock};
	const struct known_finding *known =
		trace->finding_count ? bsearch(&key, trace->findings, trace->finding_count,
					       sizeof(key), compare_findings)
				     : NULL;

	return known ? known->finding : NULL;
}

/* --- Slices --------------------------------------------------------------------- */

static const char *object_name(const struct trace *trace, const struct slice *slice)
{
	return lock_name(trace->view, slice->process, slice->event.lock);
}

static const char *place_name(const struct trace *trace, const struct slice *slice, stack_id stack)
{
	return symbolize_place(trace->view->symbolizer, slice->process, stack);
}

/* Who has what @slice waits for, or is joined; NULL: not known. */
static const char *other_name(const struct trace *trace, const struct slice *slice)
{
	const struct track *track = find_track(trace, slice->process, slice->event.other);

	if (!slice->event.other)
		return NULL;
	return track ? track->name
		     : name_thread(trace->view, slice->process, slice->event.other,
				   slice->event.other_stack);
}

/* "waits for bank.c:lock, held by T2 (worker) since bank.c:12; 3 wait for it". */
static const char *wait_name(const struct trace *trace, const struct slice *slice)
{
	struct pool *pool = trace->view->pool;
	const char *other = other_name(trace, slice);
	const char *place = place_name(trace, slice, slice->event.other_stack);
	const char *name;

	if (slice->event.action == ACTION_JOIN)
		return pool_format(pool, "joins %s", other ? other : "a thread");
	if (slice->event.action == ACTION_INPUT)
		return "waits for input";
	name = object_name(trace, slice);
	if (!other)
		return pool_format(pool, "waits for %s", name);
	return pool_format(pool, "waits for %s, held by %s%s%s; %u wait%s for it", name, other,
			   place ? " since " : "", place ? place : "", slice->waiter_count,
			   slice->waiter_count == 1 ? "s" : "");
}

static const char *slice_name(const struct trace *trace, const struct slice *slice)
{
	static const char *const verbs[] = {
		[TIMELINE_HOLD] = "holds",	 [TIMELINE_HOLD_BEGIN] = "holds",
		[TIMELINE_SIGNAL] = "signals",	 [TIMELINE_BROADCAST] = "signals all at",
		[TIMELINE_POST] = "posts",
	};
	const struct view_finding *finding;

	if (slice->event.kind == TIMELINE_WAIT_BEGIN)
		return wait_name(trace, slice);
	if (slice->event.kind != TIMELINE_FINDING)
		return pool_format(trace->view->pool, "%s %s", verbs[slice->event.kind],
				   object_name(trace, slice));
	finding = find_finding(trace, slice);
	return finding ? finding->summary : NULL;
}

static const char *category(const struct slice *slice)
{
	if (slice->event.kind == TIMELINE_WAIT_BEGIN)
		return "wait";
	if (slice->event.kind == TIMELINE_FINDING)
		return "finding";
	return slice->event.kind <= TIMELINE_HOLD_BEGIN ? "hold" : "signal";
}

static void write_owner(const struct trace *trace, const struct slice *slice)
{
	const struct track *track = find_track(trace, slice->process, slice->event.other);
	const char *role = slice->event.action == ACTION_JOIN ? "joined" : "owner";
	const char *other = other_name(trace, slice);
	const char *place = place_name(trace, slice, slice->event.other_stack);

	if (other)
		write_member(trace, role, other);
	if (other && track)
		fprintf(trace->out, ",\"%s_tid\":%u", role, track->tid);
	if (other && place)
		write_member(trace, "owner_at", place);
	if (slice->event.lock)
		fprintf(trace->out, ",\"waiters\":%u", slice->waiter_count);
}

static void write_finding(const struct trace *trace, const struct slice *slice)
{
	const struct view_finding *finding = find_finding(trace, slice);

	fputs(",\"args\":{", trace->out);
	write_text(trace, "kind", finding_kind_name(finding->finding->kind));
	write_member(trace, "severity", severity_name(finding->severity));
	write_member(trace, "fingerprint", finding->fingerprint);
	putc('}', trace->out);
}

static void write_arguments(const struct trace *trace, const struct slice *slice,
			    bool is_continued)
{
	const char *place = place_name(trace, slice, slice->event.stack);

	fputs(",\"args\":{", trace->out);
	write_text(trace, "at", place ? place : "?");
	if (slice->event.lock)
		write_member(trace, "lock", object_name(trace, slice));
	if (slice->event.mode == HOLD_SHARED)
		write_member(trace, "mode", "shared");
	if (slice->event.kind == TIMELINE_WAIT_BEGIN)
		write_owner(trace, slice);
	if (slice->is_open)
		fputs(",\"end\":\"not seen\"", trace->out);
	if (is_continued)
		fputs(",\"continued\":true", trace->out);
	putc('}', trace->out);
}

static void write_begin(struct trace *trace, const struct track *track, const struct slice *slice,
			uint64_t time_ns, char phase)
{
	begin_event(trace, phase, track);
	write_time(trace, time_ns);
	write_member(trace, "cat", category(slice));
	write_member(trace, "name", slice_name(trace, slice));
	if (phase == 'i')
		fputs(",\"s\":\"t\"", trace->out);
	if (slice->event.kind == TIMELINE_FINDING)
		write_finding(trace, slice);
	else
		write_arguments(trace, slice, time_ns != slice->begin_ns);
	putc('}', trace->out);
}

static void write_end(struct trace *trace, const struct track *track, uint64_t time_ns)
{
	begin_event(trace, 'E', track);
	write_time(trace, time_ns);
	putc('}', trace->out);
}

/* Of the open slices the one that ends first, of several the innermost. */
static size_t find_first_end(const struct trace *trace)
{
	size_t first = trace->open_count - 1;

	for (size_t i = first; i-- > 0;)
		if (trace->open[i]->end_ns < trace->open[first]->end_ns)
			first = i;
	return first;
}

/* Ends the open slices whose ends have come at @time_ns; those within go on. */
static void end_until(struct trace *trace, const struct track *track, uint64_t time_ns)
{
	while (trace->open_count) {
		size_t first = find_first_end(trace);
		uint64_t end_ns = trace->open[first]->end_ns;

		if (end_ns > time_ns)
			return;
		for (size_t i = trace->open_count; i-- > first;)
			write_end(trace, track, end_ns);
		trace->open_count--;
		for (size_t i = first; i < trace->open_count; i++) {
			trace->open[i] = trace->open[i + 1];
			write_begin(trace, track, trace->open[i], end_ns, 'B');
		}
	}
}

static void write_slice(struct trace *trace, const struct track *track, const struct slice *slice)
{
	end_until(trace, track, slice->begin_ns);
	if (slice->event.kind >= TIMELINE_SIGNAL) {
		if (slice->event.kind != TIMELINE_FINDING || find_finding(trace, slice))
			write_begin(trace, track, slice, slice->begin_ns, 'i');
	} else if (trace->open_count < OPEN_MAX) {
		write_begin(trace, track, slice, slice->begin_ns, 'B');
		trace->open[trace->open_count++] = slice;
	}
}

static void write_track(struct trace *trace, const struct track *track)
{
	for (size_t i = 0; i < track->count; i++)
		write_slice(trace, track, &track->slices[i]);
	end_until(trace, track, UINT64_MAX);
}

int timeline_write(struct view *view, FILE *out)
{
	static struct trace trace;
	int result;

	trace = (struct trace){.view = view, .out = out};
	result = slices_read(&trace.slices, view->model);
	if (result == 0) {
		find_tracks(&trace);
		find_findings(&trace);
		fputs("{\"traceEvents\":[", out);
		write_names(&trace);
		for (size_t i = 0; i < trace.track_count; i++)
			write_track(&trace, &trace.tracks[i]);
		fputs("\n],\"displayTimeUnit\":\"ns\",\"otherData\":{", out);
		write_text(&trace, "tool", "snarl " PACKAGE_VERSION);
		write_member(&trace, "program", view->program);
		fprintf(out, ",\"lost_events\":%llu}}\n",
			(unsigned long long)trace.slices.lost_count);
		result = ferror(out) ? -EIO : 0;
	}
	slices_free(&trace.slices);
	return result;
}

#include "reports/formats/trace/slices.h"

#include <errno.h>
#include <stdlib.h>

#define OPEN_MAX 256u /* holds of a thread at once; the guest library keeps fewer */

/* A block and its process. */
struct place {
	const struct model_process *process;
	const struct timeline_block *block;
};

struct places {
	struct place *rows; /* allocated */
	size_t count;
};

/* One thread's events on their way to slices. */
struct track {
	struct slices *slices;
	const struct model_process *process;
	uint32_t thread;
	uint64_t base_ns;
	uint64_t process_end_ns;
	struct timeline_event open[OPEN_MAX]; /* holds */
	size_t open_count;
	struct timeline_event wait;
	bool is_waiting;
};

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* --- The ring ----------------------------------------------------------------- */

static const struct model_process *find_process(const struct model *model, uint32_t file,
						uint32_t index)
{
	for (size_t i = 0; i < model->process_count; i++)
		if (model->processes[i]->file == file && model->processes[i]->index == index)
			return model->processes[i];
	return NULL;
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;

	if (a->process != b->process)
		return compare(a->process->number, b->process->number);
	if (a->block->thread != b->block->thread)
		return compare(a->block->thread, b->block->thread);
	return compare(a->block->turn, b->block->turn);
}

/* The blocks of the ring with events.  False if memory is exhausted. */
static bool find_places(struct places *places, const struct model *model, uint32_t file,
			const struct timeline_ring *ring)
{
	const struct model_process *process = NULL;

	places->rows = calloc(ring->block_count + 1, sizeof(*places->rows));
	if (!places->rows)
		return false;
	for (uint64_t i = 0; i < ring->block_count; i++) {
		const struct timeline_block *block = timeline_block(ring, i);

		if (!block->turn || block->used > TIMELINE_BLOCK_EVENTS)
			continue;
		if (!process || process->index != block->process)
			process = find_process(model, file, block->process);
		if (process)
			places->rows[places->count++] = (struct place){process, block};
	}
	qsort(places->rows, places->count, sizeof(*places->rows), compare_places);
	return true;
}

/* When it is over. */
static uint64_t end_of(const struct timeline_event *event)
{
	uint64_t held_ns = event->kind == TIMELINE_HOLD ? event->held_ns : 0;

	return held_ns > UINT64_MAX - event->time_ns ? event->time_ns : event->time_ns + held_ns;
}

/* The first event of the ring, and the end of the run. */
static void find_bounds(const struct places *places, uint64_t *first_ns, uint64_t *last_ns)
{
	*first_ns = UINT64_MAX;
	for (size_t i = 0; i < places->count; i++) {
		const struct timeline_block *block = places->rows[i].block;

		for (uint32_t j = 0; j < block->used; j++) {
			if (block->events[j].time_ns < *first_ns)
				*first_ns = block->events[j].time_ns;
			if (end_of(&block->events[j]) > *last_ns)
				*last_ns = end_of(&block->events[j]);
		}
	}
}

/* Of the process whose blocks begin at @place; @run_end_ns if its own was not seen. */
static uint64_t find_process_end(const struct places *places, size_t place, uint64_t run_end_ns)
{
	const struct model_process *process = places->rows[place].process;
	bool has_ended = false;
	uint64_t last_ns = 0;

	for (; place < places->count && places->rows[place].process == process; place++) {
		const struct timeline_block *block = places->rows[place].block;

		for (uint32_t i = 0; i < block->used; i++) {
			has_ended |= block->events[i].kind == TIMELINE_PROCESS_END;
			if (end_of(&block->events[i]) > last_ns)
				last_ns = end_of(&block->events[i]);
		}
	}
	return has_ended ? last_ns : run_end_ns;
}

/* --- Events -------------------------------------------------------------------- */

/* Without memory the slice is counted as lost. */
static void add_slice(struct track *track, const struct timeline_event *event, uint64_t end_ns,
		      bool is_open)
{
	struct slices *slices = track->slices;

	if (slices->count == slices->room) {
		size_t room = slices->room ? 2 * slices->room : 1024;
		struct slice *rows = realloc(slices->rows, room * sizeof(*rows));

		if (!rows) {
			slices->lost_count++;
			return;
		}
		slices->rows = rows;
		slices->room = room;
	}
	slices->rows[slices->count++] = (struct slice){
		.process = track->process,
		.thread = track->thread,
		.begin_ns = event->time_ns - track->base_ns,
		.end_ns = (end_ns < event->time_ns ? event->time_ns : end_ns) - track->base_ns,
		.is_open = is_open,
		.event = *event,
	};
}

static void end_hold(struct track *track, const struct timeline_event *end)
{
	size_t i = track->open_count;

	while (i > 0 && track->open[i - 1].lock != end->lock)
		i--;
	if (i == 0)
		return;
	add_slice(track, &track->open[i - 1], end->time_ns, false);
	track->open_count--;
	memmove(&track->open[i - 1], &track->open[i],
		(track->open_count - (i - 1)) * sizeof(track->open[0]));
}

static void end_wait(struct track *track, uint64_t end_ns, bool is_open)
{
	if (track->is_waiting)
		add_slice(track, &track->wait, end_ns, is_open);
	track->is_waiting = false;
}

static void read_event(struct track *track, const struct timeline_event *event)
{
	switch (event->kind) {
	case TIMELINE_HOLD:
		add_slice(track, event, end_of(event), false);
		break;
	case TIMELINE_HOLD_BEGIN:
		if (track->open_count < OPEN_MAX)
			track->open[track->open_count++] = *event;
		break;
	case TIMELINE_HOLD_END:
		end_hold(track, event);
		break;
	case TIMELINE_WAIT_BEGIN:
		end_wait(track, event->time_ns, false);
		track->wait = *event;
		track->is_waiting = true;
		break;
	case TIMELINE_WAIT_END:
		end_wait(track, event->time_ns, false);
		break;
	case TIMELINE_SIGNAL:
	case TIMELINE_BROADCAST:
	case TIMELINE_POST:
	case TIMELINE_FINDING:
		add_slice(track, event, event->time_ns, false);
		break;
	default:
		break;
	}
}

static void end_track(struct track *track)
{
	for (size_t i = 0; i < track->open_count; i++)
		add_slice(track, &track->open[i], track->process_end_ns, true);
	end_wait(track, track->process_end_ns, true);
	track->open_count = 0;
}

static int read_ring(struct slices *slices, const struct model *model, uint32_t file,
		     const struct timeline_ring *ring)
{
	static struct track track;
	struct places places = {0};
	uint64_t last_ns = ring->end_ns;

	if (!find_places(&places, model, file, ring))
		return -ENOMEM;
	track = (struct track){.slices = slices};
	find_bounds(&places, &track.base_ns, &last_ns);
	for (size_t i = 0; i < places.count; i++) {
		const struct place *place = &places.rows[i];

		if (place->process != track.process || place->block->thread != track.thread)
			end_track(&track);
		if (place->process != track.process)
			track.process_end_ns = find_process_end(&places, i, last_ns);
		track.process = place->process;
		track.thread = place->block->thread;
		for (uint32_t j = 0; j < place->block->used; j++)
			read_event(&track, &place->block->events[j]);
	}
	end_track(&track);
	free(places.rows);
	return 0;
}

/* --- Waiters -------------------------------------------------------------------- */

static bool is_wait(const struct slice *slice)
{
	return slice->event.kind == TIMELINE_WAIT_BEGIN && slice->event.lock;
}

static int compare_objects(const struct slice *a, const struct slice *b)
{
	return a->process != b->process ? compare(a->process->number, b->process->number)
					: compare(a->event.lock, b->event.lock);
}

static int compare_begins(const void *left, const void *right)
{
	const struct slice *a = *(const struct slice *const *)left;
	const struct slice *b = *(const struct slice *const *)right;
	int order = compare_objects(a, b);

	return order ? order : compare(a->begin_ns, b->begin_ns);
}

static int compare_ends(const void *left, const void *right)
{
	const struct slice *a = *(const struct slice *const *)left;
	const struct slice *b = *(const struct slice *const *)right;
	int order = compare_objects(a, b);

	return order ? order : compare(a->end_ns, b->end_ns);
}

/* Of the @count waits, which @by_begin and @by_end have in two orders: those that have begun,
 * less those that have ended. */
static void count_waiters(struct slice **by_begin, struct slice **by_end, size_t count)
{
	size_t ended = 0;
	size_t first = 0;

	for (size_t i = 0; i < count; i++) {
		if (compare_objects(by_begin[first], by_begin[i]))
			first = ended = i;
		while (compare_objects(by_end[ended], by_begin[i]) == 0 &&
		       by_end[ended]->end_ns < by_begin[i]->begin_ns)
			ended++;
		by_begin[i]->waiter_count = (uint32_t)(i + 1 - ended);
	}
}

static int find_waiters(struct slices *slices)
{
	struct slice **by_begin = calloc(2 * slices->count + 1, sizeof(*by_begin));
	struct slice **by_end = by_begin + slices->count;
	size_t count = 0;

	if (!by_begin)
		return -ENOMEM;
	for (size_t i = 0; i < slices->count; i++)
		if (is_wait(&slices->rows[i]))
			by_begin[count++] = &slices->rows[i];
	memcpy(by_end, by_begin, count * sizeof(struct slice *));
	qsort(by_begin, count, sizeof(struct slice *), compare_begins);
	qsort(by_end, count, sizeof(struct slice *), compare_ends);
	count_waiters(by_begin, by_end, count);
	free(by_begin);
	return 0;
}

/* --- What is called ------------------------------------------------------------- */

/* Of two that begin at once the longer one is around the other. */
static int compare_slices(const void *left, const void *right)
{
	const struct slice *a = left;
	const struct slice *b = right;

	if (a->process != b->process)
		return compare(a->process->number, b->process->number);
	if (a->thread != b->thread)
		return compare(a->thread, b->thread);
	if (a->begin_ns != b->begin_ns)
		return compare(a->begin_ns, b->begin_ns);
	return compare(b->end_ns, a->end_ns);
}

int slices_read(struct slices *slices, const struct model *model)
{
	int result = -ENODATA;

	*slices = (struct slices){0};
	for (size_t i = 0; i < model->file_count; i++) {
		const struct timeline_ring *ring = model->files[i].timeline;

		if (!ring)
			continue;
		slices->lost_count += timeline_lost(ring);
		result = read_ring(slices, model, (uint32_t)i, ring);
		if (result)
			break;
	}
	if (slices->count)
		qsort(slices->rows, slices->count, sizeof(struct slice), compare_slices);
	return result ? result : find_waiters(slices);
}

void slices_free(struct slices *slices)
{
	free(slices->rows);
}

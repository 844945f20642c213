/* Collecting functions: their ranges, from the unwind tables. */
#include "x86/survey/survey.h"

#include "elf/eh_frame.h"

/* A function's range, from the unwind tables. */
struct range {
	uint64_t start, size_bytes, lsda;
	bool is_signal_frame;
};

/* Ranges to be sorted. */
struct collection {
	struct range *ranges;
	uint32_t count;
	bool is_sorted;
};

static void collect_range(void *context, const struct eh_frame_entry *entry)
{
	struct collection *collection = context;

	if (collection->count && entry->function < collection->ranges[collection->count - 1].start)
		collection->is_sorted = false;
	collection->ranges[collection->count++] = (struct range){
		.start = entry->function,
		.size_bytes = entry->function_end - entry->function,
		.lsda = entry->lsda,
		.is_signal_frame = entry->is_signal_frame,
	};
}

/* Moves the range at @root down until both below it are smaller. */
static void sift_range(struct range *ranges, uint32_t root, uint32_t count)
{
	struct range moved = ranges[root];

	while (2 * root + 1 < count) {
		uint32_t child = 2 * root + 1;

		if (child + 1 < count && ranges[child + 1].start > ranges[child].start)
			child++;
		if (ranges[child].start <= moved.start)
			break;
		ranges[root] = ranges[child];
		root = child;
	}
	ranges[root] = moved;
}

/* Heap sort, as qsort() may call malloc. */
static void sort_ranges(struct range *ranges, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift_range(ranges, i, count);
	for (uint32_t last = count; last-- > 1;) {
		struct range greatest = ranges[0];

		ranges[0] = ranges[last];
		ranges[last] = greatest;
		sift_range(ranges, 0, last);
	}
}

static void add_function(struct survey *survey, const struct range *range)
{
	struct module *module = &survey->module;
	struct function *function = &module->functions[module->function_count];
	struct part *part = &survey->parts[module->function_count];
	uint64_t start = range->start - module->text_address;

	if (start >= module->text_bytes || range->size_bytes == 0 ||
	    range->size_bytes > module->text_bytes - start)
		return;
	if (module->function_count > 0 && start < function[-1].end) {
		part[-1].flaw = "its range overlaps another's";
		if (start <= function[-1].start)
			return;
		function[-1].end = (uint32_t)start;
		part->flaw = part[-1].flaw;
	}
	function->start = (uint32_t)start;
	function->end = (uint32_t)(start + range->size_bytes);
	function->lsda = range->lsda;
	part->group = module->function_count;
	part->is_signal_frame = range->is_signal_frame;
	if (range->is_signal_frame)
		part->flaw = "it returns from signal handlers";
	module->function_count++;
}

bool survey_collect(struct survey *survey, uint32_t most, const char **why)
{
	size_t size_bytes = (most + 1) * sizeof(struct range);
	struct collection collection = {arena_alloc(survey->arena, size_bytes), 0, true};

	*why = "no memory for planning";
	if (!collection.ranges || !eh_frame_each(survey->image, collect_range, &collection, why))
		return false;
	if (!collection.is_sorted)
		sort_ranges(collection.ranges, collection.count);
	for (uint32_t i = 0; i < collection.count; i++)
		add_function(survey, &collection.ranges[i]);
	arena_free(survey->arena, collection.ranges, size_bytes);
	return true;
}

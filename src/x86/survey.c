#include "x86/survey.h"

#include "x86/eh_frame.h"

#define SLAB_BYTES ((size_t)1 << 20)

void *survey_alloc(struct survey *survey, size_t size_bytes)
{
	struct slab *slab = &survey->slab;
	size_t rounded = (size_bytes + 15) & ~(size_t)15;
	void *block;

	if (rounded > slab->left_bytes) {
		size_t least = rounded > SLAB_BYTES ? rounded : SLAB_BYTES;

		slab->next = arena_alloc(survey->arena, least);
		slab->left_bytes = slab->next ? least : 0;
	}
	if (!slab->next) {
		survey->failed = true;
		return NULL;
	}
	block = slab->next;
	slab->next += rounded;
	slab->left_bytes -= rounded;
	return block;
}

void survey_mark(struct survey *survey, int64_t offset, uint8_t marks)
{
	if (offset >= 0 && offset < survey->module.text_bytes)
		survey->marks[offset] |= marks;
}

void survey_spoil(struct survey *survey, int64_t offset, const char *flaw)
{
	struct function *function = module_find(&survey->module, offset);

	if (function && !survey->parts[survey_index(survey, function)].flaw)
		survey->parts[survey_index(survey, function)].flaw = flaw;
}

uint32_t survey_group(const struct survey *survey, uint32_t index)
{
	while (survey->parts[index].group != index)
		index = survey->parts[index].group;
	return index;
}

void survey_join(struct survey *survey, uint32_t a, uint32_t b)
{
	a = survey_group(survey, a);
	b = survey_group(survey, b);
	/* The lower one leads, so that chains stay short for neighbours. */
	survey->parts[a > b ? a : b].group = a > b ? b : a;
}

/* --- Collecting functions --------------------------------------------------------- */

/* Ranges as the unwind tables have them, to be put in order. */
struct collection {
	struct unwind_range *ranges;
	uint32_t count;
	bool is_sorted;
};

static void collect_range(void *context, const struct unwind_range *range)
{
	struct collection *collection = context;

	if (collection->count && range->start < collection->ranges[collection->count - 1].start)
		collection->is_sorted = false;
	collection->ranges[collection->count++] = *range;
}

/* Lets the range at @root sink to where both below it are smaller. */
static void sift(struct unwind_range *ranges, uint32_t root, uint32_t count)
{
	struct unwind_range moved = ranges[root];

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

/* Heap sort: what libc has may call malloc. */
static void sort_ranges(struct unwind_range *ranges, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift(ranges, i, count);
	for (uint32_t last = count; last-- > 1;) {
		struct unwind_range greatest = ranges[0];

		ranges[0] = ranges[last];
		ranges[last] = greatest;
		sift(ranges, 0, last);
	}
}

static void add_function(struct survey *survey, const struct unwind_range *range)
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

/* False with *@why. */
static bool collect_functions(struct survey *survey, uint32_t most, const char **why)
{
	size_t size_bytes = (most + 1) * sizeof(struct unwind_range);
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

/* --- Decoding ----------------------------------------------------------------------- */

/* Takes room for as many instructions as there are bytes, and gives back the rest,
 * which nobody has written to. */
static void decode_function(struct survey *survey, struct function *function, struct part *part)
{
	const struct module *module = &survey->module;
	uint32_t most = function->end - function->start;
	struct instruction *instructions = survey_alloc(survey, most * sizeof(struct instruction));
	uint32_t count = 0, offset = function->start;
	size_t spare;

	if (!instructions)
		return;
	while (offset < function->end && !part->flaw) {
		if (!instruction_decode(survey->decoder, module->text + offset,
					function->end - offset, offset, &instructions[count]))
			part->flaw = "it has bytes that are no instruction we know";
		offset += instructions[count++].length;
	}
	spare = (most - count) * sizeof(struct instruction);
	spare &= ~(size_t)15;
	survey->slab.next -= spare;
	survey->slab.left_bytes += spare;
	function->instructions = instructions;
	function->count = count;
	if (part->flaw)
		return;
	function->is_usable = true;
	for (uint32_t i = 0; i < count; i++)
		survey->marks[instructions[i].offset] |= MARK_START;
}

static void decode_functions(struct survey *survey)
{
	for (uint32_t i = 0; i < survey->module.function_count && !survey->failed; i++)
		if (!survey->parts[i].flaw)
			decode_function(survey, &survey->module.functions[i], &survey->parts[i]);
}

static bool is_read_only(const void *context, uint64_t address)
{
	return image_is_read_only(context, address);
}

bool survey_begin(struct survey *survey, const struct decoder *decoder, const struct image *image,
		  struct arena *arena, const char **why)
{
	uint32_t most = eh_frame_count(image);

	*survey = (struct survey){.decoder = decoder, .image = image, .arena = arena};
	survey->module = (struct module){.text = image->text,
					 .text_address = image->text_address,
					 .text_bytes = image->text_bytes,
					 .is_read_only = is_read_only,
					 .context = image};
	survey->module.functions = arena_alloc(arena, (most + 1) * sizeof(struct function));
	survey->parts = arena_alloc(arena, (most + 1) * sizeof(struct part));
	survey->marks = arena_alloc(arena, (size_t)image->text_bytes + 1);
	*why = "no memory for planning";
	if (!survey->module.functions || !survey->parts || !survey->marks)
		return false;
	if (!collect_functions(survey, most, why))
		return false;
	decode_functions(survey);
	*why = survey->failed ? "no memory for planning" : NULL;
	return !survey->failed;
}

static bool goes_on(const struct instruction *instruction)
{
	return instruction->kind != INSTRUCTION_BRANCH &&
	       instruction->kind != INSTRUCTION_JUMP_INDIRECT &&
	       instruction->kind != INSTRUCTION_RETURN && instruction->kind != INSTRUCTION_STOP;
}

/* An int3 that can be reached is a debugger's: what its byte hides is not known, and
 * it has to stop the original.  Linkers pad with others. */
static bool has_breakpoint(const struct survey *survey, const struct function *function)
{
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (instruction->kind == INSTRUCTION_STOP && instruction->length == 1 &&
		    (i == 0 || goes_on(instruction - 1) ||
		     survey->marks[instruction->offset] & (MARK_BRANCH | MARK_INDIRECT)))
			return true;
	}
	return false;
}

void survey_reach(struct survey *survey)
{
	for (uint32_t i = 0; i < survey->module.function_count; i++) {
		struct function *function = &survey->module.functions[i];

		function->why_not = survey->parts[i].flaw;
		if (!function->why_not && has_breakpoint(survey, function))
			function->why_not = "a debugger's breakpoint lies in it";
		function->is_usable = function->is_usable && !function->why_not;
		function->reach = survey_alloc(survey, function->count + 1);
		for (uint32_t j = 0; function->reach && j < function->count; j++) {
			uint8_t marks = survey->marks[function->instructions[j].offset];
			uint8_t kind = function->instructions[j].kind;

			function->reach[j] =
				(uint8_t)((marks & MARK_ENTRY ? REACH_ENTRY : 0u) |
					  (marks & MARK_BRANCH ? REACH_BRANCH : 0u) |
					  (marks & MARK_INDIRECT ? REACH_INDIRECT : 0u) |
					  (kind == INSTRUCTION_CALL ||
							   kind == INSTRUCTION_CALL_INDIRECT
						   ? REACH_ANCHOR
						   : 0u));
		}
	}
}

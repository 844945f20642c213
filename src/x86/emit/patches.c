#include "x86/emit/patches.h"

#include <string.h>

#define LONG_BYTES 5u
#define SHORT_BYTES 2u
#define SHORT_REACH 127

/* What is done at an instruction of the original. */
enum fate {
	FATE_NONE,
	FATE_LONG,
	FATE_SHORT,
	FATE_NATIVE /* an entry that is not patched */
};

struct choice {
	struct survey *survey;
	struct function *function;
	const bool *wanted;
	bool *leads;	   /* per instruction, and one more: to a wanted access, before any call */
	uint8_t *fates;	   /* enum fate */
	uint32_t *islands; /* text offset, 0: none */
	uint32_t *stack;
	uint32_t *points; /* entries and calls, where paths in the original begin */
	uint32_t point_count;
	uint32_t padding_end; /* of the padding after the function that may be used */
};

/* --- The function's paths --------------------------------------------------------- */

/* Writes the successors of instruction @index to @next and returns their number.  Code
 * after a call, and a target of an indirect jump, is an entry and no successor. */
static unsigned find_successors(const struct function *function, uint32_t index, uint32_t next[2])
{
	const struct instruction *instruction = &function->instructions[index];
	unsigned count = 0;

	if (instruction_falls_through(instruction) && index + 1 < function->count)
		next[count++] = index + 1;
	if (instruction_is_branch(instruction)) {
		uint32_t target = function_target(function, instruction);

		if (target != UINT32_MAX)
			next[count++] = target;
	}
	return count;
}

static bool leads_on(const struct choice *choice, uint32_t index)
{
	const struct instruction *instruction = &choice->function->instructions[index];
	uint32_t to;

	if (LIKELY(instruction->kind == INSTRUCTION_PLAIN))
		return choice->leads[index + 1];
	if (!instruction_is_branch(instruction))
		return false;
	to = function_target(choice->function, instruction);
	return (instruction_falls_through(instruction) && choice->leads[index + 1]) ||
	       (to != UINT32_MAX && choice->leads[to]);
}

static bool is_branch_back(const struct function *function, uint32_t index)
{
	return instruction_is_branch(&function->instructions[index]) &&
	       function_target(function, &function->instructions[index]) <= index;
}

/* A backward analysis, repeated from the last branch back until nothing changes. */
static void find_leads(const struct choice *choice)
{
	const struct function *function = choice->function;
	uint32_t end = function->count;
	bool has_changed = true;

	while (end > 0 && !is_branch_back(function, end - 1))
		end--;
	for (uint32_t i = function->count; i-- > end;)
		choice->leads[i] = choice->wanted[i] || leads_on(choice, i);
	while (has_changed) {
		has_changed = false;
		for (uint32_t i = end; i-- > 0;) {
			bool leads = choice->leads[i];

			choice->leads[i] = leads || choice->wanted[i] || leads_on(choice, i);
			has_changed |= leads != choice->leads[i];
		}
	}
}

static bool is_patched(const struct choice *choice, uint32_t index)
{
	return choice->fates[index] == FATE_LONG || choice->fates[index] == FATE_SHORT;
}

/* Whether the instruction before @index runs on into it, and it has no mark yet. */
static bool goes_into(const struct choice *choice, const uint8_t *marks, uint8_t mark,
		      uint32_t index, bool stops_at_patches)
{
	return index < choice->function->count && !(marks[index] & mark) &&
	       !(stops_at_patches && is_patched(choice, index));
}

/* Marks the paths from instruction @index on, up to marked instructions and, for
 * paths in the original, up to patches. */
static void spread_mark(const struct choice *choice, uint8_t *marks, uint8_t mark, uint32_t index,
			bool stops_at_patches)
{
	const struct function *function = choice->function;
	uint32_t depth = 0;

	/* Marked when pushed, so that it is pushed once at most. */
	marks[index] |= mark;
	choice->stack[depth++] = index;
	while (depth > 0) {
		index = choice->stack[--depth];
		for (;;) {
			const struct instruction *instruction = &function->instructions[index];
			uint32_t to = UINT32_MAX;

			if (instruction->kind != INSTRUCTION_PLAIN) {
				if (instruction_is_branch(instruction))
					to = function_target(function, instruction);
				if (to != UINT32_MAX &&
				    goes_into(choice, marks, mark, to, stops_at_patches)) {
					marks[to] |= mark;
					choice->stack[depth++] = to;
				}
				if (!instruction_falls_through(instruction))
					break;
			}
			index++;
			if (!goes_into(choice, marks, mark, index, stops_at_patches))
				break;
			marks[index] |= mark;
		}
	}
}

/* Keeps the paths from instruction @index on in the original, up to patches. */
static void keep_from(const struct choice *choice, uint32_t index)
{
	struct function *function = choice->function;

	if (!is_patched(choice, index) && !(function->reach[index] & REACH_NATIVE))
		spread_mark(choice, function->reach, REACH_NATIVE, index, true);
}

static void find_native(const struct choice *choice)
{
	struct function *function = choice->function;

	for (uint32_t i = 0; i < function->count; i++)
		function->reach[i] &= (uint8_t)~REACH_NATIVE;
	for (uint32_t i = 0; i < choice->point_count; i++) {
		uint32_t index = choice->points[i];

		if (choice->fates[index] == FATE_NATIVE ||
		    instruction_is_call(&function->instructions[index]))
			keep_from(choice, index);
	}
	for (uint32_t i = 0; function->has_unknown_targets && i < function->count; i++)
		keep_from(choice, i);
}

/* --- Room ---------------------------------------------------------------------------- */

static bool is_reached_from_outside(const struct choice *choice, uint32_t index)
{
	const struct function *function = choice->function;

	return function->reach[index] & REACH_ENTRY ||
	       instruction_is_call(&function->instructions[index]) || function->has_unknown_targets;
}

/* Bytes from instruction @index to the next entry, or to what nothing reaches, which may
 * be data. */
static uint32_t room_at(const struct choice *choice, uint32_t index)
{
	const struct function *function = choice->function;
	const struct instruction *instructions = function->instructions;
	uint32_t start = instructions[index].offset;
	bool is_reached = true;

	for (uint32_t i = index + 1; i < function->count; i++) {
		is_reached = (is_reached && instruction_falls_through(&instructions[i - 1])) ||
			     function->reach[i] & (REACH_BRANCH | REACH_INDIRECT);
		if (is_reached_from_outside(choice, i) ||
		    instructions[i].offset - start >= LONG_BYTES ||
		    !(is_reached || survey_is_filler(&instructions[i], &instructions[i - 1])))
			return instructions[i].offset - start;
	}
	return choice->padding_end - start;
}

/* Whether [@offset, @offset + 5) is padding or dead, and not used yet. */
static bool is_free_island(const struct survey *survey, int64_t offset)
{
	if (offset <= 0 || offset + LONG_BYTES > survey->module.text_bytes)
		return false;
	for (unsigned i = 0; i < LONG_BYTES; i++)
		if (survey->marks[offset + i] != MARK_PADDING &&
		    !(survey->marks[offset + i] & MARK_DEAD))
			return false;
	return true;
}

static void use_island(struct survey *survey, uint32_t island)
{
	for (uint32_t offset = island; offset < island + LONG_BYTES; offset++)
		survey->marks[offset] &= (uint8_t)~(MARK_PADDING | MARK_DEAD);
}

static void set_padding(struct survey *survey, uint32_t start, uint32_t end, uint8_t mark)
{
	for (uint32_t offset = start; offset < end; offset++)
		survey->marks[offset] = mark;
}

/* Takes an island in reach of a short jump at @offset; 0: there is none. */
static uint32_t take_island(struct survey *survey, uint32_t offset)
{
	int64_t from = (int64_t)offset + SHORT_BYTES;

	for (int64_t distance = 0; distance <= SHORT_REACH; distance++) {
		int64_t after = from + distance, before = from - distance - 1;
		int64_t island = is_free_island(survey, after)	  ? after
				 : is_free_island(survey, before) ? before
								  : 0;

		if (island) {
			use_island(survey, (uint32_t)island);
			return (uint32_t)island;
		}
	}
	return 0;
}

/* A long patch may run over the function's end into padding. */
static void use_padding(const struct choice *choice, uint32_t index, uint8_t mark)
{
	uint32_t end = choice->function->instructions[index].offset + LONG_BYTES;

	if (end > choice->function->end)
		set_padding(choice->survey, choice->function->end, end, mark);
}

/* --- Choosing -------------------------------------------------------------------------- */

static void try_short(const struct choice *choice, uint32_t index, uint32_t room)
{
	choice->fates[index] = FATE_NATIVE;
	if (room < SHORT_BYTES)
		return;
	choice->islands[index] =
		take_island(choice->survey, choice->function->instructions[index].offset);
	if (choice->islands[index])
		choice->fates[index] = FATE_SHORT;
}

static void drop_patch(const struct choice *choice, uint32_t index)
{
	uint32_t island = choice->islands[index];

	if (choice->fates[index] == FATE_LONG)
		use_padding(choice, index, MARK_PADDING);
	if (island)
		set_padding(choice->survey, island, island + LONG_BYTES, MARK_PADDING);
	choice->islands[index] = 0;
	choice->fates[index] = FATE_NATIVE;
}

/* Long patches first: they take the padding behind the function. */
static void choose_first(const struct choice *choice)
{
	const struct function *function = choice->function;

	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];
		uint32_t offset = function->instructions[i].offset;

		if (instruction_is_call(&function->instructions[i]))
			continue;
		choice->fates[i] = FATE_NATIVE;
		if (survey_has(choice->survey, offset, MARK_LEAVE) ||
		    room_at(choice, i) < LONG_BYTES)
			continue;
		choice->fates[i] = FATE_LONG;
		use_padding(choice, i, 0);
	}
	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];

		if (choice->fates[i] == FATE_NATIVE && choice->leads[i] &&
		    !survey_has(choice->survey, function->instructions[i].offset, MARK_LEAVE))
			try_short(choice, i, room_at(choice, i));
	}
}

/* Bytes from patch @index to the first instruction that stays in the original, at most
 * the patch's length. */
static uint32_t free_length(const struct choice *choice, uint32_t index)
{
	const struct function *function = choice->function;
	uint32_t start = function->instructions[index].offset;
	uint32_t length = choice->fates[index] == FATE_LONG ? LONG_BYTES : SHORT_BYTES;

	for (uint32_t i = index + 1; i < function->count; i++) {
		uint32_t distance = function->instructions[i].offset - start;

		if (distance >= length)
			break;
		if (function->reach[i] & REACH_NATIVE)
			return distance;
	}
	return length;
}

/* Makes patches that overlap code which stays short, or drops them.  False: none do. */
static bool yield_to_native(const struct choice *choice)
{
	bool has_changed = false;

	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];
		uint32_t length;

		if (!is_patched(choice, i))
			continue;
		length = free_length(choice, i);
		if (length >= (choice->fates[i] == FATE_LONG ? LONG_BYTES : SHORT_BYTES))
			continue;
		drop_patch(choice, i);
		if (choice->leads[i])
			try_short(choice, i, length);
		has_changed = true;
	}
	return has_changed;
}

/* Whether a path from @index on would run into the inside of a patch. */
static bool meets_patch(const struct choice *choice, const uint8_t *covered, uint32_t index)
{
	const struct function *function = choice->function;
	uint32_t depth = 0, seen = 0;
	uint32_t *list = choice->stack;

	list[depth++] = index;
	while (seen < depth) {
		uint32_t next[2];
		unsigned count;

		if (covered[list[seen]] || depth > 64)
			return true;
		count = find_successors(function, list[seen++], next);
		for (unsigned i = 0; i < count; i++) {
			bool is_new = !is_patched(choice, next[i]) || covered[next[i]];

			for (uint32_t j = 0; j < depth; j++)
				is_new &= list[j] != next[i];
			if (is_new)
				list[depth++] = next[i];
		}
	}
	return false;
}

/* Drops patches of entries that lead to no access, if their paths run into no patch. */
static void take_back_idle(const struct choice *choice, uint8_t *covered)
{
	const struct function *function = choice->function;

	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];
		uint32_t length = choice->fates[i] == FATE_LONG	   ? LONG_BYTES
				  : choice->fates[i] == FATE_SHORT ? SHORT_BYTES
								   : 0;

		for (uint32_t j = i + 1;
		     j < function->count &&
		     function->instructions[j].offset - function->instructions[i].offset < length;
		     j++)
			covered[j] = 1;
	}
	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];

		if (!is_patched(choice, i) || choice->leads[i] || meets_patch(choice, covered, i))
			continue;
		drop_patch(choice, i);
		for (uint32_t j = i + 1;
		     j < function->count &&
		     function->instructions[j].offset - function->instructions[i].offset <
			     LONG_BYTES;
		     j++)
			covered[j] = 0;
	}
}

/* --- Dead instructions ----------------------------------------------------------------- */

/* Finds the instructions that some path reaches.  Other bytes may be data. */
static void find_reached(const struct choice *choice, uint8_t *reached)
{
	memset(reached, 0, choice->function->count);
	for (uint32_t i = 0; i < choice->point_count; i++) {
		uint32_t index = choice->points[i];

		if (choice->function->reach[index] & REACH_ENTRY && !reached[index])
			spread_mark(choice, reached, 1, index, false);
	}
}

/* Marks the bytes that the original does not run any more, patches aside. */
static void find_dead(const struct choice *choice, const uint8_t *reached)
{
	const struct function *function = choice->function;
	uint8_t *marks = choice->survey->marks;
	uint32_t used_until = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t offset = function->instructions[i].offset;
		uint32_t end = offset + function->instructions[i].length;

		if (is_patched(choice, i))
			used_until = offset + (choice->fates[i] == FATE_LONG ? LONG_BYTES
									     : SHORT_BYTES);
		if (!reached[i] || function->reach[i] & REACH_NATIVE ||
		    instruction_is_call(&function->instructions[i]))
			continue;
		for (offset = offset > used_until ? offset : used_until; offset < end; offset++)
			if (!(marks[offset] &
			      (MARK_ENTRY | MARK_INDIRECT | MARK_LABEL | MARK_LEAVE)))
				marks[offset] |= MARK_DEAD;
	}
	/* Bytes used by an earlier round must not be overwritten. */
	for (uint32_t i = 0; i < choice->point_count; i++)
		if (choice->fates[choice->points[i]] == FATE_SHORT)
			use_island(choice->survey, choice->islands[choice->points[i]]);
}

/* Finds islands in dead bytes for entries without one.  False: none found. */
static bool try_again(const struct choice *choice)
{
	const struct function *function = choice->function;
	bool has_changed = false;

	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];
		uint32_t length;

		if (choice->fates[i] != FATE_NATIVE || !choice->leads[i] ||
		    survey_has(choice->survey, function->instructions[i].offset, MARK_LEAVE))
			continue;
		choice->fates[i] = FATE_SHORT;
		length = free_length(choice, i);
		if (length > room_at(choice, i))
			length = room_at(choice, i);
		try_short(choice, i, length);
		has_changed |= choice->fates[i] == FATE_SHORT;
	}
	return has_changed;
}

/* Repeated, as each new patch makes more code dead.  Sets REACH_NATIVE. */
static void use_dead(const struct choice *choice, uint8_t *reached)
{
	if (choice->function->has_unknown_targets) {
		find_native(choice);
		return;
	}
	find_reached(choice, reached);
	do {
		find_native(choice);
		find_dead(choice, reached);
	} while (try_again(choice));
}

/* --- Atomics ---------------------------------------------------------------------------- */

static bool is_atomic(const struct choice *choice, uint32_t index)
{
	return choice->wanted[index] &&
	       choice->function->instructions[index].memory & MEMORY_LOCKED;
}

/* Makes instruction @index an entry.  False: no room, and nothing is changed. */
static bool try_entry(const struct choice *choice, uint32_t index)
{
	struct function *function = choice->function;
	uint32_t room = room_at(choice, index);

	if (choice->fates[index] != FATE_NONE ||
	    instruction_is_call(&function->instructions[index]) ||
	    survey_has(choice->survey, function->instructions[index].offset, MARK_LEAVE))
		return false;
	choice->fates[index] = FATE_LONG;
	find_native(choice);
	if (free_length(choice, index) < room)
		room = free_length(choice, index);
	if (room >= LONG_BYTES)
		use_padding(choice, index, 0);
	else
		try_short(choice, index, room);
	if (is_patched(choice, index)) {
		function->reach[index] |= REACH_ENTRY;
		return true;
	}
	choice->fates[index] = FATE_NONE;
	find_native(choice);
	return false;
}

/* A locked instruction may order accesses anywhere; if it is not seen, these look like
 * races.  So those that would run in the original get an entry at or before them. */
static void enter_at_atomics(const struct choice *choice)
{
	const struct function *function = choice->function;

	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t index = i;

		if (!is_atomic(choice, i) || !(function->reach[i] & REACH_NATIVE))
			continue;
		while (!try_entry(choice, index) && index > 0 &&
		       function->instructions[index - 1].kind == INSTRUCTION_PLAIN &&
		       function->reach[index - 1] & REACH_NATIVE)
			index--;
	}
}

static void count_entries(const struct choice *choice, struct plan_statistics *statistics)
{
	const struct function *function = choice->function;

	for (uint32_t i = 0; i < function->count; i++) {
		statistics->accesses_native +=
			function->reach[i] & REACH_NATIVE && choice->wanted[i];
		statistics->atomics_native +=
			function->reach[i] & REACH_NATIVE && is_atomic(choice, i);
		if (!(function->reach[i] & REACH_ENTRY) || !choice->leads[i] ||
		    instruction_is_call(&function->instructions[i]))
			continue;
		statistics->entries++;
		statistics->entries_short += choice->fates[i] == FATE_SHORT;
		statistics->entries_unpatched += choice->fates[i] == FATE_NATIVE;
	}
}

static bool add_row(struct survey *survey, struct patches *patches, struct chosen_patch row)
{
	if (patches->count == patches->room) {
		uint32_t room = patches->room ? 2 * patches->room : 4096;
		struct chosen_patch *rows =
			arena_grow(survey->arena, patches->rows, patches->room * sizeof(row),
				   room * sizeof(row));

		patches->failed |= !rows;
		if (!rows)
			return false;
		patches->rows = rows;
		patches->room = room;
	}
	patches->rows[patches->count++] = row;
	return true;
}

static uint32_t keep_rows(const struct choice *choice, struct patches *patches)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < choice->function->count; i++)
		if (is_patched(choice, i))
			count += add_row(choice->survey, patches,
					 (struct chosen_patch){
						 .offset = choice->function->instructions[i].offset,
						 .island = choice->islands[i],
					 });
	return count;
}

static uint32_t find_padding_end(const struct survey *survey, const struct function *function)
{
	uint32_t end = function->end;

	while (end < survey->module.text_bytes && end < function->end + LONG_BYTES &&
	       survey->marks[end] == MARK_PADDING)
		end++;
	return end;
}

/* False: no memory. */
static bool open_choice(struct choice *choice, uint8_t **covered)
{
	struct scratch *scratch = &choice->survey->scratch;
	uint32_t count = choice->function->count;

	choice->islands = scratch_take_zeroed(scratch, count * sizeof(*choice->islands));
	choice->stack = scratch_take(scratch, count * sizeof(*choice->stack));
	choice->fates = scratch_take_zeroed(scratch, count);
	choice->leads = scratch_take_zeroed(scratch, count + 1);
	choice->points = scratch_take(scratch, count * sizeof(*choice->points));
	*covered = scratch_take_zeroed(scratch, count);
	choice->padding_end = find_padding_end(choice->survey, choice->function);
	if (!choice->islands || !choice->stack || !choice->fates || !choice->leads ||
	    !choice->points || !*covered)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (choice->function->reach[i] & (REACH_ENTRY | REACH_ANCHOR))
			choice->points[choice->point_count++] = i;
	return true;
}

uint32_t patches_choose(struct survey *survey, uint32_t index, const bool *wanted,
			struct patches *patches, struct plan_statistics *statistics)
{
	struct function *function = &survey->module.functions[index];
	struct choice choice = {.survey = survey, .function = function, .wanted = wanted};
	struct scratch_mark mark = scratch_mark(&survey->scratch);
	uint8_t *covered;
	uint32_t count;

	if (!function->count || !open_choice(&choice, &covered))
		return 0;
	find_leads(&choice);
	choose_first(&choice);
	do
		find_native(&choice);
	while (yield_to_native(&choice));
	take_back_idle(&choice, covered);
	use_dead(&choice, covered);
	if (survey->parts[index].has_locked)
		enter_at_atomics(&choice);
	count_entries(&choice, statistics);
	count = keep_rows(&choice, patches);
	scratch_release(&survey->scratch, mark);
	return count;
}

void patches_begin(struct survey *survey)
{
	uint8_t *marks = survey->marks;
	uint32_t end;

	for (uint32_t start = 0; start < survey->module.text_bytes; start = end) {
		bool is_reached = false;

		end = start + 1;
		if (!(marks[start] & MARK_PADDING))
			continue;
		for (end = start; end < survey->module.text_bytes && marks[end] & MARK_PADDING;
		     end++)
			is_reached |= marks[end] != MARK_PADDING;
		if (is_reached)
			for (uint32_t offset = start; offset < end; offset++)
				marks[offset] &= (uint8_t)~MARK_PADDING;
	}
}

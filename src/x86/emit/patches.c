#include "x86/emit/patches.h"

#include "x86/emit/patch_choice.h"

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
		    patch_room(choice, i) < LONG_BYTES)
			continue;
		choice->fates[i] = FATE_LONG;
		patch_use_padding(choice, i, 0);
	}
	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];

		if (choice->fates[i] == FATE_NATIVE && choice->leads[i] &&
		    !survey_has(choice->survey, function->instructions[i].offset, MARK_LEAVE))
			patch_make_short(choice, i, patch_room(choice, i));
	}
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
		length = patch_free_length(choice, i);
		if (length >= patch_length(choice, i))
			continue;
		patch_drop(choice, i);
		if (choice->leads[i])
			patch_make_short(choice, i, length);
		has_changed = true;
	}
	return has_changed;
}

/* Sets @covered of the instructions that begin inside the first @length bytes of a patch. */
static void cover_inside(const struct choice *choice, uint8_t *covered, uint32_t index,
			 uint32_t length, uint8_t value)
{
	const struct instruction *instructions = choice->function->instructions;

	for (uint32_t i = index + 1;
	     i < choice->function->count &&
	     instructions[i].offset - instructions[index].offset < length;
	     i++)
		covered[i] = value;
}

/* Drops patches of entries that lead to no access, if their paths run into no patch. */
static void take_back_idle(const struct choice *choice, uint8_t *covered)
{
	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];

		cover_inside(choice, covered, i, patch_length(choice, i), 1);
	}
	for (uint32_t point = 0; point < choice->point_count; point++) {
		uint32_t i = choice->points[point];

		if (!is_patched(choice, i) || choice->leads[i] ||
		    paths_meet_patch(choice, covered, i))
			continue;
		patch_drop(choice, i);
		cover_inside(choice, covered, i, LONG_BYTES, 0);
	}
}

/* --- Dead instructions ----------------------------------------------------------------- */

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
		length = patch_free_length(choice, i);
		if (length > patch_room(choice, i))
			length = patch_room(choice, i);
		patch_make_short(choice, i, length);
		has_changed |= choice->fates[i] == FATE_SHORT;
	}
	return has_changed;
}

/* Repeated, as each new patch makes more code dead.  Sets REACH_NATIVE. */
static void use_dead(const struct choice *choice, uint8_t *reached)
{
	if (choice->function->has_unknown_targets) {
		paths_find_native(choice);
		return;
	}
	paths_find_reached(choice, reached);
	do {
		paths_find_native(choice);
		patch_find_dead(choice, reached);
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
	uint32_t room = patch_room(choice, index);

	if (choice->fates[index] != FATE_NONE ||
	    instruction_is_call(&function->instructions[index]) ||
	    survey_has(choice->survey, function->instructions[index].offset, MARK_LEAVE))
		return false;
	choice->fates[index] = FATE_LONG;
	paths_find_native(choice);
	if (patch_free_length(choice, index) < room)
		room = patch_free_length(choice, index);
	if (room >= LONG_BYTES)
		patch_use_padding(choice, index, 0);
	else
		patch_make_short(choice, index, room);
	if (is_patched(choice, index)) {
		function->reach[index] |= REACH_ENTRY;
		return true;
	}
	choice->fates[index] = FATE_NONE;
	paths_find_native(choice);
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
	paths_find_leads(&choice);
	choose_first(&choice);
	do
		paths_find_native(&choice);
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

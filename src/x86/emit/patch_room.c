#include "x86/emit/patch_choice.h"

#define SHORT_REACH 127

static bool is_reached_from_outside(const struct choice *choice, uint32_t index)
{
	const struct function *function = choice->function;

	return function->reach[index] & REACH_ENTRY ||
	       instruction_is_call(&function->instructions[index]) || function->has_unknown_targets;
}

uint32_t patch_room(const struct choice *choice, uint32_t index)
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

void patch_use_padding(const struct choice *choice, uint32_t index, uint8_t mark)
{
	uint32_t end = choice->function->instructions[index].offset + LONG_BYTES;

	if (end > choice->function->end)
		set_padding(choice->survey, choice->function->end, end, mark);
}

void patch_make_short(const struct choice *choice, uint32_t index, uint32_t room)
{
	choice->fates[index] = FATE_NATIVE;
	if (room < SHORT_BYTES)
		return;
	choice->islands[index] =
		take_island(choice->survey, choice->function->instructions[index].offset);
	if (choice->islands[index])
		choice->fates[index] = FATE_SHORT;
}

void patch_drop(const struct choice *choice, uint32_t index)
{
	uint32_t island = choice->islands[index];

	if (choice->fates[index] == FATE_LONG)
		patch_use_padding(choice, index, MARK_PADDING);
	if (island)
		set_padding(choice->survey, island, island + LONG_BYTES, MARK_PADDING);
	choice->islands[index] = 0;
	choice->fates[index] = FATE_NATIVE;
}

uint32_t patch_free_length(const struct choice *choice, uint32_t index)
{
	const struct function *function = choice->function;
	uint32_t start = function->instructions[index].offset;
	uint32_t length = patch_length(choice, index);

	for (uint32_t i = index + 1; i < function->count; i++) {
		uint32_t distance = function->instructions[i].offset - start;

		if (distance >= length)
			break;
		if (function->reach[i] & REACH_NATIVE)
			return distance;
	}
	return length;
}

void patch_find_dead(const struct choice *choice, const uint8_t *reached)
{
	const struct function *function = choice->function;
	uint8_t *marks = choice->survey->marks;
	uint32_t used_until = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t offset = function->instructions[i].offset;
		uint32_t end = offset + function->instructions[i].length;

		if (is_patched(choice, i))
			used_until = offset + patch_length(choice, i);
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

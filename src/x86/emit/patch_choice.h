/*
 * The choice of a function's patches while it is made: the paths through the function, and
 * the room that patches have.  patches.c decides.
 */
#ifndef X86_EMIT_PATCH_CHOICE_H
#define X86_EMIT_PATCH_CHOICE_H

#include "x86/survey/survey.h"

#define LONG_BYTES 5u
#define SHORT_BYTES 2u

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

static inline bool is_patched(const struct choice *choice, uint32_t index)
{
	return choice->fates[index] == FATE_LONG || choice->fates[index] == FATE_SHORT;
}

/* 0: instruction @index is not patched. */
static inline uint32_t patch_length(const struct choice *choice, uint32_t index)
{
	switch ((enum fate)choice->fates[index]) {
	case FATE_LONG:
		return LONG_BYTES;
	case FATE_SHORT:
		return SHORT_BYTES;
	case FATE_NONE:
	case FATE_NATIVE:
		break;
	}
	return 0;
}

/* --- Paths (patch_paths.c) ---------------------------------------------------------------- */

/* Fills choice->leads: a backward analysis, repeated from the last branch back until nothing
 * changes. */
void paths_find_leads(const struct choice *choice);

/* Sets REACH_NATIVE of what may still run in the original. */
void paths_find_native(const struct choice *choice);

/* Whether a path from @index on would run into the inside of a patch: one of the
 * instructions that are @covered. */
bool paths_meet_patch(const struct choice *choice, const uint8_t *covered, uint32_t index);

/* Sets @reached of the instructions that some path reaches.  Other bytes may be data. */
void paths_find_reached(const struct choice *choice, uint8_t *reached);

/* --- Room (patch_room.c) ------------------------------------------------------------------ */

/* Bytes from instruction @index to the next entry, or to what nothing reaches, which may
 * be data. */
uint32_t patch_room(const struct choice *choice, uint32_t index);

/* Bytes from patch @index to the first instruction that stays in the original, at most
 * the patch's length. */
uint32_t patch_free_length(const struct choice *choice, uint32_t index);

/* Marks what a long patch takes of the padding behind the function's end. */
void patch_use_padding(const struct choice *choice, uint32_t index, uint8_t mark);

/* Makes instruction @index, which has @room bytes, a short patch if an island is in reach;
 * else it stays native. */
void patch_make_short(const struct choice *choice, uint32_t index, uint32_t room);

/* Gives back what patch @index has taken. */
void patch_drop(const struct choice *choice, uint32_t index);

/* Marks the bytes that the original does not run any more, patches aside. */
void patch_find_dead(const struct choice *choice, const uint8_t *reached);

#endif

#include "x86/states/state.h"

#include <stddef.h>
#include <string.h>

/* Where the part of a row behind its two offsets begins. */
#define REST offsetof(struct plan_state, rsp_lowered_by)
#define REST_BYTES (sizeof(struct plan_state) - REST)

_Static_assert(REST_BYTES == sizeof(uint64_t), "a step has all of the rest");

static uint64_t read_number(const struct growing *rows, uint32_t *at)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < rows->count; shift += 7) {
		unsigned char byte = rows->bytes[(*at)++];

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static int64_t read_signed(const struct growing *rows, uint32_t *at)
{
	uint64_t value = read_number(rows, at);

	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* Turns @row into the next one, which is written at *@at. */
static void read_row(const struct plan_states *states, uint32_t *at, struct plan_state *row)
{
	const struct state_step *step;
	uint64_t number = read_number(&states->rows, at);

	if (number == STATE_STEP_PLAIN) {
		row->clone_offset += (uint32_t)read_number(&states->rows, at);
		row->original_offset += (uint32_t)read_signed(&states->rows, at);
		memcpy((char *)row + REST, states->rows.bytes + *at, REST_BYTES);
		*at += (uint32_t)REST_BYTES;
		return;
	}
	step = (const struct state_step *)(void *)states->steps.bytes + number;
	row->clone_offset += step->clone_step;
	row->original_offset += step->is_far ? (uint32_t)read_signed(&states->rows, at)
					     : (uint32_t)step->original_step;
	memcpy((char *)row + REST, &step->rest, REST_BYTES);
}

static void read_next(struct plan_state_cursor *cursor)
{
	cursor->end = UINT32_MAX;
	if (cursor->index == cursor->states->count)
		return;
	read_row(cursor->states, &cursor->at, &cursor->next);
	cursor->index++;
	cursor->end = cursor->next.clone_offset;
}

/* The last block that begins at or before @clone_offset, or the first one. */
static uint32_t find_block(const struct plan_states *states, uint32_t clone_offset)
{
	const struct state_block *blocks = (const void *)states->blocks.bytes;
	uint32_t low = 0, high = (uint32_t)(states->blocks.count / sizeof(*blocks));

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (blocks[middle].clone_offset <= clone_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

bool plan_states_seek(const struct plan_states *states, uint32_t clone_offset,
		      struct plan_state_cursor *cursor)
{
	const struct state_block *block = (const void *)states->blocks.bytes;
	uint32_t number;

	*cursor = (struct plan_state_cursor){.states = states, .end = UINT32_MAX};
	if (!states->count)
		return false;
	number = find_block(states, clone_offset);
	block += number;
	cursor->at = block->at;
	cursor->index = number * STATE_BLOCK_ROWS;
	read_next(cursor);
	cursor->next.clone_offset = block->clone_offset;
	cursor->next.original_offset = block->original_offset;
	cursor->row = cursor->next;
	read_next(cursor);
	while (cursor->end <= clone_offset && plan_states_step(cursor))
		;
	return true;
}

bool plan_states_step(struct plan_state_cursor *cursor)
{
	if (cursor->end == UINT32_MAX)
		return false;
	cursor->row = cursor->next;
	read_next(cursor);
	return true;
}

bool plan_state_at(const struct plan_states *states, uint32_t clone_offset,
		   struct plan_state *state)
{
	struct plan_state_cursor cursor;

	if (!plan_states_seek(states, clone_offset, &cursor) ||
	    cursor.row.clone_offset > clone_offset)
		return false;
	*state = cursor.row;
	return true;
}

uint32_t plan_state_original(const struct plan_state *state, uint32_t clone_offset)
{
	return state->original_offset + (state->is_copy ? clone_offset - state->clone_offset : 0);
}

void plan_states_free(struct plan_states *states)
{
	growing_free(&states->rows);
	growing_free(&states->blocks);
	growing_free(&states->steps);
	states->count = 0;
}

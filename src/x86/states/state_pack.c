#include "x86/states/state.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"

#define SLOT_COUNT (2 * STATE_STEPS_MOST)
#define REST offsetof(struct plan_state, rsp_lowered_by)
#define ROW_BYTES_MOST 32u
#define NEAR_MOST 63 /* a larger step would hardly be used again */

bool state_packer_init(struct state_packer *packer, struct arena *arena)
{
	*packer = (struct state_packer){
		.slots = arena_alloc(arena, SLOT_COUNT * sizeof(*packer->slots)),
		.followers = arena_alloc(arena, STATE_STEPS_MOST * sizeof(*packer->followers)),
	};
	/* Number 0 is no step. */
	return packer->slots && packer->followers &&
	       growing_add(&packer->states.steps, sizeof(struct state_step));
}

/* The room has been taken by state_pack(). */
static unsigned char *put_number(unsigned char *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (unsigned char)(value | 0x80);
	*at++ = (unsigned char)value;
	return at;
}

static unsigned char *put_signed(unsigned char *at, int64_t value)
{
	return put_number(at, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

/* A step as two words: what follows 'rest' in memory is one. */
struct step_words {
	uint64_t rest, others;
};

static struct step_words words_of(const struct state_step *step)
{
	struct step_words words = {.rest = step->rest};

	_Static_assert(sizeof(*step) == sizeof(words), "what follows 'rest' is one word");
	memcpy(&words.others, &step->clone_step, sizeof(words.others));
	return words;
}

static bool is_same(const struct state_step *step, struct step_words words)
{
	struct step_words of_step = words_of(step);

	return ((of_step.rest ^ words.rest) | (of_step.others ^ words.others)) == 0;
}

/* The number of the step; STATE_STEP_PLAIN if there are too many. */
static uint32_t find_number(struct state_packer *packer, struct step_words words)
{
	struct growing *steps = &packer->states.steps;
	uint64_t hash = words.rest * 0x9e3779b97f4a7c15ull + words.others * 0xff51afd7ed558ccdull;
	uint32_t at = (uint32_t)(hash >> 32) % SLOT_COUNT;
	uint32_t number;

	for (; packer->slots[at]; at = (at + 1) % SLOT_COUNT)
		if (is_same((const struct state_step *)(void *)steps->bytes + packer->slots[at],
			    words))
			return packer->slots[at];
	number = (uint32_t)(steps->count / sizeof(words));
	if (number == STATE_STEPS_MOST)
		return STATE_STEP_PLAIN;
	growing_put(steps, &words, sizeof(words));
	if (steps->failed)
		return STATE_STEP_PLAIN;
	packer->slots[at] = number;
	return number;
}

/* The step that followed the last one before is tried first. */
static inline uint32_t number_of(struct state_packer *packer, struct step_words words)
{
	const struct state_step *steps = (const void *)packer->states.steps.bytes;
	uint32_t number = packer->followers[packer->last_number];

	if (number == STATE_STEP_PLAIN || !is_same(&steps[number], words)) {
		number = find_number(packer, words);
		packer->followers[packer->last_number] = number;
	}
	packer->last_number = number;
	return number;
}

static void begin_block(struct plan_states *states, const struct plan_state *row)
{
	struct state_block block = {
		.clone_offset = row->clone_offset,
		.original_offset = row->original_offset,
		.at = (uint32_t)states->rows.count,
	};

	growing_put(&states->blocks, &block, sizeof(block));
}

void state_pack(struct state_packer *packer, const struct plan_state *row)
{
	struct plan_states *states = &packer->states;
	int64_t distance = (int64_t)row->original_offset - packer->last.original_offset;
	bool is_far = (uint64_t)(distance + NEAR_MOST) > 2 * NEAR_MOST;
	struct state_step step = {
		.clone_step = row->clone_offset - packer->last.clone_offset,
		.original_step = is_far ? 0 : (int16_t)distance,
		.is_far = is_far,
	};
	unsigned char *at, *end;
	uint32_t number;

	memcpy(&step.rest, (const char *)row + REST, sizeof(step.rest));
	number = number_of(packer, words_of(&step));
	if (states->count++ % STATE_BLOCK_ROWS == 0)
		begin_block(states, row);
	packer->last = *row;
	at = growing_add(&states->rows, ROW_BYTES_MOST);
	if (!at)
		return;
	end = put_number(at, number);
	if (number == STATE_STEP_PLAIN)
		end = put_number(end, step.clone_step);
	if (number == STATE_STEP_PLAIN || is_far)
		end = put_signed(end, distance);
	if (number == STATE_STEP_PLAIN) {
		memcpy(end, &step.rest, sizeof(step.rest));
		end += sizeof(step.rest);
	}
	states->rows.count -= ROW_BYTES_MOST - (size_t)(end - at);
}

bool state_packer_finish(struct state_packer *packer)
{
	struct plan_states *states = &packer->states;

	growing_finish(&states->rows);
	growing_finish(&states->blocks);
	growing_finish(&states->steps);
	return !states->rows.failed && !states->blocks.failed && !states->steps.failed;
}

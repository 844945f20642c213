#include "x86/plan.h"

const struct plan_state *plan_state_at(const struct plan_state *states, uint32_t count,
				       uint32_t clone_offset)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (states[middle].clone_offset <= clone_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &states[low - 1] : NULL;
}

uint32_t plan_state_original(const struct plan_state *state, uint32_t clone_offset)
{
	return state->original_offset + (state->is_copy ? clone_offset - state->clone_offset : 0);
}

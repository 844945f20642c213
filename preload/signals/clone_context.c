#define _GNU_SOURCE
#include "preload/signals/clone_context.h"

#include <string.h>

#include "preload/code/clones.h"
#include "preload/access/thunk_context.h"
#include "x86/decode/instruction.h"

#define STATUS_FLAGS 0x8d5ull /* OF SF ZF AF PF CF */

#define JUMP 0xe9u	 /* with a distance of 4 bytes ... */
#define JUMP_SHORT 0xebu /* ... of one byte */

bool clone_context_is_same(const gregset_t a, const gregset_t b)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(thunk_register_places); i++)
		if (a[thunk_register_places[i]] != b[thunk_register_places[i]])
			return false;
	return a[REG_RIP] == b[REG_RIP] && a[REG_EFL] == b[REG_EFL];
}

/* Turns @registers into those of the original code, at the instruction that
 * @state belongs to. */
static void undo_check(gregset_t registers, const struct plan_state *state)
{
	uintptr_t sp = (uintptr_t)registers[REG_RSP] +
		       STATE_WORD * (uintptr_t)state->rsp_lowered_by;

	if (state->flags_in_rax)
		registers[REG_EFL] = (registers[REG_EFL] & ~(greg_t)STATUS_FLAGS) |
				     (greg_t)plan_state_flags((uint64_t)registers[REG_RAX]);
	for (unsigned int i = 0; i < ARRAY_LENGTH(state->saved_register); i++) {
		intptr_t offset = (intptr_t)STATE_WORD * state->saved_at[i];

		if (state->saved_register[i] != NO_REGISTER)
			registers[thunk_register_places[state->saved_register[i]]] =
				*(const greg_t *)(sp + (uintptr_t)offset);
	}
	registers[REG_RSP] = (greg_t)sp;
}

static bool find_in_clone(struct interruption *interruption)
{
	struct plan_state state;
	uintptr_t original;

	if (!clones_original((uintptr_t)interruption->shown[REG_RIP], &state, &original))
		return false;
	undo_check(interruption->shown, &state);
	interruption->shown[REG_RIP] = (greg_t)original;
	interruption->is_in_clone = true;
	interruption->is_in_check = !state.is_copy;
	return true;
}

static uintptr_t jump_target(uintptr_t pc)
{
	const unsigned char *code = (const unsigned char *)pc;
	int32_t distance;

	if (code[0] == JUMP_SHORT)
		return pc + 2 + (uintptr_t)(intptr_t)(int8_t)code[1];
	if (code[0] != JUMP)
		return 0;
	memcpy(&distance, code + 1, sizeof(distance));
	return pc + 5 + (uintptr_t)(intptr_t)distance;
}

/* Looks for an interruption at a patch of the original code, or at the jump in
 * the padding that a short patch leads to. */
static void find_at_patch(struct interruption *interruption)
{
	uintptr_t pc = (uintptr_t)interruption->shown[REG_RIP];
	const struct clone_region *region = clones_of_module(pc);
	uintptr_t target = region ? jump_target(pc) : 0;
	struct plan_state state;
	uintptr_t original;

	if (target && target - region->module_start < region->module_end - region->module_start)
		target = jump_target(target);
	if (!target || !clones_original(target, &state, &original))
		return;
	interruption->shown[REG_RIP] = (greg_t)original;
	interruption->is_in_clone = true;
}

void clone_context_find(const gregset_t found, struct interruption *interruption)
{
	interruption->is_in_clone = false;
	interruption->is_in_check = false;
	interruption->is_in_thunk =
		thunk_context_find(found, interruption->shown, &interruption->frame);
	if (!find_in_clone(interruption) && !interruption->is_in_thunk)
		find_at_patch(interruption);
}

void clone_context_to_copy(gregset_t registers)
{
	uintptr_t copied = clones_copy_of((uintptr_t)registers[REG_RIP]);

	if (copied)
		registers[REG_RIP] = (greg_t)copied;
}

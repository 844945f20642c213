#define _GNU_SOURCE
#include "preload/signals/clone_context.h"

#include "preload/access/thunk_context.h"
#include "preload/code/clones.h"
#include "preload/code/jump.h"
#include "x86/decode/instruction.h"

#define STATUS_FLAGS 0x8d5ull /* OF SF ZF AF PF CF */

/* By the encoding's numbers. */
static const uint8_t places[] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8,	 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

struct context_registers *clone_context_registers(ucontext_t *context)
{
	return (struct context_registers *)&context->uc_mcontext.gregs;
}

uintptr_t clone_context_sp(const struct context_registers *registers)
{
	return (uintptr_t)registers->all[REG_RSP];
}

bool clone_context_is_same(const struct context_registers *a, const struct context_registers *b)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(places); i++)
		if (a->all[places[i]] != b->all[places[i]])
			return false;
	return a->all[REG_RIP] == b->all[REG_RIP] && a->all[REG_EFL] == b->all[REG_EFL];
}

/* Turns @registers into those of the original code, at the instruction that
 * @state belongs to. */
static void undo_check(greg_t *registers, const struct plan_state *state)
{
	uintptr_t sp =
		(uintptr_t)registers[REG_RSP] + STATE_WORD * (uintptr_t)state->rsp_lowered_by;

	if (state->flags_in_rax)
		registers[REG_EFL] = (registers[REG_EFL] & ~(greg_t)STATUS_FLAGS) |
				     (greg_t)plan_state_flags((uint64_t)registers[REG_RAX]);
	for (unsigned int i = 0; i < ARRAY_LENGTH(state->saved_register); i++) {
		intptr_t offset = (intptr_t)STATE_WORD * state->saved_at[i];

		if (state->saved_register[i] != NO_REGISTER)
			registers[places[state->saved_register[i]]] =
				*(const greg_t *)(sp + (uintptr_t)offset);
	}
	registers[REG_RSP] = (greg_t)sp;
}

static bool find_in_clone(struct interruption *interruption)
{
	struct plan_state state;
	uintptr_t original;

	if (!clones_original((uintptr_t)interruption->shown.all[REG_RIP], &state, &original))
		return false;
	undo_check(interruption->shown.all, &state);
	interruption->shown.all[REG_RIP] = (greg_t)original;
	interruption->is_in_clone = true;
	interruption->is_in_check = !state.is_copy;
	return true;
}

/* Looks for an interruption at a patch of the original code, or at the jump in
 * the padding that a short patch leads to. */
static void find_at_patch(struct interruption *interruption)
{
	uintptr_t pc = (uintptr_t)interruption->shown.all[REG_RIP];
	const struct clone_region *region = clones_of_module(pc);
	uintptr_t target = region ? jump_target(pc) : 0;
	struct plan_state state;
	uintptr_t original;

	if (target && target - region->module_start < region->module_end - region->module_start)
		target = jump_target(target);
	if (!target || !clones_original(target, &state, &original))
		return;
	interruption->shown.all[REG_RIP] = (greg_t)original;
	interruption->is_in_clone = true;
}

void clone_context_find(const struct context_registers *found, struct interruption *interruption)
{
	interruption->is_in_clone = false;
	interruption->is_in_check = false;
	interruption->is_in_thunk =
		thunk_context_find(found, &interruption->shown, &interruption->frame);
	if (!find_in_clone(interruption) && !interruption->is_in_thunk)
		find_at_patch(interruption);
}

void clone_context_to_copy(struct context_registers *registers)
{
	uintptr_t copied = clones_copy_of((uintptr_t)registers->all[REG_RIP]);

	if (copied)
		registers->all[REG_RIP] = (greg_t)copied;
}

#define PUSHED_BYTES 4096u /* what a handler puts on the interrupted stack, at most */

void clone_context_lead_back(struct context_registers *registers,
			     const struct context_registers *shown)
{
	greg_t original = shown->all[REG_RIP];
	greg_t copied = (greg_t)clones_copy_of((uintptr_t)original);
	uintptr_t sp = clone_context_sp(registers);
	uintptr_t end = clone_context_sp(shown);

	if (!copied || registers->all[REG_RIP] == original)
		return;
	for (unsigned int i = 0; i < ARRAY_LENGTH(places); i++)
		if (registers->all[places[i]] == original && shown->all[places[i]] != original)
			registers->all[places[i]] = copied;
	if (sp % sizeof(greg_t) || end - sp > PUSHED_BYTES)
		return;
	for (greg_t *word = (greg_t *)sp; word < (greg_t *)end; word++)
		if (*word == original)
			*word = copied;
}

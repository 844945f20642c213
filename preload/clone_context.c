#define _GNU_SOURCE
#include "preload/clone_context.h"

#include "preload/clones.h"
#include "x86/instruction.h"

#define STATUS_FLAGS 0x8d5ull /* OF SF ZF AF PF CF */

/* Where the kernel keeps each general register, in the encoding's order. */
static const uint8_t register_places[] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8,	 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* What a handler may look at or change, but for vector registers. */
static bool is_same(const gregset_t a, const gregset_t b)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(register_places); i++)
		if (a[register_places[i]] != b[register_places[i]])
			return false;
	return a[REG_RIP] == b[REG_RIP] && a[REG_EFL] == b[REG_EFL];
}

static void copy(gregset_t to, const gregset_t from)
{
	for (unsigned int i = 0; i < NGREG; i++)
		to[i] = from[i];
}

/* Makes @registers those of the original code at the instruction that @state
 * speaks of. */
static void undo_check(gregset_t registers, const struct plan_state *state)
{
	uintptr_t sp = (uintptr_t)registers[REG_RSP] + 8ul * state->rsp_lowered_by;

	if (state->flags_in_rax)
		registers[REG_EFL] = (registers[REG_EFL] & ~(greg_t)STATUS_FLAGS) |
				     (greg_t)plan_state_flags((uint64_t)registers[REG_RAX]);
	for (unsigned int i = 0; i < ARRAY_LENGTH(state->saved_register); i++)
		if (state->saved_register[i] != NO_REGISTER)
			registers[register_places[state->saved_register[i]]] =
				*(const greg_t *)(sp + (intptr_t)8 * state->saved_at[i]);
	registers[REG_RSP] = (greg_t)sp;
}

void clone_context_show(ucontext_t *context, struct clone_context *kept)
{
	greg_t *registers = context->uc_mcontext.gregs;
	struct plan_state state;
	uintptr_t original;

	copy(kept->saved, registers);
	kept->is_shown = clones_original((uintptr_t)registers[REG_RIP], &state, &original);
	if (!kept->is_shown)
		return;
	undo_check(registers, &state);
	registers[REG_RIP] = (greg_t)original;
	copy(kept->shown, registers);
}

/* Leads to the copy of the instruction at @original: its own bytes may have
 * been patched. */
static void go_to_copy(greg_t *registers, uintptr_t original)
{
	uintptr_t copied = clones_copy_of(original);

	registers[REG_RIP] = (greg_t)(copied ? copied : original);
}

void clone_context_resume(ucontext_t *context, const struct clone_context *kept)
{
	greg_t *registers = context->uc_mcontext.gregs;

	if (kept->is_shown && is_same(registers, kept->shown))
		copy(registers, kept->saved);
	else if (kept->is_shown || registers[REG_RIP] != kept->saved[REG_RIP])
		go_to_copy(registers, (uintptr_t)registers[REG_RIP]);
}

bool clone_context_skip_check(ucontext_t *context)
{
	greg_t *registers = context->uc_mcontext.gregs;
	struct plan_state state;
	uintptr_t original;

	if (!clones_original((uintptr_t)registers[REG_RIP], &state, &original) || state.is_copy)
		return false;
	if (!clones_copy_of(original))
		return false;
	undo_check(registers, &state);
	go_to_copy(registers, original);
	return true;
}

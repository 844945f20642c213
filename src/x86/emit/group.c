#include "x86/emit/group.h"

#include "x86/emit/encode.h"

#define RED_ZONE_MOST (THUNK_RED_ZONE - STATE_WORD * SPILL_COUNT)

_Static_assert(SPILL_COUNT == 3, "emit_state() begins with so many registers that are not saved");

void emit_state(struct emitter *emitter, const struct taken *taken)
{
	struct plan_state *state;

	emitter->states = encode_grow(emitter, emitter->states, &emitter->state_room,
				      emitter->state_count + 1, sizeof(*emitter->states));
	if (emitter->failed)
		return;
	if (emitter->state_count &&
	    emitter->states[emitter->state_count - 1].clone_offset == emitter->code_bytes)
		emitter->state_count--;
	state = &emitter->states[emitter->state_count++];
	*state = (struct plan_state){
		.clone_offset = emitter->code_bytes,
		.original_offset = taken->original_offset,
		.rsp_lowered_by = (uint8_t)(taken->lowered_by / STATE_WORD),
		.saved_register = {NO_REGISTER, NO_REGISTER, NO_REGISTER},
		.flags_in_rax = taken->flags_in_rax,
	};
	for (unsigned i = 0; i < taken->spilled_count; i++) {
		state->saved_register[i] = taken->spilled[i];
		state->saved_at[i] = taken->spilled_at[i];
	}
}

/* --- The call of a thunk ----------------------------------------------------- */

static void lower_stack(struct emitter *emitter, struct taken *taken, unsigned by)
{
	encode_move_rsp(emitter, -(int32_t)by);
	taken->lowered_by += by;
	emit_state(emitter, taken);
}

static void raise_stack(struct emitter *emitter, struct taken *taken, unsigned by)
{
	encode_move_rsp(emitter, (int32_t)by);
	taken->lowered_by -= by;
	emit_state(emitter, taken);
}

static void note_push(struct emitter *emitter, struct taken *taken)
{
	taken->lowered_by += STATE_WORD;
	emit_state(emitter, taken);
}

void group_call(struct emitter *emitter, struct taken taken, int address_register, uint32_t site,
		unsigned thunk)
{
	bool is_lowered = taken.lowered_by != 0;

	if (!is_lowered)
		lower_stack(emitter, &taken, THUNK_RED_ZONE);
	if (address_register == NO_REGISTER)
		encode_push_zero(emitter);
	else
		encode_push(emitter, address_register);
	note_push(emitter, &taken);
	encode_push_site(emitter, site, is_lowered);
	note_push(emitter, &taken);
	encode_call_thunk(emitter, thunk);
	taken.lowered_by -= THUNK_WORDS_BYTES;
	emit_state(emitter, &taken);
	if (!is_lowered)
		raise_stack(emitter, &taken, THUNK_RED_ZONE);
}

void group_call_with_word(struct emitter *emitter, struct taken taken, int address, int word,
			  uint32_t site, const struct masked_operands *operands)
{
	bool is_lowered = taken.lowered_by != 0;

	if (!is_lowered)
		lower_stack(emitter, &taken, THUNK_RED_ZONE);
	if (operands->is_gather) {
		lower_stack(emitter, &taken, THUNK_INDEX_BYTES);
		encode_store_indexes(emitter, operands->index);
	}
	encode_push(emitter, address);
	note_push(emitter, &taken);
	encode_push_site(emitter, site, is_lowered);
	note_push(emitter, &taken);
	encode_push(emitter, word);
	note_push(emitter, &taken);
	encode_call_thunk(emitter, operands->thunk);
	taken.lowered_by -= THUNK_MASKED_WORDS_BYTES;
	emit_state(emitter, &taken);
	if (operands->is_gather)
		raise_stack(emitter, &taken, THUNK_INDEX_BYTES);
	if (!is_lowered)
		raise_stack(emitter, &taken, THUNK_RED_ZONE);
}

/* --- Registers and stack -------------------------------------------------------- */

/* A scratch register: a dead one if possible, else one to be spilled. */
static int take_register(struct group *group, uint32_t *barred)
{
	static const uint8_t order[] = {RAX, RCX, RDX, RSI, RDI, R8,  R9, R10,
					R11, RBX, RBP, R12, R13, R14, R15};
	uint32_t free = REGISTERS_ALL & ~*barred;
	uint32_t dead = free & ~group->live;
	uint32_t from = dead ? dead : free;

	for (unsigned i = 0; i < ARRAY_LENGTH(order); i++) {
		int taken = order[i];

		if (!(from & REGISTER_BIT((unsigned)taken)))
			continue;
		*barred |= REGISTER_BIT((unsigned)taken);
		if (!dead)
			group->taken.spilled[group->taken.spilled_count++] = (int8_t)taken;
		return taken;
	}
	return NO_REGISTER;
}

bool group_choose(struct group *group, bool is_wide)
{
	bool uses_rax = (group->operands & REGISTER_BIT(RAX)) != 0;
	uint32_t barred = group->operands | REGISTER_BIT(RSP);

	group->taken.spilled_count = 0;
	group->has_live_flags = (group->live & FLAGS_ALL) != 0 && group->clobbers_flags;
	/* A signal handler may walk the stack by frame pointers. */
	if (group->function->has_frame_pointer)
		barred |= REGISTER_BIT(RBP);
	group->keeps_address = group->has_live_flags && uses_rax;
	if (group->count > 1 && group->keeps_address)
		return false;
	if (group->has_live_flags)
		barred |= REGISTER_BIT(RAX);
	if (group->has_live_flags && group->live & REGISTER_BIT(RAX))
		group->taken.spilled[group->taken.spilled_count++] = RAX;
	group->address = take_register(group, &barred);
	group->word = NO_REGISTER;
	if (is_wide || group->keeps_address)
		group->word = take_register(group, &barred);
	return group->address != NO_REGISTER &&
	       (group->word != NO_REGISTER || !(is_wide || group->keeps_address));
}

/* Whether spills may lie in the red zone, below the part that the function uses. */
static bool knows_red_zone(const struct function *function)
{
	return !function->uses_deep_red_zone && function->red_zone_bytes <= RED_ZONE_MOST &&
	       (function->has_call || !(function->has_frame_pointer || function->stack_escapes));
}

void group_begin(struct emitter *emitter, struct group *group)
{
	struct taken *taken = &group->taken;
	bool is_lowered = taken->spilled_count && !knows_red_zone(group->function);
	int used = (group->function->red_zone_bytes + STATE_WORD - 1) / STATE_WORD;
	unsigned count = taken->spilled_count;

	taken->spilled_count = 0;
	emit_state(emitter, taken);
	if (is_lowered)
		lower_stack(emitter, taken, THUNK_LOWERED);
	for (unsigned i = 0; i < count; i++) {
		int at = is_lowered ? (int)i - THUNK_LOWERED / STATE_WORD : -used - (int)i - 1;

		taken->spilled_at[i] = (int8_t)at;
		encode_store_stack(emitter, taken->spilled[i],
				   STATE_WORD * at + (int32_t)taken->lowered_by);
	}
	taken->spilled_count = (uint8_t)count;
	if (count)
		emit_state(emitter, taken);
}

void group_save_flags(struct emitter *emitter, struct group *group)
{
	if (!group->has_live_flags || group->taken.flags_in_rax)
		return;
	encode_save_flags(emitter);
	group->taken.flags_in_rax = true;
	emit_state(emitter, &group->taken);
}

void group_end(struct emitter *emitter, struct group *group)
{
	struct taken *taken = &group->taken;

	if (taken->flags_in_rax) {
		encode_restore_flags(emitter);
		taken->flags_in_rax = false;
		emit_state(emitter, taken);
	}
	for (unsigned i = 0; i < taken->spilled_count; i++)
		encode_load_stack(emitter, taken->spilled[i],
				  STATE_WORD * taken->spilled_at[i] + (int32_t)taken->lowered_by);
	if (taken->lowered_by) {
		taken->spilled_count = 0;
		emit_state(emitter, taken);
		encode_move_rsp(emitter, (int32_t)taken->lowered_by);
		taken->lowered_by = 0;
	}
}

#include "x86/emit/copy.h"

#include <string.h>

#include "x86/decode/decode.h"
#include "x86/emit/check.h"
#include "x86/emit/encode.h"

/* --- Where clones are -------------------------------------------------------------- */

void copy_begin(struct emitter *emitter, const struct function *function, uint32_t index)
{
	struct emitted_entry entry = {function->instructions[index].offset, emitter->code_bytes};

	emitter->offsets[index] = emitter->code_bytes;
	if (!(function->reach[index] & REACH_ENTRY))
		return;
	growing_put(&emitter->entries, &entry, sizeof(entry));
	emitter->failed |= emitter->entries.failed;
}

/* The entry at @text_offset, or 0. */
static uint32_t find_entry(const struct emitter *emitter, uint32_t text_offset)
{
	const struct emitted_entry *entries = (const void *)emitter->entries.bytes;
	uint32_t count = (uint32_t)(emitter->entries.count / sizeof(*entries));
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (entries[middle].text_offset < text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && entries[low].text_offset == text_offset ? entries[low].clone_offset
								      : 0;
}

uint32_t emitter_clone_offset(const struct emitter *emitter, int64_t text_offset)
{
	if (text_offset < 0 || text_offset >= emitter->module->text_bytes)
		return 0;
	return emitter->options->keeps_instructions
		       ? module_clone_offset(emitter->module, text_offset)
		       : find_entry(emitter, (uint32_t)text_offset);
}

/* --- Copies -------------------------------------------------------------------------- */

/* Adds a state for a copy, unless the last one still holds. */
static void emit_copy_state(struct emitter *emitter, uint32_t original_offset)
{
	const struct plan_state *last =
		emitter->state_count ? &emitter->states[emitter->state_count - 1] : NULL;
	struct taken nothing = {.original_offset = original_offset};

	if (last && last->is_copy &&
	    emitter->code_bytes - last->clone_offset == original_offset - last->original_offset)
		return;
	emit_state(emitter, &nothing);
	if (!emitter->failed)
		emitter->states[emitter->state_count - 1].is_copy = true;
}

void copy_add_state(struct emitter *emitter, int64_t original_offset)
{
	struct taken nothing = {.original_offset = (uint32_t)original_offset};

	emit_state(emitter, &nothing);
}

/* Writes the distance to another function. */
static void emit_away(struct emitter *emitter, int64_t target)
{
	bool is_text = target >= 0 && target < emitter->module->text_bytes;

	encode_fixup(emitter, is_text ? FIXUP_TEXT : FIXUP_ORIGINAL, target, 0);
}

/* Where instruction @index branches back to, if that is emitted already; else 0. */
static uint32_t place_behind(const struct emitter *emitter, const struct function *function,
			     uint32_t index)
{
	const struct instruction *branch = &function->instructions[index];
	uint32_t to = function_target(function, branch);

	if (to == UINT32_MAX)
		return emitter_clone_offset(emitter, branch->target);
	return to <= index ? emitter->offsets[to] : 0;
}

/* Writes a short branch back, if the target is near enough. */
static bool emit_near_back(struct emitter *emitter, const struct function *function, uint32_t index,
			   unsigned opcode)
{
	uint32_t to = place_behind(emitter, function, index);
	int64_t distance = (int64_t)to - (emitter->code_bytes + 2);

	if (!to || distance < -128)
		return false;
	encode_byte(emitter, opcode);
	encode_byte(emitter, (unsigned)distance & 0xff);
	return true;
}

/* Writes the distance from a branch to instruction @to. */
static void emit_distance_to(struct emitter *emitter, uint32_t to)
{
	emitter->branches =
		encode_grow(emitter, emitter->branches, &emitter->branch_room,
			    emitter->branch_count + 1, sizeof(*emitter->branches));
	if (!emitter->failed)
		emitter->branches[emitter->branch_count++] =
			(struct inner_branch){emitter->code_bytes, to};
	encode_u32(emitter, 0);
}

/* Writes the distance from a branch to its target. */
static void emit_distance(struct emitter *emitter, const struct function *function, uint32_t index)
{
	const struct instruction *branch = &function->instructions[index];
	uint32_t to = function_target(function, branch);

	if (to == UINT32_MAX)
		emit_away(emitter, branch->target);
	else
		emit_distance_to(emitter, to);
}

void copy_settle_branches(struct emitter *emitter)
{
	for (uint32_t i = 0; i < emitter->branch_count && !emitter->failed; i++) {
		const struct inner_branch *branch = &emitter->branches[i];
		uint32_t distance = emitter->offsets[branch->to] - (branch->position + 4);

		memcpy(emitter->code + branch->position, &distance, sizeof(distance));
	}
	emitter->branch_count = 0;
}

const unsigned char copy_of_xbegin[COPY_OF_XBEGIN_BYTES] = {0xb8};

static void emit_jump(struct emitter *emitter, const struct function *function, uint32_t index)
{
	copy_add_state(emitter, function->instructions[index].target);
	encode_byte(emitter, 0xe9);
	emit_distance(emitter, function, index);
}

/* loop and jrcxz reach 127 bytes only: a short hop around a jump. */
static void emit_loop(struct emitter *emitter, const struct function *function, uint32_t index,
		      const unsigned char *bytes)
{
	const struct instruction *instruction = &function->instructions[index];

	if (instruction_form(instruction) == FORM_XBEGIN) {
		encode_bytes(emitter, copy_of_xbegin, COPY_OF_XBEGIN_BYTES);
		emit_jump(emitter, function, index);
		return;
	}
	encode_bytes(emitter, bytes, instruction->length - 1u);
	encode_byte(emitter, 2);
	copy_add_state(emitter, (int64_t)instruction->offset + instruction->length);
	encode_byte(emitter, 0xeb);
	encode_byte(emitter, 5);
	emit_jump(emitter, function, index);
}

static void emit_plain(struct emitter *emitter, const struct instruction *instruction,
		       const unsigned char *bytes)
{
	unsigned before = instruction->displacement_at, after = instruction->length - before - 4u;

	if (!instruction->is_rip_relative) {
		encode_bytes(emitter, bytes, instruction->length);
		return;
	}
	encode_bytes(emitter, bytes, before);
	encode_fixup(emitter, FIXUP_ORIGINAL, instruction->target, after);
	encode_bytes(emitter, bytes + before + 4, after);
}

void copy_instruction(struct emitter *emitter, const struct function *function, uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	const unsigned char *bytes = emitter->module->text + instruction->offset;

	emit_copy_state(emitter, instruction->offset);
	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_BRANCH_IF:
		if (emit_near_back(emitter, function, index, 0x70 | instruction_condition(bytes)))
			break;
		encode_byte(emitter, 0x0f);
		encode_byte(emitter, 0x80 | instruction_condition(bytes));
		emit_distance(emitter, function, index);
		break;
	case INSTRUCTION_BRANCH:
		if (emit_near_back(emitter, function, index, 0xeb))
			break;
		encode_byte(emitter, 0xe9);
		emit_distance(emitter, function, index);
		break;
	case INSTRUCTION_LOOP:
		emit_loop(emitter, function, index, bytes);
		break;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		encode_byte(emitter, 0xe9);
		encode_fixup(emitter, FIXUP_ORIGINAL, instruction->offset, 0);
		break;
	case INSTRUCTION_PLAIN:
	case INSTRUCTION_JUMP_INDIRECT:
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		emit_plain(emitter, instruction, bytes);
		break;
	}
}

void copy_loop(struct emitter *emitter, const struct function *function, uint32_t first,
	       uint32_t last, uint32_t head)
{
	const struct instruction *branch = &function->instructions[last];

	for (uint32_t i = first; i < last; i++)
		copy_instruction(emitter, function, i);
	emit_copy_state(emitter, branch->offset);
	encode_branch_back(emitter,
			   (enum condition)instruction_condition(emitter->module->text +
								 branch->offset),
			   head);
	copy_add_state(emitter, (int64_t)branch->offset + branch->length);
	encode_byte(emitter, 0xe9);
	emit_distance_to(emitter, last + 1);
}

void copy_jump_on(struct emitter *emitter, uint32_t text_offset)
{
	copy_add_state(emitter, text_offset);
	encode_byte(emitter, 0xe9);
	emit_away(emitter, text_offset);
}

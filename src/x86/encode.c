#include "x86/encode.h"

#include <string.h>

#define REX 0x40u
#define REX_WIDE 8u
#define CODE_ROOM_FIRST ((size_t)64 * 1024)

void *encode_grow(struct emitter *emitter, void *array, uint32_t *room, uint32_t needed,
		  size_t element_bytes)
{
	uint32_t larger = *room ? *room : 1024;
	void *grown;

	if (needed <= *room)
		return array;
	while (larger < needed)
		larger *= 2;
	grown = arena_grow(emitter->arena, array, *room * element_bytes, larger * element_bytes);
	if (!grown) {
		emitter->failed = true;
		return array;
	}
	*room = larger;
	return grown;
}

/* What is not used of it takes no memory. */
static void grow_code(struct emitter *emitter)
{
	struct growing pages = {.bytes = emitter->code, .room = emitter->code_room};
	size_t room = emitter->code_room ? 2 * (size_t)emitter->code_room : CODE_ROOM_FIRST;

	emitter->failed |= room > (size_t)INT32_MAX + 1 || !growing_resize(&pages, room);
	if (emitter->failed)
		return;
	emitter->code = pages.bytes;
	emitter->code_room = (uint32_t)pages.room;
}

bool encode_reserve(struct emitter *emitter, uint32_t size_bytes)
{
	while (UNLIKELY(emitter->code_bytes + size_bytes > emitter->code_room) && !emitter->failed)
		grow_code(emitter);
	return !emitter->failed;
}

void encode_bytes(struct emitter *emitter, const void *bytes, uint32_t size_bytes)
{
	if (!encode_reserve(emitter, size_bytes))
		return;
	memcpy(emitter->code + emitter->code_bytes, bytes, size_bytes);
	emitter->code_bytes += size_bytes;
}

void encode_byte(struct emitter *emitter, unsigned byte)
{
	if (encode_reserve(emitter, 1))
		emitter->code[emitter->code_bytes++] = (unsigned char)byte;
}

void encode_u32(struct emitter *emitter, uint32_t value)
{
	encode_bytes(emitter, &value, sizeof(value));
}

void encode_fixup(struct emitter *emitter, enum fixup_kind kind, int64_t target, unsigned trailing)
{
	struct growing *positions = &emitter->fixups[kind];

	if (kind == FIXUP_ORIGINAL) {
		target -= (int64_t)emitter->code_bytes + 4 + trailing;
		emitter->is_too_far |= target != (int32_t)target;
	}
	growing_put(positions, &emitter->code_bytes, sizeof(emitter->code_bytes));
	emitter->failed |= positions->failed;
	encode_u32(emitter, (uint32_t)target);
}

static void encode_rex_opcode(struct emitter *emitter, int reg, int index, int base,
			      unsigned opcode)
{
	unsigned rex =
		REX | REX_WIDE | (reg >= 8 ? 4u : 0) | (index >= 8 ? 2u : 0) | (base >= 8 ? 1u : 0);

	encode_byte(emitter, rex);
	encode_byte(emitter, opcode);
}

static unsigned scale_bits(unsigned scale)
{
	return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0;
}

/* ModRM, SIB and displacement of [base + index * scale + displacement]. */
static void encode_place(struct emitter *emitter, int reg, int base, int index, unsigned scale,
			 int32_t displacement)
{
	unsigned field = ((unsigned)reg & 7) << 3;
	unsigned sib_index = index < 0 ? 4u : (unsigned)index & 7;
	unsigned mod = displacement == 0 && (base & 7) != RBP	     ? 0
		       : displacement >= -128 && displacement <= 127 ? 1
								     : 2;

	if (base < 0) {
		encode_byte(emitter, field | 4);
		encode_byte(emitter, scale_bits(scale) << 6 | sib_index << 3 | 5);
		encode_u32(emitter, (uint32_t)displacement);
		return;
	}
	if (index >= 0 || (base & 7) == RSP) {
		encode_byte(emitter, mod << 6 | field | 4);
		encode_byte(emitter,
			    scale_bits(scale) << 6 | sib_index << 3 | ((unsigned)base & 7));
	} else {
		encode_byte(emitter, mod << 6 | field | ((unsigned)base & 7));
	}
	if (mod == 1)
		encode_byte(emitter, (unsigned)displacement & 0xff);
	else if (mod == 2)
		encode_u32(emitter, (uint32_t)displacement);
}

void encode_lea(struct emitter *emitter, int into, const struct operand *operand,
		unsigned rsp_lowered)
{
	int32_t displacement = operand->displacement;

	if (operand->is_rip_relative) {
		encode_rex_opcode(emitter, into, -1, -1, 0x8d);
		encode_byte(emitter, ((unsigned)into & 7) << 3 | 5);
		encode_fixup(emitter, FIXUP_ORIGINAL, operand->target, 0);
		return;
	}
	if (operand->base == RSP)
		displacement += (int32_t)rsp_lowered;
	encode_rex_opcode(emitter, into, operand->index, operand->base, 0x8d);
	encode_place(emitter, into, operand->base, operand->index, operand->scale, displacement);
}

static void encode_with_memory(struct emitter *emitter, unsigned opcode, int reg, int base,
			       int32_t displacement)
{
	encode_rex_opcode(emitter, reg, -1, base, opcode);
	encode_place(emitter, reg, base, -1, 0, displacement);
}

void encode_move_rsp(struct emitter *emitter, int32_t by)
{
	encode_with_memory(emitter, 0x8d, RSP, RSP, by);
}

void encode_store_stack(struct emitter *emitter, int from, int32_t at_rsp)
{
	encode_with_memory(emitter, 0x89, from, RSP, at_rsp);
}

void encode_load_stack(struct emitter *emitter, int into, int32_t at_rsp)
{
	encode_with_memory(emitter, 0x8b, into, RSP, at_rsp);
}

void encode_load(struct emitter *emitter, int into, int from, int32_t displacement)
{
	encode_with_memory(emitter, 0x8b, into, from, displacement);
}

static void encode_with_register(struct emitter *emitter, unsigned opcode, unsigned reg, int rm)
{
	encode_rex_opcode(emitter, (int)reg, -1, rm, opcode);
	encode_byte(emitter, 0xc0 | (reg & 7) << 3 | ((unsigned)rm & 7));
}

void encode_move(struct emitter *emitter, int into, int from)
{
	encode_with_register(emitter, 0x89, (unsigned)from, into);
}

void encode_flip_bit(struct emitter *emitter, int in, unsigned bit)
{
	encode_byte(emitter, REX | REX_WIDE | (in >= 8 ? 1u : 0));
	encode_byte(emitter, 0x0f);
	encode_byte(emitter, 0xba);
	encode_byte(emitter, 0xf8 | ((unsigned)in & 7));
	encode_byte(emitter, bit);
}

void encode_and(struct emitter *emitter, int in, int8_t mask)
{
	encode_with_register(emitter, 0x83, 4, in);
	encode_byte(emitter, (unsigned)mask & 0xff);
}

void encode_compare_tls(struct emitter *emitter, int with, int32_t offset)
{
	encode_byte(emitter, 0x64);
	encode_rex_opcode(emitter, with, -1, -1, 0x3b);
	encode_byte(emitter, ((unsigned)with & 7) << 3 | 4);
	encode_byte(emitter, 0x25);
	encode_u32(emitter, (uint32_t)offset);
}

void encode_add_tls(struct emitter *emitter, int32_t offset, int8_t value)
{
	encode_byte(emitter, 0x64);
	encode_rex_opcode(emitter, 0, -1, -1, 0x83);
	encode_byte(emitter, 4);
	encode_byte(emitter, 0x25);
	encode_u32(emitter, (uint32_t)offset);
	encode_byte(emitter, (unsigned)value & 0xff);
}

void encode_push(struct emitter *emitter, int from)
{
	if (from >= 8)
		encode_byte(emitter, REX | 1);
	encode_byte(emitter, 0x50 | ((unsigned)from & 7));
}

void encode_push_zero(struct emitter *emitter)
{
	encode_byte(emitter, 0x6a);
	encode_byte(emitter, 0);
}

void encode_push_site(struct emitter *emitter, uint32_t site_index, bool is_lowered)
{
	encode_byte(emitter, 0x68);
	encode_fixup(emitter, FIXUP_SITE, (int64_t)site_index << 1 | is_lowered, 0);
}

static void encode_vex(struct emitter *emitter, int reg, int rm, unsigned simd_prefix, bool is_wide)
{
	encode_byte(emitter, 0xc4);
	encode_byte(emitter, 1u | (reg >= 8 ? 0 : 0x80u) | 0x40u | (rm >= 8 ? 0 : 0x20u));
	encode_byte(emitter, 0x78u | (is_wide ? 4u : 0) | simd_prefix);
}

void encode_mask_bits(struct emitter *emitter, int into, const struct masked_operands *operands)
{
	int mask = operands->mask;
	unsigned opcode = operands->element_bytes == 1 ? 0xd7 : 0x50;

	if (operands->is_vex) {
		encode_vex(emitter, into, mask, operands->element_bytes != 4,
			   operands->is_mask_wide);
	} else {
		encode_byte(emitter, 0x66);
		encode_byte(emitter, REX | (into >= 8 ? 4u : 0) | (mask >= 8 ? 1u : 0));
		encode_byte(emitter, 0x0f);
	}
	encode_byte(emitter, opcode);
	encode_byte(emitter, 0xc0 | ((unsigned)into & 7) << 3 | ((unsigned)mask & 7));
}

void encode_store_indexes(struct emitter *emitter, int vector)
{
	encode_vex(emitter, vector, RSP, 2, true);
	encode_byte(emitter, 0x7f);
	encode_place(emitter, vector, RSP, -1, 0, 0);
}

void encode_call_thunk(struct emitter *emitter, unsigned thunk)
{
	uint32_t slot = thunk * (uint32_t)sizeof(uint64_t);

	encode_byte(emitter, 0xff);
	encode_byte(emitter, 0x15);
	/* The table stands at the start of the clones. */
	encode_u32(emitter, slot - (emitter->code_bytes + 4));
}

void encode_save_flags(struct emitter *emitter)
{
	static const unsigned char lahf_seto[] = {0x9f, 0x0f, 0x90, 0xc0};

	encode_bytes(emitter, lahf_seto, sizeof(lahf_seto));
}

void encode_restore_flags(struct emitter *emitter)
{
	/* al is 1 if OF was set: adding 127 to it overflows then. */
	static const unsigned char add_sahf[] = {0x04, 0x7f, 0x9e};

	encode_bytes(emitter, add_sahf, sizeof(add_sahf));
}

uint32_t encode_branch_forward(struct emitter *emitter, enum condition condition)
{
	encode_byte(emitter, 0x0f);
	encode_byte(emitter, 0x80u | (unsigned)condition);
	encode_u32(emitter, 0);
	return emitter->code_bytes - 4;
}

uint32_t encode_jump_forward(struct emitter *emitter)
{
	encode_byte(emitter, 0xe9);
	encode_u32(emitter, 0);
	return emitter->code_bytes - 4;
}

void encode_land(struct emitter *emitter, uint32_t position)
{
	uint32_t distance = emitter->code_bytes - (position + 4);

	if (!emitter->failed)
		memcpy(emitter->code + position, &distance, sizeof(distance));
}

void encode_branch_back(struct emitter *emitter, enum condition condition, uint32_t to)
{
	int32_t distance = (int32_t)(to - (emitter->code_bytes + 2));

	if (distance >= -128) {
		encode_byte(emitter, 0x70u | (unsigned)condition);
		encode_byte(emitter, (unsigned)distance & 0xff);
		return;
	}
	encode_byte(emitter, 0x0f);
	encode_byte(emitter, 0x80u | (unsigned)condition);
	encode_u32(emitter, to - (emitter->code_bytes + 4));
}

void encode_jump_back(struct emitter *emitter, uint32_t to)
{
	int32_t distance = (int32_t)(to - (emitter->code_bytes + 2));

	if (distance >= -128) {
		encode_byte(emitter, 0xeb);
		encode_byte(emitter, (unsigned)distance & 0xff);
		return;
	}
	encode_byte(emitter, 0xe9);
	encode_u32(emitter, to - (emitter->code_bytes + 4));
}

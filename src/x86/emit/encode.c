#include "x86/emit/encode.h"

#include <string.h>

#define REX 0x40u
#define REX_WIDE 8u
#define CODE_ROOM_FIRST ((size_t)64 * 1024)

void *encode_grow_array(struct emitter *emitter, void *array, uint32_t *room, uint32_t needed,
			size_t element_bytes)
{
	uint32_t larger = *room ? *room : 1024;
	void *grown;

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

/* Unused room takes no memory. */
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

bool encode_make_room(struct emitter *emitter, uint32_t size_bytes)
{
	while (emitter->code_bytes + size_bytes > emitter->code_room && !emitter->failed)
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

/* --- Bytes -------------------------------------------------------------------------------- */

/* Where to put the next instruction: after a failure, in 'nowhere'. */
static inline unsigned char *begin_instruction(struct emitter *emitter)
{
	return encode_reserve(emitter, ENCODED_BYTES_MOST) ? emitter->code + emitter->code_bytes
							   : emitter->nowhere;
}

static inline void end_instruction(struct emitter *emitter, const unsigned char *at)
{
	if (LIKELY(!emitter->failed))
		emitter->code_bytes = (uint32_t)(at - emitter->code);
}

static inline unsigned char *put_byte(unsigned char *at, unsigned byte)
{
	*at = (unsigned char)byte;
	return at + 1;
}

static inline unsigned char *put_u32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static inline unsigned char *put_rex_opcode(unsigned char *at, int reg, int index, int base,
					    unsigned opcode)
{
	at = put_byte(at, REX | REX_WIDE | (reg >= 8 ? 4u : 0) | (index >= 8 ? 2u : 0) |
				  (base >= 8 ? 1u : 0));
	return put_byte(at, opcode);
}

static unsigned scale_bits(unsigned scale)
{
	return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0;
}

/* ModRM, SIB and displacement of [base + index * scale + displacement]. */
static inline unsigned char *put_place(unsigned char *at, int reg, int base, int index,
				       unsigned scale, int32_t displacement)
{
	unsigned field = ((unsigned)reg & 7) << 3;
	unsigned sib_index = index < 0 ? 4u : (unsigned)index & 7;
	unsigned mod = displacement == 0 && (base & 7) != RBP	     ? 0
		       : displacement >= -128 && displacement <= 127 ? 1
								     : 2;

	if (base < 0) {
		at = put_byte(at, field | 4);
		at = put_byte(at, scale_bits(scale) << 6 | sib_index << 3 | 5);
		return put_u32(at, (uint32_t)displacement);
	}
	if (index >= 0 || (base & 7) == RSP) {
		at = put_byte(at, mod << 6 | field | 4);
		at = put_byte(at,
			      scale_bits(scale) << 6 | sib_index << 3 | ((unsigned)base & 7));
	} else {
		at = put_byte(at, mod << 6 | field | ((unsigned)base & 7));
	}
	if (mod == 1)
		at = put_byte(at, (unsigned)displacement & 0xff);
	else if (mod == 2)
		at = put_u32(at, (uint32_t)displacement);
	return at;
}

static inline unsigned char *put_with_register(unsigned char *at, unsigned opcode, unsigned reg,
					       int rm)
{
	at = put_rex_opcode(at, (int)reg, -1, rm, opcode);
	return put_byte(at, 0xc0 | (reg & 7) << 3 | ((unsigned)rm & 7));
}

/* --- Instructions ------------------------------------------------------------------------- */

void encode_byte(struct emitter *emitter, unsigned byte)
{
	end_instruction(emitter, put_byte(begin_instruction(emitter), byte));
}

void encode_u32(struct emitter *emitter, uint32_t value)
{
	end_instruction(emitter, put_u32(begin_instruction(emitter), value));
}

static void note_fixup(struct emitter *emitter, enum fixup_kind kind, uint32_t at)
{
	uint32_t *position = growing_add(&emitter->fixups[kind], sizeof(*position));

	if (position)
		*position = at;
	emitter->failed |= !position;
}

void encode_fixup(struct emitter *emitter, enum fixup_kind kind, int64_t target, unsigned trailing)
{
	if (kind == FIXUP_ORIGINAL) {
		target -= (int64_t)emitter->code_bytes + 4 + trailing;
		emitter->is_too_far |= target != (int32_t)target;
	}
	note_fixup(emitter, kind, emitter->code_bytes);
	encode_u32(emitter, (uint32_t)target);
}

/* %fs:offset, with @reg in the ModRM byte. */
static inline unsigned char *put_tls(unsigned char *at, int reg, unsigned opcode, int32_t offset)
{
	at = put_byte(at, 0x64);
	at = put_rex_opcode(at, reg, -1, -1, opcode);
	at = put_byte(at, ((unsigned)reg & 7) << 3 | 4);
	at = put_byte(at, 0x25);
	return put_u32(at, (uint32_t)offset);
}

static void encode_lea_of(struct emitter *emitter, int into, int base, int index,
			      unsigned scale, int32_t displacement)
{
	unsigned char *at =
		put_rex_opcode(begin_instruction(emitter), into, index, base, 0x8d);

	end_instruction(emitter, put_place(at, into, base, index, scale, displacement));
}

/* Flags stay as they are.  The thread pointer's own word points at itself. */
static void encode_lea_thread_local(struct emitter *emitter, int into,
				    const struct operand *operand)
{
	end_instruction(emitter, put_tls(begin_instruction(emitter), into, 0x8b, 0));
	if (operand->base != NO_REGISTER)
		encode_lea_of(emitter, into, into, operand->base, 1, 0);
	encode_lea_of(emitter, into, into, operand->index, operand->scale,
			  operand->displacement);
}

void encode_lea(struct emitter *emitter, int into, const struct operand *operand,
		unsigned rsp_lowered)
{
	int32_t displacement = operand->displacement;

	if (operand->is_thread_local) {
		encode_lea_thread_local(emitter, into, operand);
		return;
	}
	if (operand->is_rip_relative) {
		unsigned char *at =
			put_rex_opcode(begin_instruction(emitter), into, -1, -1, 0x8d);

		end_instruction(emitter, put_byte(at, ((unsigned)into & 7) << 3 | 5));
		encode_fixup(emitter, FIXUP_ORIGINAL, operand->target, 0);
		return;
	}
	if (operand->base == RSP)
		displacement += (int32_t)rsp_lowered;
	encode_lea_of(emitter, into, operand->base, operand->index, operand->scale,
			  displacement);
}

static void encode_with_memory(struct emitter *emitter, unsigned opcode, int reg, int base,
			       int32_t displacement)
{
	unsigned char *at = put_rex_opcode(begin_instruction(emitter), reg, -1, base, opcode);

	end_instruction(emitter, put_place(at, reg, base, -1, 0, displacement));
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

void encode_move(struct emitter *emitter, int into, int from)
{
	end_instruction(emitter,
			put_with_register(begin_instruction(emitter), 0x89, (unsigned)from, into));
}

void encode_flip_bit(struct emitter *emitter, int in, unsigned bit)
{
	unsigned char *at =
		put_byte(begin_instruction(emitter), REX | REX_WIDE | (in >= 8 ? 1u : 0));

	at = put_byte(at, 0x0f);
	at = put_byte(at, 0xba);
	at = put_byte(at, 0xf8 | ((unsigned)in & 7));
	end_instruction(emitter, put_byte(at, bit));
}

/* @opcode with two registers, of 64 bits or of 32. */
static void encode_pair(struct emitter *emitter, unsigned opcode, int reg, int rm, bool is_half)
{
	unsigned high = (reg >= 8 ? 4u : 0) | (rm >= 8 ? 1u : 0);
	unsigned char *at = begin_instruction(emitter);

	at = put_byte(at, REX | high | (is_half ? 0 : REX_WIDE));
	at = put_byte(at, opcode);
	at = put_byte(at, 0xc0 | ((unsigned)reg & 7) << 3 | ((unsigned)rm & 7));
	end_instruction(emitter, at);
}

void encode_distance(struct emitter *emitter, int into, int to, int from, bool is_half)
{
	encode_pair(emitter, 0x89, to, into, is_half);
	if (from != NO_REGISTER)
		encode_pair(emitter, 0x29, from, into, is_half);
}

void encode_add(struct emitter *emitter, int in, int32_t constant)
{
	encode_with_memory(emitter, 0x8d, in, in, constant);
}

void encode_test_with(struct emitter *emitter, int reg, int32_t constant)
{
	unsigned char *at = put_with_register(begin_instruction(emitter), 0xf7, 0, reg);

	end_instruction(emitter, put_u32(at, (uint32_t)constant));
}

void encode_compare_with(struct emitter *emitter, int reg, int32_t constant)
{
	unsigned char *at = put_with_register(begin_instruction(emitter), 0x81, 7, reg);

	end_instruction(emitter, put_u32(at, (uint32_t)constant));
}

void encode_shift_left(struct emitter *emitter, int in, unsigned by)
{
	unsigned char *at = put_with_register(begin_instruction(emitter), 0xc1, 4, in);

	end_instruction(emitter, put_byte(at, by));
}

void encode_shift_right(struct emitter *emitter, int in, unsigned by)
{
	unsigned char *at = put_with_register(begin_instruction(emitter), 0xc1, 5, in);

	end_instruction(emitter, put_byte(at, by));
}

void encode_and(struct emitter *emitter, int in, int8_t mask)
{
	unsigned char *at = put_with_register(begin_instruction(emitter), 0x83, 4, in);

	end_instruction(emitter, put_byte(at, (unsigned)mask & 0xff));
}

void encode_compare_tls(struct emitter *emitter, int with, enum fixup_kind word)
{
	end_instruction(emitter, put_tls(begin_instruction(emitter), with, 0x3b, 0));
	note_fixup(emitter, word, emitter->code_bytes - 4);
}

void encode_store_tls(struct emitter *emitter, int from, enum fixup_kind word)
{
	end_instruction(emitter, put_tls(begin_instruction(emitter), from, 0x89, 0));
	note_fixup(emitter, word, emitter->code_bytes - 4);
}

void encode_clear_tls(struct emitter *emitter, enum fixup_kind word)
{
	end_instruction(emitter, put_tls(begin_instruction(emitter), 0, 0xc7, 0));
	note_fixup(emitter, word, emitter->code_bytes - 4);
	encode_u32(emitter, 0);
}

void encode_add_tls(struct emitter *emitter, int32_t offset, int8_t value)
{
	unsigned char *at = put_tls(begin_instruction(emitter), 0, 0x83, offset);

	end_instruction(emitter, put_byte(at, (unsigned)value & 0xff));
}

void encode_push(struct emitter *emitter, int from)
{
	unsigned char *at = begin_instruction(emitter);

	if (from >= 8)
		at = put_byte(at, REX | 1);
	end_instruction(emitter, put_byte(at, 0x50 | ((unsigned)from & 7)));
}

void encode_push_zero(struct emitter *emitter)
{
	end_instruction(emitter, put_byte(put_byte(begin_instruction(emitter), 0x6a), 0));
}

void encode_push_site(struct emitter *emitter, uint32_t site_index, bool is_lowered)
{
	encode_byte(emitter, 0x68);
	encode_fixup(emitter, FIXUP_SITE, (int64_t)site_index << THUNK_SITE_SHIFT | is_lowered, 0);
}

static inline unsigned char *put_vex(unsigned char *at, int reg, int rm, unsigned simd_prefix,
				     bool is_wide)
{
	at = put_byte(at, 0xc4);
	at = put_byte(at, 1u | (reg >= 8 ? 0 : 0x80u) | 0x40u | (rm >= 8 ? 0 : 0x20u));
	return put_byte(at, 0x78u | (is_wide ? 4u : 0) | simd_prefix);
}

void encode_mask_bits(struct emitter *emitter, int into, const struct masked_operands *operands)
{
	int mask = operands->mask;
	unsigned opcode = operands->element_bytes == 1 ? 0xd7 : 0x50;
	unsigned char *at = begin_instruction(emitter);

	if (operands->is_vex) {
		at = put_vex(at, into, mask, operands->element_bytes != 4,
			     operands->is_mask_wide);
	} else {
		at = put_byte(at, 0x66);
		at = put_byte(at, REX | (into >= 8 ? 4u : 0) | (mask >= 8 ? 1u : 0));
		at = put_byte(at, 0x0f);
	}
	at = put_byte(at, opcode);
	end_instruction(emitter,
			put_byte(at, 0xc0 | ((unsigned)into & 7) << 3 | ((unsigned)mask & 7)));
}

void encode_store_indexes(struct emitter *emitter, int vector)
{
	unsigned char *at = put_vex(begin_instruction(emitter), vector, RSP, 2, true);

	at = put_byte(at, 0x7f);
	end_instruction(emitter, put_place(at, vector, RSP, -1, 0, 0));
}

void encode_call_thunk(struct emitter *emitter, unsigned thunk)
{
	uint32_t slot = thunk * (uint32_t)sizeof(uint64_t);
	unsigned char *at = put_byte(put_byte(begin_instruction(emitter), 0xff), 0x15);

	/* The table stands at the start of the clones. */
	end_instruction(emitter, put_u32(at, slot - (emitter->code_bytes + 6)));
}

void encode_save_flags(struct emitter *emitter)
{
	static const unsigned char lahf_seto[] = {0x9f, 0x0f, 0x90, 0xc0};

	encode_bytes(emitter, lahf_seto, sizeof(lahf_seto));
}

void encode_restore_flags(struct emitter *emitter)
{
	/* al is 1 if OF was set: then adding 127 overflows. */
	static const unsigned char add_sahf[] = {0x04, 0x7f, 0x9e};

	encode_bytes(emitter, add_sahf, sizeof(add_sahf));
}

/* --- Branches ----------------------------------------------------------------------------- */

uint32_t encode_branch_forward(struct emitter *emitter, enum condition condition)
{
	unsigned char *at = put_byte(begin_instruction(emitter), 0x0f);

	at = put_byte(at, 0x80u | (unsigned)condition);
	end_instruction(emitter, put_u32(at, 0));
	return emitter->code_bytes - 4;
}

uint32_t encode_jump_forward(struct emitter *emitter)
{
	end_instruction(emitter, put_u32(put_byte(begin_instruction(emitter), 0xe9), 0));
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
	unsigned char *at = begin_instruction(emitter);

	if (distance >= -128) {
		at = put_byte(at, 0x70u | (unsigned)condition);
		end_instruction(emitter, put_byte(at, (unsigned)distance & 0xff));
		return;
	}
	at = put_byte(at, 0x0f);
	at = put_byte(at, 0x80u | (unsigned)condition);
	end_instruction(emitter, put_u32(at, to - (emitter->code_bytes + 6)));
}

void encode_jump_back(struct emitter *emitter, uint32_t to)
{
	int32_t distance = (int32_t)(to - (emitter->code_bytes + 2));
	unsigned char *at = begin_instruction(emitter);

	if (distance >= -128) {
		at = put_byte(at, 0xeb);
		end_instruction(emitter, put_byte(at, (unsigned)distance & 0xff));
		return;
	}
	at = put_byte(at, 0xe9);
	end_instruction(emitter, put_u32(at, to - (emitter->code_bytes + 5)));
}

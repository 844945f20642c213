/*
 * Encoding: appends the instructions of checks to an emitter's code.  Registers are
 * enum general_register; operations are 64 bits wide unless the name says otherwise.
 */
#ifndef X86_EMIT_ENCODE_H
#define X86_EMIT_ENCODE_H

#include "x86/emit/emit.h"
#include "x86/decode/masked.h"
#include "x86/decode/operand.h"

/* Room for @size_bytes more.  False: out of memory, emitter->failed. */
bool encode_make_room(struct emitter *emitter, uint32_t size_bytes);

static inline bool encode_reserve(struct emitter *emitter, uint32_t size_bytes)
{
	if (LIKELY(emitter->code_bytes + size_bytes <= emitter->code_room))
		return !emitter->failed;
	return encode_make_room(emitter, size_bytes);
}

/* @pointer to an array grown so that it has room for @needed elements. */
void *encode_grow_array(struct emitter *emitter, void *array, uint32_t *room, uint32_t needed,
			size_t element_bytes);

static inline void *encode_grow(struct emitter *emitter, void *array, uint32_t *room,
				uint32_t needed, size_t element_bytes)
{
	if (LIKELY(needed <= *room))
		return array;
	return encode_grow_array(emitter, array, room, needed, element_bytes);
}

void encode_bytes(struct emitter *emitter, const void *bytes, uint32_t size_bytes);
void encode_byte(struct emitter *emitter, unsigned byte);
void encode_u32(struct emitter *emitter, uint32_t value);

/* Four bytes that emitter_finish() fills. */
void encode_fixup(struct emitter *emitter, enum fixup_kind kind, int64_t target, unsigned trailing);

/* @rsp_lowered: bytes by which rsp is lower than in the original. */
void encode_lea(struct emitter *emitter, int into, const struct operand *operand,
		unsigned rsp_lowered);
void encode_move_rsp(struct emitter *emitter, int32_t by); /* lea: keeps flags */
void encode_store_stack(struct emitter *emitter, int from, int32_t at_rsp);
void encode_load_stack(struct emitter *emitter, int into, int32_t at_rsp);
void encode_load(struct emitter *emitter, int into, int from, int32_t displacement);
void encode_move(struct emitter *emitter, int into, int from);
void encode_flip_bit(struct emitter *emitter, int in, unsigned bit);
/* to - from, of 64 bits or of the lower halves; @from may be NO_REGISTER: 0. */
void encode_distance(struct emitter *emitter, int into, int to, int from, bool is_half);
void encode_add(struct emitter *emitter, int in, int32_t constant); /* lea */
/* Is a bit of @constant set? */
void encode_test_with(struct emitter *emitter, int reg, int32_t constant);
void encode_compare_with(struct emitter *emitter, int reg, int32_t constant);
void encode_shift_left(struct emitter *emitter, int in, unsigned by);
void encode_shift_right(struct emitter *emitter, int in, unsigned by);
void encode_and(struct emitter *emitter, int in, int8_t mask);
void encode_compare_tls(struct emitter *emitter, int with, enum fixup_kind word);
void encode_store_tls(struct emitter *emitter, int from, enum fixup_kind word);
void encode_clear_tls(struct emitter *emitter, enum fixup_kind word);
void encode_add_tls(struct emitter *emitter, int32_t offset, int8_t value);
void encode_push(struct emitter *emitter, int from);
void encode_push_zero(struct emitter *emitter);
void encode_push_site(struct emitter *emitter, uint32_t site_index, bool is_lowered);
/* The mask that selects elements as bits: vmovmskps, vmovmskpd, pmovmskb.  Keep flags. */
void encode_mask_bits(struct emitter *emitter, int into, const struct masked_operands *operands);
void encode_store_indexes(struct emitter *emitter, int vector); /* to (rsp), 32 bytes */
void encode_call_thunk(struct emitter *emitter, unsigned thunk);
void encode_save_flags(struct emitter *emitter);    /* into rax */
void encode_restore_flags(struct emitter *emitter); /* from rax */

/* A branch forward, to a place that encode_land() sets later. */
uint32_t encode_branch_forward(struct emitter *emitter, enum condition condition);
uint32_t encode_jump_forward(struct emitter *emitter);
void encode_land(struct emitter *emitter, uint32_t position);
void encode_branch_back(struct emitter *emitter, enum condition condition, uint32_t to);
void encode_jump_back(struct emitter *emitter, uint32_t to);

#endif

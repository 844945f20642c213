#include "x86/decode/masked.h"

#include "x86/decode/thunk.h"

/* The fields of a VEX prefix of three bytes, which 0f38 needs. */
struct vex {
	unsigned map, reg_high, index_high, rm_high, extra;
	bool is_element_wide, is_vector_wide;
	unsigned simd_prefix; /* 1: 66 */
};

static struct vex vex_of(const unsigned char *bytes)
{
	return (struct vex){
		.map = bytes[1] & 31u,
		.reg_high = bytes[1] & 0x80 ? 0 : 8,
		.index_high = bytes[1] & 0x40 ? 0 : 8,
		.rm_high = bytes[1] & 0x20 ? 0 : 8,
		.extra = ~(unsigned)bytes[2] >> 3 & 15u,
		.is_element_wide = bytes[2] & 0x80,
		.is_vector_wide = bytes[2] & 4,
		.simd_prefix = bytes[2] & 3u,
	};
}

/* Offset of the first byte behind segment and address size prefixes. */
static unsigned past_prefixes(const unsigned char *bytes, unsigned length)
{
	unsigned at = 0;

	while (at < length && (bytes[at] == 0x2e || bytes[at] == 0x36 || bytes[at] == 0x3e ||
			       bytes[at] == 0x26 || bytes[at] == 0x64 || bytes[at] == 0x65))
		at++;
	return at;
}

static void decode_move(const struct vex *vex, unsigned opcode, struct masked_operands *operands)
{
	bool is_double =
		opcode == 0x2d || opcode == 0x2f || (opcode >= 0x8c && vex->is_element_wide);

	operands->element_bytes = is_double ? 8 : 4;
	operands->is_mask_wide = vex->is_vector_wide;
	operands->thunk = THUNK_MASKED;
}

static unsigned scale_log(const unsigned char *modrm)
{
	return modrm[1] >> 6;
}

static void decode_gather(const struct vex *vex, const unsigned char *modrm, bool has_wide_indexes,
			  struct masked_operands *operands)
{
	/* Four or two indexes of 8 bytes select as many elements of 4. */
	bool is_half = has_wide_indexes && !vex->is_element_wide;
	unsigned form = !has_wide_indexes ? 0 : is_half && !vex->is_vector_wide ? 2 : 1;

	operands->is_gather = true;
	operands->element_bytes = vex->is_element_wide ? 8 : 4;
	operands->is_mask_wide = vex->is_vector_wide && !is_half;
	operands->index = (uint8_t)((modrm[1] >> 3 & 7u) | vex->index_high);
	operands->thunk = (uint8_t)(THUNK_GATHER + 4 * form + scale_log(modrm));
}

/* maskmovdqu: bytes, to where rdi points. */
static void take_bytes(unsigned mask, struct masked_operands *operands)
{
	operands->element_bytes = 1;
	operands->mask = (uint8_t)mask;
	operands->thunk = THUNK_MASKED;
}

static bool decode_vex(const unsigned char *bytes, unsigned left, struct masked_operands *operands)
{
	struct vex vex = vex_of(bytes);
	unsigned opcode = bytes[3];

	*operands = (struct masked_operands){.mask = (uint8_t)vex.extra, .is_vex = true};
	if (vex.map == 1 && opcode == 0xf7) {
		take_bytes((bytes[4] & 7u) | vex.rm_high, operands);
		return vex.simd_prefix == 1;
	}
	if (vex.map != 2 || vex.simd_prefix != 1 || bytes[4] >= 0xc0)
		return false;
	if ((opcode >= 0x2c && opcode <= 0x2f) || opcode == 0x8c || opcode == 0x8e) {
		decode_move(&vex, opcode, operands);
		return true;
	}
	/* Gathers, of dwords or packed floats alike. */
	if (opcode < 0x90 || opcode > 0x93 || left < 6 || (bytes[4] & 7) != 4)
		return false;
	decode_gather(&vex, bytes + 4, opcode & 1, operands);
	return true;
}

/* maskmovdqu without VEX, or with one of two bytes. */
static bool decode_bytes(const unsigned char *bytes, unsigned left,
			 struct masked_operands *operands)
{
	unsigned high = 0;

	*operands = (struct masked_operands){.is_vex = bytes[0] == 0xc5};
	if (left < 4)
		return false;
	if (operands->is_vex) {
		take_bytes(bytes[3] & 7u, operands);
		return (bytes[1] & 0x7f) == 0x79 && bytes[2] == 0xf7;
	}
	if (*bytes++ != 0x66)
		return false;
	if ((*bytes & 0xf0) == 0x40)
		high = *bytes++ & 1 ? 8 : 0;
	take_bytes((bytes[2] & 7u) | high, operands);
	return bytes[0] == 0x0f && bytes[1] == 0xf7;
}

bool masked_decode(const unsigned char *bytes, const struct instruction *instruction,
		   struct masked_operands *operands)
{
	unsigned skipped = past_prefixes(bytes, instruction->length);
	unsigned left = instruction->length - skipped;

	bytes += skipped;
	if (left >= 5 && bytes[0] == 0xc4)
		return decode_vex(bytes, left, operands);
	return decode_bytes(bytes, left, operands);
}

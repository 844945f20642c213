#include "x86/verify/symbolic.h"

/* The vector instructions of checks read a vector register and write none. */

#define VEX_66 1u
#define VEX_F3 2u

/* The registers that a ModRM byte names, and what the prefixes say. */
struct vector_code {
	unsigned opcode, reg, rm, simd_prefix;
	bool is_wide, is_vex;
	const unsigned char *modrm;
};

static bool take_apart(const unsigned char *bytes, struct vector_code *code)
{
	unsigned reg_high, rm_high;

	*code = (struct vector_code){.is_vex = bytes[0] == 0xc4};
	if (code->is_vex) {
		/* No second source, map 0f. */
		if ((bytes[1] & 0x5f) != 0x41 || (bytes[2] & 0xf8) != 0x78)
			return false;
		reg_high = bytes[1] & 0x80 ? 0 : 8;
		rm_high = bytes[1] & 0x20 ? 0 : 8;
		code->is_wide = bytes[2] & 4;
		code->simd_prefix = bytes[2] & 3u;
		code->opcode = bytes[3];
	} else {
		if (bytes[0] != 0x66 || (bytes[1] & 0xfa) != 0x40 || bytes[2] != 0x0f)
			return false;
		reg_high = bytes[1] & 4 ? 8 : 0;
		rm_high = bytes[1] & 1 ? 8 : 0;
		code->simd_prefix = VEX_66;
		code->opcode = bytes[3];
	}
	code->modrm = bytes + 4;
	code->reg = (*code->modrm >> 3 & 7u) | reg_high;
	code->rm = (*code->modrm & 7u) | rm_high;
	return true;
}

/* vmovmskps, vmovmskpd, pmovmskb: the elements' highest bits into a register. */
static bool run_mask_bits(struct symbolic *machine, const struct vector_code *code)
{
	unsigned element = code->opcode == 0xd7 ? 1 : code->simd_prefix == VEX_66 ? 8 : 4;

	if (*code->modrm < 0xc0 || code->simd_prefix > VEX_66 || code->reg == RSP ||
	    (element == 1 && (code->is_wide || code->simd_prefix != VEX_66)))
		return false;
	machine->registers[code->reg] = symbolic_mask(code->rm, element, code->is_wide);
	return true;
}

/* A store of 32 bytes to (rsp): below what the function and the check keep there. */
static bool run_indexes(struct symbolic *machine, const struct vector_code *code,
			uint32_t protected_bytes)
{
	int32_t at = -machine->lowered_by;

	if (*code->modrm >= 0x40 || code->rm != RSP || code->modrm[1] != 0x24 || !code->is_vex ||
	    !code->is_wide || code->simd_prefix != VEX_F3 || machine->pushed_count ||
	    at + THUNK_INDEX_BYTES > -(int32_t)protected_bytes)
		return false;
	for (unsigned i = 0; i < SYMBOLIC_SLOTS; i++)
		if (machine->slots[i].is_used && machine->slots[i].at < at + THUNK_INDEX_BYTES &&
		    machine->slots[i].at + 8 > at)
			return false;
	machine->stored_vector = (int8_t)code->reg;
	return true;
}

bool symbolic_run_vector(struct symbolic *machine, const unsigned char *bytes,
			 uint32_t protected_bytes)
{
	struct vector_code code;

	if (!take_apart(bytes, &code))
		return false;
	if (code.opcode == 0x7f)
		return run_indexes(machine, &code, protected_bytes);
	return (code.opcode == 0xd7 || (code.opcode == 0x50 && code.is_vex)) &&
	       run_mask_bits(machine, &code);
}

#include "x86/decode/access_shape.h"

#include "x86/decode/instruction.h"
#include "x86/decode/raw.h"

#define WORD_BYTES 8u

static bool is_move(unsigned mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVBE:
	case ZYDIS_MNEMONIC_MOVD:
	case ZYDIS_MNEMONIC_MOVNTI:
	case ZYDIS_MNEMONIC_MOVQ:
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
	case ZYDIS_MNEMONIC_MOVZX:
	case ZYDIS_MNEMONIC_VMOVD:
	case ZYDIS_MNEMONIC_VMOVQ:
		return true;
	default:
		return false;
	}
}

static bool is_real_move(unsigned mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_MOVSS || mnemonic == ZYDIS_MNEMONIC_MOVSD ||
	       mnemonic == ZYDIS_MNEMONIC_VMOVSS || mnemonic == ZYDIS_MNEMONIC_VMOVSD;
}

enum access_shape access_shape_of(const struct instruction *instruction)
{
	uint32_t memory = instruction->memory;
	bool is_read = memory & MEMORY_READ;
	bool is_write = memory & MEMORY_WRITE;

	if (memory & MEMORY_LOCKED)
		return SHAPE_LOCKED;
	if (memory & (MEMORY_STRING | MEMORY_GATHER | MEMORY_MASKED) ||
	    instruction->access_bytes > WORD_BYTES)
		return SHAPE_WIDE;
	if (!is_read && !is_write)
		return SHAPE_NONE;
	if (is_move(instruction->mnemonic))
		return SHAPE_MOVE;
	if (is_real_move(instruction->mnemonic))
		return SHAPE_REAL;
	if (is_read && is_write)
		return SHAPE_UPDATE;
	return is_read ? SHAPE_FOLDED : SHAPE_OTHER;
}

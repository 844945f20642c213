/*
 * An instruction as Zydis decodes it, for the files of the decoder alone.
 *
 * Switches are on plain numbers: on the enum they would need a case for each of
 * Zydis's thousands of mnemonics.
 */
#ifndef X86_DECODE_RAW_H
#define X86_DECODE_RAW_H

#include <Zydis/Zydis.h>

#include "x86/decode/instruction.h"

struct raw {
	ZydisDecodedInstruction instruction;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* The general register that @name is or is a part of, or NO_REGISTER. */
int8_t decode_register(ZydisRegister name);

/* Whether it is a string instruction with rep, repe or repne. */
bool decode_is_repeated(const ZydisDecodedInstruction *instruction);

/* Fills what an instruction does to memory; offset and length are set. */
void decode_memory(const struct raw *raw, struct instruction *to);

#endif

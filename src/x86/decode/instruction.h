/*
 * One decoded instruction, as far as planning needs it.
 *
 * Offsets are from the start of the module's text segment.  Registers and
 * flags are bits of one mask: bit n is general register n in the encoding's
 * order (0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi, 8..15), bits 16
 * to 21 are CF PF AF ZF SF OF.  decode.c is the only file that knows Zydis.
 */
#ifndef X86_DECODE_INSTRUCTION_H
#define X86_DECODE_INSTRUCTION_H

#include "base/types.h"

enum general_register { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
			R8, R9, R10, R11, R12, R13, R14, R15 };

#define REGISTER_BIT(r) (1u << (r))
#define REGISTERS_ALL 0xffffu
#define REGISTERS_PRESERVED                                                                        \
	(REGISTER_BIT(RBX) | REGISTER_BIT(RBP) | REGISTER_BIT(RSP) | REGISTER_BIT(R12) |           \
	 REGISTER_BIT(R13) | REGISTER_BIT(R14) | REGISTER_BIT(R15))
#define REGISTERS_LOST (REGISTERS_ALL & ~REGISTERS_PRESERVED) /* by a call */
#define REGISTERS_ARGUMENTS                                                                        \
	(REGISTER_BIT(RDI) | REGISTER_BIT(RSI) | REGISTER_BIT(RDX) | REGISTER_BIT(RCX) |           \
	 REGISTER_BIT(R8) | REGISTER_BIT(R9))
#define ARGUMENTS_MOST 6u /* of a call, in registers */
#define FLAGS_ALL 0x3f0000u
#define NO_REGISTER (-1)
#define NO_TARGET INT64_MIN

/* DWARF's number of a general register. */
static inline uint8_t register_dwarf_number(unsigned number)
{
	static const uint8_t numbers[] = {0, 2, 1, 3, 7, 6, 4, 5};

	return number < RSI + 2u ? numbers[number] : (uint8_t)number;
}

/* Where a call's argument 0 to 5 is. */
static inline uint8_t register_of_argument(unsigned argument)
{
	static const uint8_t registers[ARGUMENTS_MOST] = {RDI, RSI, RDX, RCX, R8, R9};

	return registers[argument];
}

/* Which argument register @number is for, or ARGUMENTS_MOST. */
static inline unsigned argument_of_register(int number)
{
	unsigned argument = 0;

	while (argument < ARGUMENTS_MOST && register_of_argument(argument) != number)
		argument++;
	return argument;
}

enum instruction_kind {
	INSTRUCTION_PLAIN,
	INSTRUCTION_BRANCH_IF,
	INSTRUCTION_BRANCH,
	INSTRUCTION_LOOP, /* loop, jrcxz: short branches without a long form; xbegin */
	INSTRUCTION_CALL,
	INSTRUCTION_CALL_INDIRECT,
	INSTRUCTION_JUMP_INDIRECT,
	INSTRUCTION_RETURN,
	INSTRUCTION_STOP, /* ud2, hlt, int3 */
	INSTRUCTION_UNKNOWN /* not decoded, or cannot be copied */
};

/* The access that its operand (explicit, or of a string instruction) makes. */
enum memory_flag {
	MEMORY_READ = 1u << 0,
	MEMORY_WRITE = 1u << 1,
	MEMORY_LOCKED = 1u << 2,    /* lock prefix, or xchg with memory */
	MEMORY_COMPARES = 1u << 3,  /* cmpxchg: stores only if ZF is set after it */
	MEMORY_PLAIN_MOVE = 1u << 4, /* mov, movzx, movsx, movd/q of at most 8 bytes, cmp or test
				      * with memory: what an atomic load or store may be */
	MEMORY_STRING = 1u << 5,    /* string instruction: 'string' says which */
	MEMORY_STACK = 1u << 6,	    /* its base is rsp, or rbp as frame pointer: facts.c */
	MEMORY_SEGMENT = 1u << 7,   /* fs or gs: thread-local */
	MEMORY_GATHER = 1u << 8,    /* vector index */
	MEMORY_MASKED = 1u << 9,    /* vmaskmov, vpmaskmov, maskmovdqu, AVX-512 masks */
	MEMORY_UNCHECKED = 1u << 10, /* no check can be made for it: counted */
	MEMORY_CONSTANT = 1u << 11, /* stores an immediate, or only compares */
	MEMORY_EXCHANGE = 1u << 12  /* xchg: as a rule an atomic store */
};

enum string_kind { STRING_NONE, STRING_MOVS, STRING_STOS, STRING_LODS, STRING_CMPS, STRING_SCAS };

#define PICKED_BEHIND_MOST 8u

struct instruction {
	int64_t target;		/* of a direct branch or call, or rip-relative operand; NO_TARGET */
	int64_t immediate;	/* the last immediate operand; 0 if none */
	uint32_t offset;
	int32_t displacement;
	uint32_t target_index;	/* of a branch's target in its function, plus 1; 0: not looked up */
	uint32_t reads;		/* registers and flags it needs */
	uint32_t kills;		/* ... that it always overwrites as a whole */
	uint32_t changes;	/* ... that it may change (includes kills) */
	uint16_t memory;	/* of enum memory_flag; 0: no access to check */
	uint16_t access_bytes;	/* of the memory operand; strings: of one element */
	uint16_t mnemonic;	/* Zydis's number */
	uint8_t length;
	uint8_t kind;		/* enum instruction_kind */
	int8_t base, index;	/* general registers, or NO_REGISTER */
	uint8_t scale;
	uint8_t string;		/* enum string_kind */
	int8_t source;		/* register whose value a store stores, or NO_REGISTER */
	int8_t destination;	/* register that a load or computation fills, or NO_REGISTER */
	uint8_t displacement_at; /* of the 32-bit displacement in the bytes, if rip-relative */
	bool is_rip_relative;	/* then 'target' is the operand's offset from text start */
	bool is_lea;		/* computes its memory operand's address, does not touch it */
	bool is_prefetch;	/* asks for what its memory operand names, does not touch it */
	bool is_prefix_repeated; /* rep, repe, repne */
	bool is_repne;
	uint8_t segment_is_gs;
	uint32_t used_bytes; /* of the vector that it loads, a bit each; 0: all may be used */
	bool is_unused;	     /* nothing of the vector that it loads is */
	bool is_doubtful;    /* a load that the source may make under a condition, or in part */
	/* A load that the source makes under a condition, that of a conditional move: the
	 * condition and 1 (0: always), and how far behind it the check must stand. */
	uint8_t picked_if, picked_behind;
};

/* Does it load parts that nothing uses, or what it does not always use? */
static inline bool instruction_drops(const struct instruction *instruction)
{
	return instruction->used_bytes || instruction->is_unused || instruction->picked_if;
}

/* The next piece of what a load uses, of @bytes bytes (1, 2, 4 .. 64), at or behind *@at.
 * False: there is none. */
static inline bool instruction_next_piece(const struct instruction *instruction, uint32_t *at,
					  uint32_t *bytes)
{
	uint32_t used = instruction->used_bytes;

	if (instruction->is_unused)
		return false;
	if (!used) {
		*bytes = instruction->access_bytes;
		return *at == 0;
	}
	while (*at < 32 && !(used >> *at & 1))
		++*at;
	if (*at >= 32)
		return false;
	for (*bytes = 16; *bytes > 1; *bytes /= 2) {
		uint32_t piece = ((1u << *bytes) - 1) << *at;

		if (*at + *bytes <= 32 && (used & piece) == piece)
			break;
	}
	return true;
}

static inline bool instruction_is_call(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_CALL ||
	       instruction->kind == INSTRUCTION_CALL_INDIRECT;
}

/* A direct branch, conditional or not. */
static inline bool instruction_is_branch(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_BRANCH ||
	       instruction->kind == INSTRUCTION_BRANCH_IF || instruction->kind == INSTRUCTION_LOOP;
}

/* Whether control may pass to the next instruction; a call's return does not count. */
static inline bool instruction_falls_through(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_PLAIN ||
	       instruction->kind == INSTRUCTION_BRANCH_IF || instruction->kind == INSTRUCTION_LOOP;
}

/* Of branches, as their code has it; each even one's opposite is the next. */
enum condition {
	CONDITION_BELOW = 2,
	CONDITION_NOT_BELOW = 3,
	CONDITION_EQUAL = 4,
	CONDITION_UNEQUAL = 5,
	CONDITION_NOT_ABOVE = 6,
	CONDITION_NOT_GREATER = 14
};

/* The condition in the opcode of an INSTRUCTION_BRANCH_IF, behind its prefixes. */
static inline unsigned instruction_condition(const unsigned char *bytes)
{
	while (*bytes != 0x0f && (*bytes & 0xf0) != 0x70)
		bytes++;
	return (*bytes == 0x0f ? bytes[1] : *bytes) & 15u;
}

/* Decodes the instruction at @bytes[0..left).  False: kind is UNKNOWN. */
struct decoder;
bool instruction_decode(const struct decoder *decoder, const unsigned char *bytes, size_t left,
			uint32_t offset, struct instruction *instruction);

#endif

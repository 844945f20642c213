/*
 * The decoder: turns the bytes of an instruction into what planning needs.
 *
 * Zydis does the work.  It is called through two function pointers: the guest
 * library loads it at run time, so that the program does not see it among its
 * libraries, and the command is linked with it.
 */
#ifndef X86_DECODE_DECODE_H
#define X86_DECODE_DECODE_H

#include "x86/decode/instruction.h"

struct decoder {
	uint64_t state[16]; /* Zydis's own */
	void *decode_full;
	uint64_t version;
};

/* The addresses of ZydisDecoderInit, ZydisDecoderDecodeFull and ZydisGetVersion of a
 * Zydis 4.0.  False if it refuses. */
bool decoder_init(struct decoder *decoder, void *init, void *decode_full, void *get_version);

/* Where the bytes of an instruction have its displacement and its immediate. */
struct instruction_layout {
	uint8_t displacement_at, displacement_bytes; /* 0 bytes: it has none */
	uint8_t displacement_scale;		     /* what the value is multiplied with */
	uint8_t immediate_at, immediate_bytes;
	bool is_immediate_signed;
	bool is_irregular; /* has more values, or its meaning depends on them */
};

/* instruction_decode() that tells the layout as well. */
bool instruction_decode_layout(const struct decoder *decoder, const unsigned char *bytes,
			       size_t left, uint32_t offset, struct instruction *instruction,
			       struct instruction_layout *layout);

/* The instructions that value flow tells apart. */
enum instruction_form {
	FORM_OTHER,
	FORM_MOVE,   /* mov */
	FORM_EXTEND, /* movsx, movsxd, movzx */
	FORM_ADD,    /* add, sub */
	FORM_COMPARE, /* cmp, test */
	FORM_PUSH,
	FORM_POP,
	FORM_LEAVE,
	FORM_NOP,   /* any nop */
	FORM_BREAK, /* int3 */
	FORM_ENDBR, /* endbr64 */
	FORM_XBEGIN /* a hardware transaction begins */
};

enum instruction_form instruction_form(const struct instruction *instruction);

/* For FORM_ADD: true if it subtracts. */
/* Of a locked instruction: when it leaves what was there, as site.arguments say it (thunk.h). */
uint16_t instruction_idle_operand(const struct instruction *instruction);

bool instruction_subtracts(const struct instruction *instruction);

/* With the Zydis that the program is linked with. */
bool decoder_init_linked(struct decoder *decoder);

#endif

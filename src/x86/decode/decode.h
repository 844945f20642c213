/*
 * The decoder: one instruction's bytes to what planning knows of it.
 *
 * Zydis does the work, and decode.c alone knows it.  It is reached through two
 * function pointers, as the guest library finds it at run time (the guest must
 * not see it among the libraries), and the command is linked with it.
 */
#ifndef X86_DECODE_DECODE_H
#define X86_DECODE_DECODE_H

#include "x86/decode/instruction.h"

struct decoder {
	uint64_t state[16]; /* Zydis's own */
	void *decode_full;
};

/*
 * @init and @decode_full are the addresses of ZydisDecoderInit and
 * ZydisDecoderDecodeFull of a Zydis 4.0.  False if it refuses.
 */
bool decoder_init(struct decoder *decoder, void *init, void *decode_full);

/* Where an instruction's bytes have the two values that others like it may have
 * different ones of. */
struct instruction_layout {
	uint8_t displacement_at, displacement_bytes; /* 0 bytes: it has none */
	uint8_t displacement_scale;		     /* what the value is multiplied with */
	uint8_t immediate_at, immediate_bytes;
	bool is_immediate_signed;
	bool is_irregular; /* has more than that, or means other things with other values */
};

/* As instruction_decode(), and tells the layout. */
bool instruction_decode_layout(const struct decoder *decoder, const unsigned char *bytes,
			       size_t left, uint32_t offset, struct instruction *instruction,
			       struct instruction_layout *layout);

/* What an instruction is, where following values through registers wants to know. */
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
	FORM_ENDBR  /* endbr64 */
};

enum instruction_form instruction_form(const struct instruction *instruction);

/* For FORM_ADD: true if it subtracts. */
bool instruction_subtracts(const struct instruction *instruction);

/* With the Zydis that the program is linked with. */
bool decoder_init_linked(struct decoder *decoder);

#endif

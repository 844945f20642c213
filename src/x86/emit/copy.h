/*
 * Copies of instructions, as the clones have them: the same bytes, but for branches and for
 * operands relative to rip, whose distances change, and for calls, which become jumps to
 * the call in the original.
 */
#ifndef X86_EMIT_COPY_H
#define X86_EMIT_COPY_H

#include "x86/emit/emit.h"
#include "x86/survey/function.h"

/* mov $0, %eax: what a jump to where xbegin goes if it fails is behind, as its copy.  Any
 * transaction may fail at once with this status, and one with checks in it would. */
#define COPY_OF_XBEGIN_BYTES 5u
extern const unsigned char copy_of_xbegin[COPY_OF_XBEGIN_BYTES];

/* Adds a state: from here on the clone stands for the original at @original_offset, and no
 * register or stack is taken. */
void copy_add_state(struct emitter *emitter, int64_t original_offset);

/* The clone of instruction @index begins here, with its checks. */
void copy_begin(struct emitter *emitter, const struct function *function, uint32_t index);

void copy_instruction(struct emitter *emitter, const struct function *function, uint32_t index);

/* Instructions @first to @last, a straight line that ends in a branch back to @first, which
 * leads to @head in the clones instead; then the clone goes on behind them. */
void copy_loop(struct emitter *emitter, const struct function *function, uint32_t first,
	       uint32_t last, uint32_t head);

/* The clone goes on at @text_offset: in a clone if there is one, else in the original. */
void copy_jump_on(struct emitter *emitter, uint32_t text_offset);

/* Called once all instructions of a function are copied: fills the branches inside it. */
void copy_settle_branches(struct emitter *emitter);

#endif

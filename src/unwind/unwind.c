#include "unwind/unwind.h"

#include <string.h>

#include "unwind/cache.h"
#include "unwind/frame.h"

/* There are fewer frames of our own between a wrapper and here. */
#define OWN_FRAME_MAX 32

static void begin_frame(struct unwind_frame *frame, uintptr_t address, uintptr_t sp, uintptr_t rbp)
{
	struct unwind_registers *registers = &frame->registers;

	memset(frame, 0, sizeof(*frame));
	frame->generation = unwind_cache_generation();
	registers->address = address;
	registers->floor = sp;
	/* The word below is the return address, or in our own frame. */
	registers->readable_page = (sp - 8) & ~(uintptr_t)4095;
	registers->places[REGISTER_RSP] = PLACE_VALUE;
	registers->values[REGISTER_RSP] = sp;
	registers->places[REGISTER_RBP] = PLACE_START;
	registers->values[REGISTER_RBP] = rbp;
	registers->places[REGISTER_RBX] = PLACE_START;
	for (unsigned int number = REGISTER_R12; number <= REGISTER_R15; number++)
		registers->places[number] = PLACE_START;
}

static void set_preserved(struct unwind_registers *registers,
			  const struct preserved_registers *preserved)
{
	registers->start_is_known = true;
	registers->values[REGISTER_RBX] = preserved->rbx;
	registers->values[REGISTER_R12] = preserved->r12;
	registers->values[REGISTER_R12 + 1] = preserved->r13;
	registers->values[REGISTER_R12 + 2] = preserved->r14;
	registers->values[REGISTER_R15] = preserved->r15;
}

static bool get_preserved(struct unwind_registers *registers, struct preserved_registers *preserved)
{
	return unwind_read_register(registers, REGISTER_RBX, &preserved->rbx) &&
	       unwind_read_register(registers, REGISTER_R12, &preserved->r12) &&
	       unwind_read_register(registers, REGISTER_R12 + 1, &preserved->r13) &&
	       unwind_read_register(registers, REGISTER_R12 + 2, &preserved->r14) &&
	       unwind_read_register(registers, REGISTER_R15, &preserved->r15);
}

/* Begins @frame in the function that this is expanded in, with all registers as they
 * are now. */
static inline __attribute__((always_inline)) void begin_here(struct unwind_frame *frame)
{
	struct unwind_captured now;

	unwind_capture(&now);
	begin_frame(frame, now.address, now.rsp, now.rbp);
	set_preserved(&frame->registers, &now.preserved);
	frame->is_exact = true;
}

/* The registers that @start's function has when the call into us returns: our own
 * functions have saved those that they use, and our unwind tables tell where.  False
 * if @start is not among this function's callers. */
static __attribute__((noinline)) bool find_preserved(const struct unwind_start *start,
						     struct preserved_registers *preserved)
{
	struct unwind_frame frame;

	begin_here(&frame);
	for (unsigned int i = 0; i < OWN_FRAME_MAX; i++) {
		if (unwind_frame_step(&frame) != STEP_CALLER ||
		    frame.registers.values[REGISTER_RSP] > start->sp)
			return false;
		if (frame.registers.values[REGISTER_RSP] == start->sp)
			return frame.registers.address == start->return_address &&
			       get_preserved(&frame.registers, preserved);
	}
	return false;
}

static void clear_result(struct unwind_result *result)
{
	result->frame_count = 0;
	result->word_count = 0;
	result->signal_number = 0;
	result->signal_frame = 0;
	result->crosses_signal_frame = false;
	result->uses_rbp = false;
	result->uses_other = false;
	result->met_unmapped = false;
}

static enum unwind_end walk_frames(struct unwind_frame *frame, struct unwind_result *result)
{
	for (;;) {
		result->frames[result->frame_count++] = frame->registers.address;
		if (result->frame_count == UNWIND_FRAME_MAX)
			return UNWIND_FULL;
		switch (unwind_frame_step(frame)) {
		case STEP_CALLER:
			break;
		case STEP_OUTERMOST:
			return UNWIND_OUTERMOST;
		case STEP_NO_TABLE:
			return UNWIND_NO_TABLE;
		case STEP_UNSUPPORTED:
		default:
			return UNWIND_UNSUPPORTED;
		}
	}
}

void unwind(const struct unwind_start *start, struct unwind_result *result)
{
	struct unwind_frame frame;
	struct preserved_registers preserved;

	clear_result(result);
	begin_frame(&frame, start->return_address, start->sp, start->rbp);
	frame.registers.result = result;
	result->end = walk_frames(&frame, result);
	if (!result->uses_other || !find_preserved(start, &preserved))
		return;
	clear_result(result);
	begin_frame(&frame, start->return_address, start->sp, start->rbp);
	frame.registers.result = result;
	set_preserved(&frame.registers, &preserved);
	result->end = walk_frames(&frame, result);
}

void unwind_forget_tables(void)
{
	unwind_cache_flush();
}

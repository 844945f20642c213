#include "unwind/unwind.h"

#include <string.h>

#include "unwind/cache.h"
#include "unwind/frame.h"

/* There are fewer frames of our own between a wrapper and here. */
#define OWN_FRAME_MAX 32
#define PAGE_BYTES 4096u

static const uint8_t preserved_registers[PRESERVED_COUNT] = {PRESERVED_REGISTERS};

/* The page that has the word below @sp: the return address, or in our own frame. */
static uintptr_t page_below(uintptr_t sp)
{
	return (sp - 8) & ~(uintptr_t)(PAGE_BYTES - 1);
}

static void begin_frame(struct unwind_frame *frame, uintptr_t address, uintptr_t sp,
			uintptr_t frame_pointer)
{
	struct unwind_registers *registers = &frame->registers;

	memset(frame, 0, sizeof(*frame));
	frame->generation = unwind_cache_generation();
	registers->address = address;
	registers->floor = sp;
	registers->readable_start = page_below(sp);
	registers->readable_end = page_below(sp) + PAGE_BYTES;
	registers->places[REGISTER_STACK] = PLACE_VALUE;
	registers->values[REGISTER_STACK] = sp;
	registers->places[REGISTER_FRAME] = PLACE_START;
	registers->values[REGISTER_FRAME] = frame_pointer;
	for (unsigned int i = 0; i < PRESERVED_COUNT; i++)
		registers->places[preserved_registers[i]] = PLACE_START;
}

static void set_preserved(struct unwind_registers *registers,
			  const uintptr_t preserved[PRESERVED_COUNT])
{
	registers->start_is_known = true;
	for (unsigned int i = 0; i < PRESERVED_COUNT; i++)
		registers->values[preserved_registers[i]] = preserved[i];
}

static bool get_preserved(struct unwind_registers *registers, uintptr_t preserved[PRESERVED_COUNT])
{
	for (unsigned int i = 0; i < PRESERVED_COUNT; i++)
		if (!unwind_read_register(registers, preserved_registers[i], &preserved[i]))
			return false;
	return true;
}

/* Begins @frame in the function that this is expanded in, with all registers as they
 * are now. */
static inline __attribute__((always_inline)) void begin_here(struct unwind_frame *frame)
{
	struct unwind_captured now;

	unwind_capture(&now);
	begin_frame(frame, now.address, now.sp, now.frame_pointer);
	set_preserved(&frame->registers, now.preserved);
	frame->is_exact = true;
}

/* The registers that @start's function has when the call into us returns: our own
 * functions have saved those that they use, and our unwind tables tell where.  False
 * if @start is not among this function's callers. */
static __attribute__((noinline)) bool find_preserved(const struct unwind_start *start,
						     uintptr_t preserved[PRESERVED_COUNT])
{
	struct unwind_frame frame;

	begin_here(&frame);
	for (unsigned int i = 0; i < OWN_FRAME_MAX; i++) {
		if (unwind_frame_step(&frame) != STEP_CALLER ||
		    frame.registers.values[REGISTER_STACK] > start->sp)
			return false;
		if (frame.registers.values[REGISTER_STACK] == start->sp)
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
	result->uses_frame_pointer = false;
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
		case STEP_NOT_KNOWN:
		default:
			return UNWIND_UNSUPPORTED;
		}
	}
}

static void begin_unwind(struct unwind_frame *frame, const struct unwind_start *start,
			 uintptr_t stack_end, struct unwind_result *result)
{
	clear_result(result);
	begin_frame(frame, start->return_address, start->sp, start->frame_pointer);
	frame->registers.result = result;
	if (stack_end > frame->registers.readable_end)
		frame->registers.readable_end = page_below(stack_end) + PAGE_BYTES;
}

void unwind(const struct unwind_start *start, uintptr_t stack_end, struct unwind_result *result)
{
	struct unwind_frame frame;
	uintptr_t preserved[PRESERVED_COUNT];

	begin_unwind(&frame, start, stack_end, result);
	result->end = walk_frames(&frame, result);
	if (!result->uses_other || !find_preserved(start, preserved))
		return;
	begin_unwind(&frame, start, stack_end, result);
	set_preserved(&frame.registers, preserved);
	result->end = walk_frames(&frame, result);
}

bool unwind_knows_rule(const struct unwind_start *start)
{
	struct frame_rule rule;

	return unwind_cache_find(unwind_cache_generation(), start->return_address - 1, &rule);
}

bool unwind_by_rules(const struct unwind_start *start, uintptr_t stack_end,
		     struct unwind_result *result)
{
	struct unwind_frame frame;
	enum unwind_step step = STEP_CALLER;

	begin_unwind(&frame, start, stack_end, result);
	while (step == STEP_CALLER && result->frame_count < UNWIND_FRAME_MAX) {
		result->frames[result->frame_count++] = frame.registers.address;
		if (result->frame_count < UNWIND_FRAME_MAX)
			step = unwind_frame_step_known(&frame);
	}
	result->end = step == STEP_CALLER ? UNWIND_FULL : UNWIND_OUTERMOST;
	return step == STEP_CALLER || step == STEP_OUTERMOST;
}

void unwind_learn_callers(const struct unwind_start *start)
{
	struct unwind_frame frame;

	begin_frame(&frame, start->return_address, start->sp, start->frame_pointer);
	if (unwind_frame_step(&frame) == STEP_CALLER)
		unwind_frame_step(&frame);
}

void unwind_forget_tables(void)
{
	unwind_cache_flush();
}

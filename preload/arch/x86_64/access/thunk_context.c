#define _GNU_SOURCE
#include "preload/access/thunk_context.h"

#include <string.h>

#include "preload/access/access.h"
#include "preload/guest/modules.h"
#include "unwind/cache.h"
#include "unwind/frame.h"
#include "unwind/rules.h"

#define OWN_FRAME_MAX 32

#define STATUS_FLAGS 0x8d5ull /* OF SF ZF AF PF CF */
#define DIRECTION_FLAG 0x400ull

/* By DWARF's numbers. */
static const uint8_t places[ARCH_DWARF_RETURN_ADDRESS] = {
	REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
	REG_R8,	 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* access.S */
#define MARK(name) extern const unsigned char name[] __attribute__((visibility("hidden")))

MARK(access_thunks_start);
MARK(access_thunks_end);
MARK(access_masked_start);
MARK(access_masked_end);
MARK(access_masked_thunk_start);
MARK(access_masked_thunk_end);

static bool is_between(uintptr_t pc, const unsigned char *start, const unsigned char *end)
{
	return pc >= (uintptr_t)start && pc < (uintptr_t)end;
}

static bool is_in_thunk(uintptr_t pc)
{
	return is_between(pc, access_thunks_start, access_thunks_end);
}

/* What a thunk takes off the stack with its return. */
static size_t words_bytes(uintptr_t pc)
{
	return is_between(pc, access_masked_start, access_masked_end) ||
			       is_between(pc, access_masked_thunk_start, access_masked_thunk_end)
		       ? THUNK_MASKED_WORDS_BYTES
		       : THUNK_WORDS_BYTES;
}

/* @clone: with what the thunk does not keep (rbx, r12 to r15) in place. */
static void take_frame(greg_t *clone, const struct access_frame *frame, uintptr_t pc)
{
	clone[REG_RAX] = (greg_t)frame->rax;
	clone[REG_RCX] = (greg_t)frame->rcx;
	clone[REG_RDX] = (greg_t)frame->rdx;
	clone[REG_RSI] = (greg_t)frame->rsi;
	clone[REG_RDI] = (greg_t)frame->rdi;
	clone[REG_R8] = (greg_t)frame->r8;
	clone[REG_R9] = (greg_t)frame->r9;
	clone[REG_R10] = (greg_t)frame->r10;
	clone[REG_R11] = (greg_t)frame->r11;
	clone[REG_RBP] = (greg_t)frame->frame_pointer;
	clone[REG_RSP] = (greg_t)((uintptr_t)frame->words + words_bytes(pc));
	clone[REG_RIP] = (greg_t)frame->return_address;
	clone[REG_EFL] = (clone[REG_EFL] & ~(greg_t)(STATUS_FLAGS | DIRECTION_FLAG)) |
			 ((greg_t)frame->flags & (greg_t)(STATUS_FLAGS | DIRECTION_FLAG));
}

static void begin_frame(struct unwind_frame *frame, const greg_t *found)
{
	struct unwind_registers *registers = &frame->registers;

	memset(frame, 0, sizeof(*frame));
	frame->generation = unwind_cache_generation();
	frame->is_exact = true;
	registers->address = (uintptr_t)found[REG_RIP];
	registers->floor = (uintptr_t)found[REG_RSP] - THUNK_RED_ZONE;
	for (unsigned int i = 0; i < ARRAY_LENGTH(places); i++) {
		registers->places[i] = PLACE_VALUE;
		registers->values[i] = (uintptr_t)found[places[i]];
	}
}

/* All but rip and rsp. */
static void take_registers(struct unwind_registers *registers, greg_t *clone)
{
	for (unsigned int i = 0; i < ARRAY_LENGTH(places); i++) {
		uintptr_t value;

		/* What C code was free to use, the thunk has kept. */
		if (i != REGISTER_STACK && unwind_read_register(registers, i, &value))
			clone[places[i]] = (greg_t)value;
	}
}

/* Walks our own frames up to the thunk's. */
static bool find_above(const greg_t *found, greg_t *clone, const struct access_frame **frame)
{
	struct unwind_frame walk;
	uintptr_t address;

	begin_frame(&walk, found);
	for (unsigned int i = 0; i < OWN_FRAME_MAX; i++) {
		if (unwind_frame_step(&walk) != STEP_CALLER)
			return false;
		address = walk.registers.address;
		/* Not through a signal: a thunk that it interrupted is not ours. */
		if (!modules_is_own(address) || walk.is_exact)
			return false;
		if (!is_in_thunk(address))
			continue;
		take_registers(&walk.registers, clone);
		*frame = (const struct access_frame *)clone[REG_RBP];
		take_frame(clone, *frame, address);
		return true;
	}
	return false;
}

/* With a frame the unwind table speaks of the original code (access.S); without
 * one, of the clone. */
static bool has_frame(uintptr_t pc)
{
	struct eh_frame_entry entry;
	struct unwind_row row;

	return unwind_find_entry(pc, &entry) != UNWIND_FOUND ||
	       !unwind_rules_at(&entry, pc, &row) || row.cfa_is_expression;
}

static bool find_in_thunk(const greg_t *found, greg_t *clone, const struct access_frame **frame)
{
	uintptr_t pc = (uintptr_t)found[REG_RIP];
	struct unwind_frame walk;

	if (has_frame(pc)) {
		*frame = (const struct access_frame *)clone[REG_RBP];
		take_frame(clone, *frame, pc);
		return true;
	}
	begin_frame(&walk, found);
	if (unwind_frame_step(&walk) != STEP_CALLER)
		return false;
	take_registers(&walk.registers, clone);
	clone[REG_RIP] = (greg_t)walk.registers.address;
	clone[REG_RSP] = (greg_t)(walk.registers.values[REGISTER_STACK] + words_bytes(pc));
	return true;
}

bool thunk_context_find(const struct context_registers *found, struct context_registers *clone,
			const struct access_frame **frame)
{
	uintptr_t pc = (uintptr_t)found->all[REG_RIP];

	*frame = NULL;
	*clone = *found;
	if (is_in_thunk(pc))
		return find_in_thunk(found->all, clone->all, frame);
	return modules_is_own(pc) && find_above(found->all, clone->all, frame);
}

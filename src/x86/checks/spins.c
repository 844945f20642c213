#include "x86/checks/spins.h"

#include "x86/flow/flow.h"
#include "x86/survey/site.h"

#define LOOP_INSTRUCTIONS_MOST 40u
#define LOOP_CALLS_MOST 2u
#define VARIES (1ull << 63) /* in a set of loads: derives from what changes as well */
#define SLOT_WRITES_MOST 8u
#define SETUP_INSTRUCTIONS_MOST 6u

/* A slot of the stack that the loop writes, and what it derives from. */
struct written_slot {
	int8_t base;
	int32_t displacement;
	uint32_t bytes;
	uint64_t rests;
};

/* A loop, and what its registers and slots derive from. */
struct loop {
	const struct function *function;
	const uint8_t *roles;
	uint32_t first, last;
	uint64_t registers[16];
	uint64_t flags;
	struct written_slot written[SLOT_WRITES_MOST]; /* one for each write */
	uint32_t written_count, call_count;
	uint64_t deciding; /* loads that decide an exit, alone */
};

static bool is_slot(const struct instruction *instruction)
{
	return instruction->index == NO_REGISTER && !instruction->is_rip_relative &&
	       (instruction->base == RSP || instruction->memory & MEMORY_STACK);
}

/* Whether the loop has no effect that other code sees. */
static bool is_quiet(struct loop *loop)
{
	for (uint32_t i = loop->first; i <= loop->last; i++) {
		const struct instruction *instruction = &loop->function->instructions[i];

		if (instruction->memory & (MEMORY_LOCKED | MEMORY_STRING) ||
		    instruction->kind == INSTRUCTION_JUMP_INDIRECT)
			return false;
		if (instruction_is_call(instruction) && ++loop->call_count > LOOP_CALLS_MOST)
			return false;
		if (!(instruction->memory & MEMORY_WRITE))
			continue;
		if (!is_slot(instruction) || loop->written_count == SLOT_WRITES_MOST)
			return false;
		loop->written[loop->written_count++] = (struct written_slot){
			instruction->base, instruction->displacement, instruction->access_bytes,
			VARIES};
	}
	return true;
}

static bool overlaps(const struct written_slot *slot, const struct instruction *instruction)
{
	return slot->base == instruction->base &&
	       slot->displacement < instruction->displacement + instruction->access_bytes &&
	       instruction->displacement < slot->displacement + (int64_t)slot->bytes;
}

static bool is_whole(const struct written_slot *slot, const struct instruction *instruction)
{
	return slot->displacement == instruction->displacement &&
	       slot->bytes == instruction->access_bytes;
}

static bool is_written_slot(const struct loop *loop, const struct instruction *instruction)
{
	for (uint32_t i = 0; i < loop->written_count; i++)
		if (overlaps(&loop->written[i], instruction))
			return true;
	return false;
}

/* Like a register that the loop changes. */
static uint64_t written_rests(const struct loop *loop, const struct instruction *instruction)
{
	uint64_t rests = 0;

	for (uint32_t i = 0; i < loop->written_count; i++)
		if (overlaps(&loop->written[i], instruction))
			rests |= is_whole(&loop->written[i], instruction) ? loop->written[i].rests
									   : VARIES;
	return rests;
}

static void write_slot(struct loop *loop, const struct instruction *instruction, uint64_t rests)
{
	for (uint32_t i = 0; i < loop->written_count; i++)
		if (overlaps(&loop->written[i], instruction))
			loop->written[i].rests =
				is_whole(&loop->written[i], instruction) ? rests : VARIES;
}

/* Registers that the loop changes vary until they are set from what does not. */
static void init_loop(struct loop *loop)
{
	uint32_t changed = 0;

	for (uint32_t i = loop->first; i <= loop->last; i++)
		changed |= loop->function->instructions[i].changes;
	for (unsigned r = 0; r < 16; r++)
		loop->registers[r] = changed & REGISTER_BIT(r) && r != RSP ? VARIES : 0;
	loop->flags = VARIES;
}

static uint64_t rests_of(const struct loop *loop, uint32_t registers)
{
	uint64_t rests = 0;

	for (registers &= REGISTERS_ALL; registers; registers &= registers - 1)
		rests |= loop->registers[__builtin_ctz(registers)];
	return rests;
}

static uint32_t address_registers(const struct instruction *instruction)
{
	uint32_t registers = 0;

	if (instruction->base != NO_REGISTER && !instruction->is_rip_relative)
		registers |= REGISTER_BIT((unsigned)instruction->base);
	if (instruction->index != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)instruction->index);
	return registers;
}

/* What a loaded value derives from.  A load of a constant address may be waited for; a
 * pointer loaded that way is taken to be constant. */
static uint64_t memory_rests(const struct loop *loop, uint32_t index)
{
	const struct instruction *instruction = &loop->function->instructions[index];

	if (is_slot(instruction) && is_written_slot(loop, instruction))
		return loop->roles[index] & FLOW_LOAD ? VARIES
						      : written_rests(loop, instruction);
	/* A slot whose address others may have is a variable like any other. */
	if (is_slot(instruction) && !(loop->roles[index] & FLOW_LOAD))
		return 0;
	if (!is_slot(instruction) && rests_of(loop, address_registers(instruction)) & VARIES)
		return VARIES;
	if (!(loop->roles[index] & FLOW_LOAD))
		return VARIES;
	return 1ull << (index - loop->first);
}

static void run_instruction(struct loop *loop, uint32_t index)
{
	const struct instruction *instruction = &loop->function->instructions[index];
	uint32_t operands = instruction->reads & REGISTERS_ALL;
	uint64_t rests = instruction->reads & FLAGS_ALL ? loop->flags : 0;
	uint32_t changed;

	if (instruction->memory & (MEMORY_READ | MEMORY_WRITE) && !instruction->is_lea)
		operands &= ~address_registers(instruction);
	if (instruction->memory & MEMORY_READ && !instruction->is_lea)
		rests |= memory_rests(loop, index);
	rests |= rests_of(loop, operands);
	if (instruction->memory & MEMORY_WRITE)
		write_slot(loop, instruction, rests);
	changed = instruction->changes & REGISTERS_ALL & ~REGISTER_BIT(RSP);
	for (; changed; changed &= changed - 1)
		loop->registers[__builtin_ctz(changed)] = rests;
	if (instruction->changes & FLAGS_ALL)
		loop->flags = rests;
}

static void run_call(struct loop *loop)
{
	for (uint32_t lost = REGISTERS_LOST; lost; lost &= lost - 1)
		loop->registers[__builtin_ctz(lost)] = VARIES;
	loop->flags = VARIES;
}

static bool leads_out(const struct loop *loop, uint32_t index)
{
	const struct function *function = loop->function;
	const struct instruction *instruction = &function->instructions[index];
	uint32_t start = function->instructions[loop->first].offset;
	uint32_t end = function->instructions[loop->last].offset;

	if (instruction->kind == INSTRUCTION_RETURN)
		return true;
	if (instruction->kind != INSTRUCTION_BRANCH && instruction->kind != INSTRUCTION_BRANCH_IF)
		return false;
	return instruction->target < start || instruction->target > end;
}

static bool is_exit(const struct loop *loop, uint32_t index)
{
	const struct instruction *instruction = &loop->function->instructions[index];

	if (instruction->kind != INSTRUCTION_BRANCH_IF)
		return false;
	return index == loop->last || leads_out(loop, index) || leads_out(loop, index + 1);
}

/* A copy of the load, with the pointer in the same register or another: compilers peel
 * rounds off a loop. */
static bool is_alike(const struct instruction *a, const struct instruction *b)
{
	return a->access_bytes == b->access_bytes && a->is_rip_relative == b->is_rip_relative &&
	       (a->is_rip_relative ? a->target == b->target : a->displacement == b->displacement) &&
	       (a->base == NO_REGISTER) == (b->base == NO_REGISTER) && a->index == b->index &&
	       !((a->memory ^ b->memory) & MEMORY_SEGMENT);
}

static bool is_inside(const struct loop *loop, int64_t offset)
{
	const struct instruction *instructions = loop->function->instructions;

	return offset >= instructions[loop->first].offset &&
	       offset <= instructions[loop->last].offset;
}

/* Whether the branch at @index may lead to the loop: what is set up for it may come in
 * between, and padding. */
static bool leads_in(const struct loop *loop, uint32_t index)
{
	const struct function *function = loop->function;
	uint32_t last = index + SETUP_INSTRUCTIONS_MOST;

	if (is_inside(loop, function->instructions[index].target))
		return true;
	while (++index < function->count && index <= last) {
		const struct instruction *instruction = &function->instructions[index];

		if (is_inside(loop, instruction->offset))
			return true;
		if (instruction->kind == INSTRUCTION_BRANCH)
			return is_inside(loop, instruction->target);
		if (instruction->kind != INSTRUCTION_PLAIN)
			return false;
	}
	return false;
}

/* Whether a branch follows that leads to the loop, as soon as one follows @load in the loop. */
static bool decides_soon(const struct loop *loop, uint32_t load, uint32_t index)
{
	const struct function *function = loop->function;
	uint32_t last = index + SETUP_INSTRUCTIONS_MOST + loop->last - load;

	for (uint32_t i = index + 1; i < function->count && i <= last; i++) {
		if (function->instructions[i].kind == INSTRUCTION_BRANCH_IF)
			return leads_in(loop, i);
		if (function->instructions[i].kind != INSTRUCTION_PLAIN)
			return false;
	}
	return false;
}

static void mark_copies(const struct loop *loop, uint32_t load, uint32_t *flags)
{
	const struct function *function = loop->function;

	for (uint32_t i = 0; i < function->count; i++)
		if (loop->roles[i] == FLOW_LOAD && (i < loop->first || i > loop->last) &&
		    is_alike(&function->instructions[load], &function->instructions[i]) &&
		    decides_soon(loop, load, i))
			flags[i] |= PLAN_SITE_SPIN;
}

static void mark_deciding(const struct loop *loop, uint32_t *flags)
{
	for (uint32_t i = loop->first; i <= loop->last; i++) {
		if (!(loop->deciding >> (i - loop->first) & 1) ||
		    loop->function->instructions[i].access_bytes > 8)
			continue;
		flags[i] |= PLAN_SITE_SPIN;
		mark_copies(loop, i, flags);
	}
}

static void check_loop(struct loop *loop, uint32_t *flags)
{
	if (!is_quiet(loop))
		return;
	init_loop(loop);
	for (uint32_t i = loop->first; i <= loop->last; i++) {
		const struct instruction *instruction = &loop->function->instructions[i];

		if (is_exit(loop, i) && !(loop->flags & VARIES))
			loop->deciding |= loop->flags;
		if (instruction_is_call(instruction))
			run_call(loop);
		else
			run_instruction(loop, i);
	}
	mark_deciding(loop, flags);
}

/* Whether the instruction at @index ends a short loop, whose first is *@first. */
static bool is_short_loop(const struct function *function, uint32_t index, uint32_t *first)
{
	const struct instruction *instruction = &function->instructions[index];

	if ((instruction->kind != INSTRUCTION_BRANCH &&
	     instruction->kind != INSTRUCTION_BRANCH_IF) ||
	    instruction->target < function->start || instruction->target > instruction->offset)
		return false;
	*first = function_target(function, instruction);
	return *first <= index && index - *first < LOOP_INSTRUCTIONS_MOST;
}

void spins_find(const struct function *function, const uint8_t *roles, uint32_t *flags)
{
	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t first;

		if (is_short_loop(function, i, &first)) {
			struct loop loop = {
				.function = function,
				.roles = roles,
				.first = first,
				.last = i,
			};

			check_loop(&loop, flags);
		}
	}
}

#include "x86/flow/accessors.h"

#include "x86/flow/walk.h"

#define INSTRUCTIONS_MOST 24u
#define SLOTS_MOST 8u
#define NO_DEPTH INT32_MIN

enum value_kind { VALUE_UNKNOWN, VALUE_ARGUMENT, VALUE_LOADED, VALUE_FRAME };

struct value {
	uint8_t kind;
	int8_t argument; /* its register */
	int32_t depth;	 /* of a frame pointer */
};

/* What is known on the way through a function, which has no branch and no call. */
struct scan {
	const struct module *module;
	const struct function *function;
	struct value registers[16];
	struct {
		int32_t at; /* below the return address */
		struct value value;
	} slots[SLOTS_MOST];
	uint32_t slot_count;
	int32_t depth; /* of rsp below the return address */
	bool has_access;
	struct accessor accessor;
};

static void begin_scan(struct scan *scan)
{
	static const int8_t arguments[] = {RDI, RSI, RDX, RCX, R8, R9};

	for (unsigned i = 0; i < ARRAY_LENGTH(arguments); i++)
		scan->registers[arguments[i]] = (struct value){VALUE_ARGUMENT, arguments[i], 0};
	scan->accessor.pointer = scan->accessor.value = NO_REGISTER;
}

/* Where a stack operand lies below the return address; NO_DEPTH: it is none. */
static int32_t stack_place(const struct scan *scan, const struct instruction *instruction)
{
	if (instruction->index != NO_REGISTER || instruction->is_rip_relative ||
	    instruction->base == NO_REGISTER)
		return NO_DEPTH;
	if (instruction->base == RSP)
		return scan->depth - instruction->displacement;
	if (scan->registers[instruction->base].kind == VALUE_FRAME)
		return scan->registers[instruction->base].depth - instruction->displacement;
	return NO_DEPTH;
}

static struct value *find_slot(struct scan *scan, int32_t at)
{
	for (uint32_t i = 0; i < scan->slot_count; i++)
		if (scan->slots[i].at == at)
			return &scan->slots[i].value;
	return NULL;
}

static bool put_slot(struct scan *scan, int32_t at, struct value value)
{
	struct value *slot = find_slot(scan, at);

	if (!slot) {
		if (scan->slot_count == SLOTS_MOST)
			return false;
		scan->slots[scan->slot_count].at = at;
		slot = &scan->slots[scan->slot_count++].value;
	}
	*slot = value;
	return true;
}

static void change_registers(struct scan *scan, const struct instruction *instruction,
			     struct value value)
{
	uint32_t changed = instruction->changes & REGISTERS_ALL;

	for (; changed; changed &= changed - 1)
		scan->registers[__builtin_ctz(changed)] = value;
}

/* push and pop; false: rsp changes otherwise. */
static bool run_stack(struct scan *scan, const struct instruction *instruction)
{
	const unsigned char *bytes = scan->module->text + instruction->offset;
	unsigned at = (bytes[0] & 0xf0) == 0x40;
	unsigned number = (bytes[at] & 7u) | (at && bytes[0] & 1 ? 8u : 0u);

	if (instruction->length != at + 1)
		return false;
	if ((bytes[at] & 0xf8) == 0x50) {
		scan->depth += 8;
		return put_slot(scan, scan->depth, scan->registers[number]);
	}
	if ((bytes[at] & 0xf8) != 0x58)
		return false;
	scan->registers[number] = (struct value){VALUE_UNKNOWN, NO_REGISTER, 0};
	scan->depth -= 8;
	return true;
}

/* The one access that is not the stack's. */
static bool run_access(struct scan *scan, const struct instruction *instruction)
{
	struct accessor *accessor = &scan->accessor;
	struct value base = {VALUE_UNKNOWN, NO_REGISTER, 0};

	if (!instruction->is_rip_relative && instruction->base != NO_REGISTER)
		base = scan->registers[instruction->base];
	if (scan->has_access || !(instruction->memory & MEMORY_PLAIN_MOVE) ||
	    instruction->index != NO_REGISTER || instruction->access_bytes > 8 ||
	    instruction->memory & (MEMORY_SEGMENT | MEMORY_CONSTANT | MEMORY_STRING) ||
	    scan->depth < 0 || scan->depth > 120 ||
	    !(instruction->is_rip_relative || base.kind == VALUE_ARGUMENT))
		return false;
	scan->has_access = true;
	accessor->site = instruction->offset;
	accessor->is_rip_relative = instruction->is_rip_relative;
	accessor->target = instruction->is_rip_relative ? instruction->target : 0;
	accessor->displacement = instruction->is_rip_relative ? 0 : instruction->displacement;
	accessor->pointer = instruction->is_rip_relative ? NO_REGISTER : base.argument;
	accessor->return_at = (uint8_t)scan->depth;
	if (instruction->memory & MEMORY_WRITE) {
		if (instruction->source == NO_REGISTER || instruction->memory & MEMORY_READ ||
		    scan->registers[instruction->source].kind != VALUE_ARGUMENT)
			return false;
		accessor->is_store = true;
		accessor->value = scan->registers[instruction->source].argument;
		return true;
	}
	change_registers(scan, instruction, (struct value){VALUE_LOADED, NO_REGISTER, 0});
	return true;
}

/* What a computation without memory makes: an extended value remains what it is. */
static struct value computed_value(const struct scan *scan, const struct instruction *instruction)
{
	const unsigned char *bytes = scan->module->text + instruction->offset;
	unsigned at = (bytes[0] & 0xf0) == 0x40;
	uint32_t reads = instruction->reads & REGISTERS_ALL;
	bool extends = bytes[at] == 0x63 || bytes[at] == 0x98 ||
		       (bytes[at] == 0x0f && (bytes[at + 1] & 0xf6) == 0xb6);
	bool moves = bytes[at] == 0x89 || bytes[at] == 0x8b;

	if ((!extends && !moves) || !reads || reads & (reads - 1))
		return (struct value){VALUE_UNKNOWN, NO_REGISTER, 0};
	if (reads == REGISTER_BIT(RSP))
		return (struct value){VALUE_FRAME, NO_REGISTER, scan->depth};
	return scan->registers[__builtin_ctz(reads)];
}

/* False: this is no accessor. */
static bool run_plain(struct scan *scan, const struct instruction *instruction)
{
	int32_t place = stack_place(scan, instruction);
	struct value *slot;

	if (instruction->changes & REGISTER_BIT(RSP))
		return run_stack(scan, instruction);
	if (!flow_has_memory(instruction)) {
		change_registers(scan, instruction, computed_value(scan, instruction));
		return true;
	}
	if (place == NO_DEPTH)
		return run_access(scan, instruction);
	if (!(instruction->memory & MEMORY_PLAIN_MOVE))
		return false;
	if (instruction->memory & MEMORY_WRITE)
		return instruction->source != NO_REGISTER &&
		       put_slot(scan, place, scan->registers[instruction->source]);
	slot = find_slot(scan, place);
	change_registers(scan, instruction,
			 slot ? *slot : (struct value){VALUE_UNKNOWN, NO_REGISTER, 0});
	return true;
}

static bool scan_function(struct scan *scan)
{
	const struct function *function = scan->function;

	begin_scan(scan);
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (instruction->kind == INSTRUCTION_RETURN)
			return scan->has_access &&
			       (scan->accessor.is_store ||
				scan->registers[RAX].kind == VALUE_LOADED);
		if (instruction->kind != INSTRUCTION_PLAIN || !run_plain(scan, instruction))
			return false;
	}
	return false;
}

void accessors_find(struct module *module, struct arena *arena)
{
	for (uint32_t i = 0; i < module->function_count; i++) {
		struct function *function = &module->functions[i];
		struct scan scan = {.module = module, .function = function};

		if (!function->is_usable || function->has_call || function->count < 2 ||
		    function->count > INSTRUCTIONS_MOST)
			continue;
		module_open(module, function);
		if (!function->instructions || !scan_function(&scan))
			continue;
		function->accessor = arena_alloc(arena, sizeof(*function->accessor));
		if (!function->accessor)
			return;
		*function->accessor = scan.accessor;
		module->has_accessors = true;
	}
}

bool accessors_store_in(const struct module *module, const struct function *function)
{
	for (uint32_t i = 0; module->has_accessors && i < function->count; i++) {
		const struct accessor *accessor =
			accessor_called(module, &function->instructions[i]);

		if (accessor && accessor->is_store)
			return true;
	}
	return false;
}

void accessor_use(const struct module *module, const struct instruction *call)
{
	struct accessor *accessor = accessor_called(module, call);

	if (accessor)
		accessor->is_used = true;
}

void accessors_settle(const struct module *module, struct plan_site *sites, uint32_t count,
		      uint32_t *update_group_count)
{
	for (uint32_t i = 0; module->has_accessors && i < count; i++) {
		const struct function *function;

		if (!sites[i].return_at)
			continue;
		function = module_find(module, sites[i].offset);
		if (!function || !function->accessor || !function->accessor->is_used)
			sites[i].return_at = 0;
		else if (!sites[i].update_group)
			sites[i].update_group = ++*update_group_count;
	}
}

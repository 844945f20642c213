#include "x86/flow/accessors.h"

#include "x86/decode/decode.h"
#include "x86/flow/accessor_scan.h"
#include "x86/flow/walk.h"

#define INSTRUCTIONS_MOST 32u
#define UNOPTIMISED_MOST 96u
#define DEPTH_MOST 1024
#define VECTOR_ARGUMENTS 8u

static void begin_scan(struct scan *scan)
{
	for (unsigned i = 0; i < ARGUMENTS_MOST; i++) {
		uint8_t number = register_of_argument(i);

		scan->registers[number] =
			(struct value){.kind = VALUE_PATH, .path.argument = (int8_t)number};
	}
	for (unsigned number = 0; number < VECTOR_ARGUMENTS; number++)
		scan->registers[ACCESSOR_VECTORS + number] = (struct value){
			.kind = VALUE_PATH, .path.argument = (int8_t)(ACCESSOR_VECTORS + number)};
}

static unsigned pushed_register(const unsigned char *bytes)
{
	bool has_prefix = (bytes[0] & 0xf0) == 0x40;

	return (bytes[has_prefix] & 7u) | (has_prefix && bytes[0] & 1 ? 8u : 0u);
}

/* False: rsp changes in a way that is not followed. */
static bool run_stack(struct scan *scan, const struct instruction *instruction)
{
	unsigned number = pushed_register(scan->module->text + instruction->offset);
	enum instruction_form form = instruction_form(instruction);

	if (form == FORM_PUSH) {
		scan->depth += 8;
		return !flow_has_memory(instruction) &&
		       scan_put_slot(scan, scan->depth, scan->registers[number]);
	}
	if (form == FORM_POP) {
		scan->registers[number] = value_unknown;
		scan->depth -= 8;
		return true;
	}
	if (form == FORM_LEAVE) {
		scan->depth = scan->registers[RBP].depth - 8;
		return scan->registers[RBP].kind == VALUE_FRAME;
	}
	scan->depth += (int32_t)(instruction_subtracts(instruction) ? instruction->immediate
								    : -instruction->immediate);
	return form == FORM_ADD && instruction->source == NO_REGISTER && !instruction->memory;
}

/* The place of an access that is not the stack's, as a path with it as its last step.  False:
 * it is not followed. */
static bool find_path(const struct scan *scan, const struct instruction *instruction,
		      struct accessor_path *path)
{
	const struct value *base;

	if (instruction->index != NO_REGISTER || instruction->access_bytes > 8 || scan->depth < 0 ||
	    scan->depth > DEPTH_MOST ||
	    instruction->memory & (MEMORY_SEGMENT | MEMORY_STRING | MEMORY_COMPARES) ||
	    (instruction->memory & (MEMORY_LOCKED | MEMORY_EXCHANGE)) == MEMORY_LOCKED ||
	    (instruction->memory & (MEMORY_CONSTANT | MEMORY_WRITE | MEMORY_READ)) ==
		    (MEMORY_CONSTANT | MEMORY_WRITE))
		return false;
	if (instruction->is_rip_relative) {
		*path = (struct accessor_path){
			.is_rip_relative = true, .target = instruction->target, .length = 1};
		return true;
	}
	if (instruction->base == NO_REGISTER)
		return false;
	base = &scan->registers[instruction->base];
	if (base->kind != VALUE_PATH || base->path.length == ACCESSOR_STEPS_MOST)
		return false;
	*path = base->path;
	path->steps[path->length++] = instruction->displacement;
	return true;
}

static void note_store(struct scan *scan, const struct instruction *instruction,
		       const struct value *place)
{
	int stored = scan_stored_register(scan, instruction);
	const struct value *value =
		stored == NO_REGISTER ? &value_unknown : &scan->registers[stored];
	bool is_update = (instruction->memory & (MEMORY_READ | MEMORY_EXCHANGE)) == MEMORY_READ;

	if (is_update || !value_is_argument(value)) {
		if ((is_update || value_is_loaded(value)) && !value->is_decided &&
		    !value_is_loaded(&scan->act))
			scan->act = *place;
		return;
	}
	scan->store_count++;
	if (instruction->memory & MEMORY_EXCHANGE)
		scan->exchanged |= REGISTER_BIT(instruction->source);
	scan->accessor.path = place->path;
	scan->accessor.site = instruction->offset;
	scan->accessor.return_at = (uint16_t)scan->depth;
	scan->accessor.is_store = true;
	scan->accessor.value = value->path.argument;
}

static void take_earlier(struct value *value, const struct value *other)
{
	bool is_decided = value->is_decided || other->is_decided;

	if (value_is_loaded(other) && (!value_is_loaded(value) || other->site < value->site))
		*value = *other;
	value->is_decided = is_decided;
}

/* What is computed of @value and of the registers that the instruction reads: it rests on the
 * first of the loads. */
static struct value derived_value(const struct scan *scan, const struct instruction *instruction,
				  struct value value)
{
	uint32_t reads = instruction->reads & REGISTERS_ALL;

	if (flow_has_memory(instruction))
		reads &= ~flow_address_registers(instruction);
	for (; reads; reads &= reads - 1)
		take_earlier(&value, &scan->registers[__builtin_ctz(reads)]);
	if (instruction->reads & FLAGS_ALL) {
		take_earlier(&value, &scan->flags);
		value.is_decided = true;
	}
	if (scan->is_vector)
		take_earlier(&value, &scan->registers[ACCESSOR_VECTORS + scan->vector.reg]);
	if (scan->is_vector && scan->vector.has_rm)
		take_earlier(&value, &scan->registers[ACCESSOR_VECTORS + scan->vector.rm]);
	value.kind = value_is_loaded(&value) ? VALUE_DERIVED : VALUE_UNKNOWN;
	return value;
}

static void run_access(struct scan *scan, const struct instruction *instruction)
{
	bool is_move = instruction->memory & MEMORY_PLAIN_MOVE || scan->is_vector_move;
	struct value place = {.kind = VALUE_PATH,
			      .return_at = (uint16_t)scan->depth,
			      .site = instruction->offset};

	if (!find_path(scan, instruction, &place.path)) {
		scan_change_result(scan, instruction, value_unknown);
		return;
	}
	if (instruction->memory & MEMORY_WRITE)
		note_store(scan, instruction, &place);
	if (instruction->memory & MEMORY_EXCHANGE)
		place = value_unknown;
	else if (!is_move)
		place = derived_value(scan, instruction, place);
	scan_change_result(scan, instruction, place);
}

/* What a vector instruction without memory makes. */
static struct value computed_vector(const struct scan *scan, const struct instruction *instruction)
{
	const struct vector_operands *vector = &scan->vector;
	uint32_t reads = instruction->reads & REGISTERS_ALL;

	if (!scan->is_vector_move)
		return derived_value(scan, instruction, value_unknown);
	if (vector->is_store)
		return scan->registers[ACCESSOR_VECTORS + vector->reg];
	if (vector->from_general)
		return reads ? scan->registers[__builtin_ctz(reads)] : value_unknown;
	return scan->registers[ACCESSOR_VECTORS + vector->rm];
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
		return derived_value(scan, instruction, value_unknown);
	if (reads == REGISTER_BIT(RSP))
		return (struct value){.kind = VALUE_FRAME, .depth = scan->depth};
	return scan->registers[__builtin_ctz(reads)];
}

/* An operand on the stack.  Who is given the address of a slot may change what is in it. */
static bool run_slot(struct scan *scan, const struct instruction *instruction, int32_t place)
{
	struct value *slot = scan_find_slot(scan, place);
	bool is_move = instruction->memory & MEMORY_PLAIN_MOVE || scan->is_vector_move;
	int stored = scan_stored_register(scan, instruction);
	struct value value = slot ? *slot : value_unknown;

	if (instruction->is_lea) {
		if (slot)
			*slot = value_unknown;
		scan_change_result(scan, instruction, value_unknown);
		return true;
	}
	if (!is_move)
		value = derived_value(scan, instruction, value);
	else if (instruction->memory & MEMORY_CONSTANT)
		value = (struct value){.kind = VALUE_NUMBER,
				       .path.target = instruction->immediate};
	else if (instruction->memory & MEMORY_WRITE)
		value = stored == NO_REGISTER ? value_unknown : scan->registers[stored];
	if (instruction->memory & MEMORY_WRITE)
		return scan_put_slot(scan, place, value);
	scan_change_result(scan, instruction, value);
	return true;
}

/* False: this is no accessor. */
static bool run_plain(struct scan *scan, const struct instruction *instruction)
{
	int32_t place = scan_stack_place(scan, instruction);

	scan_note_vector(scan, instruction);
	if (instruction->changes & FLAGS_ALL)
		scan->is_compared = false;
	if (instruction->changes & REGISTER_BIT(RSP))
		return run_stack(scan, instruction);
	if (place != NO_DEPTH && (instruction->is_lea || flow_has_memory(instruction)))
		return run_slot(scan, instruction, place);
	if (flow_has_memory(instruction))
		run_access(scan, instruction);
	else
		scan_change_result(scan, instruction,
				   scan->is_vector ? computed_vector(scan, instruction)
						   : computed_value(scan, instruction));
	return true;
}

/* What an exchange has got is dropped unseen: so far, by @instruction. */
static bool drops_exchanged(struct scan *scan, const struct instruction *instruction)
{
	uint32_t returned = scan->function->live_at_return & REGISTER_BIT(RAX);
	uint32_t reads = instruction->kind == INSTRUCTION_RETURN ? returned : instruction->reads;

	scan->exchanged &= ~(instruction_is_call(instruction) ? REGISTERS_LOST
							      : instruction->kills & ~reads);
	return !(scan->exchanged & reads);
}

/* --- Forwarders ------------------------------------------------------------------------ */

/* What register @number says in site.arguments of a call: which argument is passed on in it. */
static uint16_t passed_argument(const struct scan *scan, int number)
{
	const struct value *value = &scan->registers[number];
	unsigned argument = argument_of_register(number);

	if (!value_is_argument(value) || argument >= SITE_FORWARDED)
		return 0;
	return (uint16_t)((argument_of_register(value->path.argument) + 1) << 4 * argument);
}

/* Notes a call that may be an accessor's.  Its result may be what is returned. */
static void run_call(struct scan *scan, const struct instruction *call)
{
	struct value result = {.kind = VALUE_RESULT, .site = call->offset + call->length};
	struct accessor_forward forward = {.return_offset = result.site,
					   .return_at = (uint16_t)scan->depth,
					   .target = call->kind == INSTRUCTION_CALL
							     ? call->target
							     : NO_TARGET};

	for (uint32_t left = REGISTERS_ARGUMENTS; left; left &= left - 1)
		forward.arguments |= passed_argument(scan, __builtin_ctz(left));
	scan_change_registers(scan, REGISTERS_LOST, value_unknown);
	scan->is_compared = false;
	for (unsigned number = 0; number < 16; number++)
		scan->registers[ACCESSOR_VECTORS + number] = value_unknown;
	if (scan->accessor.forward_count == ACCESSOR_FORWARDS_MOST || scan->depth < 0 ||
	    scan->depth > DEPTH_MOST)
		return;
	scan->registers[RAX] = result;
	scan->accessor.forwards[scan->accessor.forward_count++] = forward;
}

/* Keeps the calls that are given an argument, or whose result is returned. */
static bool is_forwarder(struct scan *scan, const struct value *result)
{
	struct accessor *accessor = &scan->accessor;
	uint8_t kept = 0;

	for (uint8_t i = 0; i < accessor->forward_count; i++)
		if (accessor->forwards[i].arguments ||
		    (result->kind == VALUE_RESULT &&
		     result->site == accessor->forwards[i].return_offset))
			accessor->forwards[kept++] = accessor->forwards[i];
	accessor->forward_count = kept;
	return kept;
}

/* What is returned, as far as that can be told: a number that was loaded, or rax. */
static const struct value *find_result(const struct scan *scan)
{
	const struct value *general = &scan->registers[RAX];
	const struct value *number = &scan->registers[ACCESSOR_VECTORS];

	return value_is_loaded(number) &&
			       (!value_is_loaded(general) || general->site == number->site)
		       ? number
		       : general;
}

static bool is_same_path(const struct accessor_path *path, const struct accessor_path *other)
{
	return path->is_rip_relative == other->is_rip_relative && path->target == other->target &&
	       path->argument == other->argument && path->length == other->length &&
	       memcmp(path->steps, other->steps, sizeof(path->steps)) == 0;
}

/* The function ends: by a return, or by a jump to another one, which may be an accessor's. */
static bool is_accessor(struct scan *scan, bool returns)
{
	const struct value *result = find_result(scan);

	if (scan->store_count) {
		scan->accessor.forward_count = 0;
		return scan->store_count == 1;
	}
	if (value_is_loaded(&scan->act) && (!returns || !value_is_loaded(result) ||
					    is_same_path(&result->path, &scan->act.path))) {
		scan->accessor.is_store = scan->accessor.acts = true;
		result = &scan->act;
	} else if (!returns || !value_is_loaded(result)) {
		return is_forwarder(scan, result) || !returns;
	}
	scan->accessor.is_derived = result->kind == VALUE_DERIVED;
	if (scan->accessor.acts || scan->accessor.is_derived)
		is_forwarder(scan, result);
	else
		scan->accessor.forward_count = 0;
	scan->accessor.path = result->path;
	scan->accessor.site = result->site;
	scan->accessor.return_at = result->return_at;
	scan->accessor.value =
		scan->accessor.acts ? NO_REGISTER : (int8_t)(result - scan->registers);
	return true;
}

static bool scan_function(struct scan *scan)
{
	const struct function *function = scan->function;

	begin_scan(scan);
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!drops_exchanged(scan, instruction))
			return false;
		if (instruction->kind == INSTRUCTION_RETURN)
			return is_accessor(scan, true);
		if (instruction->kind == INSTRUCTION_BRANCH) {
			uint32_t target = function_target(function, instruction);

			if (target == UINT32_MAX)
				return is_accessor(scan, false);
			if (target <= i)
				return false;
			i = target - 1;
			continue;
		}
		if (instruction->kind == INSTRUCTION_JUMP_INDIRECT)
			return !function->has_jump_table && is_accessor(scan, false);
		if (instruction->kind == INSTRUCTION_BRANCH_IF) {
			uint32_t next = scan_branch(scan, i);

			if (next == UINT32_MAX)
				return false;
			i = next - 1;
		} else if (instruction_is_call(instruction)) {
			run_call(scan, instruction);
		} else if (instruction->kind != INSTRUCTION_PLAIN ||
			   !run_plain(scan, instruction)) {
			return false;
		}
	}
	return false;
}

/*
 * The registers that @function reads before it writes them, of those for arguments; 0 if they
 * are not known: others may go on to who is called, but for unoptimised code, which stores all
 * of them first.
 */
static uint32_t find_arguments(const struct function *function)
{
	uint32_t unwritten = REGISTERS_ARGUMENTS;
	uint32_t arguments = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!function->has_frame_pointer && instruction->kind != INSTRUCTION_PLAIN &&
		    instruction->kind != INSTRUCTION_RETURN)
			return 0;
		arguments |= instruction->reads & unwritten;
		unwritten &= ~instruction->changes;
		if (instruction->kind != INSTRUCTION_PLAIN)
			break;
	}
	return arguments;
}

static bool is_small(const struct function *function)
{
	return function->is_usable && function->count >= 2 &&
	       function->count <= (function->has_frame_pointer ? UNOPTIMISED_MOST
							       : INSTRUCTIONS_MOST);
}

void accessors_find(struct module *module, struct arena *arena)
{
	struct scan *scan = arena_alloc(arena, sizeof(*scan));

	for (uint32_t i = 0; scan && i < module->function_count; i++) {
		struct function *function = &module->functions[i];

		if (!is_small(function))
			continue;
		memset(scan, 0, sizeof(*scan));
		scan->module = module;
		scan->function = function;
		module_open(module, function);
		if (!function->instructions)
			continue;
		function->arguments = find_arguments(function);
		if (!scan_function(scan))
			continue;
		function->accessor = arena_alloc(arena, sizeof(*function->accessor));
		if (!function->accessor)
			return;
		*function->accessor = scan->accessor;
		function->accessor->is_used = function->is_exported ||
					      function->reach[0] & REACH_INDIRECT;
		module->has_accessors = true;
	}
}

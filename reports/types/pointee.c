#include "reports/types/pointee.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "reports/types/code.h"
#include "reports/symbols/scopes.h"
#include "reports/types/variables.h"
#include "x86/decode/decode.h"

#define STEPS_MAX 12 /* loads and moves between registers that are followed */
#define BACK_MAX 512 /* instructions that are searched backwards */
#define NO_SLOT INT64_MIN

/* The content of a register: a value of a type, plus a constant. */
struct value {
	Dwarf_Die type;
	int64_t added;
	Dwarf_Die variable; /* that has the value, if one has */
};

struct search {
	struct pool *pool;
	struct elf_image *image;
	struct code code;
	Dwarf_Die *scopes; /* around the access, innermost first */
	int scope_count;
	Dwarf_Addr bias; /* file address = address of debug information + bias */
};

/* The location expression of @die at the code address @address. */
static bool find_location(Dwarf_Die *die, Dwarf_Addr address, Dwarf_Op **operations, size_t *count)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_location, &attribute) &&
	       dwarf_getlocation_addr(&attribute, address, operations, count, 1) == 1 && *count;
}

static bool is_variable(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter;
}

/* True if a variable is at the wanted location; *@added is the offset in it. */
typedef bool (*location_question)(Dwarf_Die *die, const Dwarf_Op *operations, size_t count,
				  const void *wanted, int64_t *added);

/* The first variable in scope at instruction @at that @is_wanted accepts. */
static bool find_in_scopes(const struct search *search, const struct instruction *at,
			   location_question is_wanted, const void *wanted, struct value *value)
{
	Dwarf_Addr address = search->code.start + at->offset - search->bias;

	for (int i = 0; i < search->scope_count; i++) {
		if (dwarf_child(&search->scopes[i], &value->variable) != 0)
			continue;
		do {
			Dwarf_Op *operations;
			size_t count;

			value->added = 0;
			if (is_variable(&value->variable) &&
			    find_location(&value->variable, address, &operations, &count) &&
			    is_wanted(&value->variable, operations, count, wanted, &value->added) &&
			    type_of(&value->variable, &value->type))
				return true;
		} while (dwarf_siblingof(&value->variable, &value->variable) == 0);
	}
	return false;
}

/* Strips typedefs and qualifiers, then follows the pointer.  False if it is none. */
static bool follow_pointer(Dwarf_Die *type)
{
	for (int i = 0; i < STEPS_MAX; i++) {
		int tag = dwarf_tag(type);
		bool is_pointer = tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
				  tag == DW_TAG_rvalue_reference_type;

		if (!is_pointer && tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_restrict_type &&
		    tag != DW_TAG_atomic_type)
			return false;
		if (!type_of(type, type))
			return false;
		if (is_pointer)
			return true;
	}
	return false;
}

/* The variable is a pointer, and is in the register, maybe plus a constant. */
static bool is_in_register(Dwarf_Die *die, const Dwarf_Op *operations, size_t count,
			   const void *wanted, int64_t *added)
{
	unsigned number = (unsigned)*(const int *)wanted;
	Dwarf_Die type;

	/* Not a void pointer: mostly another variable in scope has a better type. */
	if (!type_of(die, &type) || !follow_pointer(&type))
		return false;
	if (count == 1 && operations[0].atom == DW_OP_reg0 + number)
		return true;
	if (count != 2 || operations[0].atom != DW_OP_breg0 + number ||
	    operations[1].atom != DW_OP_stack_value)
		return false;
	*added = -(int64_t)operations[0].number;
	return true;
}

/* A stack slot: as an offset from DWARF's frame base, and as an offset from a
 * register. */
struct slot {
	int64_t from_frame_base;
	unsigned base; /* DWARF's number */
	int64_t from_register;
};

static bool is_in_slot(Dwarf_Die *die, const Dwarf_Op *operations, size_t count, const void *wanted,
		       int64_t *added)
{
	const struct slot *slot = wanted;
	Dwarf_Word size;
	Dwarf_Die type;

	if (count != 1 || !type_of(die, &type) || dwarf_aggregate_size(&type, &size) != 0)
		return false;
	if (operations[0].atom == DW_OP_fbreg && slot->from_frame_base != NO_SLOT)
		*added = slot->from_frame_base - (int64_t)operations[0].number;
	else if (operations[0].atom == DW_OP_breg0 + slot->base)
		*added = slot->from_register - (int64_t)operations[0].number;
	else
		return false;
	return *added >= 0 && (uint64_t)*added < size;
}

static Dwarf_Die *subprogram_of(const struct search *search)
{
	for (int i = 0; i < search->scope_count; i++) {
		if (dwarf_tag(&search->scopes[i]) == DW_TAG_subprogram)
			return &search->scopes[i];
	}
	return NULL;
}

/* The canonical frame address at @at, as register and offset. */
static bool find_frame_address(const struct search *search, const struct instruction *at,
			       unsigned *base, int64_t *offset)
{
	Dwarf_Addr bias;
	Dwarf_CFI *table = dwfl_module_eh_cfi(search->image->module, &bias);
	Dwarf_Frame *frame;
	Dwarf_Op *operations;
	bool is_found;
	size_t count;

	if (!table ||
	    dwarf_cfi_addrframe(table, search->code.start + at->offset - bias, &frame) != 0)
		return false;
	is_found = dwarf_frame_cfa(frame, &operations, &count) == 0 && count == 1 &&
		   (operations[0].atom == DW_OP_bregx ||
		    (operations[0].atom >= DW_OP_breg0 && operations[0].atom <= DW_OP_breg31));
	if (is_found && operations[0].atom == DW_OP_bregx) {
		*base = (unsigned)operations[0].number;
		*offset = (int64_t)operations[0].number2;
	} else if (is_found) {
		*base = operations[0].atom - DW_OP_breg0;
		*offset = (int64_t)operations[0].number;
	}
	free(frame);
	return is_found;
}

/* The slot at [@base + @displacement]; its frame base may stay unknown. */
static struct slot find_slot(const struct search *search, const struct instruction *at,
			     unsigned base, int64_t displacement)
{
	struct slot slot = {NO_SLOT, base, displacement};
	Dwarf_Die *subprogram = subprogram_of(search);
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	unsigned frame_register;
	int64_t frame_offset;
	size_t count;

	if (!subprogram || !dwarf_attr_integrate(subprogram, DW_AT_frame_base, &attribute) ||
	    dwarf_getlocation(&attribute, &operations, &count) != 0 || count != 1)
		return slot;
	if (operations[0].atom == DW_OP_reg0 + base)
		slot.from_frame_base = displacement;
	else if (operations[0].atom == DW_OP_call_frame_cfa &&
		 find_frame_address(search, at, &frame_register, &frame_offset) &&
		 frame_register == base)
		slot.from_frame_base = displacement - frame_offset;
	return slot;
}

static bool is_frame_register(int number)
{
	return number == RSP || number == RBP;
}

/* The variable of the function's frame that instruction @at accesses. */
static bool find_local(const struct search *search, const struct instruction *at,
		       struct value *value)
{
	struct slot slot;

	if (!is_frame_register(at->base) || at->index != NO_REGISTER)
		return false;
	slot = find_slot(search, at, register_dwarf_number((unsigned)at->base), at->displacement);
	return find_in_scopes(search, at, is_in_slot, &slot, value);
}

/* A pointer often moves along an array, so the offset is taken within an element;
 * not if the type ends in a flexible array member. */
static uint64_t offset_in_element(const Dwarf_Die *type, int64_t offset)
{
	Dwarf_Die copy = *type;
	Dwarf_Word size;

	if (dwarf_aggregate_size(&copy, &size) != 0 || !size || (offset >= 0 && type_is_open(type)))
		return offset < 0 ? 0 : (uint64_t)offset;
	offset %= (int64_t)size;
	return (uint64_t)(offset < 0 ? offset + (int64_t)size : offset);
}

static bool find_value(const struct search *search, size_t at, int number, int steps,
		       struct value *value);

/* The type and offset that the memory operand of instruction @at accesses. */
static bool find_operand(const struct search *search, size_t at, int steps, struct value *value)
{
	const struct instruction *instruction = &search->code.instructions[at];
	int base = instruction->base;

	/* Without a scale either register may be the pointer. */
	if (base == NO_REGISTER || !find_value(search, at, base, steps, value) ||
	    !follow_pointer(&value->type)) {
		if (instruction->index == NO_REGISTER || instruction->scale > 1 ||
		    !find_value(search, at, instruction->index, steps, value) ||
		    !follow_pointer(&value->type))
			return false;
	}
	value->added += instruction->displacement;
	return true;
}

/* The value that a load yields: a local or global variable, or a field. */
static bool find_loaded(const struct search *search, size_t at, int steps, struct value *value)
{
	const struct instruction *load = &search->code.instructions[at];

	if (load->is_rip_relative) {
		value->added = 0;
		return variable_type(search->pool, search->image,
				     search->code.start + (uint64_t)load->target, 8, &value->type);
	}
	if (!find_local(search, load, value) && !find_operand(search, at, steps - 1, value))
		return false;
	if (!type_find_part(search->pool, &value->type,
			    offset_in_element(&value->type, value->added), 8, &value->type))
		return false;
	value->added = 0;
	return true;
}

/* A move between two general registers. */
static bool is_register_move(const struct instruction *instruction)
{
	return instruction_form(instruction) == FORM_MOVE && !instruction->memory &&
	       instruction->source != NO_REGISTER;
}

static bool is_pointer(const struct value *value)
{
	Dwarf_Die type = value->type;

	return follow_pointer(&type);
}

/* A pointer plus a constant; or plus an index, which may select any element. */
static bool find_sum(const struct search *search, size_t at, int number, int steps,
		     struct value *value)
{
	const struct instruction *sum = &search->code.instructions[at];
	bool is_less = instruction_subtracts(sum);

	if (find_value(search, at, number, steps, value) && is_pointer(value)) {
		if (sum->source == NO_REGISTER)
			value->added += is_less ? -sum->immediate : sum->immediate;
		return true;
	}
	return sum->source != NO_REGISTER && !is_less &&
	       find_value(search, at, sum->source, steps, value) && is_pointer(value);
}

/* The value that the instruction at @at stores in register @number. */
static bool find_computed(const struct search *search, size_t at, int number, int steps,
			  struct value *value)
{
	const struct instruction *instruction = &search->code.instructions[at];
	bool is_whole =
		instruction->destination == number && instruction->kills & REGISTER_BIT(number);

	if (!is_whole)
		return false;
	if (instruction->memory & MEMORY_READ && instruction->memory & MEMORY_PLAIN_MOVE &&
	    instruction->access_bytes == 8)
		return find_loaded(search, at, steps, value);
	if (instruction->is_lea && !instruction->is_rip_relative &&
	    instruction->base != NO_REGISTER &&
	    find_value(search, at, instruction->base, steps - 1, value)) {
		value->added += instruction->displacement;
		return true;
	}
	if (is_register_move(instruction))
		return find_value(search, at, instruction->source, steps - 1, value);
	if (instruction_form(instruction) == FORM_ADD && !instruction->memory)
		return find_sum(search, at, number, steps - 1, value);
	return false;
}

/* The value that the function called at @at returns. */
static bool find_returned(const struct search *search, size_t at, struct value *value)
{
	const struct instruction *call = &search->code.instructions[at];
	uint64_t address = search->code.start + (uint64_t)call->target;
	Dwarf_Die *scopes;
	Dwarf_Addr bias;
	int count;

	if (call->kind != INSTRUCTION_CALL || call->target == NO_TARGET)
		return false;
	count = scopes_at(search->image, address, &scopes, &bias);
	value->added = 0;
	while (count-- > 0)
		if (dwarf_tag(&scopes[count]) == DW_TAG_subprogram)
			return type_of(&scopes[count], &value->type);
	return false;
}

static bool falls_through(const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_PLAIN ||
	       instruction->kind == INSTRUCTION_BRANCH_IF || instruction_is_call(instruction);
}

/* The value of register @number in front of instruction @at. */
static bool find_value(const struct search *search, size_t at, int number, int steps,
		       struct value *value)
{
	int dwarf_number = register_dwarf_number((unsigned)number);

	for (int i = 0; i < BACK_MAX && steps > 0; i++) {
		if (find_in_scopes(search, &search->code.instructions[at], is_in_register,
				   &dwarf_number, value))
			return true;
		if (at == 0 || !falls_through(&search->code.instructions[at - 1]))
			return false;
		at--;
		if (instruction_is_call(&search->code.instructions[at]) &&
		    !(REGISTERS_PRESERVED & REGISTER_BIT((unsigned)number)))
			return number == RAX && find_returned(search, at, value);
		if (search->code.instructions[at].changes & REGISTER_BIT(number))
			return find_computed(search, at, number, steps, value);
	}
	return false;
}

/* Fills @search for the function around @address. */
static bool begin_search(struct search *search, uint64_t address)
{
	uint64_t distance;

	if (!elf_image_symbol(search->image, address, true, &distance) ||
	    !code_decode(search->image, address - distance, address, &search->code))
		return false;
	search->scope_count = scopes_at(search->image, address, &search->scopes, &search->bias);
	return search->scope_count > 0;
}

/* False if there is no scalar of the size of the access. */
static bool describe_pointee(struct pool *pool, const struct value *value, uint64_t size_bytes,
			     struct pointee *pointee)
{
	uint64_t offset = offset_in_element(&value->type, value->added);
	Dwarf_Die whole = value->type;
	Dwarf_Word size;
	Dwarf_Die part;

	pointee->type = value->type;
	pointee->offset = offset;
	pointee->root = type_name(pool, &value->type);
	pointee->root_bytes = dwarf_aggregate_size(&whole, &size) == 0 ? size : 0;
	pointee->place = type_find_place(pool, &value->type, offset, size_bytes);
	return type_find_part(pool, &value->type, offset, size_bytes, &part);
}

/* "main::done": a local variable of the accessing function. */
static const char *name_local(const struct search *search, Dwarf_Die *variable)
{
	Dwarf_Die *subprogram = subprogram_of(search);
	const char *function = subprogram ? dwarf_diename(subprogram) : NULL;
	const char *name = dwarf_diename(variable);

	if (!name)
		return NULL;
	return function ? pool_format(search->pool, "%s::%s", function, name) : name;
}

static bool find_access(const struct search *search, struct value *value, struct pointee *pointee)
{
	size_t last = search->code.count - 1;

	pointee->variable = NULL;
	if (find_local(search, &search->code.instructions[last], value))
		pointee->variable = name_local(search, &value->variable);
	else if (!find_operand(search, last, STEPS_MAX, value))
		return false;
	return true;
}

bool pointee_find(struct pool *pool, struct elf_image *image, uint64_t address, uint64_t size_bytes,
		  struct pointee *pointee)
{
	struct search search = {.pool = pool, .image = image};
	struct value value;

	memset(&value, 0, sizeof(value));
	return begin_search(&search, address) && find_access(&search, &value, pointee) &&
	       describe_pointee(pool, &value, size_bytes, pointee);
}

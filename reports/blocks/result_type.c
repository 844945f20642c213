#include "reports/blocks/result_type.h"

#include <dwarf.h>

#include "reports/blocks/peel.h"
#include "reports/symbols/scopes.h"
#include "reports/types/code.h"
#include "reports/types/variables.h"
#include "x86/decode/decode.h"

#define STEPS_MAX 16u /* instructions behind the call */

/* A walk behind the call, instruction by instruction. */
struct walk {
	struct elf_image *image;
	uint64_t size_bytes;
	uint64_t address; /* of the instruction */
	uint32_t holders; /* registers that have the result */
	Dwarf_Die type;
};

/* Does a value of type @pointer lead to a class of the wanted size? */
static bool accept_pointer(struct walk *walk, Dwarf_Die *pointer)
{
	Dwarf_Die type = *pointer;
	Dwarf_Word size;

	peel_type_of_class(&type, false);
	if (dwarf_tag(&type) != DW_TAG_pointer_type)
		return false;
	peel_type_of_class(&type, true);
	if (!peel_is_class(&type) || dwarf_aggregate_size(&type, &size) != 0 ||
	    size != walk->size_bytes)
		return false;
	walk->type = type;
	return true;
}

/* Has the variable @die the result, in a register, at @address of debug information? */
static bool has_result(const struct walk *walk, Dwarf_Die *die, Dwarf_Addr address)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	size_t count;

	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation_addr(&attribute, address, &operations, &count, 1) != 1 || count != 1)
		return false;
	for (unsigned i = 0; i < 16; i++)
		if (walk->holders & REGISTER_BIT(i) &&
		    operations[0].atom == DW_OP_reg0 + register_dwarf_number(i))
			return true;
	return false;
}

static bool find_in_scope(struct walk *walk, Dwarf_Die *scope, Dwarf_Addr address)
{
	Dwarf_Die die;
	Dwarf_Die type;

	if (dwarf_child(scope, &die) != 0)
		return false;
	do {
		int tag = dwarf_tag(&die);

		if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) &&
		    has_result(walk, &die, address) && type_of(&die, &type) &&
		    accept_pointer(walk, &type))
			return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

static bool find_in_variables(struct walk *walk)
{
	Dwarf_Die *scopes;
	Dwarf_Addr bias;
	int count = scopes_at(walk->image, walk->address, &scopes, &bias);

	for (int i = 0; i < count; i++)
		if (find_in_scope(walk, &scopes[i], walk->address - bias))
			return true;
	return false;
}

/* The type of the first parameter of the function at @target. */
static bool find_in_callee(struct walk *walk, uint64_t target)
{
	Dwarf_Die *scopes;
	Dwarf_Addr bias;
	Dwarf_Die child;
	Dwarf_Die type;
	int count = scopes_at(walk->image, target, &scopes, &bias);

	if (!count || dwarf_child(&scopes[count - 1], &child) != 0)
		return false;
	do
		if (dwarf_tag(&child) == DW_TAG_formal_parameter)
			return type_of(&child, &type) && accept_pointer(walk, &type);
	while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* Is the result stored to a variable in memory of that type? */
static bool find_in_store(struct walk *walk, const struct instruction *instruction,
			  uint64_t target)
{
	Dwarf_Die type;

	return instruction->is_rip_relative && instruction->memory & MEMORY_WRITE &&
	       instruction->source != NO_REGISTER &&
	       walk->holders & REGISTER_BIT((unsigned)instruction->source) &&
	       variable_type(walk->image->pool, walk->image, target, 8, &type) &&
	       accept_pointer(walk, &type);
}

static void follow_move(struct walk *walk, const struct instruction *instruction)
{
	bool is_move = instruction_form(instruction) == FORM_MOVE && !instruction->memory &&
		       instruction->source != NO_REGISTER &&
		       instruction->destination != NO_REGISTER &&
		       walk->holders & REGISTER_BIT((unsigned)instruction->source);

	walk->holders &= ~instruction->changes;
	if (is_move)
		walk->holders |= REGISTER_BIT((unsigned)instruction->destination);
}

bool result_type_find(struct elf_image *image, uint64_t address, uint64_t size_bytes,
		      Dwarf_Die *type)
{
	struct walk walk = {image, size_bytes, address, REGISTER_BIT(RAX), {0}};
	bool is_found = false;

	for (unsigned i = 0; i < STEPS_MAX && walk.holders && !is_found; i++) {
		const struct instruction *at;
		struct code code;
		uint64_t target;

		if (!code_read(image, walk.address, &code))
			return false;
		at = &code.instructions[code.count - 1];
		target = code.start + (uint64_t)at->target;
		is_found = find_in_variables(&walk) || find_in_store(&walk, at, target);
		if (!is_found && at->kind == INSTRUCTION_CALL && at->target != NO_TARGET &&
		    walk.holders & REGISTER_BIT(RDI))
			is_found = find_in_callee(&walk, target);
		if (at->kind != INSTRUCTION_PLAIN)
			break;
		follow_move(&walk, at);
		walk.address += at->length;
	}
	*type = walk.type;
	return is_found;
}

#include "reports/blocks/block_type.h"

#include <dwarf.h>
#include <string.h>

#include "base/strings.h"
#include "reports/blocks/peel.h"
#include "reports/blocks/result_type.h"
#include "reports/symbols/elf_image.h"
#include "reports/symbols/scopes.h"

#define DEPTH_MAX 16
#define FRAMES_MAX 16u /* of the library between the program and the allocation */

static bool has_prefix(Dwarf_Die *die, const char *prefix)
{
	const char *name = dwarf_diename(die);

	return name && string_has_prefix(name, prefix);
}

/* --- Arguments of templates -------------------------------------------------------- */

/* The size of a block, and its type once that is found. */
struct search {
	uint64_t size_bytes;
	bool is_array; /* several elements may be in it */
	Dwarf_Die type;
};

/* Does @type fill the block? */
static bool accept_type(struct search *search, Dwarf_Die *type)
{
	Dwarf_Die whole = *type;
	Dwarf_Word size;

	peel_type_of_class(&whole, false);
	if (!peel_is_class(&whole) || dwarf_aggregate_size(&whole, &size) != 0 || !size)
		return false;
	if (search->is_array ? search->size_bytes % size : search->size_bytes != size)
		return false;
	search->type = whole;
	return true;
}

/* An argument of the template that @die is made from fills the block. */
static bool find_argument(struct search *search, Dwarf_Die *die)
{
	Dwarf_Die child;
	Dwarf_Die type;

	if (dwarf_child(die, &child) != 0)
		return false;
	do {
		if (dwarf_tag(&child) == DW_TAG_template_type_parameter &&
		    type_of(&child, &type) && accept_type(search, &type))
			return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* The same of the class that the first parameter of @function is, or points to. */
static bool find_in_class(struct search *search, Dwarf_Die *function)
{
	Dwarf_Die child;
	Dwarf_Die type;

	if (dwarf_child(function, &child) != 0)
		return false;
	do {
		if (dwarf_tag(&child) != DW_TAG_formal_parameter)
			continue;
		if (!type_of(&child, &type))
			return false;
		peel_type_of_class(&type, true);
		return peel_is_class(&type) && find_argument(search, &type);
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* What @function, which may be inlined, is described by elsewhere. */
static bool next_description(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr(function, DW_AT_abstract_origin, &attribute),
				 function) ||
	       dwarf_formref_die(dwarf_attr(function, DW_AT_specification, &attribute), function);
}

static bool find_in_function(struct search *search, Dwarf_Die *scope)
{
	Dwarf_Die function = *scope;
	const char *name = dwarf_diename(&function);
	bool allocates = name && strcmp(name, "allocate") == 0;

	search->is_array = allocates;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (allocates ? find_in_class(search, &function)
			      : find_argument(search, &function))
			return true;
		if (!next_description(&function))
			return false;
	}
	return false;
}

/* In the functions around @address of the file. */
static bool find_around(struct search *search, struct elf_image *image, uint64_t address)
{
	Dwarf_Addr bias;
	Dwarf_Die *scopes;
	int count = scopes_at(image, address, &scopes, &bias);

	for (int i = 0; i < count; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) &&
		    find_in_function(search, &scopes[i]))
			return true;
	}
	return false;
}

/* In the frames of @stack up to the program's own function. */
static bool find_in_stack(struct symbolizer *symbolizer, const struct model_process *process,
			  stack_id stack, struct search *search)
{
	const struct model_stack *raw = model_stack(process, stack);
	const struct source_frame *site = symbolize_site(symbolizer, process, stack);

	for (uint32_t i = 0; raw && site && i < raw->frame_count && i < FRAMES_MAX; i++) {
		uint64_t address = model_stack_frame(raw, i) - 1;
		const struct model_module *module = model_module(
			raw->home ? raw->home : process, raw->generation, address);
		struct elf_image *image;

		if (!module || strcmp(module->build_id, MODULE_IS_SCRIPT) == 0)
			continue;
		address -= module->bias;
		image = symbolizer_image(symbolizer, module);
		if (find_around(search, image, address) ||
		    result_type_find(image, address + 1, search->size_bytes, &search->type))
			return true;
		if (address == site->offset && strcmp(module->path, site->module_path) == 0)
			return false;
	}
	return false;
}

/* --- What is stored for the program ------------------------------------------------- */

static uint64_t offset_of(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	return dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute),
			       &value) == 0
		       ? value
		       : 0;
}

/* The member or base class of @type that has @offset, and its type. */
static bool find_member(Dwarf_Die *type, uint64_t offset, Dwarf_Die *member, Dwarf_Die *inner)
{
	Dwarf_Word size;

	if (dwarf_child(type, member) != 0)
		return false;
	do {
		int tag = dwarf_tag(member);

		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    dwarf_hasattr(member, DW_AT_external) || !type_of(member, inner))
			continue;
		peel_type_of_class(inner, false);
		if (peel_is_class(inner) && dwarf_aggregate_size(inner, &size) == 0 &&
		    offset_of(member) <= offset && offset < offset_of(member) + size &&
		    !(tag == DW_TAG_inheritance && size == 1))
			return true;
	} while (dwarf_siblingof(member, member) == 0);
	return false;
}

static bool first_argument(Dwarf_Die *type)
{
	Dwarf_Die child;

	if (dwarf_child(type, &child) != 0)
		return false;
	do
		if (dwarf_tag(&child) == DW_TAG_template_type_parameter)
			return type_of(&child, type);
	while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* Goes on to what a node or the count of a shared pointer stores at *@offset, and to the offset
 * in that; else nothing changes. */
static void enter_storage(Dwarf_Die *type, uint64_t *offset)
{
	Dwarf_Die whole = *type;
	Dwarf_Die member;
	Dwarf_Die inner;
	uint64_t left = *offset;

	if (!has_prefix(&whole, "_"))
		return;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (!find_member(&whole, left, &member, &inner))
			return;
		left -= offset_of(&member);
		whole = inner;
		if (!has_prefix(&whole, "__aligned_"))
			continue;
		if (first_argument(&whole)) {
			peel_type_of_class(&whole, false);
			*type = whole;
			*offset = left;
		}
		return;
	}
}

/* ------------------------------------------------------------------------------------ */

bool block_find_part(struct symbolizer *symbolizer, struct pool *pool,
		     const struct model_process *process, const struct finding_event *block,
		     uint64_t offset, uint64_t size_bytes, struct pointee *pointee)
{
	struct search search = {.size_bytes = block->size_bytes};
	Dwarf_Word size;

	if (!block->size_bytes || offset >= block->size_bytes ||
	    !find_in_stack(symbolizer, process, block->stack, &search) ||
	    dwarf_aggregate_size(&search.type, &size) != 0)
		return false;
	*pointee = (struct pointee){.type = search.type, .offset = offset % size};
	enter_storage(&pointee->type, &pointee->offset);
	pointee->root = type_name(pool, &pointee->type);
	if (!pointee->root || dwarf_aggregate_size(&pointee->type, &size) != 0)
		return false;
	pointee->root_bytes = size;
	pointee->place = type_find_place(pool, &pointee->type, pointee->offset, size_bytes);
	return (pointee->place.field || pointee->place.in_container.words) &&
	       !strchr(pointee->place.path, '+');
}

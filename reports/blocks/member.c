#include "reports/blocks/member.h"

#include <dwarf.h>
#include <string.h>

#include "reports/blocks/peel.h"
#include "reports/symbols/elf_image.h"
#include "reports/symbols/scopes.h"

#define BASES_MAX 8 /* of classes above one another */

static bool has_name(Dwarf_Die *die, const char *name)
{
	const char *own = dwarf_diename(die);

	return own && strcmp(own, name) == 0;
}

/* Has the class, or one that it derives from, a member of that name? */
static bool has_member(Dwarf_Die *type, const char *name, int depth)
{
	Dwarf_Die child;
	Dwarf_Die base;

	if (depth > BASES_MAX || dwarf_child(type, &child) != 0)
		return false;
	do {
		if (dwarf_tag(&child) == DW_TAG_member && has_name(&child, name))
			return true;
		if (dwarf_tag(&child) != DW_TAG_inheritance || !type_of(&child, &base))
			continue;
		peel_type_of_class(&base, false);
		if (has_member(&base, name, depth + 1))
			return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* The variable or parameter @name of @scope itself. */
static bool find_variable(Dwarf_Die *scope, const char *name, Dwarf_Die *found)
{
	if (dwarf_child(scope, found) != 0)
		return false;
	do {
		int tag = dwarf_tag(found);

		if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) &&
		    has_name(found, name))
			return true;
	} while (dwarf_siblingof(found, found) == 0);
	return false;
}

/* The class whose method @scope is, if it has such a member; or NULL. */
static const char *find_class(struct pool *pool, Dwarf_Die *scope, const char *name)
{
	Dwarf_Die self;
	Dwarf_Die type;

	if (!find_variable(scope, "this", &self) || !type_of(&self, &type))
		return NULL;
	peel_type_of_class(&type, true);
	return peel_is_class(&type) && has_member(&type, name, 0) ? type_name(pool, &type) : NULL;
}

const char *member_class(struct symbolizer *symbolizer, struct pool *pool,
			 const struct source_frame *frame, const char *name)
{
	struct model_module module = {.path = frame->module_path, .build_id = frame->build_id};
	const char *found = NULL;
	Dwarf_Die variable;
	Dwarf_Die *scopes;
	Dwarf_Addr bias;
	int count;

	if (!frame->module_path || !frame->build_id)
		return NULL;
	count = scopes_at(symbolizer_image(symbolizer, &module), frame->offset, &scopes, &bias);
	for (int i = 0; i < count && !found && !find_variable(&scopes[i], name, &variable); i++)
		found = find_class(pool, &scopes[i], name);
	return found;
}

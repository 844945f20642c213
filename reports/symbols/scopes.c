#include "reports/symbols/scopes.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 128

/* A range of code of one function; [start, end). */
struct function_range {
	Dwarf_Addr start;
	Dwarf_Addr end;
	Dwarf_Die die;
};

struct unit_functions {
	struct unit_functions *next;
	const void *unit;	     /* libdw's, which does not move */
	struct function_range *rows; /* sorted by start */
	size_t count;
};

static void add_function(struct pool *pool, struct unit_functions *functions, Dwarf_Die *die)
{
	Dwarf_Addr base;
	Dwarf_Addr start;
	Dwarf_Addr end;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &start, &end)) > 0) {
		functions->rows = pool_grow(pool, functions->rows, functions->count,
					    sizeof(*functions->rows));
		functions->rows[functions->count++] = (struct function_range){start, end, *die};
	}
}

/* Functions stand in namespaces, in classes and in one another. */
static void collect_functions(struct pool *pool, struct unit_functions *functions,
			      Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > NESTING_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_subprogram)
			add_function(pool, functions, &die);
		if (dwarf_haschildren(&die))
			collect_functions(pool, functions, &die, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct function_range *a = left;
	const struct function_range *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static const struct unit_functions *functions_of(struct elf_image *image, const Dwarf_Die *unit)
{
	struct unit_functions *functions = image->functions;
	Dwarf_Die copy = *unit;

	while (functions && functions->unit != unit->addr)
		functions = functions->next;
	if (functions)
		return functions;
	functions = pool_alloc(image->pool, sizeof(*functions));
	functions->unit = unit->addr;
	functions->next = image->functions;
	image->functions = functions;
	collect_functions(image->pool, functions, &copy, 0);
	if (functions->count)
		qsort(functions->rows, functions->count, sizeof(*functions->rows), compare_ranges);
	return functions;
}

static const struct function_range *find_function(const struct unit_functions *functions,
						  Dwarf_Addr address)
{
	size_t low = 0;
	size_t high = functions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (functions->rows[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= functions->rows[low - 1].end)
		return NULL;
	return &functions->rows[low - 1];
}

static bool is_nested_scope(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		return true;
	default:
		return false;
	}
}

/* The child of @parent that is a scope around the address. */
static bool find_inner(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *inner)
{
	if (dwarf_child(parent, inner) != 0)
		return false;
	do {
		if (is_nested_scope(inner) && dwarf_haspc(inner, address) == 1)
			return true;
	} while (dwarf_siblingof(inner, inner) == 0);
	return false;
}

int scopes_find(struct elf_image *image, const Dwarf_Die *unit, Dwarf_Addr address,
		Dwarf_Die **scopes)
{
	const struct function_range *function = find_function(functions_of(image, unit), address);
	Dwarf_Die *nested = NULL;
	Dwarf_Die inner;
	size_t count = 0;

	if (!function)
		return 0;
	inner = function->die;
	do {
		nested = pool_grow(image->pool, nested, count, sizeof(*nested));
		nested[count++] = inner;
	} while (count < NESTING_MAX && find_inner(&nested[count - 1], address, &inner));
	*scopes = pool_alloc(image->pool, count * sizeof(**scopes));
	for (size_t i = 0; i < count; i++)
		(*scopes)[i] = nested[count - 1 - i];
	return (int)count;
}

int scopes_at(struct elf_image *image, uint64_t address, Dwarf_Die **scopes, Dwarf_Addr *bias)
{
	Dwarf_Die unit;

	if (!elf_image_unit(image, address, &unit, bias))
		return 0;
	elf_image_enter_split_unit(&unit);
	return scopes_find(image, &unit, address - *bias, scopes);
}

/* The child of @parent that is at @offset, or has it below it. */
static bool find_child(Dwarf_Die *parent, Dwarf_Off offset, Dwarf_Die *child)
{
	Dwarf_Die next;

	if (dwarf_child(parent, child) != 0 || dwarf_dieoffset(child) > offset)
		return false;
	while (dwarf_siblingof(child, &next) == 0 && dwarf_dieoffset(&next) <= offset)
		*child = next;
	return true;
}

/* Its part of a qualified name; NULL: it has none that people write. */
static const char *scope_name(Dwarf_Die *scope)
{
	const char *name = dwarf_diename(scope);

	if (dwarf_tag(scope) == DW_TAG_namespace)
		return name ? name : "(anonymous namespace)";
	return name && !strchr("<{$", name[0]) ? name : NULL;
}

const char *scopes_prefix(struct pool *pool, const Dwarf_Die *die)
{
	Dwarf_Die wanted = *die;
	Dwarf_Off offset = dwarf_dieoffset(&wanted);
	const char *prefix = "";
	Dwarf_Die parent;
	Dwarf_Die child;

	if (!dwarf_diecu(&wanted, &parent, NULL, NULL))
		return "";
	while (find_child(&parent, offset, &child) && dwarf_dieoffset(&child) != offset) {
		parent = child;
		if (dwarf_tag(&parent) == DW_TAG_lexical_block)
			continue;
		if (!scope_name(&parent))
			return "";
		prefix = pool_format(pool, "%s%s::", prefix, scope_name(&parent));
	}
	return prefix;
}

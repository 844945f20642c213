#include "reports/variables.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32	       /* of nested scopes */
#define DIE_COUNT_MAX 4000000u /* then the program is too large to look through */

struct variable {
	uint64_t start;
	uint64_t size_bytes;
	Dwarf_Die die;
	const char *scope; /* "bank::open": its namespaces and function, or NULL */
};

struct variable_index {
	struct pool *pool;
	struct variable *rows; /* sorted by start */
	size_t count;
	size_t die_count; /* looked at so far */
};

static bool static_address(Dwarf_Die *die, uint64_t *address)
{
	Dwarf_Attribute attribute;
	Dwarf_Attribute result;
	Dwarf_Op *operations;
	size_t count;

	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &operations, &count) != 0 || count != 1)
		return false;
	if (operations[0].atom == DW_OP_addr) {
		*address = operations[0].number;
		return true;
	}
	return operations[0].atom == DW_OP_addrx &&
	       dwarf_getlocation_attr(&attribute, operations, &result) == 0 &&
	       dwarf_formaddr(&result, address) == 0;
}

static void add_variable(struct variable_index *index, Dwarf_Die *die, const char *scope)
{
	struct variable variable = {.die = *die, .scope = scope};
	Dwarf_Word size;
	Dwarf_Die type;

	if (!static_address(die, &variable.start) || !type_of(die, &type) ||
	    dwarf_aggregate_size(&type, &size) != 0)
		return;
	variable.size_bytes = size;
	index->rows = pool_grow(index->pool, index->rows, index->count, sizeof(variable));
	index->rows[index->count++] = variable;
}

/* @outer and the name of @die, joined. */
static const char *inner_scope(struct variable_index *index, const char *outer, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	if (!name)
		return outer;
	return outer ? pool_format(index->pool, "%s::%s", outer, name) : name;
}

/* Collects the static variables below @parent. */
static void walk_scope(struct variable_index *index, Dwarf_Die *parent, const char *scope,
		       int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (++index->die_count > DIE_COUNT_MAX)
			return;
		if (tag == DW_TAG_variable)
			add_variable(index, &die, scope);
		else if (tag == DW_TAG_namespace || tag == DW_TAG_lexical_block ||
			 tag == DW_TAG_subprogram)
			walk_scope(index, &die, inner_scope(index, scope, &die), depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static int compare_variables(const void *left, const void *right)
{
	const struct variable *a = left;
	const struct variable *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static struct variable_index *build_index(struct pool *pool, struct elf_image *image)
{
	struct variable_index *index = pool_alloc(pool, sizeof(*index));
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	index->pool = pool;
	if (elf_image_dwarf(image)) {
		while ((unit = dwfl_module_nextcu(image->module, unit, &bias))) {
			Dwarf_Die content = *unit;

			elf_image_enter_split_unit(&content);
			walk_scope(index, &content, NULL, 0);
		}
	}
	if (index->count)
		qsort(index->rows, index->count, sizeof(*index->rows), compare_variables);
	return index;
}

static const struct variable *find_variable(struct pool *pool, struct elf_image *image,
					    uint64_t address)
{
	const struct variable_index *index;
	size_t low = 0;
	size_t high;

	if (!image->variables)
		image->variables = build_index(pool, image);
	index = image->variables;
	high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->rows[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address - index->rows[low - 1].start >= index->rows[low - 1].size_bytes)
		return NULL;
	return &index->rows[low - 1];
}

/* Not dwarf_decl_file(): it asserts what split units do not keep. */
static const char *variable_file(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *file = NULL;
	const char *slash;
	Dwarf_Word number;
	Dwarf_Files *files;
	Dwarf_Die unit;

	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return NULL;
	if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_file, &attribute), &number) == 0 &&
	    dwarf_getsrcfiles(&unit, &files, NULL) == 0)
		file = dwarf_filesrc(files, number, NULL, NULL);
	if (!file)
		file = dwarf_diename(&unit);
	slash = file ? strrchr(file, '/') : NULL;
	return slash ? slash + 1 : file;
}

static unsigned variable_line(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line;

	if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_line, &attribute), &line) != 0)
		return 0;
	return (unsigned)line;
}

/* "bank::accounts", or NULL: what the variable is called, with its scopes. */
static const char *whole_name(struct pool *pool, const struct variable *variable)
{
	Dwarf_Die die = variable->die;
	Dwarf_Attribute attribute;
	const char *name =
		dwarf_formstring(dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute));

	name = name ? demangle_name(pool, name) : dwarf_diename(&die);
	if (name && variable->scope && !strstr(name, "::"))
		name = pool_format(pool, "%s::%s", variable->scope, name);
	return name;
}

bool variable_find(struct pool *pool, struct elf_image *image, uint64_t address,
		   uint64_t size_bytes, struct variable_place *place)
{
	const struct variable *variable = find_variable(pool, image, address);
	const char *name;
	Dwarf_Die type;
	Dwarf_Die die;

	name = variable ? whole_name(pool, variable) : NULL;
	if (!name)
		return false;
	die = variable->die;
	*place = (struct variable_place){
		.file = variable_file(&die),
		.line = variable_line(&die),
		.offset = address - variable->start,
		.part = {.path = "", .stable_path = ""},
	};
	if (size_bytes > variable->size_bytes - place->offset)
		size_bytes = variable->size_bytes - place->offset;
	if (type_of(&die, &type))
		place->part = type_find_place(pool, &type, place->offset, size_bytes);
	place->name = pool_format(pool, "%s%s", name, place->part.path);
	place->stable_name = pool_format(pool, "%s%s", name, place->part.stable_path);
	return true;
}

bool variable_type(struct pool *pool, struct elf_image *image, uint64_t address,
		   uint64_t size_bytes, Dwarf_Die *type)
{
	const struct variable *variable = find_variable(pool, image, address);
	Dwarf_Die whole;
	Dwarf_Die die;

	if (!variable)
		return false;
	die = variable->die;
	return type_of(&die, &whole) &&
	       type_find_part(pool, &whole, address - variable->start, size_bytes, type);
}

const char *variable_name(struct pool *pool, struct elf_image *image, uint64_t address)
{
	struct variable_place place;

	if (!variable_find(pool, image, address, 0, &place))
		return NULL;
	return place.file ? pool_format(pool, "%s:%s", place.file, place.name) : place.name;
}

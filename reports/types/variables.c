#include "reports/types/variables.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32	       /* of nested scopes */
#define DIE_COUNT_MAX 4000000u /* the rest of a larger program is not indexed */

/* A variable, or a piece of one: optimisers may split a structure. */
struct variable {
	uint64_t start;
	uint64_t size_bytes;
	uint64_t inside; /* offset of the piece in the variable */
	Dwarf_Die die;
	const char *scope; /* "bank::open": its namespaces and function, or NULL */
};

/* The declaration of a variable that another file defines. */
struct declaration {
	const char *symbol;
	Dwarf_Die die;
};

struct variable_index {
	struct pool *pool;
	struct variable *rows; /* sorted by start */
	size_t count;
	struct declaration *declarations;
	size_t declaration_count;
	size_t die_count; /* read so far */
};

static bool operation_address(Dwarf_Attribute *attribute, const Dwarf_Op *operation,
			      uint64_t *address)
{
	Dwarf_Attribute result;

	if (operation->atom == DW_OP_addr) {
		*address = operation->number;
		return true;
	}
	return operation->atom == DW_OP_addrx &&
	       dwarf_getlocation_attr(attribute, operation, &result) == 0 &&
	       dwarf_formaddr(&result, address) == 0;
}

static const char *symbol_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));

	return name ? name : dwarf_diename(die);
}

static void add_declaration(struct variable_index *index, Dwarf_Die *die)
{
	struct declaration declaration = {symbol_of(die), *die};

	if (!declaration.symbol)
		return;
	index->declarations = pool_grow(index->pool, index->declarations,
					index->declaration_count, sizeof(declaration));
	index->declarations[index->declaration_count++] = declaration;
}

static void add_row(struct variable_index *index, struct variable row)
{
	index->rows = pool_grow(index->pool, index->rows, index->count, sizeof(row));
	index->rows[index->count++] = row;
}

static void add_pieces(struct variable_index *index, struct variable row,
		       Dwarf_Attribute *attribute, const Dwarf_Op *operations, size_t count)
{
	bool has_address = false;

	for (size_t i = 0; i < count; i++) {
		if (operations[i].atom != DW_OP_piece) {
			has_address = operation_address(attribute, &operations[i], &row.start);
			continue;
		}
		row.size_bytes = operations[i].number;
		if (has_address && row.size_bytes)
			add_row(index, row);
		row.inside += row.size_bytes;
		has_address = false;
	}
}

static void add_variable(struct variable_index *index, Dwarf_Die *die, const char *scope)
{
	struct variable row = {.die = *die, .scope = scope};
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	Dwarf_Word size;
	Dwarf_Die type;
	size_t count;

	if (dwarf_hasattr(die, DW_AT_declaration) && dwarf_hasattr(die, DW_AT_external))
		add_declaration(index, die);
	if (!dwarf_attr(die, DW_AT_location, &attribute) || !type_of(die, &type) ||
	    dwarf_getlocation(&attribute, &operations, &count) != 0 || !count)
		return;
	if (operations[count - 1].atom == DW_OP_piece) {
		add_pieces(index, row, &attribute, operations, count);
	} else if (count == 1 && operation_address(&attribute, &operations[0], &row.start) &&
		   dwarf_aggregate_size(&type, &size) == 0) {
		row.size_bytes = size;
		add_row(index, row);
	}
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

static const struct variable_index *index_of(struct pool *pool, struct elf_image *image)
{
	if (!image->variables)
		image->variables = build_index(pool, image);
	return image->variables;
}

static const struct variable *find_variable(struct pool *pool, struct elf_image *image,
					    uint64_t address)
{
	const struct variable_index *index = index_of(pool, image);
	size_t low = 0;
	size_t high;

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

/* Not by dwarf_decl_file(), which has an assertion that split units violate. */
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

/* Namespaces and classes around the declaration that @die completes, or NULL. */
static const char *declared_scope(struct pool *pool, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die declaration;
	Dwarf_Die *scopes;
	const char *scope = NULL;
	int count;

	if (!dwarf_formref_die(dwarf_attr(die, DW_AT_specification, &attribute), &declaration))
		return NULL;
	count = dwarf_getscopes_die(&declaration, &scopes);
	for (int i = 1; i < count; i++) {
		int tag = dwarf_tag(&scopes[i]);
		const char *name = dwarf_diename(&scopes[i]);

		if (tag != DW_TAG_namespace && tag != DW_TAG_structure_type &&
		    tag != DW_TAG_class_type)
			continue;
		name = name ? name : "(anonymous namespace)";
		scope = scope ? pool_format(pool, "%s::%s", name, scope) : name;
	}
	if (count > 0)
		free(scopes);
	return scope;
}

/* "bank::accounts": the name with its scopes, or NULL. */
static const char *whole_name(struct pool *pool, const struct variable *variable)
{
	Dwarf_Die die = variable->die;
	Dwarf_Attribute attribute;
	const char *name =
		dwarf_formstring(dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute));
	const char *scope = variable->scope;

	if (!name && !scope)
		scope = declared_scope(pool, &die);
	name = name ? demangle_name(pool, name) : dwarf_diename(&die);
	if (name && scope && !strstr(name, "::"))
		name = pool_format(pool, "%s::%s", scope, name);
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
		.offset = address - variable->start + variable->inside,
		.part = {.path = "", .stable_path = ""},
	};
	if (size_bytes > variable->size_bytes - (address - variable->start))
		size_bytes = variable->size_bytes - (address - variable->start);
	if (type_of(&die, &type))
		place->part = type_find_place(pool, &type, place->offset, size_bytes);
	place->name = pool_format(pool, "%s%s", name, place->part.path);
	place->stable_name = pool_format(pool, "%s%s", name, place->part.stable_path);
	return true;
}

void variable_find_declared(struct pool *pool, struct elf_image *image, const char *symbol,
			    uint64_t size_bytes, struct variable_place *place)
{
	const struct variable_index *index = index_of(pool, image);

	for (size_t i = 0; i < index->declaration_count; i++) {
		Dwarf_Die die = index->declarations[i].die;
		Dwarf_Word size;
		Dwarf_Die type;

		if (strcmp(index->declarations[i].symbol, symbol) != 0 || !type_of(&die, &type) ||
		    dwarf_aggregate_size(&type, &size) != 0 || place->offset >= size)
			continue;
		if (size_bytes > size - place->offset)
			size_bytes = size - place->offset;
		place->part = type_find_place(pool, &type, place->offset, size_bytes);
		place->name = pool_format(pool, "%s%s", place->stable_name, place->part.path);
		place->stable_name =
			pool_format(pool, "%s%s", place->stable_name, place->part.stable_path);
		return;
	}
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
	       type_find_part(pool, &whole, address - variable->start + variable->inside,
			      size_bytes, type);
}

const char *variable_name(struct pool *pool, struct elf_image *image, uint64_t address)
{
	struct variable_place place;

	if (!variable_find(pool, image, address, 0, &place))
		return NULL;
	return place.file ? pool_format(pool, "%s:%s", place.file, place.name) : place.name;
}

#include "reports/variables.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32	 /* of nested scopes and of nested types */
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

/* Types that are synchronisation objects: a lock's name ends there. */
static const char *const lock_types[] = {
	"pthread_mutex_t", "pthread_rwlock_t",	"pthread_spinlock_t",
	"pthread_cond_t",  "pthread_barrier_t", "pthread_once_t",
	"sem_t",	   "mtx_t",		"cnd_t",
	"once_flag",	   "mutex",		"recursive_mutex",
	"timed_mutex",	   "shared_mutex",	"recursive_timed_mutex",
	"shared_timed_mutex", "condition_variable", "condition_variable_any",
};

static bool is_lock_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(lock_types); i++) {
		if (strcmp(name, lock_types[i]) == 0)
			return true;
	}
	return false;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type);
}

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

static const struct variable *find_variable(const struct variable_index *index, uint64_t address)
{
	size_t low = 0;
	size_t high = index->count;

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

/* Strips qualifiers and typedefs; true if it met the name of a lock's type. */
static bool peel_type(Dwarf_Die *type)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const char *name = dwarf_diename(type);
		int tag = dwarf_tag(type);

		if (name && is_lock_type(name))
			return true;
		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_atomic_type)
			return false;
		if (!type_of(type, type))
			return false;
	}
	return false;
}

static uint64_t member_offset(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute),
			    &value) != 0)
		return 0;
	return value;
}

/* The field or base class of @type that contains @offset. */
static bool find_member(Dwarf_Die *type, uint64_t offset, Dwarf_Die *found)
{
	bool is_found = false;
	Dwarf_Die member;

	if (dwarf_child(type, &member) != 0)
		return false;
	do {
		int tag = dwarf_tag(&member);
		Dwarf_Die member_type;
		Dwarf_Word size;

		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    dwarf_hasattr(&member, DW_AT_external) || !type_of(&member, &member_type) ||
		    dwarf_aggregate_size(&member_type, &size) != 0)
			continue;
		if (offset >= member_offset(&member) && offset - member_offset(&member) < size) {
			*found = member;
			is_found = true;
		}
	} while (!is_found && dwarf_siblingof(&member, &member) == 0);
	return is_found;
}

/* The number of elements below one index of the array's dimension @skip. */
static uint64_t elements_below(Dwarf_Die *array, int skip)
{
	uint64_t product = 1;
	Dwarf_Die range;

	if (dwarf_child(array, &range) != 0)
		return 1;
	do {
		Dwarf_Attribute attribute;
		Dwarf_Word value = 0;

		if (dwarf_tag(&range) != DW_TAG_subrange_type || skip-- >= 0)
			continue;
		if (dwarf_formudata(dwarf_attr(&range, DW_AT_count, &attribute), &value) != 0 &&
		    dwarf_formudata(dwarf_attr(&range, DW_AT_upper_bound, &attribute), &value) == 0)
			value++;
		product *= value ? value : 1;
	} while (dwarf_siblingof(&range, &range) == 0);
	return product;
}

static int dimension_count(Dwarf_Die *array)
{
	int count = 0;
	Dwarf_Die range;

	if (dwarf_child(array, &range) != 0)
		return 0;
	do
		count += dwarf_tag(&range) == DW_TAG_subrange_type;
	while (dwarf_siblingof(&range, &range) == 0);
	return count;
}

/* Appends "[3][1]" and goes on to the element.  False if that cannot be done: an
 * array of bytes is the memory of a lock, not a row of locks. */
static bool enter_array(struct pool *pool, Dwarf_Die *type, uint64_t *offset, const char **path)
{
	Dwarf_Word size;
	Dwarf_Die element;
	uint64_t number;
	int dimensions = dimension_count(type);

	if (!type_of(type, &element) || dwarf_aggregate_size(&element, &size) != 0 || size < 2)
		return false;
	number = *offset / size;
	*offset %= size;
	for (int i = 0; i < dimensions; i++) {
		uint64_t below = elements_below(type, i);

		*path = pool_format(pool, "%s[%llu]", *path, (unsigned long long)(number / below));
		number %= below;
	}
	*type = element;
	return true;
}

/* Appends ".field" and goes on to it. */
static bool enter_member(struct pool *pool, Dwarf_Die *type, uint64_t *offset, const char **path)
{
	Dwarf_Die member;
	const char *name;

	if (!find_member(type, *offset, &member))
		return false;
	name = dwarf_diename(&member);
	*offset -= member_offset(&member);
	/* Base classes and unnamed structures add no name. */
	if (name && dwarf_tag(&member) == DW_TAG_member)
		*path = pool_format(pool, "%s.%s", *path, name);
	return type_of(&member, type);
}

static const char *describe_inside(struct pool *pool, Dwarf_Die *die, uint64_t offset,
				   const char *path)
{
	const char *outer = path;
	Dwarf_Die type;

	if (!type_of(die, &type))
		return path;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		int tag;

		if (peel_type(&type))
			return path;
		tag = dwarf_tag(&type);
		if (tag == DW_TAG_array_type) {
			if (!enter_array(pool, &type, &offset, &path))
				break;
			outer = path;
		} else if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type) {
			/* A number or union: a lock of the program's own making. */
			return path;
		} else if (!enter_member(pool, &type, &offset, &path)) {
			break;
		}
	}
	return offset ? pool_format(pool, "%s+%llu", outer, (unsigned long long)offset) : outer;
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

const char *variable_name(struct pool *pool, struct elf_image *image, uint64_t address)
{
	const struct variable *variable;
	Dwarf_Attribute attribute;
	const char *name;
	const char *file;
	Dwarf_Die die;

	if (!image->variables)
		image->variables = build_index(pool, image);
	variable = find_variable(image->variables, address);
	if (!variable)
		return NULL;
	die = variable->die;
	name = dwarf_formstring(dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute));
	name = name ? demangle_name(pool, name) : dwarf_diename(&die);
	if (!name)
		return NULL;
	if (variable->scope && !strstr(name, "::"))
		name = pool_format(pool, "%s::%s", variable->scope, name);
	file = variable_file(&die);
	if (file)
		name = pool_format(pool, "%s:%s", file, name);
	return describe_inside(pool, &die, address - variable->start, name);
}

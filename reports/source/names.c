#include "reports/source/names.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "reports/types/types.h"

#define DEPTH_MAX 64	 /* of nested scopes */
#define TYPE_DEPTH_MAX 8 /* of pointers, typedefs and qualifiers */

struct known_name {
	const char *name; /* not terminated */
	size_t length;
	uint32_t flags;
	Dwarf_Off holder; /* of a member: its structure; else 0 */
	bool has_type; /* whose flags have not been added yet */
	Dwarf_Die type;
};

/* The names of a unit, sorted. */
struct unit_names {
	struct unit_names *next;
	const struct elf_image *image;
	Dwarf_Off unit;
	struct known_name *names;
	size_t count;
};

/* The symbols of a file, sorted. */
struct file_symbols {
	struct file_symbols *next;
	const struct elf_image *image;
	const char **symbols; /* with a version behind '@', which does not count */
	size_t count;
};

struct names {
	struct pool *pool;
	struct unit_names *units;
	struct file_symbols *files;
};

struct names *names_new(struct pool *pool)
{
	struct names *names = pool_alloc(pool, sizeof(*names));

	names->pool = pool;
	return names;
}

/* --- Listing a unit --------------------------------------------------------- */

static uint32_t flags_of_tag(int tag)
{
	switch (tag) {
	case DW_TAG_member:
		return NAME_DATA | NAME_MEMBER;
	case DW_TAG_variable:
	case DW_TAG_formal_parameter:
		return NAME_DATA;
	case DW_TAG_subprogram:
		return NAME_FUNCTION;
	case DW_TAG_typedef:
		return NAME_OTHER | NAME_TYPE;
	default:
		return NAME_OTHER;
	}
}

static void add_name(struct pool *pool, struct unit_names *unit, Dwarf_Die *parent, Dwarf_Die *die)
{
	struct known_name known = {.name = dwarf_diename(die)};
	const char *arguments;

	if (!known.name)
		return;
	/* The source has "vector", not "vector<int>". */
	arguments = strchr(known.name, '<');
	known.length = arguments && arguments != known.name && strncmp(known.name, "operator", 8)
			       ? (size_t)(arguments - known.name)
			       : strlen(known.name);
	known.flags = flags_of_tag(dwarf_tag(die));
	known.holder = known.flags & NAME_MEMBER ? dwarf_dieoffset(parent) : 0;
	known.has_type = known.flags & (NAME_DATA | NAME_FUNCTION | NAME_TYPE) &&
			 type_of(die, &known.type);
	unit->names = pool_grow(pool, unit->names, unit->count, sizeof(known));
	unit->names[unit->count++] = known;
}

static void add_names_below(struct pool *pool, struct unit_names *unit, Dwarf_Die *parent,
			    int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		Dwarf_Attribute attribute;
		Dwarf_Die imported;

		if (dwarf_tag(&die) == DW_TAG_imported_unit) {
			if (dwarf_formref_die(dwarf_attr(&die, DW_AT_import, &attribute),
					      &imported))
				add_names_below(pool, unit, &imported, depth + 1);
			continue;
		}
		add_name(pool, unit, parent, &die);
		add_names_below(pool, unit, &die, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static int compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_names(const void *a, const void *b)
{
	const struct known_name *left = a;
	const struct known_name *right = b;

	return compare_text(left->name, left->length, right->name, right->length);
}

/* A unit made by -flto has code only: the names stand in all others. */
static void add_all_units(struct pool *pool, struct unit_names *unit, struct elf_image *image)
{
	Dwarf *dwarf = elf_image_dwarf(image);
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;

	while (dwarf && dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0)
		add_names_below(pool, unit, &die, 0);
}

static struct unit_names *find_unit(struct names *names, struct elf_image *image, uint64_t address)
{
	struct unit_names *unit;
	Dwarf_Addr bias;
	Dwarf_Die die;
	const char *name;
	Dwarf_Off offset;

	if (!elf_image_unit(image, address, &die, &bias))
		return NULL;
	elf_image_enter_split_unit(&die);
	name = dwarf_diename(&die);
	offset = dwarf_dieoffset(&die);
	if (name && strcmp(name, "<artificial>") == 0)
		offset = 0;
	for (unit = names->units; unit; unit = unit->next) {
		if (unit->image == image && unit->unit == offset)
			return unit;
	}
	unit = pool_alloc(names->pool, sizeof(*unit));
	unit->image = image;
	unit->unit = offset;
	unit->next = names->units;
	names->units = unit;
	if (offset)
		add_names_below(names->pool, unit, &die, 0);
	else
		add_all_units(names->pool, unit, image);
	if (unit->count)
		qsort(unit->names, unit->count, sizeof(*unit->names), compare_names);
	return unit;
}

/* --- Symbols ------------------------------------------------------------------ */

static size_t symbol_length(const char *symbol)
{
	return strcspn(symbol, "@");
}

static int compare_symbols(const void *a, const void *b)
{
	const char *left = *(const char *const *)a;
	const char *right = *(const char *const *)b;

	return compare_text(left, symbol_length(left), right, symbol_length(right));
}

static struct file_symbols *find_symbols(struct names *names, struct elf_image *image)
{
	struct file_symbols *file;
	int count;

	for (file = names->files; file; file = file->next) {
		if (file->image == image)
			return file;
	}
	file = pool_alloc(names->pool, sizeof(*file));
	file->image = image;
	file->next = names->files;
	names->files = file;
	count = image->module ? dwfl_module_getsymtab(image->module) : 0;
	if (count <= 0)
		return file;
	file->symbols = pool_alloc(names->pool, (size_t)count * sizeof(*file->symbols));
	for (int i = 0; i < count; i++) {
		GElf_Sym symbol;
		const char *name = dwfl_module_getsym(image->module, i, &symbol, NULL);

		if (name && name[0])
			file->symbols[file->count++] = name;
	}
	qsort(file->symbols, file->count, sizeof(*file->symbols), compare_symbols);
	return file;
}

static bool is_symbol(struct names *names, struct elf_image *image, const char *name, size_t length)
{
	const struct file_symbols *file = find_symbols(names, image);
	size_t low = 0;
	size_t high = file->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *symbol = file->symbols[middle];
		int order = compare_text(symbol, symbol_length(symbol), name, length);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* --- Types -------------------------------------------------------------------- */

/* A type with a name such as "atomic_t" is taken for an atomic one. */
static bool is_named_atomic(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return name && strstr(name, "atomic") && strncmp(name, "sig_atomic_t", 12) != 0 &&
	       strncmp(name, "__sig_atomic_t", 14) != 0 && !strchr(name, '<');
}

/* The flags of @type and of the types that its pointers, references and arrays lead to. */
static uint32_t flags_of_type(Dwarf_Die type)
{
	uint32_t flags = 0;
	bool is_pointee = false;

	for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
		if (type_is_atomic(&type) || is_named_atomic(&type))
			flags |= NAME_ATOMIC;
		switch (dwarf_tag(&type)) {
		case DW_TAG_volatile_type:
			flags |= is_pointee ? NAME_VOLATILE : NAME_VOLATILE_ITSELF;
			break;
		case DW_TAG_reference_type:
		case DW_TAG_rvalue_reference_type:
			flags |= NAME_REFERENCE;
			is_pointee = true;
			break;
		case DW_TAG_pointer_type:
			is_pointee = true;
			break;
		case DW_TAG_atomic_type:
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_array_type:
		case DW_TAG_restrict_type:
			break;
		default:
			return flags;
		}
		if (!type_of(&type, &type))
			return flags;
	}
	return flags;
}

/* For a function: whether its result is volatile, and what a reference that it returns leads to. */
static uint32_t flags_of(struct known_name *known)
{
	uint32_t added = known->has_type ? flags_of_type(known->type) : 0;

	if (known->flags & NAME_FUNCTION && !(added & NAME_REFERENCE))
		added &= NAME_VOLATILE | NAME_VOLATILE_ITSELF;
	known->flags |= added;
	known->has_type = false;
	return known->flags;
}

/* The first of the entries for @name, and how many there are. */
static struct known_name *find_name(const struct unit_names *unit, const char *name, size_t length,
				    size_t *count)
{
	size_t low = 0;
	size_t high = unit ? unit->count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct known_name *known = &unit->names[middle];

		if (compare_text(known->name, known->length, name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; unit && low + *count < unit->count; ++*count) {
		const struct known_name *known = &unit->names[low + *count];

		if (compare_text(known->name, known->length, name, length) != 0)
			break;
	}
	return *count ? &unit->names[low] : NULL;
}

uint32_t names_look_up(struct names *names, struct elf_image *image, uint64_t address,
		       const char *name, size_t length)
{
	size_t count;
	struct known_name *known =
		find_name(find_unit(names, image, address), name, length, &count);
	uint32_t flags = 0;

	for (size_t i = 0; i < count; i++)
		flags |= flags_of(&known[i]);
	if (!flags && is_symbol(names, image, name, length))
		flags = NAME_FUNCTION;
	return flags;
}

bool names_are_siblings(struct names *names, struct elf_image *image, uint64_t address,
			const char *member, const char *name, size_t length)
{
	const struct unit_names *unit = find_unit(names, image, address);
	size_t count, other_count;
	const struct known_name *known = find_name(unit, member, strlen(member), &count);
	const struct known_name *other = find_name(unit, name, length, &other_count);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; known[i].holder && k < other_count; k++)
			if (known[i].holder == other[k].holder)
				return true;
	return false;
}

const char *names_producer(struct elf_image *image, uint64_t address)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr bias;
	Dwarf_Die die;

	if (!elf_image_unit(image, address, &die, &bias))
		return NULL;
	elf_image_enter_split_unit(&die);
	return dwarf_formstring(dwarf_attr(&die, DW_AT_producer, &attribute));
}

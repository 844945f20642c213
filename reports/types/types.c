#include "reports/types/types.h"

#include <dwarf.h>
#include <string.h>

#include "reports/types/members.h"


bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type);
}

bool type_peel(Dwarf_Die *type, struct type_place *place)
{
	for (int depth = 0; depth < TYPES_NESTED_MOST; depth++) {
		int tag = dwarf_tag(type);

		place->is_atomic |= type_is_atomic(type);
		place->is_volatile |= tag == DW_TAG_volatile_type;
		place->is_reference |= tag == DW_TAG_reference_type ||
				       tag == DW_TAG_rvalue_reference_type;
		if (type_is_lock(type))
			return place->is_lock = true;
		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_atomic_type)
			return false;
		if (!type_of(type, type))
			return false;
	}
	return false;
}

/* The number of elements in one row of the array's dimension @skip. */
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

/* A search on its way down. */
struct descent {
	struct pool *pool;
	struct type_place place;
	Dwarf_Die type;
	Dwarf_Die declared; /* the same with its typedefs and qualifiers */
	uint64_t start;	    /* the first 'offset' */
	uint64_t offset;
	const char *holder;  /* the last structure with a name, ... */
	uint64_t holder_at;  /* ... where it begins, ... */
	size_t holder_path;  /* ... and the path in it */
	const char *library; /* the class whose hidden members were entered last, or NULL */
	uint64_t size_bytes;
	bool is_stuck; /* no part fits: the bytes are at 'offset' of the last one */
};

/* Appends "[3][1]" and goes on to the element.  False if no element fits.  When a
 * lock is wanted, an array of bytes is the memory of one, and is not entered. */
static bool enter_array(struct descent *descent)
{
	struct type_place *place = &descent->place;
	int dimensions = dimension_count(&descent->type);
	Dwarf_Die element;
	Dwarf_Word size;
	uint64_t number;

	if (!type_of(&descent->type, &element) || dwarf_aggregate_size(&element, &size) != 0 ||
	    size < (descent->size_bytes ? 1 : 2))
		return false;
	number = descent->offset / size;
	if (descent->offset % size + descent->size_bytes > size)
		return false;
	descent->offset %= size;
	for (int i = 0; i < dimensions; i++) {
		uint64_t below = elements_below(&descent->type, i);

		place->path = pool_format(descent->pool, "%s[%llu]", place->path,
					  (unsigned long long)(number / below));
		place->stable_path = pool_format(descent->pool, "%s[]", place->stable_path);
		number %= below;
	}
	descent->type = element;
	descent->library = place->in_container.words = NULL;
	return true;
}

/* A name of the language's library, which means nothing to its users. */
static bool is_reserved(const char *name)
{
	return name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

/* "__1", a field of a tuple in Rust, becomes "1".  NULL for other names. */
static const char *tuple_field(const char *name)
{
	return strncmp(name, "__", 2) == 0 && name[2] &&
			       strspn(name + 2, "0123456789") == strlen(name + 2)
		       ? name + 2
		       : NULL;
}

static bool is_cell_of_rust(Dwarf_Die *type, const char *field)
{
	const char *name = dwarf_diename(type);

	return name && strncmp(name, "UnsafeCell<", 11) == 0 && strcmp(field, "value") == 0;
}

/* Reports name a field with the innermost structure or union that has a name. */
static void note_holder(struct descent *descent)
{
	const char *name = type_name(descent->pool, &descent->type);

	if (!name)
		name = type_name(descent->pool, &descent->declared);
	if (!name && descent->holder)
		return;
	descent->holder = name;
	descent->holder_at = descent->start - descent->offset;
	descent->holder_path = strlen(descent->place.path);
}

static bool has_part(struct pool *pool, const Dwarf_Die *type, uint64_t offset,
		     uint64_t size_bytes);

/* The only member of the union that is, or contains, a number or pointer of exactly
 * these bytes. */
static bool find_alternative(struct descent *descent, Dwarf_Die *found)
{
	size_t count = 0;
	Dwarf_Die member;
	Dwarf_Die type;

	if (!descent->size_bytes || dwarf_child(&descent->type, &member) != 0)
		return false;
	do {
		if (dwarf_tag(&member) != DW_TAG_member || member_is_bit_field(&member) ||
		    !type_of(&member, &type) ||
		    !has_part(descent->pool, &type, descent->offset, descent->size_bytes))
			continue;
		count++;
		*found = member;
	} while (dwarf_siblingof(&member, &member) == 0);
	return count == 1;
}

/* A hidden @member of a library class is told in words, and as a part of that class. */
static void note_hidden(struct descent *descent, const char *member)
{
	struct container_member known =
		container_member(descent->pool, descent->library, member);

	if (known.words)
		descent->place.in_container = known;
}

/* Appends ".field" and goes on to it. */
static bool enter_member(struct descent *descent)
{
	struct type_place *place = &descent->place;
	Dwarf_Die member;
	const char *name;

	if (dwarf_tag(&descent->type) == DW_TAG_union_type
		    ? !find_alternative(descent, &member)
		    : !member_find(&descent->type, descent->offset, descent->size_bytes, &member))
		return false;
	note_holder(descent);
	if (!descent->library)
		descent->library = dwarf_diename(&descent->type);
	name = dwarf_diename(&member);
	place->is_bit_field = member_is_bit_field(&member);
	if (name && place->is_bit_field && descent->size_bytes)
		name = member_bit_field_names(descent->pool, &descent->type, descent->offset,
				       descent->size_bytes);
	name = name && tuple_field(name) ? tuple_field(name) : name;
	/* Base classes, unnamed structures and the content of Rust's cells add no name. */
	if (name && is_cell_of_rust(&descent->type, name))
		name = NULL;
	if (name && dwarf_tag(&member) == DW_TAG_member &&
	    !(descent->size_bytes && is_reserved(name))) {
		place->path = pool_format(descent->pool, "%s.%s", place->path, name);
		place->stable_path = pool_format(descent->pool, "%s.%s", place->stable_path, name);
		place->holder = descent->holder;
		place->field = place->path + descent->holder_path + 1;
		place->field_offset = descent->start - descent->offset + member_offset(&member) -
				      descent->holder_at;
		descent->library = place->in_container.words = NULL;
	} else if (name && dwarf_tag(&member) == DW_TAG_member) {
		note_hidden(descent, name);
	}
	/* The bit field found need not be the first in its byte. */
	descent->offset -= place->is_bit_field ? descent->offset : member_offset(&member);
	return type_of(&member, &descent->type);
}

static const char *unnamed_type(int tag)
{
	if (tag == DW_TAG_union_type)
		return "union";
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ? "struct" : NULL;
}

static void note_number(struct type_place *place, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Word encoding, size;

	if (dwarf_formudata(dwarf_attr_integrate(type, DW_AT_encoding, &attribute), &encoding) ||
	    dwarf_aggregate_size(type, &size) != 0)
		return;
	place->encoding = (unsigned)encoding;
	place->number_bytes = size;
}

/* One step down; false at the end. */
static bool descend_step(struct descent *descent)
{
	const char *name = type_name(descent->pool, &descent->type);
	const char *peeled;
	int tag;

	/* Inside an atomic class its own name stays: its parts are the library's. */
	if (!descent->place.is_atomic && name)
		descent->place.type = name;
	descent->declared = descent->type;
	if (type_peel(&descent->type, &descent->place))
		return false;
	peeled = dwarf_diename(&descent->type);
	tag = dwarf_tag(&descent->type);
	if (!name && !descent->place.is_atomic)
		descent->place.type = peeled ? peeled : unnamed_type(tag);
	if (tag == DW_TAG_array_type) {
		descent->is_stuck = !enter_array(descent);
		return !descent->is_stuck;
	}
	/* A number has no parts. */
	if (tag == DW_TAG_base_type)
		note_number(&descent->place, &descent->type);
	if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type && tag != DW_TAG_union_type)
		return false;
	descent->is_stuck = !enter_member(descent);
	return !descent->is_stuck;
}

static struct descent descend_to(struct pool *pool, const Dwarf_Die *type, uint64_t offset,
				 uint64_t size_bytes)
{
	struct descent descent = {
		.pool = pool,
		.place = {.path = "", .stable_path = ""},
		.type = *type,
		.declared = *type,
		.start = offset,
		.offset = offset,
		.size_bytes = size_bytes,
	};
	int depth = 0;

	while (depth++ < TYPES_NESTED_MOST && descend_step(&descent))
		;
	return descent;
}

struct type_place type_find_place(struct pool *pool, const Dwarf_Die *type, uint64_t offset,
				  uint64_t size_bytes)
{
	struct descent descent = descend_to(pool, type, offset, size_bytes);

	if (descent.is_stuck && descent.offset)
		descent.place.path = pool_format(pool, "%s+%llu", descent.place.path,
						 (unsigned long long)descent.offset);
	return descent.place;
}

bool type_find_part(struct pool *pool, const Dwarf_Die *type, uint64_t offset, uint64_t size_bytes,
		    Dwarf_Die *part)
{
	struct descent descent = descend_to(pool, type, offset, size_bytes);
	Dwarf_Word size;

	*part = descent.declared;
	return !descent.is_stuck && !descent.offset && dwarf_aggregate_size(part, &size) == 0 &&
	       size == size_bytes;
}

static bool has_part(struct pool *pool, const Dwarf_Die *type, uint64_t offset,
		     uint64_t size_bytes)
{
	Dwarf_Die part;

	return type_find_part(pool, type, offset, size_bytes, &part) &&
	       dwarf_tag(&part) != DW_TAG_array_type;
}

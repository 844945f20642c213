#include "reports/types.h"

#include <dwarf.h>
#include <string.h>

#define DEPTH_MAX 32 /* of nested types */
#define BIT_FIELD_NAMES_MAX 4

/* Types that are synchronisation objects: a lock's name ends there. */
static const char *const lock_types[] = {
	"pthread_mutex_t",
	"pthread_rwlock_t",
	"pthread_spinlock_t",
	"pthread_cond_t",
	"pthread_barrier_t",
	"pthread_once_t",
	"sem_t",
	"mtx_t",
	"cnd_t",
	"once_flag",
	"mutex",
	"recursive_mutex",
	"timed_mutex",
	"shared_mutex",
	"recursive_timed_mutex",
	"shared_timed_mutex",
	"condition_variable",
	"condition_variable_any",
};

/* How C++ libraries begin the names of atomic classes and of their bases. */
static const char *const atomic_classes[] = {
	"atomic<",
	"__atomic_base<",
	"__atomic_float<",
	"__atomic_ref<",
	"atomic_ref<",
	"atomic_flag",
	"__atomic_flag_base",
	"__cxx_atomic_base_impl<",
	"__cxx_atomic_impl<",
	"base_atomic<",
	"QAtomicInteger<",
	"QBasicAtomicInteger<",
	"QAtomicPointer<",
	"QBasicAtomicPointer<",
	"QAtomicInt",
};

static const char *const rust_atomics[] = {
	"Bool", "I8",  "I16", "I32", "I64",  "I128",  "Isize",
	"U8",	"U16", "U32", "U64", "U128", "Usize",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool begins_as_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type);
}

static int language_of(const Dwarf_Die *die)
{
	Dwarf_Die copy = *die;
	Dwarf_Die unit;

	return dwarf_diecu(&copy, &unit, NULL, NULL) ? dwarf_srclang(&unit) : -1;
}

/* A user's "AtomicU32" in C may be a number like any other. */
static bool is_rust_atomic(const Dwarf_Die *type, const char *name)
{
	if (strncmp(name, "Atomic", 6) != 0 || language_of(type) != DW_LANG_Rust)
		return false;
	return name[6] == '<' || strncmp(name + 6, "Ptr<", 4) == 0 ||
	       is_one_of(name + 6, rust_atomics, ARRAY_LENGTH(rust_atomics));
}

bool type_is_atomic(const Dwarf_Die *type)
{
	Dwarf_Die copy = *type;
	const char *name = dwarf_diename(&copy);
	int tag = dwarf_tag(&copy);

	if (tag == DW_TAG_atomic_type)
		return true;
	if (!name || (tag != DW_TAG_structure_type && tag != DW_TAG_class_type))
		return false;
	return begins_as_one_of(name, atomic_classes, ARRAY_LENGTH(atomic_classes)) ||
	       is_rust_atomic(type, name);
}

static bool is_c(const Dwarf_Die *die)
{
	switch (language_of(die)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
		return true;
	default:
		return false;
	}
}

/* The word before a name of this @tag in C, and what stands behind it. */
static const char *tag_word(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct ";
	case DW_TAG_union_type:
		return "union ";
	case DW_TAG_enumeration_type:
		return "enum ";
	case DW_TAG_const_type:
		return "const ";
	case DW_TAG_volatile_type:
		return "volatile ";
	case DW_TAG_atomic_type:
		return "_Atomic ";
	default:
		return "";
	}
}

static const char *name_target(struct pool *pool, Dwarf_Die *type, int depth)
{
	int tag = dwarf_tag(type);
	const char *name = dwarf_diename(type);
	const char *inner;
	Dwarf_Die target;

	if (name)
		return pool_format(pool, "%s%s", is_c(type) ? tag_word(tag) : "", name);
	if (depth > DEPTH_MAX || tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	    tag == DW_TAG_class_type || tag == DW_TAG_enumeration_type ||
	    tag == DW_TAG_subroutine_type)
		return NULL;
	inner = type_of(type, &target) ? name_target(pool, &target, depth + 1) : "void";
	if (!inner)
		return NULL;
	if (tag == DW_TAG_pointer_type)
		return pool_format(pool, "%s%s*", inner,
				   inner[strlen(inner) - 1] == '*' ? "" : " ");
	if (tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type)
		return pool_format(pool, "%s &", inner);
	if (tag == DW_TAG_array_type)
		return pool_format(pool, "%s[]", inner);
	return pool_format(pool, "%s%s", tag_word(tag), inner);
}

const char *type_name(struct pool *pool, const Dwarf_Die *type)
{
	Dwarf_Die copy = *type;

	return name_target(pool, &copy, 0);
}

/* Strips qualifiers and typedefs; true if it met the name of a lock's type. */
static bool peel_type(Dwarf_Die *type, bool *is_atomic)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const char *name = dwarf_diename(type);
		int tag = dwarf_tag(type);

		*is_atomic |= type_is_atomic(type);
		if (name && is_one_of(name, lock_types, ARRAY_LENGTH(lock_types)))
			return true;
		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_atomic_type)
			return false;
		if (!type_of(type, type))
			return false;
	}
	return false;
}

static bool is_bit_field(Dwarf_Die *member)
{
	return dwarf_hasattr_integrate(member, DW_AT_bit_size);
}

static uint64_t member_offset(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_bit_offset, &attribute),
			    &value) == 0)
		return value / 8;
	if (dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute),
			    &value) != 0)
		return 0;
	return value;
}

/* Bytes that @member takes: a bit field those that its bits are in. */
static bool member_size(Dwarf_Die *member, uint64_t *size_bytes)
{
	Dwarf_Attribute attribute;
	Dwarf_Word first = 0;
	Dwarf_Word bits;
	Dwarf_Die type;

	if (is_bit_field(member) &&
	    dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_bit_offset, &attribute),
			    &first) == 0 &&
	    dwarf_formudata(dwarf_attr_integrate(member, DW_AT_bit_size, &attribute), &bits) == 0) {
		*size_bytes = (first % 8 + bits + 7) / 8;
		return true;
	}
	return type_of(member, &type) && dwarf_aggregate_size(&type, size_bytes) == 0;
}

/* True if @member is a field or base class of which bytes are in the range. */
static bool is_touched(Dwarf_Die *member, uint64_t offset, uint64_t size_bytes)
{
	int tag = dwarf_tag(member);
	uint64_t start = member_offset(member);
	uint64_t size;

	if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
	    dwarf_hasattr(member, DW_AT_external) || !member_size(member, &size))
		return false;
	return start < offset + (size_bytes ? size_bytes : 1) && offset < start + size;
}

/* The only field or base class of @type that has bytes of the range; of bit
 * fields the first. */
static bool find_member(Dwarf_Die *type, uint64_t offset, uint64_t size_bytes, Dwarf_Die *found)
{
	size_t count = 0;
	Dwarf_Die member;

	if (dwarf_child(type, &member) != 0)
		return false;
	do {
		if (!is_touched(&member, offset, size_bytes) ||
		    (count && is_bit_field(found) && is_bit_field(&member)))
			continue;
		if (!count++)
			*found = member;
	} while (dwarf_siblingof(&member, &member) == 0);
	/* Locks are asked for by their first byte: an empty base may be there too. */
	return size_bytes ? count == 1 : count > 0;
}

/* "{ready, busy}": the bit fields that one access cannot tell apart. */
static const char *bit_field_names(struct pool *pool, Dwarf_Die *type, uint64_t offset,
				   uint64_t size_bytes)
{
	const char *names = "";
	size_t count = 0;
	Dwarf_Die member;

	if (dwarf_child(type, &member) != 0)
		return names;
	do {
		const char *name = dwarf_diename(&member);

		if (!name || !is_touched(&member, offset, size_bytes))
			continue;
		if (count++ < BIT_FIELD_NAMES_MAX)
			names = pool_format(pool, "%s%s%s", names, count > 1 ? ", " : "", name);
	} while (dwarf_siblingof(&member, &member) == 0);
	if (count > BIT_FIELD_NAMES_MAX)
		names = pool_format(pool, "%s, ...", names);
	return count == 1 ? names : pool_format(pool, "{%s}", names);
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

/* A search on its way down. */
struct descent {
	struct pool *pool;
	struct type_place place;
	Dwarf_Die type;
	Dwarf_Die declared; /* the same with its typedefs and qualifiers */
	uint64_t offset;
	uint64_t size_bytes;
	bool is_stuck; /* 'offset' bytes lie between the path and what was asked for */
};

/* Appends "[3][1]" and goes on to the element.  False if that cannot be done: for
 * locks, an array of bytes is the memory of one, not a row of them. */
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
	return true;
}

/* What the writers of a language's library call things is not for its users. */
static bool is_reserved(const char *name)
{
	return name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

/* Appends ".field" and goes on to it. */
static bool enter_member(struct descent *descent)
{
	struct type_place *place = &descent->place;
	Dwarf_Die member;
	const char *name;

	if (!find_member(&descent->type, descent->offset, descent->size_bytes, &member))
		return false;
	name = dwarf_diename(&member);
	if (name && is_bit_field(&member) && descent->size_bytes)
		name = bit_field_names(descent->pool, &descent->type, descent->offset,
				       descent->size_bytes);
	/* Base classes and unnamed structures add no name. */
	if (name && dwarf_tag(&member) == DW_TAG_member &&
	    !(descent->size_bytes && is_reserved(name))) {
		place->path = pool_format(descent->pool, "%s.%s", place->path, name);
		place->stable_path = pool_format(descent->pool, "%s.%s", place->stable_path, name);
		place->holder = type_name(descent->pool, &descent->type);
		place->field = name;
		place->field_offset = member_offset(&member);
	}
	/* Of bit fields that share a byte, the one found may not be the first. */
	descent->offset -= is_bit_field(&member) ? descent->offset : member_offset(&member);
	return type_of(&member, &descent->type);
}

/* One step down; false at the end of the way. */
static bool descend(struct descent *descent)
{
	const char *name = type_name(descent->pool, &descent->type);
	const char *peeled;
	int tag;

	/* In a class of the library the user's word for the whole stays. */
	if (!descent->place.is_atomic && name)
		descent->place.type = name;
	descent->declared = descent->type;
	if (peel_type(&descent->type, &descent->place.is_atomic))
		return false;
	peeled = dwarf_diename(&descent->type);
	if (peeled && !name)
		descent->place.type = peeled;
	tag = dwarf_tag(&descent->type);
	if (tag == DW_TAG_array_type) {
		descent->is_stuck = !enter_array(descent);
		return !descent->is_stuck;
	}
	/* Of numbers and unions there are no parts. */
	if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type)
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
		.offset = offset,
		.size_bytes = size_bytes,
	};
	int depth = 0;

	while (depth++ < DEPTH_MAX && descend(&descent))
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

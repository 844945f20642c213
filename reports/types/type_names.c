/* Names of types, and which of them are locks or atomics. */
#include <dwarf.h>
#include <string.h>

#include "reports/types/types.h"

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

/* Prefixes of the names of atomic classes and their bases in C++. */
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

/* Typedefs in library classes: the user's own name is the type behind them. */
static const char *const inner_typedefs[] = {
	"value_type", "element_type", "mapped_type", "key_type", "reference", "pointer", "type",
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

bool type_is_lock(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return name && is_one_of(name, lock_types, ARRAY_LENGTH(lock_types));
}

static int language_of(const Dwarf_Die *die)
{
	Dwarf_Die copy = *die;
	Dwarf_Die unit;

	return dwarf_diecu(&copy, &unit, NULL, NULL) ? dwarf_srclang(&unit) : -1;
}

/* Only in Rust: a type "AtomicU32" of a C program may be a plain number. */
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

/* The word in front of a type with this @tag, in C. */
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

	if (name && (tag != DW_TAG_typedef || is_c(type) ||
		     !is_one_of(name, inner_typedefs, ARRAY_LENGTH(inner_typedefs))))
		return pool_format(pool, "%s%s", is_c(type) ? tag_word(tag) : "", name);
	if (depth > TYPES_NESTED_MOST || tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
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

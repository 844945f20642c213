#include "reports/types/members.h"

#include <dwarf.h>

#define OPEN_BYTES (1ull << 40) /* of a flexible array member */
#define BIT_FIELD_NAMES_MAX 4

bool member_is_bit_field(Dwarf_Die *member)
{
	return dwarf_hasattr_integrate(member, DW_AT_bit_size);
}

/* The first bit of a bit field, as DWARF 4 and 5 have it, or as 2 and 3. */
static bool first_bit(Dwarf_Die *member, uint64_t *first)
{
	Dwarf_Attribute attribute;
	Dwarf_Word offset, bits, size;
	Dwarf_Word location = 0;

	if (dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_bit_offset, &attribute),
			    first) == 0)
		return true;
	if (dwarf_formudata(dwarf_attr_integrate(member, DW_AT_bit_offset, &attribute), &offset) ||
	    dwarf_formudata(dwarf_attr_integrate(member, DW_AT_bit_size, &attribute), &bits) ||
	    dwarf_formudata(dwarf_attr_integrate(member, DW_AT_byte_size, &attribute), &size))
		return false;
	dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute),
			&location);
	*first = 8 * (location + size) - offset - bits;
	return true;
}

uint64_t member_offset(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (member_is_bit_field(member) && first_bit(member, &value))
		return value / 8;
	if (dwarf_formudata(dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute),
			    &value) != 0)
		return 0;
	return value;
}

/* "int tail[]" */
static bool is_open_array(Dwarf_Die *type)
{
	Dwarf_Die range;

	return dwarf_tag(type) == DW_TAG_array_type && dwarf_child(type, &range) == 0 &&
	       dwarf_tag(&range) == DW_TAG_subrange_type &&
	       !dwarf_hasattr(&range, DW_AT_upper_bound) && !dwarf_hasattr(&range, DW_AT_count);
}

/* The bytes of @member; of a bit field, those that contain its bits. */
static bool member_size(Dwarf_Die *member, uint64_t *size_bytes)
{
	Dwarf_Attribute attribute;
	Dwarf_Word first = 0;
	Dwarf_Word bits;
	Dwarf_Die type;

	if (member_is_bit_field(member) && first_bit(member, &first) &&
	    dwarf_formudata(dwarf_attr_integrate(member, DW_AT_bit_size, &attribute), &bits) == 0) {
		*size_bytes = (first % 8 + bits + 7) / 8;
		return true;
	}
	if (!type_of(member, &type))
		return false;
	if (is_open_array(&type)) {
		*size_bytes = OPEN_BYTES;
		return true;
	}
	return dwarf_aggregate_size(&type, size_bytes) == 0;
}

bool type_is_open(const Dwarf_Die *type)
{
	Dwarf_Die whole = *type;
	struct type_place ignored = {0};
	bool is_open = false;
	Dwarf_Die member;

	if (type_peel(&whole, &ignored) || dwarf_child(&whole, &member) != 0)
		return false;
	do {
		Dwarf_Die inner;

		if (dwarf_tag(&member) == DW_TAG_member)
			is_open = type_of(&member, &inner) && is_open_array(&inner);
	} while (dwarf_siblingof(&member, &member) == 0);
	return is_open;
}

/* A class without data, as allocators are: as a base class it takes no bytes. */
static bool is_empty(const Dwarf_Die *type, int depth)
{
	Dwarf_Die whole = *type;
	Dwarf_Die member;
	Dwarf_Die inner;
	struct type_place ignored = {0};
	int tag;

	if (depth > TYPES_NESTED_MOST || type_peel(&whole, &ignored))
		return false;
	tag = dwarf_tag(&whole);
	if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type)
		return false;
	if (dwarf_child(&whole, &member) != 0)
		return true;
	do {
		tag = dwarf_tag(&member);
		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    dwarf_hasattr(&member, DW_AT_external))
			continue;
		if (tag == DW_TAG_member || !type_of(&member, &inner) ||
		    !is_empty(&inner, depth + 1))
			return false;
	} while (dwarf_siblingof(&member, &member) == 0);
	return true;
}

/* True if @member is a field or base class with bytes in the range. */
static bool is_touched(Dwarf_Die *member, uint64_t offset, uint64_t size_bytes)
{
	int tag = dwarf_tag(member);
	uint64_t start = member_offset(member);
	uint64_t size;
	Dwarf_Die type;

	if (tag == DW_TAG_inheritance && type_of(member, &type) && is_empty(&type, 0))
		return false;
	if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
	    dwarf_hasattr(member, DW_AT_external) || !member_size(member, &size))
		return false;
	return start < offset + (size_bytes ? size_bytes : 1) && offset < start + size;
}

bool member_find(Dwarf_Die *type, uint64_t offset, uint64_t size_bytes, Dwarf_Die *found)
{
	size_t count = 0;
	Dwarf_Die member;

	if (dwarf_child(type, &member) != 0)
		return false;
	do {
		if (!is_touched(&member, offset, size_bytes) ||
		    (count && member_is_bit_field(found) && member_is_bit_field(&member)))
			continue;
		if (!count++)
			*found = member;
	} while (dwarf_siblingof(&member, &member) == 0);
	/* A lock is looked up by its first byte, where an empty base may be too. */
	return size_bytes ? count == 1 : count > 0;
}

const char *member_bit_field_names(struct pool *pool, Dwarf_Die *type, uint64_t offset,
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

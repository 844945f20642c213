/* Types without what stands around them. */
#ifndef REPORTS_BLOCKS_PEEL_H
#define REPORTS_BLOCKS_PEEL_H

#include <dwarf.h>

#include "reports/types/types.h"

#define PEEL_DEPTH_MAX 16

/* Strips typedefs and qualifiers, and (@with_pointers) pointers and references. */
static inline void peel_type_of_class(Dwarf_Die *type, bool with_pointers)
{
	for (int depth = 0; depth < PEEL_DEPTH_MAX; depth++) {
		int tag = dwarf_tag(type);
		bool is_pointer = tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
				  tag == DW_TAG_rvalue_reference_type;

		if ((is_pointer ? !with_pointers
				: tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
					  tag != DW_TAG_volatile_type) ||
		    !type_of(type, type))
			return;
	}
}

static inline bool peel_is_class(Dwarf_Die *type)
{
	int tag = dwarf_tag(type);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
}

#endif

/*
 * The form of one access, decoded again from the file from its function's start on.
 */
#ifndef REPORTS_TYPES_FORM_H
#define REPORTS_TYPES_FORM_H

#include "reports/symbols/elf_image.h"
#include "x86/decode/access_shape.h"

struct access_form {
	enum access_shape shape;
	uint32_t size_bytes; /* of the whole access */
};

/*
 * Of the instruction at @address, or SHAPE_NONE if that is inside of a call: then the
 * function that is called makes the access.  False if it cannot be had.
 */
bool form_find(struct pool *pool, struct elf_image *image, uint64_t address,
	       struct access_form *form);

#endif

/* The form of an access: its instruction, decoded from the file. */
#ifndef REPORTS_TYPES_FORM_H
#define REPORTS_TYPES_FORM_H

#include "reports/symbols/elf_image.h"
#include "x86/decode/access_shape.h"

struct access_form {
	enum access_shape shape;
	uint32_t size_bytes; /* of the whole access */
};

/* The form of the instruction at @address; SHAPE_NONE if that is inside a call, whose
 * function makes the access.  False if it cannot be read or decoded. */
bool form_find(struct elf_image *image, uint64_t address, struct access_form *form);

#endif

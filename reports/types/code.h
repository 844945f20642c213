/* The decoded machine code of one function, kept by its image. */
#ifndef REPORTS_TYPES_CODE_H
#define REPORTS_TYPES_CODE_H

#include "reports/symbols/elf_image.h"
#include "x86/decode/instruction.h"

struct code {
	const struct instruction *instructions; /* from the function's start, contiguous */
	size_t count;
	uint64_t start; /* address of the first; offsets count from here */
};

/* The instructions of the function at @start, up to and including the one at
 * @address.  False if they cannot be read or decoded. */
bool code_decode(struct elf_image *image, uint64_t start, uint64_t address, struct code *code);

/* The same of the function that has @address. */
bool code_read(struct elf_image *image, uint64_t address, struct code *code);

/* The bytes of the last instruction of @code; or NULL. */
const unsigned char *code_bytes(struct elf_image *image, const struct code *code);

/* A number of what the function that has @address does from its start to there, wherever it
 * lies: forms and lengths of its instructions, without addresses.  False if unknown. */
bool code_content(struct elf_image *image, uint64_t address, uint64_t *content);

#endif

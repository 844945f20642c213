/*
 * Constants: which vector registers hold bytes that are known when the code is planned.
 *
 * Compilers say by constants which bytes a shuffle or a mask keeps: they load them from
 * read-only data, move them there from general registers, or make them of zeros and ones.
 * Forward analysis to a fixed point; where ways meet, what they do not agree upon is not
 * known, nor is anything behind calls.
 */
#ifndef X86_LIVENESS_CONSTANTS_H
#define X86_LIVENESS_CONSTANTS_H

#include "x86/liveness/lanes.h"
#include "x86/survey/module.h"
#include "x86/survey/scratch.h"

struct constants;

/* NULL: nothing is known, or no memory. */
struct constants *constants_find(const struct module *module, const struct function *function,
				 struct scratch *scratch);

/* What is known before instruction @index; *@memory has room for its memory operand. */
struct lane_values constants_before(const struct constants *constants, uint32_t index,
				    struct vector_value *memory);

#endif

/*
 * Stack slots that a function keeps vectors in.
 *
 * A loop that has no register left puts a vector into a slot and takes it from there.
 * That needs of the vector what the later loads of the slot need.  Followed is a function
 * whose stack's address goes nowhere, so that it accesses its slots by rsp or the frame
 * pointer alone; slots may overlap, and are asked byte by byte.
 */
#ifndef X86_LIVENESS_SLOTS_H
#define X86_LIVENESS_SLOTS_H

#include "x86/liveness/lanes.h"
#include "x86/survey/module.h"

struct slots {
	unsigned count;
	struct slot {
		int32_t at; /* from the base register */
		int8_t base;
	} slots[LANES_SLOTS];
};

void slots_find(const struct module *module, const struct function *function, struct slots *slots);

/* May what is needed of slots before it differ from what is needed behind it? */
bool slots_are_concerned(const struct slots *slots, const struct instruction *instruction);

/* Before a store to the stack nothing is needed of its place, and of what it stores what was
 * ('is_dropped'). */
void slots_before_store(const struct slots *slots, const struct instruction *instruction,
			struct lanes *lanes);

/* Before a load from the stack what it needs of memory is; before calls all slots are, and
 * where rsp changes while one is. */
void slots_before_load(const struct slots *slots, const struct instruction *instruction,
		       uint32_t of_memory, struct lanes *lanes);

#endif

/*
 * The pass over a function's code that places its checks; internal to checks.
 *
 * checks.c makes the checks; sharing.c keeps those that still stand for the same place further
 * down the straight line, and lets them serve the accesses there, too.
 */
#ifndef X86_CHECKS_PLACING_H
#define X86_CHECKS_PLACING_H

#include "x86/checks/checks.h"

#define AVAILABLE_COUNT 24u

/* An earlier check in the straight line whose operand still names the same place. */
struct available {
	uint32_t check;
	/* All that pass the check get here, and the stack is as it was there: so the check may
	 * be widened, and tell of an access here. */
	bool is_certain;
};

struct placing {
	const struct module *module;
	const struct function *function;
	const uint32_t *live;
	const struct access_notes *notes;
	struct check_list *list;
	struct available available[AVAILABLE_COUNT];
	unsigned available_count;
	uint32_t last_place; /* checks keep the order of their accesses */
	uint32_t next_back;  /* for strides_are_far() */
	uint32_t picks_end;  /* behind it no check of a load so far stands */
};

/* Check number @check may serve later accesses; the oldest such one no more. */
void placing_remember(struct placing *placing, uint32_t check);

/* Does an earlier check serve @access at @site as well?  Then the site has joined it. */
bool placing_is_served(struct placing *placing, const struct check *access, uint32_t site);

/* Drops the checks whose operands instruction @index changes, and those that it ends. */
void placing_forget(struct placing *placing, uint32_t index);

#endif

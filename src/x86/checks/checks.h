/*
 * Checks: which accesses of a function are checked, and where.
 *
 * A check covers [address, address + size) of one memory operand.  In straight-line
 * code one check serves all accesses that it covers, and stands where it costs least,
 * at or before the first of them.  Each access is a site of its own, chained to the
 * first, so that a report names the right one.  Another store in between may be the
 * release of a lock, and what comes behind that has a check of its own.
 *
 * What is loaded only under the condition of a conditional move (liveness/picks.h) is checked
 * under it, and its check serves nothing else.
 */
#ifndef X86_FLOW_CHECKS_H
#define X86_FLOW_CHECKS_H

#include "base/arena.h"
#include "x86/survey/module.h"
#include "x86/decode/operand.h"
#include "x86/survey/classify.h"
#include "x86/survey/site.h"

#define NO_CHECK UINT32_MAX

struct check {
	struct operand operand;
	uint32_t instruction; /* index of the first access */
	uint32_t last;	      /* the same of the last one that it serves */
	uint32_t place;	      /* index of the instruction before which it stands */
	uint32_t next;	      /* next check at the same place, in order; NO_CHECK */
	uint32_t site;	      /* its first site, index from the function's first */
	uint16_t size_bytes;
	uint8_t class; /* enum access_class */
	bool is_write;
	bool strides_far; /* a read that walks through memory in large steps: strides.h */
	uint8_t picked_if; /* the condition under which it is made, plus 1; 0: always */
};

/* What update_groups.h found out about accesses, by instruction. */
struct access_notes {
	const uint32_t *update_groups; /* number, 0: none */
	const uint32_t *flags;	/* of enum plan_site_flag, to add to the site's */
};

/* The checks and sites of one function.  There is room for two checks and sites
 * for each instruction that touches memory, and for one for each piece that a load uses. */
struct check_list {
	struct check *checks;
	uint32_t count;
	uint32_t *first_at; /* per instruction: first check that stands before it, or NO_CHECK */
	struct plan_site *sites; /* next_member counts from the function's first site */
	uint32_t site_count;
	uint32_t checked, merged, unchecked; /* accesses */
};

void checks_place(const struct module *module, const struct function *function,
		  const uint32_t *live, const struct access_notes *notes, struct check_list *list);

#endif

/*
 * Checks: which accesses of a function are checked, and where.
 *
 * A check covers one place [address, address + size) as one operand names it
 * (base, index, scale, displacement).  Inside a stretch of straight-line code
 * one check serves all accesses that it covers; it stands where it costs
 * least, at or before the first of them.  Every access that it serves is a
 * site of its own, chained to the first, so that a report names the right one.
 */
#ifndef X86_FLOW_CHECKS_H
#define X86_FLOW_CHECKS_H

#include "base/arena.h"
#include "x86/survey/module.h"
#include "x86/decode/operand.h"
#include "x86/plan.h"

/* Why an access has no check, or which. */
enum access_class {
	ACCESS_NONE,  /* touches no memory that concerns us */
	ACCESS_STACK, /* a stack slot whose address nobody else has */
	ACCESS_READ_ONLY,
	ACCESS_THREAD_LOCAL,
	ACCESS_UNCHECKED, /* there is no check for its kind; there is for those below */
	ACCESS_SIMPLE,	  /* an address and a size of 1, 2, 4 .. 64 */
	ACCESS_SIZED,	  /* ... another size */
	ACCESS_MASKED,
	ACCESS_LOCKED,
	ACCESS_STRING
};

static inline bool checks_are_for(enum access_class class)
{
	return class > ACCESS_UNCHECKED;
}

enum access_class checks_classify(const struct module *module, const struct function *function,
				  const struct instruction *instruction);

static inline enum access_class checks_class(const struct module *module,
					     const struct function *function, uint32_t index)
{
	return function->classes
		       ? (enum access_class)function->classes[index]
		       : checks_classify(module, function, &function->instructions[index]);
}

/*
 * Counts the accesses of a usable function into @statistics, and returns how
 * many want a check: a function with none need not be cloned.
 */
uint32_t checks_survey(const struct module *module, const struct function *function,
		       struct plan_statistics *statistics);

/* Whether the instruction at @index leaves the straight line, or may synchronise. */
bool checks_is_barrier(const struct module *module, const struct instruction *instruction);

#define NO_CHECK UINT32_MAX

struct check {
	struct operand operand;
	uint32_t instruction; /* that makes the first access (index in the function) */
	uint32_t place;	      /* instruction before which it stands */
	uint32_t next;	      /* next check at the same place, in order; NO_CHECK */
	uint32_t site;	      /* its first site, index from the function's first */
	uint16_t size_bytes;
	uint8_t class; /* enum access_class */
	bool is_write;
};

/* What else is known of the accesses of a function, by instruction (slices.h). */
struct access_notes {
	const uint32_t *slices; /* number, 0: none */
	const uint16_t *flags;	/* of enum plan_site_flag, to be added */
};

/*
 * The checks and sites of one function.  There is room for two checks and sites
 * for each instruction that touches memory.
 */
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

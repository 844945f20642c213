/* Classes of accesses: which need a check, and of what kind. */
#ifndef X86_SURVEY_CLASSIFY_H
#define X86_SURVEY_CLASSIFY_H

#include "x86/survey/module.h"
#include "x86/survey/site.h"

/* The kind of check of an access, or why it has none. */
enum access_class {
	ACCESS_NONE,  /* no access to check */
	ACCESS_PREFETCH, /* the same, but its shadow words are asked for ahead, too */
	ACCESS_STACK, /* a stack slot whose address does not escape */
	ACCESS_READ_ONLY,
	ACCESS_THREAD_LOCAL,
	ACCESS_UNCHECKED, /* no check can be made; those below have one */
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

/* Counts the accesses of a usable function in @statistics, and returns how many need a
 * check: a function with none need not be cloned. */
uint32_t checks_survey(const struct module *module, const struct function *function,
		       struct plan_statistics *statistics);

/* Whether the instruction ends straight-line code, or may synchronise. */
bool checks_is_barrier(const struct module *module, const struct instruction *instruction);

#endif

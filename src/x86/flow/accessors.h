/*
 * Accessors: small functions that go straight on and return what they have loaded from a
 * place, or store an argument to one.  They may call others meanwhile, to lock.
 *
 * A caller that stores by one what it has loaded by another updates the place, although
 * load and store stand in functions of their own: getters, setters, and whatever an
 * unoptimised build does not inline.
 */
#ifndef X86_FLOW_ACCESSORS_H
#define X86_FLOW_ACCESSORS_H

#include "base/arena.h"
#include "x86/survey/module.h"
#include "x86/survey/site.h"

#define ACCESSOR_STEPS_MOST 4u

/* A place: relative to an argument, or to what was loaded from there, and so on. */
struct accessor_path {
	int64_t target;	 /* relative to rip: the first place */
	bool is_rip_relative;
	int8_t argument; /* else the register of the argument that it begins with */
	uint8_t length;
	int32_t steps[ACCESSOR_STEPS_MOST]; /* displacements; the last one is the place's */
};

struct accessor {
	struct accessor_path path;
	uint32_t site;	    /* of the access in the text */
	uint16_t return_at; /* from rsp at the access to the return address */
	bool is_store;
	bool is_used; /* by a caller that makes an update of it */
	int8_t value; /* the argument that is stored, by its register */
};

/* Finds the accessors among @module's functions. */
void accessors_find(struct module *module, struct arena *arena);

/* Does @function call one that stores? */
bool accessors_store_in(const struct module *module, const struct function *function);

/* If @call calls an accessor, it is used. */
void accessor_use(const struct module *module, const struct instruction *call);

/* Among @sites: an accessor that nobody uses is an access like others; another one has an
 * update group of its own, so that its loads are looked at. */
void accessors_settle(const struct module *module, struct plan_site *sites, uint32_t count,
		      uint32_t *update_group_count);

/* The one that @call calls, or NULL. */
static inline struct accessor *accessor_called(const struct module *module,
					       const struct instruction *call)
{
	const struct function *function;

	if (call->kind != INSTRUCTION_CALL || !module->has_accessors)
		return NULL;
	function = module_find(module, call->target);
	return function && function->start == (uint64_t)call->target ? function->accessor : NULL;
}

#endif

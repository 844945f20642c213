/*
 * Accessors: small functions that go straight on and return what they have loaded from a
 * place, or store an argument to one.  They may call others meanwhile, to lock.  Others
 * return what they compute of that, as tests do, or act: they update a place by themselves.
 * Forwarders return what another call has returned, or pass their arguments on to one.
 *
 * A caller that stores by one what it has loaded by another updates the place, although
 * load and store stand in functions of their own: getters, setters, and whatever an
 * unoptimised build does not inline.  Where they are called by pointer or through the PLT,
 * or by a forwarder, the planner knows no place.  Then the access looks for its caller when
 * it runs, and two belong together if their addresses are equal.  What is decided by such
 * a test, to act, shares the group of the act (`while (has()) take();`).
 */
#ifndef X86_FLOW_ACCESSORS_H
#define X86_FLOW_ACCESSORS_H

#include "base/arena.h"
#include "base/growing.h"
#include "x86/survey/module.h"
#include "x86/survey/site.h"

#define ACCESSOR_STEPS_MOST 4u
#define ACCESSOR_VECTORS 16 /* numbers of vector registers begin here */

/* A place: relative to an argument, or to what was loaded from there, and so on. */
struct accessor_path {
	int64_t target;	 /* relative to rip: the first place */
	bool is_rip_relative;
	int8_t argument; /* else the register of the argument that it begins with */
	uint8_t length;
	int32_t steps[ACCESSOR_STEPS_MOST]; /* displacements; the last one is the place's */
};

#define ACCESSOR_FORWARDS_MOST 4u

/* A call of a forwarder. */
struct accessor_forward {
	int64_t target;	    /* NO_TARGET: not known */
	uint32_t return_offset; /* in the text */
	uint16_t return_at; /* from rsp before the call to the forwarder's return address */
	uint16_t arguments; /* those of the forwarder's own that it is given: see below */
};

struct accessor {
	struct accessor_path path; /* of length 0: it is a forwarder */
	uint32_t site;	    /* of the access in the text */
	uint16_t return_at; /* from rsp at the access to the return address */
	bool is_store;
	bool is_derived; /* what it returns is computed of what it loads, as a test is */
	bool acts;	 /* what it stores is no argument: it takes an item, or counts */
	bool is_used; /* by a caller that makes an update of it, perhaps an unknown one */
	bool is_paired;	       /* ... by a known one */
	uint32_t update_group; /* of who acts, and of what has decided that it does; 0: none yet */
	int8_t value;	       /* the register of the argument that is stored, or of the result */
	uint8_t forward_count;
	struct accessor_forward forwards[ACCESSOR_FORWARDS_MOST];
};

/* Finds the accessors among @module's functions. */
void accessors_find(struct module *module, struct arena *arena);

/* Does @function call one that stores? */
bool accessors_store_in(const struct module *module, const struct function *function);

/* Calls of @function that act, and what has decided them, are of the group of the act.  Groups up
 * to @first are of functions before. */
void accessors_join(const struct module *module, const struct function *function,
		    uint32_t *update_groups, uint32_t first);

/* If @call calls an accessor, it is used. */
void accessor_use(const struct module *module, const struct instruction *call);

/* The call of @function that returns to @return_offset is part of an update group itself. */
void accessors_drop_forward(const struct function *function, uint32_t return_offset);

/* What forwarders that are used call is used, too. */
void accessors_use_callees(const struct module *module);

/* Among @sites: an accessor that nobody uses is an access like others; another one has an
 * update group of its own, so that its loads are looked at. */
void accessors_settle(const struct module *module, struct plan_site *sites, uint32_t count,
		      uint32_t *update_group_count);

/* Puts rows of the calls of forwarders that are used behind @sites; returns how many. */
uint32_t accessors_put_forwards(const struct module *module, struct growing *sites);

/*
 * --- open_calls.c: those of which it is not known what they access ----------------
 *
 * They go through a pointer or the PLT, or to a forwarder.  What one has returned may be the
 * value of a place, and what another is given may be stored there.  Found are those of which
 * something is computed that later is an argument.
 */

/* Adds FLOW_OPEN to the @roles of such pairs.  @roles may be NULL.  Returns whether there is
 * one. */
bool open_calls_find(const struct module *module, const struct function *function, uint8_t *roles);

/* The one at @target, perhaps a forwarder, or NULL. */
static inline struct accessor *accessor_at(const struct module *module, int64_t target)
{
	const struct function *function =
		module->has_accessors ? module_find(module, target) : NULL;

	return function && function->start == (uint64_t)target ? function->accessor : NULL;
}

/* The one that @call calls, whose place is known, or NULL. */
static inline struct accessor *accessor_called(const struct module *module,
					       const struct instruction *call)
{
	struct accessor *accessor =
		call->kind == INSTRUCTION_CALL ? accessor_at(module, call->target) : NULL;

	return accessor && accessor->path.length ? accessor : NULL;
}

#endif

/*
 * Modules: which code was where, and when.
 *
 * Stacks hold raw addresses and the code generation in which they were taken.
 * Modules stay in the table when they are unloaded, so that such stacks can
 * still be symbolised.
 */
#ifndef PRELOAD_GUEST_MODULES_H
#define PRELOAD_GUEST_MODULES_H

#include "base/runtime_lock.h"
#include "base/types.h"

#define MODULE_STILL_LOADED UINT32_MAX

struct module {
	uint32_t id;
	uintptr_t start, end;
	uintptr_t bias;
	uint32_t first_generation;
	uint32_t noticed_generation;
	uint32_t last_generation; /* MODULE_STILL_LOADED while it is */
	bool is_described;	  /* in the results file */
	char build_id[65];	  /* hexadecimal */
	const char *path;
};

/* Protects the table.  Inside detector.lock. */
extern struct runtime_lock modules_lock;

/* Compares the table with the loader's list; raises guest_code_generation if a
 * module was loaded or unloaded.  No lock of ours may be held: it calls the
 * loader. */
void modules_refresh(void);

/* Calls @call for each module that is loaded and was noticed in @generation or later. */
typedef void (*module_function)(void *context, const struct module *module);
void modules_each_since(uint32_t generation, module_function call, void *context);

/* The module that @address was in, in @generation; or NULL. */
struct module *modules_find(uintptr_t address, uint32_t generation);

/* Is @address in the C++ library, whose functions make calls for others (operator new)? */
bool modules_is_relay(uintptr_t address);

/* Is @address in the code of this library? */
bool modules_is_own(uintptr_t address);

#endif

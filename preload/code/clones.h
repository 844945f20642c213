/*
 * Clones: which code was copied where, to translate addresses inside a copy.
 *
 * Rows are added while modules are patched.  They are read without a lock, also
 * by signal handlers.
 */
#ifndef PRELOAD_CODE_CLONES_H
#define PRELOAD_CODE_CLONES_H

#include <elf.h>

#include "x86/plan.h"

struct clone_region {
	uintptr_t start, end; /* the copy; 0, 0: unmapped */
	uintptr_t text;	      /* the original's offset 0 */
	uintptr_t module_start, module_end;
	uintptr_t bias; /* of the module's own addresses */
	const Elf64_Phdr *headers;
	uint32_t header_count;
	struct plan_states states;
	uint32_t is_redirected; /* its imports: imports.h */
	bool is_silent; /* observed for synchronisation only */
};

/* False: there are too many.  Serialised by the caller. */
bool clones_add(const struct clone_region *region);

/* Removes the last one that was added, before any code jumps to it. */
void clones_take_back(void);

struct detector;
struct dl_phdr_info;

/* Fills in the fields about @info's module. */
void clones_describe(struct clone_region *region, const struct dl_phdr_info *info);

/* The region at @index, NULL past the last.  Unmapped ones have start 0. */
struct clone_region *clones_at(uint32_t index);

/* The region whose module has @address, or NULL. */
struct clone_region *clones_of_module(uintptr_t address);

/* A detector_hooks.is_observed_call: are the accesses of the code observed that made the
 * call at @stack, by itself or through the C++ library? */
bool clones_is_observed_call(struct detector *detector, stack_id stack);

/* If @pc is inside a clone: the state there in *@state and the address of the
 * original instruction that is about to run in *@original.  Async-signal-safe. */
bool clones_original(uintptr_t pc, struct plan_state *state, uintptr_t *original);

/* The copy of the instruction at @original, without its checks; 0 if there is
 * none.  Slow.  Async-signal-safe. */
uintptr_t clones_copy_of(uintptr_t original);

#endif

/* State that the C library keeps for its callers: states.def. */
#ifndef PRELOAD_RANGES_STATES_H
#define PRELOAD_RANGES_STATES_H

#include "preload/ranges/ranges.h"

enum libc_state {
#define STATE(identifier, name) STATE_##identifier,
#include "preload/ranges/states.def"
	STATE_COUNT
};

/* A function that was called from @at uses @state. */
void state_seen(const struct unwind_start *at, enum libc_state state);
void state_changed(const struct unwind_start *at, enum libc_state state);

/* The name of the state that @address stands for; NULL: for none. */
const char *state_name(uintptr_t address);

#endif

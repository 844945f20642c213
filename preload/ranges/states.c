/*
 * State that the C library keeps for its callers: rows of states.def.  Each has a granule
 * here that stands for it, so that two unordered calls are found as a race on it.
 */
#define _GNU_SOURCE
#include "preload/ranges/states.h"

#include <search.h>
#include <time.h>

#include "detect/data/site.h"
#include "preload/ranges/tables.h"

static const char *const state_names[STATE_COUNT] = {
#define STATE(identifier, name) [STATE_##identifier] = name,
#include "preload/ranges/states.def"
};

/* Never written: only their shadow is. */
static uint64_t states[STATE_COUNT];

void state_seen(const struct unwind_start *at, enum libc_state state)
{
	range_used(at, (uintptr_t)&states[state], SITE_READ | SITE_HIDDEN);
}

void state_changed(const struct unwind_start *at, enum libc_state state)
{
	range_used(at, (uintptr_t)&states[state], SITE_WRITE | SITE_HIDDEN);
}

const char *state_name(uintptr_t address)
{
	uintptr_t number = (address - (uintptr_t)states) / sizeof(states[0]);

	return address >= (uintptr_t)states && number < STATE_COUNT ? state_names[number] : NULL;
}

#define R(pointer, size_bytes) range_read(&start, (pointer), (size_bytes))
#define W(pointer, size_bytes) range_written(&start, (pointer), (size_bytes))
#define SEES(state) state_seen(&start, STATE_##state)
#define CHANGES(state) state_changed(&start, STATE_##state)

#define STATE_CALL(type, name, parameters, arguments, uses)                                        \
	static type wrapped_##name parameters                                                      \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		uses;                                                                              \
		return ((type(*) parameters)range_originals[RANGE_OF_##name])arguments;            \
	}
#include "preload/ranges/states.def"

void *const ranges_states[RANGE_COUNT] = {
#define STATE_CALL(type, name, parameters, arguments, uses) [RANGE_OF_##name] = wrapped_##name,
#include "preload/ranges/states.def"
};

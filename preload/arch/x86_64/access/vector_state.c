#include "preload/access/vector_state.h"

#include <cpuid.h>

#include "base/atomic.h"

#define FXSAVE_BYTES 512u

void access_on_stack(void (*function)(void *), void *context, void *stack_end, void *save,
		     uint64_t is_extended);

/* How many bytes xsave needs for what this system has switched on; 0: there is
 * no xsave. */
static uint32_t extended_bytes(void)
{
	static uint32_t known = UINT32_MAX;
	uint32_t size_bytes = load_relaxed(&known); /* relaxed: always the same */
	uint32_t a, b, c, d;

	if (LIKELY(size_bytes != UINT32_MAX))
		return size_bytes;
	size_bytes = 0;
	/* A question takes 4 us in a virtual machine: the answer is kept. */
	__cpuid(1, a, b, c, d);
	if (c & bit_OSXSAVE) {
		__cpuid_count(13, 0, a, b, c, d);
		size_bytes = b;
	}
	store_relaxed(&known, size_bytes);
	return size_bytes;
}

uint32_t vector_state_bytes(void)
{
	uint32_t size_bytes = extended_bytes();

	return size_bytes ? size_bytes : FXSAVE_BYTES;
}

void vector_state_call(void (*function)(void *), void *context, void *stack_end, void *save)
{
	access_on_stack(function, context, stack_end, save, extended_bytes() != 0);
}

/* access_deeply(), for work that must not run on the program's stack; and stacks. */
#include <cpuid.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "detect/base/thread.h"
#include "detect/race/access.h"
#include "preload/access/access.h"
#include "preload/guest/access_context.h"

/* --- Deep work -------------------------------------------------------------- */

#define DEEP_STACK_BYTES 65536u
#define DEEP_GUARD_BYTES 4096u
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
	if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) &&
	    __get_cpuid_count(13, 0, &a, &b, &c, &d))
		size_bytes = b;
	store_relaxed(&known, size_bytes);
	return size_bytes;
}

/* One block: a page that must not be reached, the stack, the saved state. */
static unsigned char *make_deep_block(uint32_t save_bytes)
{
	size_t size_bytes = DEEP_GUARD_BYTES + DEEP_STACK_BYTES + ((save_bytes + 4095) & ~4095ul);
	unsigned char *block = pages_from_kernel(size_bytes);

	if (block)
		kernel_call3(SYS_mprotect, block, DEEP_GUARD_BYTES, PROT_NONE);
	return block;
}

void access_deeply(struct guest_thread *self, void (*function)(void *), void *context)
{
	uint32_t save_bytes = extended_bytes();
	unsigned char *stack_end;
	uint64_t signals;

	if (self->is_deep) {
		function(context);
		return;
	}
	if (UNLIKELY(!self->deep_block))
		self->deep_block = make_deep_block(save_bytes ? save_bytes : FXSAVE_BYTES);
	if (!self->deep_block)
		return;
	stack_end = self->deep_block + DEEP_GUARD_BYTES + DEEP_STACK_BYTES;
	/* A handler must not run on our stack, nor leave it by a jump. */
	signals = signals_block();
	self->is_deep = true;
	access_on_stack(function, context, stack_end, stack_end, save_bytes != 0);
	self->is_deep = false;
	signals_restore(signals);
}

/* --- Stacks ----------------------------------------------------------------- */

struct fresh_stack {
	struct guest_thread *self;
	const struct unwind_start *start;
	stack_id stack;
};

static void find_stack(void *context)
{
	struct fresh_stack *fresh = context;

	fresh->stack = stack_memo_find_slow(fresh->self->memo, guest_code_generation, fresh->start,
					    guest_intern, NULL);
}

stack_id access_stack(struct detector *detector, struct thread *thread, const struct access *access)
{
	const struct access_context *where = access->context;
	struct guest_thread *self = thread->guest;
	struct fresh_stack fresh = {.self = self, .start = &where->start};

	(void)detector;
	if (!self || !where)
		return 0;
	fresh.stack = stack_memo_find_known(self->memo, guest_code_generation, fresh.start);
	if (!fresh.stack)
		access_deeply(self, find_stack, &fresh);
	return fresh.stack;
}

/* access_deeply(), for work that must not run on the program's stack; and stacks. */
#include <sys/mman.h>

#include "base/kernel.h"
#include "detect/base/thread.h"
#include "detect/race/access.h"
#include "preload/access/access.h"
#include "preload/access/vector_state.h"
#include "preload/guest/access_context.h"
#include "unwind/site_memo.h"

#define DEEP_STACK_BYTES 65536u
#define DEEP_GUARD_BYTES 4096u

/* One block: a page that must not be reached, the stack, the saved state. */
static unsigned char *make_deep_block(void)
{
	size_t size_bytes =
		DEEP_GUARD_BYTES + DEEP_STACK_BYTES + ((vector_state_bytes() + 4095) & ~4095ul);
	unsigned char *block = pages_from_kernel(size_bytes);

	if (block)
		kernel_call3(SYS_mprotect, block, DEEP_GUARD_BYTES, PROT_NONE);
	return block;
}

static void run_aside(struct guest_thread *self, void (*function)(void *), void *context,
		      bool keeps_vectors)
{
	unsigned char *stack_end;
	uint64_t signals;

	if (self->is_deep) {
		function(context);
		return;
	}
	if (UNLIKELY(!self->deep_block))
		self->deep_block = make_deep_block();
	if (!self->deep_block)
		return;
	stack_end = self->deep_block + DEEP_GUARD_BYTES + DEEP_STACK_BYTES;
	/* A handler must not run on our stack, nor leave it by a jump.  Nor must one be entered if
	 * this is a handler on an alternate stack: its frame would be put over those there. */
	signals = guest_may_be_on_alternate(self, (uintptr_t)__builtin_frame_address(0))
			  ? signals_block()
			  : signals_hold_off();
	self->is_deep = true;
	if (keeps_vectors)
		vector_state_call(function, context, stack_end, stack_end);
	else
		access_on_other_stack(function, context, stack_end);
	self->is_deep = false;
	signals_restore(signals);
}

void access_deeply(struct guest_thread *self, void (*function)(void *), void *context)
{
	run_aside(self, function, context, true);
}

struct fresh_stack {
	struct guest_thread *self;
	const struct unwind_start *start;
	stack_id stack;
};

static const struct stack_maker maker = {guest_intern, guest_extend, NULL};

static void find_stack(void *context)
{
	struct fresh_stack *fresh = context;

	fresh->stack = site_memo_find_slow(fresh->self->memo, guest_code_generation, fresh->start,
					   &maker);
}

void access_find_by_rules(void *context);

/* As most rules are soon in the cache, and to keep the state of vectors takes as long as a few
 * unwinds.  Not static, as it is where tests/lint/check_thunks.py begins. */
void access_find_by_rules(void *context)
{
	static const struct stack_maker whole = {guest_intern_whole, guest_extend, NULL};
	struct fresh_stack *fresh = context;

	fresh->stack = site_memo_find_by_rules(fresh->self->memo, guest_code_generation,
					       fresh->start, &whole);
}

stack_id access_stack(struct detector *detector, struct thread *thread, const struct access *access)
{
	const struct access_context *where = access->context;
	struct guest_thread *self = thread->guest;
	struct fresh_stack fresh = {.self = self, .start = &where->start};

	(void)detector;
	if (!self || !where)
		return 0;
	fresh.stack = site_memo_find(self->memo, guest_code_generation, fresh.start, &maker);
	if (!fresh.stack && unwind_knows_rule(fresh.start))
		run_aside(self, access_find_by_rules, &fresh, false);
	if (!fresh.stack)
		access_deeply(self, find_stack, &fresh);
	return fresh.stack;
}

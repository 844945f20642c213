#define _GNU_SOURCE
#include "preload/signals/handlers.h"

#include "base/kernel.h"
#include "detect/race/access.h"
#include "detect/race/atomics/atomic_location.h"
#include "detect/race/record_fast.h"
#include "preload/signals/clone_context.h"
#include "preload/signals/put_off.h"
#include "preload/signals/signals.h"

#define SIGNAL_BIT(signal) (1ull << ((signal) - 1))
/* Signals that the processor raises.  The kernel ends a process that blocks them then. */
#define OF_PROCESSOR                                                                               \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGILL) |      \
	 SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGSYS))

uintptr_t handlers_returned(ucontext_t *context);

static struct kept_context *find_kept(struct guest_thread *self, const ucontext_t *context)
{
	for (unsigned int i = 0; self && i < GUEST_KEPT_CONTEXTS; i++)
		if (self->kept[i].context == (uintptr_t)context)
			return &self->kept[i];
	return NULL;
}

/* Replaces the oldest one.  A handler whose context is no longer kept returns
 * to the beginning of the interrupted instruction.  @guard is raised again then. */
static void keep_context(struct guest_thread *self, const struct delivery *delivery,
			 uintptr_t guard)
{
	ucontext_t *context = delivery->context;
	struct kept_context *kept;

	if (!self)
		return;
	kept = find_kept(self, context);
	if (!kept)
		kept = &self->kept[self->kept_next++ % GUEST_KEPT_CONTEXTS];
	kept->context = 0;
	fence_signal();
	kept->return_address = *delivery->return_address;
	kept->guard = guard;
	kept->saved = *clone_context_registers(context);
	fence_signal();
	kept->context = (uintptr_t)context;
}

/* Flushes the thread's pending granules (detect/race/record_fast.h), and makes its pending
 * acquires: a thunk that goes on after a handler must not find granules there that the handler
 * has added, and may forget acquires that it does not know of. */
static void flush_accesses(void)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	memory_flush(&guest_detector, self->thread);
	if (self->thread->accesses.acquires_due)
		atomic_catch_up(&guest_detector, self->thread);
	/* The last one: each flush forgets where a granule may be. */
	record_flush_interrupted(&guest_detector, self->thread);
	atomic_look_anew(self->thread);
	guest_leave(self);
}

/*
 * The handler has returned; it may have changed the registers in the context.  Returns
 * where it was to return to, as not all code may call the kernel; 0: not known.
 */
uintptr_t handlers_returned(ucontext_t *context)
{
	struct context_registers *registers = clone_context_registers(context);
	struct kept_context *kept = find_kept(guest_self, context);
	struct interruption interruption;
	uintptr_t return_address = 0;

	if (kept) {
		return_address = kept->return_address;
		clone_context_find(&kept->saved, &interruption);
		kept->context = 0;
		if (clone_context_is_same(registers, &interruption.shown)) {
			if (interruption.is_in_thunk)
				flush_accesses();
			*registers = kept->saved;
			if (kept->guard)
				guest_self->guard = kept->guard;
			return return_address;
		}
		clone_context_lead_back(registers, &interruption.shown);
	}
	clone_context_to_copy(registers);
	return return_address;
}

/* Does the guard keep handlers waiting while the stack pointer is @sp?  Around a locked
 * instruction it stays up after its frame has returned. */
static bool guard_is_up(const struct guest_thread *self, uintptr_t sp)
{
	return self && self->guard && (self->locked || !guest_guard_is_stale(self, sp));
}

/* A handlers_wait (base/runtime_lock.h).  In a program that confines itself a signal
 * may be one that cannot be sent again. */
static bool wait_for_guard(uintptr_t sp)
{
	return guard_is_up(guest_self, sp) && !kernel_gate;
}

void handlers_watched(void)
{
	handlers_wait = wait_for_guard;
}

static bool is_of_processor(const struct delivery *delivery)
{
	return (OF_PROCESSOR & SIGNAL_BIT(delivery->signal)) &&
	       (!delivery->told || delivery->told->si_code > 0);
}

/* Will the thread take its guard down if the handler waits? */
static bool must_wait(const struct guest_thread *self, const struct delivery *delivery)
{
	return guard_is_up(self,
			   clone_context_sp(clone_context_registers(delivery->context)));
}

/* What is blocked when the handler has returned: the first 64 bits are the kernel's mask. */
static uint64_t *mask_of(ucontext_t *context)
{
	return (uint64_t *)&context->uc_sigmask;
}

#define NOT_TO_BLOCK (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* Has a signal been deferred before, so that @blocked is not the program's mask?  Programs cannot
 * block those that the C library keeps for itself. */
static bool is_deferring(const struct guest_thread *self, uint64_t blocked)
{
	return self->leaving & LEAVING_DEFERRED && !~(blocked | OF_PROCESSOR | NOT_TO_BLOCK);
}

/*
 * If several signals come at once, the kernel enters the handler of the last
 * one first, with a context at the first instruction of the handler before.  So
 * the signal that is deferred last has the program's mask in its context.
 *
 * One of the processor's that was sent is blocked, too: else it would come again at once, and
 * for ever.  Should the processor raise it meanwhile, the kernel ends the process.
 */
static bool defer_signal(struct guest_thread *self, const struct delivery *delivery)
{
	uint64_t *blocked = mask_of(delivery->context);
	uint64_t mask = signals_block();

	if (delivery->is_once)
		signals_set_again(delivery->signal);
	if (!put_off_signal(self, delivery->signal, delivery->told)) {
		signals_restore(mask);
		return false;
	}
	if (!is_deferring(self, *blocked)) {
		self->deferred_mask = *blocked;
		*blocked = ~OF_PROCESSOR;
	}
	self->leaving |= LEAVING_DEFERRED;
	*blocked |= SIGNAL_BIT(delivery->signal);
	return true;
}

/* Signals that were deferred come now, or after the handler if that blocks them. */
static void lower_guard(struct guest_thread *self, const struct delivery *delivery)
{
	if (self->leaving & LEAVING_DEFERRED) {
		*mask_of(delivery->context) = self->deferred_mask;
		self->deferred_mask |= signals_blocked_by(delivery->signal);
	}
	guest_leave(self);
}

/* Ends the check that has raised the signal, as the handler may not return to it. */
static void abandon_check(struct guest_thread *self, const struct interruption *interruption,
			  const struct delivery *delivery)
{
	struct atomic_location *location = self ? self->locked : NULL;

	if (!self || !self->guard ||
	    (!location && self->guard != (uintptr_t)interruption->frame))
		return;
	if (location) {
		self->locked = NULL;
		access_synchronise_end(&guest_detector, self->thread, location, NULL,
				       LOCKED_READ);
	}
	lower_guard(self, delivery);
}

/*
 * A wrapper reads an object of the program's where there is no memory, as the C library's function
 * would do next.  The handler may make the memory and return, or leave by a jump, which nobody
 * sees: so the guard is down meanwhile.  Such objects are read while none of our locks is held.
 */
static void leave_wrapper(struct guest_thread *self, const struct delivery *delivery)
{
	keep_context(self, delivery, self->guard);
	*delivery->return_address = (uintptr_t)handlers_return;
	lower_guard(self, delivery);
}

static bool is_of_memory(const struct delivery *delivery)
{
	return delivery->signal == SIGSEGV || delivery->signal == SIGBUS;
}

/* Before it is asked whether the guard is up. */
static void note_alternate(struct guest_thread *self, const struct delivery *delivery)
{
	const stack_t *stack = &delivery->context->uc_stack;
	uintptr_t start = (uintptr_t)stack->ss_sp;

	if (!self || (uintptr_t)delivery->context - start >= stack->ss_size)
		return;
	self->alternate_start = start;
	self->alternate_bytes = stack->ss_size;
}

bool handlers_enter(const struct delivery *delivery)
{
	struct context_registers *registers = clone_context_registers(delivery->context);
	struct guest_thread *self = guest_self;
	struct interruption interruption;
	bool is_fault = is_of_processor(delivery);

	note_alternate(self, delivery);
	if (!is_fault && must_wait(self, delivery) && defer_signal(self, delivery))
		return false;
	if (self && delivery->told)
		put_off_take(self, delivery->signal, delivery->told);
	if (!guest_observes_memory && !is_fault)
		return true;
	clone_context_find(registers, &interruption);
	if (is_fault) {
		abandon_check(self, &interruption, delivery);
		if (interruption.is_in_check) {
			*registers = interruption.shown;
			clone_context_to_copy(registers);
			return false;
		}
	}
	if (interruption.is_in_clone) {
		keep_context(self, delivery, 0);
		*registers = interruption.shown;
		*delivery->return_address = (uintptr_t)handlers_return;
	} else if (is_fault && is_of_memory(delivery) && must_wait(self, delivery)) {
		leave_wrapper(self, delivery);
	}
	return true;
}

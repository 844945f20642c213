/*
 * What the unwinder needs of a processor's architecture and its ABI.  A port provides
 * src/unwind/arch_CPU.h with:
 *
 *   REGISTER_STACK, REGISTER_FRAME  DWARF's numbers of stack and frame pointer
 *   PRESERVED_REGISTERS      other registers that a function preserves; and their count
 *   RED_ZONE_BYTES           so much a leaf function may use below its stack pointer
 *   SIGNAL_...               where the kernel's signal frame has mask and siginfo
 *   unwind_is_signal_return()  is this code the C library's return from a handler?
 *   struct unwind_captured, unwind_capture()  registers as they are now
 *   unwind_start_here()      the start for the caller of the function that it is
 *                            expanded in
 *
 * The rules of cache.h expect the return address just below the frame's end.
 */
#ifndef UNWIND_ARCH_H
#define UNWIND_ARCH_H

#include "base/types.h"

/*
 * Where an unwind starts: the caller's registers just after the call into us
 * returns.
 *
 * Only those that a wrapper gets for free.  The other preserved registers are
 * hardly ever needed before a frame that has saved them.  If they are, unwind()
 * recovers them by walking our own frames.
 */
struct unwind_start {
	uintptr_t return_address;
	uintptr_t sp; /* the caller's, after the return */
	uintptr_t frame_pointer;
};

#if defined __x86_64__
#include "unwind/arch_x86_64.h"
#else
#error "no src/unwind/arch_CPU.h: see HACKING.md, 'A port to another architecture'"
#endif

#endif

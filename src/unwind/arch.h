/*
 * What the unwinder needs of a processor's architecture and its ABI.  A port provides
 * src/unwind/arch_CPU.h with:
 *
 *   enum unwind_register     DWARF's numbers of the registers that are named here
 *   FRAME_RULE_REGISTERS     those that a function must preserve, and their count
 *   RED_ZONE_BYTES           so much a leaf function may use below its stack pointer
 *   SIGNAL_...               where the kernel's signal frame has mask and siginfo
 *   unwind_is_signal_return()  is this code the C library's return from a handler?
 *   struct unwind_captured, unwind_capture()  registers as they are now
 *
 * and the numbers of columns in elf/eh_frame.h, and unwind_start_here() of unwind.h.
 * The rules of cache.h expect the return address just below the frame's end.
 */
#ifndef UNWIND_ARCH_H
#define UNWIND_ARCH_H

#if defined __x86_64__
#include "unwind/arch_x86_64.h"
#else
#error "no src/unwind/arch_CPU.h: see HACKING.md, 'A port to another architecture'"
#endif

#endif

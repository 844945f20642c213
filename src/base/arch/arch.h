/*
 * What all need of a processor's architecture.  A port provides src/base/arch/CPU.h
 * with these:
 *
 *   arch_call_kernel()     a system call, with a negative errno on failure
 *   arch_pause()           for loops that wait: lets others have the processor's units
 *   arch_thread_pointer()  what offsets of thread-local variables are counted from
 *   arch_exchange_pair()   a compare-and-exchange of two aligned words, with full order;
 *                          only where arch_has_pairs()
 *   arch_copy(), arch_fill()  many bytes, upwards, without vector registers
 *   ARCH_ELF_MACHINE, ARCH_NAME  of files that can run here
 *   ARCH_RELOCATION_...    types of relocations that fill in an address
 *   ARCH_DWARF_RETURN_ADDRESS  DWARF's number of the return address; the general
 *                          registers have the numbers below it
 *   ARCH_FILTERED          what filters for system calls are told
 */
#ifndef BASE_ARCH_ARCH_H
#define BASE_ARCH_ARCH_H

#if defined __x86_64__
#include "base/arch/x86_64.h"
#else
#error "no src/base/arch/CPU.h: see HACKING.md, 'A port to another architecture'"
#endif

#endif

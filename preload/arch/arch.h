/*
 * What the guest library needs of a processor's architecture.  A port provides
 * preload/arch/CPU/, in which FOLDER/ is the part of preload/FOLDER that is written for
 * the processor:
 *
 *   frame.h            struct context_registers: the registers in a signal's context;
 *                      struct access_frame: those that a thunk has pushed, among them
 *                      frame_pointer, pc, return_address and words;
 *                      access_frame_has_stored(); access_frame_register(), of
 *                      that and struct preserved_registers; SYSCALL_LAST_ARGUMENT;
 *                      struct guest_head: what thunks know of the guest
 *   offsets.def        numbers of C that assembly needs
 *   access/            the thunks (x86/decode/thunk.h); accesses of several elements;
 *                      vector_state.h; thunk_context.h
 *   code/jump.c        code/jump.h: jumps in the program's code
 *   signals/           where handlers are entered and left; clone_context.h
 *   sync/              syscall(), which leaves no frame
 *
 * and in code/near.h and x86/plan.h: how far jumps reach, and the planner.
 */
#ifndef PRELOAD_ARCH_ARCH_H
#define PRELOAD_ARCH_ARCH_H

#if defined __x86_64__
#include "preload/arch/x86_64/frame.h"
#else
#error "no preload/arch/CPU: see HACKING.md, 'A port to another architecture'"
#endif

#endif

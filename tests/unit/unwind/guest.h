/*
 * Frames of every shape, for the unwinder's tests.
 *
 * unwind_guest.c is compiled several times, each with other optimisation and a
 * GUEST_NAME of its own.
 */
#ifndef UNWIND_GUEST_H
#define UNWIND_GUEST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct guest_walk {
	uint64_t choices; /* four bits for each frame to come */
	unsigned int depth;
	void (*leaf)(void); /* called at the end */
};

typedef void (*guest_function)(const struct guest_walk *walk);

/* Goes down walk->depth frames, of the shapes that walk->choices says. */
void guest_o0(const struct guest_walk *walk);
void guest_o2(const struct guest_walk *walk);
void guest_frame_pointer(const struct guest_walk *walk);
void guest_o3(const struct guest_walk *walk);

/* Frames that differ in their size and little else. */
void guest_o0_shift(const struct guest_walk *walk);
void guest_o2_shift(const struct guest_walk *walk);
void guest_frame_pointer_shift(const struct guest_walk *walk);
void guest_o3_shift(const struct guest_walk *walk);

/* Goes down through C++ frames; ends in an exception, caught at the top. */
void guest_cxx(const struct guest_walk *walk);

/* Calls @function(@argument) from frames found by rbx, and by r12 with a saved
 * rbx. */
void guest_call_by_rbx(void (*function)(void *), void *argument);
void guest_call_by_r12(void (*function)(void *), void *argument);

/* The processor's trap flag: SIGTRAP after each instruction. */
void guest_trap_on(void);
void guest_trap_off(void);

#ifdef __cplusplus
}
#endif

#endif

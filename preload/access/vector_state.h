/* Calls on another stack, with vector and floating point state kept. */
#ifndef PRELOAD_ACCESS_VECTOR_STATE_H
#define PRELOAD_ACCESS_VECTOR_STATE_H

#include "base/types.h"

/* How many bytes the state takes on this system. */
uint32_t vector_state_bytes(void);

/* Calls @function(@context) on the stack that ends at @stack_end, with the state kept at
 * @save, which is aligned to 64 bytes and zeroed the first time. */
void vector_state_call(void (*function)(void *), void *context, void *stack_end, void *save);

/* Calls @function(@context) on the stack that ends at @stack_end.  It uses no vectors. */
void access_on_other_stack(void (*function)(void *), void *context, void *stack_end);

#endif

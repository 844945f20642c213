/*
 * Spin loops: loops that wait for another thread's store.
 *
 * A spin loop is short, stores to private stack slots alone, and its exit depends on
 * nothing but loads whose addresses do not change in it.  Calls are allowed
 * (sched_yield, usleep), and their effects ignored.
 */
#ifndef X86_FLOW_SPINS_H
#define X86_FLOW_SPINS_H

#include "x86/survey/function.h"

/* Adds PLAN_SITE_SPIN to @flags of the loads; @roles are of enum flow_role. */
void spins_find(const struct function *function, const uint8_t *roles, uint32_t *flags);

#endif

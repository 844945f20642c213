/*
 * Open calls: those of which it is not known what they access, as they go through a pointer
 * or the PLT, or to a forwarder (accessors.h).
 *
 * What one has returned may be the value of a place, and what another is given may be stored
 * there.  Found are those of which something is computed that later is an argument.
 */
#ifndef X86_FLOW_OPEN_CALLS_H
#define X86_FLOW_OPEN_CALLS_H

#include "x86/survey/module.h"

/* Adds FLOW_OPEN to the @roles of such pairs.  @roles may be NULL.  Returns whether there is
 * one. */
bool open_calls_find(const struct module *module, const struct function *function, uint8_t *roles);

#endif

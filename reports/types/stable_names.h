/*
 * Names that are the same in every run and build: for fingerprints.
 *
 * They have no lines, addresses, indices or thread numbers; where a function has no
 * name, what it does up to the place stands for it.
 */
#ifndef REPORTS_TYPES_STABLE_NAMES_H
#define REPORTS_TYPES_STABLE_NAMES_H

#include "reports/symbols/symbolize.h"

/* "transfer", or "<libx.so 1f2e...>" where names were stripped.  Never NULL. */
const char *stable_function(struct symbolizer *symbolizer, struct pool *pool,
			    const struct source_frame *frame);

/* The function of the program that the stack is in; "??" if unknown. */
const char *stable_site(struct symbolizer *symbolizer, struct pool *pool,
			const struct model_process *process, stack_id stack);

/* "bank.c:accounts[].lock", "mutex created in open_account". */
const char *stable_lock(struct symbolizer *symbolizer, struct pool *pool,
			const struct model_process *process, lock_id id);

#endif

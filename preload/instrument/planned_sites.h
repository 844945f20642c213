/* The rows of a plan's sites in the detector, made from the plan's when they are needed. */
#ifndef PRELOAD_INSTRUMENT_PLANNED_SITES_H
#define PRELOAD_INSTRUMENT_PLANNED_SITES_H

#include "detect/data/site.h"
#include "x86/plan.h"

/* The sites of @plan have the ids from @first on, lie in the text at @text, and have @flags
 * besides their own.  They stay, and are the plan's no longer.  False: no memory. */
bool planned_sites_add(struct plan *plan, site_id first, uintptr_t text, uint32_t flags);

#endif

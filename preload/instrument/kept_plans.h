/* Plans of loaded modules: from the user's cache if it has them, else made and put there. */
#ifndef PRELOAD_INSTRUMENT_KEPT_PLANS_H
#define PRELOAD_INSTRUMENT_KEPT_PLANS_H

#include "x86/plan.h"

/* As plan_make().  Unless @has_functions is asked for, the plan may come from the cache,
 * and then has none. */
struct plan *kept_plans_get(const struct decoder *decoder, const struct image *image,
			    const struct plan_options *options, bool has_functions,
			    struct arena *arena, const char **why);

#endif

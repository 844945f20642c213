/* System calls that threads wait in, in words. */
#ifndef REPORTS_STATES_CALLS_H
#define REPORTS_STATES_CALLS_H

#include "reports/model/model.h"

/* "reads from descriptor 3", "runs". */
const char *call_words(struct pool *pool, const struct model_state *state);

/* "read", "running". */
const char *call_name(struct pool *pool, const struct model_state *state);

#endif

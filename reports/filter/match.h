/* Does an entry of suppressions match a finding? */
#ifndef REPORTS_FILTER_MATCH_H
#define REPORTS_FILTER_MATCH_H

#include "reports/filter/suppressions.h"
#include "reports/words/view.h"

/* Needs the finding's names; expired entries match nothing. */
bool suppression_matches(const struct suppression *entry, struct view *view,
			 const struct view_finding *finding);

#endif

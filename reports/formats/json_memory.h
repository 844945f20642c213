/* The JSON report's object about the memory of a finding. */
#ifndef REPORTS_FORMATS_JSON_MEMORY_H
#define REPORTS_FORMATS_JSON_MEMORY_H

#include "reports/formats/json_parts.h"

/* Of a finding that is about memory. */
json_t *json_memory(struct view *view, const struct view_finding *finding);

#endif

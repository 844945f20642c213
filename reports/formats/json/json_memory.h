/* The memory of a finding, in the JSON report. */
#ifndef REPORTS_FORMATS_JSON_JSON_MEMORY_H
#define REPORTS_FORMATS_JSON_JSON_MEMORY_H

#include "reports/formats/json/json_parts.h"

/* @finding is about memory. */
json_t *json_memory(struct view *view, const struct view_finding *finding);

#endif

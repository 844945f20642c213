/* Parts of the JSON report: one finding with its threads, locks and events. */
#ifndef REPORTS_FORMATS_JSON_JSON_PARTS_H
#define REPORTS_FORMATS_JSON_JSON_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "reports/formats/json/json_stream.h"
#include "reports/words/view.h"

/* A string, or null; in text that is not UTF-8 all non-ASCII bytes become '?'. */
json_t *json_text(const char *text);

json_t *json_hexadecimal(uint64_t value);
/* Null for 0, which means 'not known'. */
json_t *json_number_or_null(uint64_t value);

/* The frames, innermost first. */
json_t *json_stack(struct view *view, const struct model_process *process, stack_id stack);

/* A document that has stacks ends so. */
void json_frames_free(struct view *view);

/* What decides the exit status, and the status. */
json_t *json_result(const struct view *view);

json_t *json_finding(struct view *view, const struct view_finding *finding);
/* One that is suppressed or known, with the entry. */
json_t *json_hidden(struct view *view, const struct view_finding *finding);

/* What stands in the document before the findings, and what behind them. */
void json_begin_document(struct view *view, struct json_stream *stream);
void json_end_document(struct view *view, struct json_stream *stream);

#endif

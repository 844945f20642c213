/* Parts of the SARIF report: rules, places and stacks. */
#ifndef REPORTS_FORMATS_JSON_SARIF_PARTS_H
#define REPORTS_FORMATS_JSON_SARIF_PARTS_H

#include <jansson.h>

#include "reports/words/view.h"

/* The name of the working folder in addresses of files. */
#define SARIF_FOLDER "SRCROOT"

/* {"text": ...}: a message. */
json_t *sarif_message(const char *text);

/* One rule for each kind of finding, in the order of the kinds. */
json_t *sarif_rules(void);

/* What SARIF_FOLDER stands for. */
json_t *sarif_folder(struct view *view);

/* The place of @frame; @text says what is there, or is NULL. */
json_t *sarif_location(struct view *view, const struct source_frame *frame, const char *text);

/* The frames, innermost first. */
json_t *sarif_stack(struct view *view, const struct model_process *process, stack_id stack);

#endif

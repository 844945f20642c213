/*
 * Fingerprints: the same finding has the same one in every run and build.
 *
 * Made of the kind, the names of the locks and of the functions around each
 * event: no lines, addresses or thread numbers.  For a cycle it does not
 * matter which of its threads comes first, for memory which access does.
 */
#ifndef REPORTS_WORDS_FINGERPRINT_H
#define REPORTS_WORDS_FINGERPRINT_H

#include "reports/words/view.h"

/* What one event contributes. */
const char *fingerprint_event(struct view *view, const struct model_process *process,
			      const struct finding_event *event);

/* 16 hexadecimal digits.  Needs the finding's process and events. */
const char *fingerprint_make(struct view *view, const struct view_finding *finding);

#endif

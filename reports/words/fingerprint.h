/*
 * Fingerprints: a finding has the same one in every run and build.
 *
 * Hashed are the kind, the names of the locks, and the innermost functions of each
 * event; no lines, addresses or thread numbers.  The order of the threads of a
 * cycle does not matter, nor that of accesses to memory.
 */
#ifndef REPORTS_WORDS_FINGERPRINT_H
#define REPORTS_WORDS_FINGERPRINT_H

#include "reports/words/view.h"

/* The part of one event. */
const char *fingerprint_event(struct view *view, const struct model_process *process,
			      const struct finding_event *event);

/* 16 hexadecimal digits.  Needs the finding's process and events. */
const char *fingerprint_make(struct view *view, const struct view_finding *finding);

#endif

/*
 * Fingerprints: a finding has the same one in every run and build.
 *
 * Hashed are the kind, the names of the locks or of the memory, and the function of the
 * program that each event took place in (stable_names.h).  Callers are not, as optimisation
 * removes some.  The order of the threads of a cycle does not matter, nor that of accesses
 * to memory, nor how many threads did the same.
 *
 * Findings of one run that are told apart by less have numbered fingerprints.
 */
#ifndef REPORTS_VIEW_FINGERPRINT_H
#define REPORTS_VIEW_FINGERPRINT_H

#include "reports/words/view.h"

/* 16 hexadecimal digits.  Needs the finding's process and events. */
const char *fingerprint_make(struct view *view, const struct view_finding *finding);

/* That of finding @number, from 1, of several that have @fingerprint beside the first. */
const char *fingerprint_number(struct pool *pool, const char *fingerprint, size_t number);

#endif

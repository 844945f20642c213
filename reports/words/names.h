/*
 * Names of threads and locks, as a person would call them.
 *
 * A lock is called by its annotation, its variable and field, or else by where
 * it was created or first locked; an address is no name.  Locks of one process
 * that would have the same name are numbered in the order of appearance.
 */
#ifndef REPORTS_WORDS_NAMES_H
#define REPORTS_WORDS_NAMES_H

#include "reports/words/view.h"

/* "T2 (worker)", "T1 (main)", or "T2".  @finding's stacks may tell. */
const char *thread_name(struct view *view, const struct view_finding *finding, thread_id thread);

/* "worker", or NULL if it has no name of its own. */
const char *thread_own_name(struct view *view, const struct view_finding *finding,
			    thread_id thread);

/* "bank.c:accounts[0].lock", "mutex created at bank.c:12 #2".  Never NULL. */
const char *lock_name(struct view *view, const struct model_process *process, lock_id lock);

/* The same without number: what all locks of its origin are called. */
const char *lock_origin_name(struct view *view, const struct model_process *process, lock_id lock);

/* The same without number and line: stable between builds, for fingerprints. */
const char *lock_stable_name(struct view *view, const struct model_process *process, lock_id lock);

/* "in process 2 (./child)"; "" for the first process. */
const char *process_phrase(struct view *view, const struct view_finding *finding);

/* "Bank::run(int)" becomes "Bank::run". */
const char *without_parameters(struct pool *pool, const char *name);

/* "A", "A and B", "A, B and C"; of many, "A, B and 7 more". */
const char *join_words(struct pool *pool, const char **words, size_t count);

/* "1 finding", "2 findings". */
const char *count_words(struct pool *pool, uint64_t count, const char *noun);

#endif

/*
 * Names of threads and locks for people.
 *
 * A lock is named by its annotation, else by its variable and field, else by where
 * it was created or first locked, and what the source calls it there; never by its
 * address.  Locks of one process with the same name are numbered in the order in which
 * they appear.
 */
#ifndef REPORTS_WORDS_NAMES_H
#define REPORTS_WORDS_NAMES_H

#include "reports/words/view.h"

/* "T2 (worker)", "T1 (main)", or "T2" alone if nothing names it.  The function may come
 * from @finding's stacks. */
const char *thread_name(struct view *view, const struct view_finding *finding, thread_id thread);

/* "worker", or NULL if it has no name of its own. */
const char *thread_own_name(struct view *view, const struct view_finding *finding,
			    thread_id thread);

/* "bank.c:accounts[0].lock", "account->lock (bank.c:12) #2".  Never NULL. */
const char *lock_name(struct view *view, const struct model_process *process, lock_id lock);

/* Names a lock that nothing else names by its field: "struct conn.lock". */
void lock_name_field(struct view *view, const struct model_lock *lock, const char *name);

/* The same without number: the name of all locks of its origin. */
const char *lock_origin_name(struct view *view, const struct model_process *process, lock_id lock);

/* The same without number and line: for suppressions, which survive new builds. */
const char *lock_stable_name(struct view *view, const struct model_process *process, lock_id lock);

/* NULL: none was named. */
void lock_names_free(struct lock_names *names);

/* "in process 2 (./child)"; "" for the first process. */
const char *process_phrase(struct view *view, const struct view_finding *finding);

/* @name as people write it (short_name.h), with --verbose as it is. */
const char *short_words(struct view *view, const char *name);

/* The same of the function of @frame; "lambda at bank.cc:12". */
const char *frame_function(struct view *view, const struct source_frame *frame);

/* "A", "A and B", "A, B and C"; of many, "A, B and 7 more". */
const char *join_words(struct pool *pool, const char **words, size_t count);

/* "1 finding", "2 findings". */
const char *count_words(struct pool *pool, uint64_t count, const char *noun);

#endif

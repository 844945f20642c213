/*
 * The sink: findings go into the results file the moment they are made.
 *
 * The file is mapped, shared, so what is written survives kill -9, and needs
 * no descriptor, whatever the guest does with its own.  What a finding speaks
 * of (modules, stacks, threads, locks) is described before it, each once.
 *
 * All but sink_open() are called with detector.lock held, unless they say so.
 */
#ifndef PRELOAD_RESULTS_SINK_H
#define PRELOAD_RESULTS_SINK_H

#include "detect/base/detector.h"
#include "finding/results.h"

/* Maps the results file @path, made by the command.  False with *@why if it
 * cannot. */
bool sink_open(const char *path, const char **why);

/* Makes and maps a results file at @path itself (bare preload), which must be
 * new unless @may_exist. */
bool sink_create(const char *path, bool may_exist, const char **why);

/* Records this process; after fork: as a child of the one that forked. */
void sink_begin_process(bool is_forked);

void sink_emit(struct detector *detector, const struct finding *finding);
void sink_count(struct detector *detector, uint32_t finding);
void sink_retract(struct detector *detector, uint32_t finding);

/* Something to say once.  Takes no lock. */
void sink_text(const char *text);

/* A child that will not be observed.  Takes no lock. */
void sink_unobserved(const char *path, const char *why);

/* Process @pid becomes the program at @path, which will record itself.  Takes
 * no lock. */
void sink_executes(uint32_t pid, enum executes_how how, const char *path);

/* How this process ends (enum process_end).  Takes no lock. */
void sink_end(uint32_t how, uint32_t status);

/* Process @other of the run is ended by us.  Takes no lock. */
void sink_end_other(uint32_t other, uint32_t status);

/* Copies the detector's counters to the file. */
void sink_update_counters(const struct detector *detector);

/* @thread (with slot *@slot, taken if 0) blocks as its wait says; or no more.
 * Takes no lock of the caller's. */
void sink_blocked(struct detector *detector, struct thread *thread, uint32_t *slot);
void sink_unblocked(uint32_t slot);

/* A lock and where it was taken, if not yet known.  Takes no lock of the caller's. */
void sink_describe(struct detector *detector, lock_id lock, stack_id stack);

/* A name became known. */
void sink_renamed(struct detector *detector, struct thread *thread);

/* How many findings of this process are of @severity or above. */
uint32_t sink_finding_count(enum severity severity);

/* Has any process recorded a finding?  It may have been retracted since. */
bool sink_has_findings(void);

/* The pid of the first process in the file, 0 if there is none yet. */
uint32_t sink_first_pid(void);

/* The path of the file. */
const char *sink_path(void);
/* The mapped file, for the registry of process-shared locks; NULL if none. */
void *sink_base(void);
uint32_t sink_process(void);

#endif

/*
 * The sink: writes findings to the results file at once.
 *
 * The file is mapped and shared: what is written survives kill -9, and no
 * descriptor is needed that the guest could close.  The modules, stacks,
 * threads and locks of a finding are described before it, each once.
 *
 * All but sink_open() are called with detector.lock held, unless they say
 * otherwise.
 */
#ifndef PRELOAD_RESULTS_SINK_H
#define PRELOAD_RESULTS_SINK_H

#include "detect/base/detector.h"
#include "finding/results.h"

/* Maps the results file @path, made by the command.  False with *@why if it
 * cannot. */
bool sink_open(const char *path, const char **why);

/* Makes and maps a results file at @path itself (bare preload), which must be
 * new unless @may_exist, with a ring for events if @timeline_bytes is not 0. */
bool sink_create(const char *path, bool may_exist, uint64_t timeline_bytes, const char **why);

/* Records this process; after a fork as a child of the one that forked. */
void sink_begin_process(bool is_forked);

void sink_emit(struct detector *detector, const struct finding *finding);
/* Keeps an edge of the lock-order graph, for merge. */
void sink_order(struct detector *detector, const struct finding *edge);
void sink_count(struct detector *detector, uint32_t finding);
void sink_retract(struct detector *detector, uint32_t finding);
void sink_lower(struct detector *detector, uint32_t finding);

/* Gives memory a name. */
void sink_variable(uintptr_t address, size_t size_bytes, const char *name);

/* Records a message for the report.  Takes no lock. */
void sink_text(const char *text);

/* Records a child that will not be observed.  Takes no lock. */
void sink_unobserved(const char *path, const char *why);

/* Process @pid executes the program at @path, which will record itself.  Takes
 * no lock. */
void sink_executes(uint32_t pid, enum executes_how how, const char *path);

/* Records how this process ends (enum process_end).  Takes no lock. */
void sink_end(uint32_t how, uint32_t status);

/* Records that we end process @other of the run.  Takes no lock. */
void sink_end_other(uint32_t other, uint32_t status);

/* Those in the file, of this process; NULL: none. */
uint64_t *sink_counters(void);

/* Copies the detector's counters to the file. */
void sink_update_counters(const struct detector *detector);

/* @thread blocks, as its wait says; or does no more.  *@slot is its slot, taken
 * here if it is 0.  Called without detector.lock. */
void sink_blocked(struct detector *detector, struct thread *thread, uint32_t *slot);
void sink_unblocked(uint32_t slot);

/* Hooks of the detector: begin_record, describe_module and shared_key. */
struct record_header *sink_begin_description(struct detector *detector, enum record_type type,
					     uint32_t payload_bytes, struct byte_writer *writer);
void sink_describe_module(uintptr_t address, uint32_t code_generation);
uint64_t sink_shared_key(const struct sync_info *info);

/* Describes a lock and the stack where it was taken, if the file does not have
 * them yet.  Called without detector.lock. */
void sink_describe(struct detector *detector, lock_id lock, stack_id stack);

/* Describes what an event of @thread names, if there is room.  Returns @lock, or 0 if it has
 * no description.  Called without detector.lock. */
lock_id sink_describe_event(struct thread *thread, lock_id lock, stack_id stack);

/* Who holds @object exclusively, and where it took it, in *@stack; 0: nobody, or not known, as
 * the holder goes on meanwhile. */
thread_id sink_holder(const struct detector *detector, const struct sync_object *object,
		      stack_id *stack);

/* The numbers of findings of this process, by severity. */
const uint32_t *sink_finding_counts(void);

/* Has any process recorded a finding?  It may have been retracted since. */
bool sink_has_findings(void);

/* The pid of the first process in the file, 0 if there is none yet. */
uint32_t sink_first_pid(void);

/* The mapped file, which has the registry of process-shared locks; NULL if none. */
void *sink_base(void);
uint32_t sink_process(void);

/* Room for later records, for when the kernel may refuse it. */
void sink_set_room_aside(void);

#endif

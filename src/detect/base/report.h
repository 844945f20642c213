/*
 * Making findings: events put together, repetitions counted, not reported
 * again.
 *
 * A finding repeats another if its kind and its events' threads' actions,
 * locks' classes and stacks are the same; what is compared is a hash that the
 * rule gives (usually of the stacks).
 *
 * All functions are called with detector.lock held.
 */
#ifndef DETECT_BASE_REPORT_H
#define DETECT_BASE_REPORT_H

#include "detect/base/detector.h"

/* An empty finding of @kind with its usual severity.  The detector has one to
 * fill at a time. */
struct finding *report_begin(struct detector *detector, enum finding_kind kind);

/* Appends an event; NULL (and nothing) when the finding is full.  @object may
 * be NULL.  Its holds are empty. */
struct finding_event *report_event(struct finding *finding, thread_id thread,
				   enum finding_action action, const struct sync_object *object,
				   stack_id stack);

/* The same for a lock known by its id. */
struct finding_event *report_lock_event(struct finding *finding, thread_id thread,
					enum finding_action action, lock_id lock, stack_id stack);

/* The same for an access of memory. */
struct finding_event *report_access(struct finding *finding, thread_id thread,
				    enum finding_action action, stack_id stack, uintptr_t address,
				    uint64_t size_bytes);

/* Fills @event's holds with what @thread holds now. */
void report_holds(struct finding_event *event, const struct thread *thread);

/* Emits it, or counts it if @key was emitted before for this kind.  Returns the
 * finding's number, 0 if it was a repetition. */
uint32_t report_emit(struct detector *detector, struct finding *finding, uint64_t key);

/* Was a finding of @kind emitted under @key? */
bool report_is_known(struct detector *detector, enum finding_kind kind, uint64_t key);

/* The number of the finding emitted under @key, or 0. */
uint32_t report_number(struct detector *detector, enum finding_kind kind, uint64_t key);

/* Forgets the finding: found again, it is a new one. */
void report_forget(struct detector *detector, enum finding_kind kind, uint64_t key);

/* If @object is a semaphore, finding @number takes it for a lock. */
void report_note_provisional(const struct sync_object *object, uint32_t number);

/* Takes finding @number back. */
void report_retract(struct detector *detector, uint32_t number);

/* Makes it a note. */
void report_lower(struct detector *detector, uint32_t number);

#endif

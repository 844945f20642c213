/*
 * For tests of happens-before: the threads of a detector, and which of them know of
 * each other's events.
 *
 * A finding or a loss is a failure, as these programs have no faults.
 */
#ifndef TESTS_UNIT_KNOWLEDGE_H
#define TESTS_UNIT_KNOWLEDGE_H

#include "detect/base/detector.h"

#define HERE 1u /* the place of all calls */

extern struct detector judge;

/* The main thread and three that it started. */
extern struct thread *first, *a, *b, *c;

void set_up_threads(void);
void tear_down_threads(void);

struct thread *start(struct thread *parent);

/* @target ends, and @thread joins it. */
void join(struct thread *thread, struct thread *target);

/* On which clocks something is known. */
#define NOT_KNOWN 0u
#define IN_FULL 1u
#define IN_STRUCTURAL 2u
#define IN_HAND_OVER 4u
#define IN_ALL (IN_FULL | IN_STRUCTURAL | IN_HAND_OVER)

struct event {
	uint32_t slot;
	uint64_t full, structural, hand_over;
};

/* Something that @thread does now and that is recorded. */
struct event happens(struct thread *thread);

/* On which clocks @thread knows of @event. */
unsigned knows(const struct thread *thread, const struct event *event);

/* The object number @number, of @kind. */
struct sync_object *object_of(enum object_kind kind, unsigned number);

void take_mutex(struct thread *thread, struct sync_object *mutex);
void release_mutex(struct thread *thread, struct sync_object *mutex);

#endif

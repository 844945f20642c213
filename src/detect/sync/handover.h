/*
 * Hand-over: passing on what a thread knows through an object that is no lock
 * (condition, semaphore, once, pipe).
 *
 * What is given is merged, so who takes it learns from all who gave since the
 * object began or was reset.
 */
#ifndef DETECT_SYNC_HANDOVER_H
#define DETECT_SYNC_HANDOVER_H

#include "detect/base/detector.h"

void handover_give(struct detector *detector, struct thread *thread, struct sync_object *object);
void handover_take(struct detector *detector, struct thread *thread, struct sync_object *object);

#endif

/*
 * Hand-over: passing on a thread's clock through an object that is no lock
 * (condition, once, pipe; a semaphore does so token by token).
 *
 * Clocks that are given are merged: a thread that takes from the object comes after
 * all that gave since the object began or was reset.
 */
#ifndef DETECT_SYNC_HANDOVER_H
#define DETECT_SYNC_HANDOVER_H

#include "detect/base/detector.h"

void handover_give(struct detector *detector, struct thread *thread, struct sync_object *object);
void handover_take(struct detector *detector, struct thread *thread, struct sync_object *object);

#endif

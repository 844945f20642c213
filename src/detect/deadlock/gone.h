/*
 * Threads that are gone: locks that they held have an owner that will never release
 * them.
 */
#ifndef DETECT_DEADLOCK_GONE_H
#define DETECT_DEADLOCK_GONE_H

#include "detect/base/detector.h"
#include "detect/base/thread.h"

/* @thread's kernel thread is gone: reports the locks that it left behind. */
void gone_end(struct detector *detector, struct thread *thread);

/* @thread waits for a lock: is its owner gone, by its end or by fork? */
void gone_check_owner(struct detector *detector, struct thread *thread);

#endif

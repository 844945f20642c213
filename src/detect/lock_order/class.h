/*
 * Classes of locks: locks of one origin.
 *
 * A class is the place where a lock was made (the stack of its init call), or,
 * for locks that are never initialised by a call, its symbol (its address in a
 * module's data) or the place of its first use.  Classes show inversions of
 * which no pair of instances took part in both orders (two accounts locked as
 * the transfer names them).  Such a finding is at most a warning.
 *
 * The graph of classes is another lock_order graph.  A nesting of two locks of
 * one class is an edge between two nodes of that class, 'lower' and 'higher'
 * address, so that only both directions make a cycle.  Hand-over-hand locking
 * down a list nests locks of a class in any direction, and is no inversion:
 * a class that was seen to be locked so is left alone.
 *
 * All functions are called with detector.lock held.
 */
#ifndef DETECT_LOCK_ORDER_CLASS_H
#define DETECT_LOCK_ORDER_CLASS_H

#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/lock_order/lock_order.h"

/* @thread wants @object holding @held: the edge of their classes.  @witness is
 * that of the instances. */
void class_order_add(struct detector *detector, struct thread *thread, struct held_lock *held,
		     struct sync_object *object, const struct order_witness *witness);

/* Is this cycle of classes worth a finding: do different instances make it,
 * and is none of its classes locked hand over hand? */
bool class_cycle_is_news(const struct detector *detector, const struct order_cycle *cycle);

/* Some lock of the class that graph node @node stands for. */
lock_id class_example(const struct detector *detector, lock_id node);

#endif

/*
 * Classes of locks: locks of one origin.
 *
 * A class is the place where a lock was created (the stack of its init call),
 * or, for locks without such a call, its symbol (its address in a module's data)
 * or the place of its first use.  Classes show inversions that no pair of
 * instances was seen in both orders of: two accounts, locked in the order in
 * which a transfer names them.  Such a finding is at most a warning.
 *
 * The graph of classes is another lock_order graph.  A nesting of two locks of
 * one class is an edge between two nodes of that class, 'lower' and 'higher'
 * address, so that only both directions make a cycle.  Hand-over-hand locking
 * down a list nests locks of a class in both directions and is no inversion, so
 * cycles of a class that was seen to be locked like that are not reported.
 *
 * All functions are called with detector.lock held.
 */
#ifndef DETECT_LOCK_ORDER_CLASS_H
#define DETECT_LOCK_ORDER_CLASS_H

#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "detect/lock_order/lock_order.h"

/* Adds the edge of the classes when @thread wants @object holding @held.
 * @witness is that of the instances. */
void class_order_add(struct detector *detector, struct thread *thread, struct held_lock *held,
		     struct sync_object *object, const struct order_witness *witness);

/* Is this cycle of classes to be reported?  Not if a class is locked hand over
 * hand, if the two directions have no place of the code in common, or if the
 * witnesses are ordered. */
bool class_cycle_is_news(const struct detector *detector, const struct order_cycle *cycle);

/* A lock of the class that graph node @node stands for. */
lock_id class_example(const struct detector *detector, lock_id node);

/* DETAIL_OLDER_LOWER or DETAIL_OLDER_HIGHER of a cycle of one class, if its witnesses agree. */
uint32_t class_cycle_ages(const struct detector *detector, const struct order_cycle *cycle);

#endif

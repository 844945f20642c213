/*
 * Makes findings of cycles in the lock-order graph.
 *
 * Called by lock_order_add() under detector.lock.
 */
#ifndef DETECT_LOCK_ORDER_REPORT_H
#define DETECT_LOCK_ORDER_REPORT_H

#include "detect/lock_order/lock_order.h"

/* An order_report (lock_order.h); @context is the detector. */
uint32_t order_report_instances(void *context, const struct order_cycle *cycle);

/* The same for the graph of classes (class.h). */
uint32_t order_report_classes(void *context, const struct order_cycle *cycle);

#endif

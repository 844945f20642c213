/*
 * Makes findings of cycles in the lock-order graph.
 *
 * Called by lock_order_add() under detector.lock.
 */
#ifndef DETECT_LOCK_ORDER_REPORT_H
#define DETECT_LOCK_ORDER_REPORT_H

#include "detect/base/detector.h"
#include "detect/lock_order/lock_order.h"

/* An order_report (lock_order.h); @context is the detector. */
uint32_t order_report_instances(void *context, const struct order_cycle *cycle);

/* The same for the graph of classes (class.h). */
uint32_t order_report_classes(void *context, const struct order_cycle *cycle);

/* Tells hooks->order that @to was wanted with @from held, once for each pair of origins with
 * these modes and gates.  A lock whose life no init call began counts as an origin. */
void order_save(struct detector *detector, const struct sync_info *from,
		const struct sync_info *to, const struct order_witness *witness,
		uint64_t gates_hash);

/* Of all locks that are held, once for the orders of an acquisition: a sum, as their order
 * is chance. */
uint64_t order_hash_gates(const struct detector *detector, const struct order_witness *witness);

#endif

/*
 * Components: sets of nodes that stand at one position of the order.
 *
 * A component lives inside the node that was alone in it at first; the others
 * that join point to it.  When that node leaves, it moves into another member.
 */
#ifndef DETECT_LOCK_ORDER_COMPONENT_H
#define DETECT_LOCK_ORDER_COMPONENT_H

#include "detect/lock_order/graph.h"

/*
 * A cycle of locks, known by its locks in their order from the lowest id on,
 * with the strongest finding so far.
 */
struct cycle_record {
	struct cycle_record *next;
	struct order_node *member; /* any node of the cycle */
	uint64_t key;
	uint32_t report; /* the number of its last report, or 0 */
	uint8_t strength;
	uint8_t reason;	  /* if strength is 0: enum order_suppression, from 1 */
	bool is_refining; /* a later witness of known edges may decide it */
	uint8_t length;
	lock_id locks[8];
};

/* The node is in no component. */
void component_add_member(struct order_component *component, struct order_node *node);

/* Makes one of several; edges between them become inner ones. */
void component_contract(struct order_component **components, uint64_t count);

/* Takes out a node without edges.  The component of the others, or NULL. */
struct order_component *component_remove_member(struct order_node *node);

void component_add_cycle(struct order_component *component, struct cycle_record *cycle);

#endif

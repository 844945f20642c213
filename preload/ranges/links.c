/*
 * Links of std::list, std::map and std::set: templates call functions of the C++ library to
 * change them, so these accesses are the caller's.
 *
 * What is done to a list takes a few moves, which are made here: the library's own are those
 * of a silent module (HACKING.md), which order threads, and who walks a list that another
 * thread changes would seem to be handed what it finds.  Of what is done to a tree, the links
 * to the element that comes or goes are looked at, and those of the tree's head, but not what
 * turns of the tree change.
 */
#include "preload/ranges/links.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/atomic.h"
#include "base/types.h"
#include "preload/ranges/ranges.h"

struct list_node {
	struct list_node *next, *previous;
};

struct tree_node {
	unsigned long color;
	struct tree_node *parent, *left, *right;
};

enum tree_call {
	TREE_INSERT,
	TREE_ERASE,
	TREE_NEXT,
	TREE_NEXT_CONST,
	TREE_PREVIOUS,
	TREE_PREVIOUS_CONST,
	TREE_COUNT
};

static void *originals[TREE_COUNT];

#define CHANGES(link) range_written(&start, &(link), sizeof(link))
#define SEES(link) range_read(&start, &(link), sizeof(link))

static void list_hook(struct list_node *node, struct list_node *position)
{
	struct unwind_start start = unwind_start_here();

	CHANGES(*node);
	CHANGES(position->previous);
	CHANGES(position->previous->next);
	node->next = position;
	node->previous = position->previous;
	position->previous->next = node;
	position->previous = node;
}

static void list_unhook(struct list_node *node)
{
	struct unwind_start start = unwind_start_here();

	SEES(*node);
	CHANGES(node->previous->next);
	CHANGES(node->next->previous);
	node->previous->next = node->next;
	node->next->previous = node->previous;
}

/* Moves [@first, @last) to the place in front of @position. */
static void list_transfer(struct list_node *position, struct list_node *first,
			  struct list_node *last)
{
	struct unwind_start start = unwind_start_here();
	struct list_node *before = position->previous;

	if (position == last)
		return;
	CHANGES(position->previous);
	CHANGES(first->previous);
	CHANGES(last->previous);
	CHANGES(before->next);
	CHANGES(first->previous->next);
	CHANGES(last->previous->next);
	last->previous->next = position;
	first->previous->next = last;
	before->next = first;
	position->previous = last->previous;
	last->previous = first->previous;
	first->previous = before;
}

/* @head has the root as its parent, and the first and last element to its left and right. */
static void tree_insert(bool is_left, struct tree_node *node, struct tree_node *parent,
			struct tree_node *head)
{
	struct unwind_start start = unwind_start_here();

	CHANGES(*node);
	if (is_left)
		CHANGES(parent->left);
	else
		CHANGES(parent->right);
	if (parent == head)
		CHANGES(head->parent);
	if (parent == head || (!is_left && parent == head->right))
		CHANGES(head->right);
	if (is_left && parent == head->left)
		CHANGES(head->left);
	((void (*)(bool, struct tree_node *, struct tree_node *,
		   struct tree_node *))originals[TREE_INSERT])(is_left, node, parent, head);
}

static struct tree_node *tree_erase(struct tree_node *node, struct tree_node *head)
{
	struct unwind_start start = unwind_start_here();
	struct tree_node *parent = node->parent;

	SEES(*node);
	if (head->parent == node)
		CHANGES(head->parent);
	else if (parent->left == node)
		CHANGES(parent->left);
	else
		CHANGES(parent->right);
	if (head->left == node)
		CHANGES(head->left);
	if (head->right == node)
		CHANGES(head->right);
	return ((struct tree_node * (*)(struct tree_node *, struct tree_node *))
			originals[TREE_ERASE])(node, head);
}

#define STEP(function, call, link)                                                                 \
	static struct tree_node *function(struct tree_node *node)                                  \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		SEES(node->link);                                                                  \
		return ((struct tree_node * (*)(struct tree_node *)) originals[call])(node);       \
	}
STEP(tree_next, TREE_NEXT, right)
STEP(tree_next_const, TREE_NEXT_CONST, right)
STEP(tree_previous, TREE_PREVIOUS, left)
STEP(tree_previous_const, TREE_PREVIOUS_CONST, left)

static const struct link_call {
	const char *name;
	void *wrapper;
	void **original; /* NULL: the wrapper does all */
} calls[] = {
	{"_ZNSt8__detail15_List_node_base7_M_hookEPS0_", list_hook, NULL},
	{"_ZNSt8__detail15_List_node_base9_M_unhookEv", list_unhook, NULL},
	{"_ZNSt8__detail15_List_node_base11_M_transferEPS0_S1_", list_transfer, NULL},
	{"_ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_", tree_insert,
	 &originals[TREE_INSERT]},
	{"_ZSt28_Rb_tree_rebalance_for_erasePSt18_Rb_tree_node_baseRS_", tree_erase,
	 &originals[TREE_ERASE]},
	{"_ZSt18_Rb_tree_incrementPSt18_Rb_tree_node_base", tree_next, &originals[TREE_NEXT]},
	{"_ZSt18_Rb_tree_incrementPKSt18_Rb_tree_node_base", tree_next_const,
	 &originals[TREE_NEXT_CONST]},
	{"_ZSt18_Rb_tree_decrementPSt18_Rb_tree_node_base", tree_previous,
	 &originals[TREE_PREVIOUS]},
	{"_ZSt18_Rb_tree_decrementPKSt18_Rb_tree_node_base", tree_previous_const,
	 &originals[TREE_PREVIOUS_CONST]},
};

void *links_wrapper(const char *name, void *original)
{
	const struct link_call *call = calls;
	void *before = NULL;

	if (strncmp(name, "_ZNSt", 5) != 0 && strncmp(name, "_ZSt", 4) != 0)
		return NULL;
	while (call < calls + ARRAY_LENGTH(calls) && strcmp(call->name, name) != 0)
		call++;
	if (call == calls + ARRAY_LENGTH(calls))
		return NULL;
	/* As in range_wrapper(). */
	if (original && call->original &&
	    !compare_exchange_acq_rel(call->original, &before, original) && before != original)
		return NULL;
	return call->wrapper;
}

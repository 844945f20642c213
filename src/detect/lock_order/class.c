#include "detect/lock_order/class.h"

#include "base/hash.h"

#define CLASS_BUCKETS 1024u
#define HAND_OVER_HAND_MAX 3u /* locks held at a time: two, and one of something else */

struct lock_class {
	struct intern_link link;
	uint64_t key; /* its hash, too */
	class_id id;
	lock_id example;
	bool is_chained; /* locked hand over hand */
};

/* Ids of graph nodes, two per class.  Gates are locks: their ids must differ
 * from those of the nodes. */
#define FIRST_CLASS_NODE ((lock_id)1 << 27)

static lock_id get_lower_node(class_id class)
{
	return FIRST_CLASS_NODE + class * 2;
}

static lock_id get_higher_node(class_id class)
{
	return FIRST_CLASS_NODE + class * 2 + 1;
}

static const struct lock_class *find_node_class(const struct detector *detector, lock_id node)
{
	return id_table_get(&detector->classes, (node - FIRST_CLASS_NODE) / 2);
}

/* Equal for the locks of one class. */
static uint64_t hash_origin(const struct sync_info *info)
{
	if (info->created)
		return hash_append(hash_append(1, info->kind), info->created);
	return hash_append(hash_append(2, info->kind), info->first);
}

static struct lock_class *find_or_add_class(struct detector *detector, const struct sync_info *info)
{
	uint64_t key = hash_origin(info);
	struct intern_table *table = &detector->classes_by_key;
	struct lock_class *class = intern_first(table, key);

	while (class && class->key != key)
		class = intern_next(class);
	if (class || !intern_begin(table, &detector->arena, CLASS_BUCKETS))
		return class;
	class = arena_alloc(&detector->arena, sizeof(*class));
	if (!class)
		return NULL;
	class->key = key;
	class->id = detector->classes.last + 1;
	class->example = info->id;
	if (!id_table_set(&detector->classes, &detector->arena, class->id, class))
		return NULL;
	named_ids_add(&detector->objects.named, class->example);
	intern_add(table, class, key);
	return class;
}

static struct lock_class *find_lock_class(struct detector *detector, struct sync_info *info)
{
	struct lock_class *class;

	if (info->class)
		return id_table_get(&detector->classes, info->class);
	class = find_or_add_class(detector, info);
	if (class)
		info->class = class->id;
	return class;
}

/* @held was itself acquired under a lock of the class that has been released
 * since. */
static bool is_hand_over_hand(const struct thread *thread, const struct held_lock *held)
{
	if (!held->under || thread->held.count > HAND_OVER_HAND_MAX)
		return false;
	for (uint32_t i = 0; i < thread->held.count; i++)
		if (thread->held.locks[i].object->info &&
		    thread->held.locks[i].object->info->id == held->under)
			return false;
	return true;
}

static void add_same_class(struct detector *detector, struct thread *thread,
			   struct held_lock *held, struct sync_object *object,
			   struct lock_class *class, struct order_witness *witness)
{
	bool is_ascending = held->object->address < object->address;
	lock_id lower = get_lower_node(class->id);
	lock_id higher = get_higher_node(class->id);

	witness->is_older_first = held->object->info->life < object->info->life;
	if (is_hand_over_hand(thread, held))
		class->is_chained = true;
	thread->held.wanted_under = held->object->info->id;
	lock_order_add(detector->class_order, is_ascending ? lower : higher,
		       is_ascending ? higher : lower, witness);
}

void class_order_add(struct detector *detector, struct thread *thread, struct held_lock *held,
		     struct sync_object *object, const struct order_witness *witness)
{
	struct lock_class *from = find_lock_class(detector, held->object->info);
	struct lock_class *to = find_lock_class(detector, object->info);
	struct order_witness own = *witness;

	own.is_of_classes = true;
	/* Not classes by first use: one line of a wrapper may be the first use
	 * of all locks. */
	if (!from || !to || !held->object->info->created || !object->info->created)
		return;
	if (from == to)
		add_same_class(detector, thread, held, object, from, &own);
	else
		lock_order_add(detector->class_order, get_lower_node(from->id),
			       get_lower_node(to->id), &own);
}

/* The innermost frame of a stack. */
static uintptr_t find_site(const struct detector *detector, stack_id id)
{
	const struct stack *stack = stack_depot_get(&detector->stacks, id);

	return stack && stack->frame_count ? stack_frame(stack, 0) : 0;
}

/*
 * Two locks of one class in both directions are suspicious if the same line
 * acquires them in either direction.  Locks of one origin, initialised in one
 * loop for example, may have two roles, an outer and an inner one: then each
 * role is acquired by its own lines.
 */
static bool has_common_site(const struct detector *detector, const struct order_cycle *cycle)
{
	const struct order_witness *one = cycle->edges[0].witness;
	const struct order_witness *other = cycle->edges[1].witness;

	return find_site(detector, one->from_stack) == find_site(detector, other->from_stack) ||
	       find_site(detector, one->to_stack) == find_site(detector, other->to_stack);
}

static bool is_within_class(const struct detector *detector, const struct order_cycle *cycle)
{
	return cycle->length == 2 && find_node_class(detector, cycle->edges[0].from) ==
					     find_node_class(detector, cycle->edges[1].from);
}

bool class_cycle_is_news(const struct detector *detector, const struct order_cycle *cycle)
{
	for (uint32_t i = 0; i < cycle->length && i < LOCK_ORDER_CYCLE_MAX; i++) {
		const struct lock_class *class = find_node_class(detector, cycle->edges[i].from);

		if (!class || class->is_chained)
			return false;
	}
	if (is_within_class(detector, cycle) && !has_common_site(detector, cycle))
		return false;
	return cycle->verdict == ORDER_CONCURRENT;
}

uint32_t class_cycle_ages(const struct detector *detector, const struct order_cycle *cycle)
{
	uint32_t ages = DETAIL_OLDER_LOWER | DETAIL_OLDER_HIGHER;

	if (!is_within_class(detector, cycle))
		return 0;
	for (uint32_t i = 0; i < cycle->length; i++) {
		const struct order_cycle_edge *edge = &cycle->edges[i];

		ages &= (edge->from < edge->to) == edge->witness->is_older_first
				? DETAIL_OLDER_LOWER
				: DETAIL_OLDER_HIGHER;
	}
	return ages;
}

lock_id class_example(const struct detector *detector, lock_id node)
{
	const struct lock_class *class = find_node_class(detector, node);

	return class ? class->example : 0;
}

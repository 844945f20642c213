/*
 * liburcu: readers of a pointer, of a list and of a hash table, while one writer
 * replaces what they read and frees it after grace periods.
 *
 * needs: /usr/include/x86_64-linux-gnu/urcu.h
 * variant memb: '-DFLAVOUR=<urcu.h>' -lurcu -lurcu-cds
 * variant memb_inline: -D_LGPL_SOURCE '-DFLAVOUR=<urcu.h>' -lurcu -lurcu-cds
 * variant mb: -DRCU_MB '-DFLAVOUR=<urcu.h>' -lurcu-mb -lurcu-cds
 * variant mb_inline: -D_LGPL_SOURCE -DRCU_MB '-DFLAVOUR=<urcu.h>' -lurcu-mb -lurcu-cds
 * variant signal: -DRCU_SIGNAL '-DFLAVOUR=<urcu.h>' -lurcu-signal -lurcu-cds
 * variant signal_inline: -D_LGPL_SOURCE -DRCU_SIGNAL '-DFLAVOUR=<urcu.h>' -lurcu-signal -lurcu-cds
 * variant qsbr: '-DFLAVOUR=<urcu-qsbr.h>' -lurcu-qsbr -lurcu-cds
 * variant qsbr_inline: -D_LGPL_SOURCE '-DFLAVOUR=<urcu-qsbr.h>' -lurcu-qsbr -lurcu-cds
 * variant bp: '-DFLAVOUR=<urcu-bp.h>' -lurcu-bp -lurcu-cds
 * variant bp_inline: -D_LGPL_SOURCE '-DFLAVOUR=<urcu-bp.h>' -lurcu-bp -lurcu-cds
 */
#include FLAVOUR

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <urcu/rculfhash.h>
#include <urcu/rculist.h>

#define TURNS 150
#define KEYS 50

struct node {
	int key, value;
	struct rcu_head head;
	struct cds_lfht_node hashed;
	struct cds_list_head listed;
};

static CDS_LIST_HEAD(list);
static struct cds_lfht *table;
static struct node *current;
static int stop;

static void free_node(struct rcu_head *head)
{
	struct node *node = caa_container_of(head, struct node, head);

	node->value = -1;
	free(node);
}

static int has_key(struct cds_lfht_node *hashed, const void *key)
{
	return caa_container_of(hashed, struct node, hashed)->key == *(const int *)key;
}

static struct cds_lfht_node *find_key(int key)
{
	struct cds_lfht_iter at;

	cds_lfht_lookup(table, key * 2654435761u, has_key, &key, &at);
	return cds_lfht_iter_get_node(&at);
}

static struct node *make_node(int turn)
{
	struct node *node = malloc(sizeof(*node));

	node->key = turn % KEYS;
	node->value = turn;
	return node;
}

static void *read_all(void *unused)
{
	long sum = 0;

	rcu_register_thread();
	while (!uatomic_read(&stop)) {
		struct cds_lfht_node *hashed;
		struct node *node;

		rcu_read_lock();
		node = rcu_dereference(current);
		if (node)
			sum += node->key + node->value;
		hashed = find_key(sum % KEYS);
		if (hashed)
			sum += caa_container_of(hashed, struct node, hashed)->value;
		cds_list_for_each_entry_rcu(node, &list, listed) sum += node->value;
		rcu_read_unlock();
		rcu_quiescent_state();
		sched_yield();
	}
	rcu_unregister_thread();
	return sum ? unused : NULL;
}

static void replace_current(int turn)
{
	struct node *old = rcu_xchg_pointer(&current, make_node(turn));

	if (!old)
		return;
	if (turn % 20) {
		call_rcu(&old->head, free_node);
	} else {
		synchronize_rcu();
		old->value = -1;
		free(old);
	}
}

static void replace_hashed(int turn)
{
	struct node *node = make_node(turn);
	struct cds_lfht_node *old;

	rcu_read_lock();
	old = find_key(node->key);
	if (old && !cds_lfht_del(table, old))
		call_rcu(&caa_container_of(old, struct node, hashed)->head, free_node);
	cds_lfht_node_init(&node->hashed);
	cds_lfht_add(table, node->key * 2654435761u, &node->hashed);
	rcu_read_unlock();
}

static void replace_listed(int turn)
{
	struct node *last;

	cds_list_add_rcu(&make_node(turn)->listed, &list);
	if (turn <= 5)
		return;
	last = cds_list_entry(list.prev, struct node, listed);
	cds_list_del_rcu(&last->listed);
	call_rcu(&last->head, free_node);
}

int main(void)
{
	pthread_t threads[2];

	rcu_register_thread();
	table = cds_lfht_new(16, 16, 0, CDS_LFHT_AUTO_RESIZE, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, read_all, NULL);
	for (int turn = 0; turn < TURNS; turn++) {
		replace_current(turn);
		replace_hashed(turn);
		replace_listed(turn);
		rcu_quiescent_state();
	}
	uatomic_set(&stop, 1);
	rcu_thread_offline();
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	rcu_thread_online();
	rcu_barrier();
	rcu_unregister_thread();
	puts("ended");
	return 0;
}

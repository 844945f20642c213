#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "detect/lock_order/topology.h"

#define LOCK_MAX 120u

static void *pages_from_libc(size_t size_bytes)
{
	return calloc(1, size_bytes);
}

static struct arena arena;
static struct order_graph graph;
static bool is_edge[LOCK_MAX + 1][LOCK_MAX + 1];
static bool is_reachable[LOCK_MAX + 1][LOCK_MAX + 1];
static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) * bound >> 32);
}

static void set_up(void)
{
	random_state = 88172645463325252u;
	memset(is_edge, 0, sizeof(is_edge));
	arena_init(&arena, pages_from_libc);
	ck_assert(graph_init(&graph, &arena));
}

static struct order_node *obtain_node(lock_id lock, bool is_source)
{
	struct order_node *node = graph_find_node(&graph, lock);

	return node ? node : graph_add_node(&graph, lock, is_source);
}

static void add_edge(lock_id from, lock_id to)
{
	struct order_node *from_node = obtain_node(from, true);
	struct order_node *to_node = obtain_node(to, false);

	if (from == to || is_edge[from][to])
		return;
	ck_assert_ptr_null(graph_find_edge(&graph, from_node, to_node));
	topology_link(&graph, graph_add_edge(&graph, from_node, to_node));
	is_edge[from][to] = true;
}

static void remove_lock(lock_id lock)
{
	struct order_node *node = graph_find_node(&graph, lock);
	struct order_component *rest;

	if (!node)
		return;
	for (unsigned end = 0; end < EDGE_END_COUNT; end++)
		for (unsigned place = 0; place < EDGE_PLACE_COUNT; place++)
			while (node->edges[end][place])
				graph_free_edge(&graph, node->edges[end][place]);
	for (lock_id other = 1; other <= LOCK_MAX; other++)
		is_edge[lock][other] = is_edge[other][lock] = false;
	rest = component_remove_member(&graph, node);
	graph_free_node(&graph, node);
	if (rest)
		topology_split(&graph, rest);
}

static void check_edges_of(const struct order_node *node, uint64_t *edge_count)
{
	for (unsigned place = 0; place < EDGE_PLACE_COUNT; place++) {
		for (const struct order_edge *edge = node->edges[EDGE_FROM][place]; edge;
		     edge = edge->next[EDGE_FROM]) {
			ck_assert(is_edge[edge->from->lock][edge->to->lock]);
			ck_assert_ptr_eq(graph_find_edge(&graph, edge->from, edge->to), edge);
			ck_assert_uint_eq(edge_place(edge), place);
			if (place == EDGE_OUTER)
				ck_assert_int_lt(edge->from->component->position,
						 edge->to->component->position);
			(*edge_count)++;
		}
		for (const struct order_edge *edge = node->edges[EDGE_TO][place]; edge;
		     edge = edge->next[EDGE_TO]) {
			ck_assert_ptr_eq(edge->to, node);
			ck_assert_uint_eq(edge_place(edge), place);
		}
	}
}

static void check_component(const struct order_node *node)
{
	const struct order_component *component = node->component;
	uint32_t size = 0;
	bool is_member = false;

	for (const struct order_node *member = component->members; member;
	     member = member->next_member) {
		ck_assert_ptr_eq(member->component, component);
		is_member |= member == node;
		size++;
	}
	ck_assert(is_member);
	ck_assert_uint_eq(component->size, size);
	ck_assert_uint_eq(component->reach, 0);
	ck_assert_uint_eq(node->visit, 0);
}

/* The list of components goes by position, and has each. */
static void check_list(void)
{
	const struct order_component *before = NULL;
	uint64_t members = 0;

	for (const struct order_component *component = graph.first; component;
	     component = component->after) {
		ck_assert_ptr_eq(component->before, before);
		if (before)
			ck_assert_int_lt(before->position, component->position);
		members += component->size;
		before = component;
	}
	ck_assert_ptr_eq(graph.last, before);
	ck_assert_uint_eq(members, graph.node_count);
}

/* Positions of components are distinct, edges agree with them, lists with each
 * other and with what was added. */
static void check_invariants(void)
{
	uint64_t edge_count = 0;
	uint64_t expected_count = 0;

	for (lock_id lock = 1; lock <= LOCK_MAX; lock++) {
		const struct order_node *node = graph_find_node(&graph, lock);

		for (lock_id other = 1; other <= LOCK_MAX; other++) {
			const struct order_node *next = graph_find_node(&graph, other);

			expected_count += is_edge[lock][other];
			if (node && next && node->component != next->component)
				ck_assert_int_ne(node->component->position,
						 next->component->position);
		}
		if (!node)
			continue;
		check_edges_of(node, &edge_count);
		check_component(node);
	}
	check_list();
	ck_assert_uint_eq(edge_count, expected_count);
	ck_assert_uint_eq(graph.edges.count, expected_count);
}

static void close_transitively(uint32_t lock_count)
{
	memcpy(is_reachable, is_edge, sizeof(is_edge));
	for (lock_id via = 1; via <= lock_count; via++)
		for (lock_id from = 1; from <= lock_count; from++)
			for (lock_id to = 1; is_reachable[from][via] && to <= lock_count; to++)
				is_reachable[from][to] |= is_reachable[via][to];
}

/* Together exactly if each reaches the other. */
static void check_strongly_connected(uint32_t lock_count, bool is_exact)
{
	close_transitively(lock_count);
	for (lock_id from = 1; from <= lock_count; from++) {
		for (lock_id to = 1; to < from; to++) {
			const struct order_node *a = graph_find_node(&graph, from);
			const struct order_node *b = graph_find_node(&graph, to);
			bool is_common = is_reachable[from][to] && is_reachable[to][from];

			if (!a || !b)
				continue;
			if (is_common)
				ck_assert_ptr_eq(a->component, b->component);
			else if (is_exact)
				ck_assert_ptr_ne(a->component, b->component);
		}
	}
}

START_TEST(edges_in_order_are_outer)
{
	add_edge(1, 2);
	add_edge(2, 3);
	add_edge(1, 3);
	check_invariants();
	check_strongly_connected(3, true);
}
END_TEST

START_TEST(edge_that_closes_a_cycle_contracts_the_paths_back)
{
	add_edge(1, 2);
	add_edge(2, 3);
	add_edge(2, 4);
	add_edge(4, 5);
	add_edge(3, 1);
	check_invariants();
	check_strongly_connected(5, true);
	add_edge(5, 2);
	check_invariants();
	check_strongly_connected(5, true);
}
END_TEST

START_TEST(removal_splits_a_small_component)
{
	add_edge(1, 2);
	add_edge(2, 1);
	add_edge(2, 3);
	add_edge(3, 4);
	add_edge(4, 3);
	add_edge(4, 1);
	check_strongly_connected(4, true);
	remove_lock(1);
	check_invariants();
	check_strongly_connected(4, true);
}
END_TEST

/* Each lock in turn goes right before the first, which halves what is between. */
START_TEST(positions_are_numbered_anew_when_a_gap_is_used_up)
{
	for (lock_id lock = 1; lock <= LOCK_MAX; lock++)
		obtain_node(lock, false);
	for (lock_id lock = 2; lock <= LOCK_MAX; lock++) {
		add_edge(lock, 1);
		check_invariants();
	}
	check_strongly_connected(LOCK_MAX, true);
}
END_TEST

START_TEST(random_acyclic_orders_stay_ordered)
{
	static lock_id ranks[LOCK_MAX];

	for (uint32_t i = 0; i < LOCK_MAX; i++) {
		uint32_t place = random_below(i + 1);

		ranks[i] = ranks[place];
		ranks[place] = i + 1;
	}
	for (unsigned i = 0; i < 800; i++) {
		uint32_t a = random_below(LOCK_MAX);
		uint32_t b = random_below(LOCK_MAX);

		if (a != b)
			add_edge(ranks[a < b ? a : b], ranks[a < b ? b : a]);
		if (i % 200 == 0)
			check_invariants();
	}
	check_invariants();
	check_strongly_connected(LOCK_MAX, true);
}
END_TEST

START_TEST(random_small_graphs_have_exact_components)
{
	for (unsigned trial = 0; trial < 40; trial++) {
		uint32_t lock_count = 4 + random_below(12);

		for (unsigned i = 0; i < 80; i++) {
			if (random_below(6) == 0)
				remove_lock(1 + random_below(lock_count));
			else
				add_edge(1 + random_below(lock_count),
					 1 + random_below(lock_count));
			if (i % 4 == 0)
				check_invariants();
			check_strongly_connected(lock_count, true);
		}
		for (lock_id lock = 1; lock <= lock_count; lock++)
			remove_lock(lock);
		ck_assert_uint_eq(graph.node_count, 0);
	}
}
END_TEST

START_TEST(random_large_graphs_stay_ordered_through_splits)
{
	for (unsigned trial = 0; trial < 3; trial++) {
		for (unsigned i = 0; i < 300; i++)
			add_edge(1 + random_below(LOCK_MAX), 1 + random_below(LOCK_MAX));
		for (unsigned i = 0; i < 2000; i++) {
			if (random_below(6 - trial) == 0)
				remove_lock(1 + random_below(LOCK_MAX));
			else
				add_edge(1 + random_below(LOCK_MAX), 1 + random_below(LOCK_MAX));
			if (i % 300 == 0) {
				check_invariants();
				check_strongly_connected(LOCK_MAX, false);
			}
		}
		for (lock_id lock = 1; lock <= LOCK_MAX; lock++) {
			remove_lock(lock);
			if (lock % 50 == 0)
				check_invariants();
		}
		ck_assert_uint_eq(graph.node_count, 0);
		ck_assert_uint_eq(graph.edges.count, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("order_topology");
	TCase *tests = tcase_create("topology");
	SRunner *runner = srunner_create(suite);
	int failed_count;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, edges_in_order_are_outer);
	tcase_add_test(tests, edge_that_closes_a_cycle_contracts_the_paths_back);
	tcase_add_test(tests, removal_splits_a_small_component);
	tcase_add_test(tests, positions_are_numbered_anew_when_a_gap_is_used_up);
	tcase_add_test(tests, random_acyclic_orders_stay_ordered);
	tcase_add_test(tests, random_small_graphs_have_exact_components);
	tcase_add_test(tests, random_large_graphs_stay_ordered_through_splits);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The registry of several processes, all simulated by one. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "detect/deadlock/shared_registry.h"

enum { RED = 100, GREEN, BLUE };

static struct shared_registry *registry;
static uint32_t dead_pid;

static void set_up(void)
{
	registry = calloc(1, sizeof(*registry));
	ck_assert_ptr_nonnull(registry);
	dead_pid = 0;
}

static void tear_down(void)
{
	free(registry);
}

static bool is_there(const struct shared_wait *wait)
{
	return wait->pid != dead_pid;
}

/* A thread of a process; its pid is ten times its process's number. */
static struct shared_wait make_waiter(uint32_t process, thread_id thread, uint64_t key)
{
	return (struct shared_wait){
		.key = key,
		.own_key = 1000 + process * 10 + thread,
		.process = process,
		.pid = process * 10,
		.thread = thread,
		.mode = LOCK_EXCLUSIVE,
	};
}

static void add_hold(struct shared_wait *wait, uint64_t key, enum lock_mode mode)
{
	wait->holds[wait->hold_count++] = (struct shared_hold){.key = key, .mode = mode};
}

static struct shared_ticket publish_wait(const struct shared_wait *wait)
{
	struct shared_ticket ticket = {0};

	ck_assert(shared_wait_begin(registry, wait, &ticket));
	return ticket;
}

static struct shared_ticket publish_simple(uint32_t process, uint64_t held, uint64_t wanted)
{
	struct shared_wait wait = make_waiter(process, 1, wanted);

	add_hold(&wait, held, LOCK_EXCLUSIVE);
	return publish_wait(&wait);
}

static bool finds_deadlock(const struct shared_ticket *ticket, struct shared_cycle *cycle)
{
	return shared_find_cycle(registry, ticket, is_there, cycle);
}

START_TEST(two_processes_that_cross_are_found_once)
{
	struct shared_cycle cycle;
	struct shared_ticket first = publish_simple(1, RED, GREEN);
	struct shared_ticket second;

	ck_assert(!finds_deadlock(&first, &cycle));
	second = publish_simple(2, GREEN, RED);
	ck_assert(finds_deadlock(&second, &cycle));
	ck_assert_uint_eq(cycle.count, 2);
	ck_assert_uint_eq(shared_step_wait(&cycle, 0)->process, 2);
	ck_assert_uint_eq(shared_step_wait(&cycle, 1)->process, 1);
	ck_assert_uint_eq(shared_step_wait(&cycle, 0)->holds[cycle.steps[0].hold].key, GREEN);
	ck_assert(shared_is_unchanged(&cycle));
	ck_assert(!finds_deadlock(&first, &cycle));
	ck_assert(!finds_deadlock(&second, &cycle));
}
END_TEST

START_TEST(one_order_is_no_cycle)
{
	struct shared_cycle cycle;
	struct shared_wait runner = make_waiter(1, 1, BLUE);
	struct shared_ticket first;
	struct shared_ticket second;

	add_hold(&runner, RED, LOCK_EXCLUSIVE);
	add_hold(&runner, GREEN, LOCK_EXCLUSIVE);
	first = publish_wait(&runner);
	second = publish_simple(2, GREEN + 100, RED);
	ck_assert(!finds_deadlock(&first, &cycle));
	ck_assert(!finds_deadlock(&second, &cycle));
}
END_TEST

START_TEST(who_goes_on_is_not_waited_for)
{
	struct shared_cycle cycle;
	struct shared_ticket first = publish_simple(1, RED, GREEN);
	struct shared_ticket second;

	shared_wait_end(registry, &first);
	ck_assert_uint_eq(first.version, 0);
	shared_wait_end(registry, &first);
	second = publish_simple(2, GREEN, RED);
	ck_assert(!finds_deadlock(&second, &cycle));
	/* The free entry is used again. */
	ck_assert_uint_eq(second.entry, 1);
}
END_TEST

START_TEST(a_cycle_that_comes_apart_is_seen)
{
	struct shared_cycle cycle;
	struct shared_ticket first = publish_simple(1, RED, GREEN);
	struct shared_ticket second = publish_simple(2, GREEN, RED);

	ck_assert(finds_deadlock(&second, &cycle));
	shared_wait_end(registry, &first);
	ck_assert(!shared_is_unchanged(&cycle));
}
END_TEST

START_TEST(readers_block_writers_only)
{
	struct shared_cycle cycle;
	struct shared_wait reader = make_waiter(1, 1, GREEN);
	struct shared_wait other = make_waiter(2, 1, RED);
	struct shared_ticket ticket;

	add_hold(&reader, RED, LOCK_SHARED);
	add_hold(&other, GREEN, LOCK_EXCLUSIVE);
	publish_wait(&reader);
	other.mode = LOCK_SHARED;
	ticket = publish_wait(&other);
	ck_assert(!finds_deadlock(&ticket, &cycle));
	shared_wait_end(registry, &ticket);
	other.mode = LOCK_EXCLUSIVE;
	ticket = publish_wait(&other);
	ck_assert(finds_deadlock(&ticket, &cycle));
}
END_TEST

START_TEST(queued_readers_wait_for_waiting_writers)
{
	struct shared_cycle cycle;
	struct shared_wait writer = make_waiter(1, 1, RED);
	struct shared_wait reader = make_waiter(2, 1, RED);
	struct shared_ticket ticket;

	add_hold(&reader, RED, LOCK_SHARED_QUEUED);
	publish_wait(&writer);
	reader.mode = LOCK_SHARED_QUEUED;
	ticket = publish_wait(&reader);
	ck_assert(finds_deadlock(&ticket, &cycle));
	ck_assert_uint_eq(cycle.count, 2);
}
END_TEST

/* Thread 1 joins thread 2 of its process, which waits for another process. */
START_TEST(cycles_pass_through_joins)
{
	struct shared_cycle cycle;
	struct shared_wait joiner = make_waiter(1, 1, make_waiter(1, 2, 0).own_key);
	struct shared_wait worker = make_waiter(1, 2, GREEN);
	struct shared_ticket ticket;

	add_hold(&joiner, RED, LOCK_EXCLUSIVE);
	publish_wait(&joiner);
	publish_wait(&worker);
	ticket = publish_simple(2, GREEN, RED);
	ck_assert(finds_deadlock(&ticket, &cycle));
	ck_assert_uint_eq(cycle.count, 3);
}
END_TEST

START_TEST(cycles_of_one_process_are_not_ours)
{
	struct shared_cycle cycle;
	struct shared_wait first = make_waiter(1, 1, GREEN);
	struct shared_wait second = make_waiter(1, 2, RED);
	struct shared_ticket ticket;

	add_hold(&first, RED, LOCK_EXCLUSIVE);
	add_hold(&second, GREEN, LOCK_EXCLUSIVE);
	publish_wait(&first);
	ticket = publish_wait(&second);
	ck_assert(!finds_deadlock(&ticket, &cycle));
}
END_TEST

START_TEST(the_dead_are_dropped)
{
	struct shared_cycle cycle;
	struct shared_ticket first = publish_simple(1, RED, GREEN);
	struct shared_ticket second = publish_simple(2, GREEN, RED);

	dead_pid = 10;
	ck_assert(!finds_deadlock(&second, &cycle));
	ck_assert_uint_eq(registry->waits[first.entry - 1].claim, 0);
	/* Another thread may have the entry now, so its old user must not free it. */
	dead_pid = 0;
	publish_simple(3, RED, BLUE);
	shared_wait_end(registry, &first);
	ck_assert_uint_eq(registry->waits[0].claim, 30);
}
END_TEST

START_TEST(a_new_program_voids_what_its_pid_published)
{
	struct shared_cycle cycle;
	struct shared_ticket second;

	publish_simple(1, RED, GREEN);
	shared_process_began(registry, 10);
	second = publish_simple(2, GREEN, RED);
	ck_assert(!finds_deadlock(&second, &cycle));
	/* Killed while publishing: the entry is taken, but not filled. */
	registry->waits[1].claim = 77;
	registry->used = 2;
	shared_process_began(registry, 77);
	ck_assert_uint_eq(registry->waits[1].claim, 0);
}
END_TEST

START_TEST(posted_semaphores_are_no_locks)
{
	struct shared_cycle cycle;
	struct shared_ticket second;

	publish_simple(1, RED, GREEN);
	ck_assert(!shared_is_token(registry, GREEN));
	shared_token_posted(registry, GREEN);
	shared_token_posted(registry, GREEN);
	ck_assert(shared_is_token(registry, GREEN));
	ck_assert(!shared_is_token(registry, RED));
	second = publish_simple(2, GREEN, RED);
	ck_assert(!finds_deadlock(&second, &cycle));
}
END_TEST

START_TEST(too_many_semaphores_are_no_locks_at_all)
{
	for (uint64_t key = 1; key <= SHARED_TOKENS * 2; key++)
		shared_token_posted(registry, key);
	for (uint64_t key = 1; key <= SHARED_TOKENS * 3; key++)
		ck_assert(shared_is_token(registry, key));
}
END_TEST

START_TEST(a_full_registry_refuses)
{
	struct shared_wait wait = make_waiter(1, 1, RED);
	struct shared_ticket tickets[SHARED_WAITS] = {{0}};
	struct shared_ticket extra = {0};

	for (uint32_t i = 0; i < SHARED_WAITS; i++)
		ck_assert(shared_wait_begin(registry, &wait, &tickets[i]));
	ck_assert(!shared_wait_begin(registry, &wait, &extra));
	shared_wait_end(registry, &extra);
	shared_wait_end(registry, &tickets[7]);
	ck_assert(shared_wait_begin(registry, &wait, &extra));
	ck_assert_uint_eq(extra.entry, 8);
}
END_TEST

/* Longer than is looked for, and as long as that. */
START_TEST(long_cycles)
{
	struct shared_cycle cycle;
	struct shared_ticket ticket = {0};

	for (uint32_t i = 1; i <= SHARED_CYCLE_MAX; i++)
		ticket = publish_simple(i, RED + i, RED + i % SHARED_CYCLE_MAX + 1);
	ck_assert(finds_deadlock(&ticket, &cycle));
	ck_assert_uint_eq(cycle.count, SHARED_CYCLE_MAX);
	memset(registry, 0, sizeof(*registry));
	for (uint32_t i = 1; i <= SHARED_CYCLE_MAX + 1; i++)
		ticket = publish_simple(i, RED + i, RED + i % (SHARED_CYCLE_MAX + 1) + 1);
	ck_assert(!finds_deadlock(&ticket, &cycle));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shared_registry");
	TCase *tests = tcase_create("shared_registry");
	SRunner *runner;
	int failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, two_processes_that_cross_are_found_once);
	tcase_add_test(tests, one_order_is_no_cycle);
	tcase_add_test(tests, who_goes_on_is_not_waited_for);
	tcase_add_test(tests, a_cycle_that_comes_apart_is_seen);
	tcase_add_test(tests, readers_block_writers_only);
	tcase_add_test(tests, queued_readers_wait_for_waiting_writers);
	tcase_add_test(tests, cycles_pass_through_joins);
	tcase_add_test(tests, cycles_of_one_process_are_not_ours);
	tcase_add_test(tests, the_dead_are_dropped);
	tcase_add_test(tests, a_new_program_voids_what_its_pid_published);
	tcase_add_test(tests, posted_semaphores_are_no_locks);
	tcase_add_test(tests, too_many_semaphores_are_no_locks_at_all);
	tcase_add_test(tests, a_full_registry_refuses);
	tcase_add_test(tests, long_cycles);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count ? EXIT_FAILURE : EXIT_SUCCESS;
}

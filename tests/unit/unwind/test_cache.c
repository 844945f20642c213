/*
 * The rule cache under threads that read, fill and flush it at once.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/cache.h"

#define THREAD_COUNT 3
#define ROUND_COUNT 3000000
#define ADDRESS_COUNT 8 /* few, so that threads meet */

/* A rule that says which address and generation it is for. */
static struct frame_rule rule_of(uint64_t generation, uintptr_t address)
{
	struct frame_rule rule;

	memset(&rule, 0, sizeof(rule));
	rule.cfa_offset = (int32_t)address;
	for (int i = 0; i < FRAME_RULE_REGISTER_COUNT; i++)
		rule.slots[i] = (int8_t)(address * 7 + generation);
	rule.saved = (uint8_t)generation;
	return rule;
}

START_TEST(rule_is_found_until_flushed)
{
	struct frame_rule rule = rule_of(1, 100);
	struct frame_rule found;
	uint64_t generation = unwind_cache_generation();

	ck_assert(!unwind_cache_find(generation, 100, &found));
	unwind_cache_add(generation, 100, &rule);
	ck_assert(unwind_cache_find(generation, 100, &found));
	ck_assert_mem_eq(&found, &rule, sizeof(rule));
	ck_assert(!unwind_cache_find(generation, 101, &found));
	unwind_cache_flush();
	ck_assert(!unwind_cache_find(unwind_cache_generation(), 100, &found));
}
END_TEST

#define MANY 16384u

/* Whoever unwinds finds a rule, or adds it. */
static uint32_t find_or_add_many(void)
{
	uint32_t found_count = 0;

	for (uintptr_t address = 1; address <= MANY; address++) {
		uint64_t generation = unwind_cache_generation();
		struct frame_rule rule = rule_of(generation, address), found;

		if (unwind_cache_find(generation, address, &found))
			found_count++;
		else
			unwind_cache_add(generation, address, &rule);
	}
	return found_count;
}

START_TEST(cache_grows_until_many_rules_have_room)
{
	for (int round = 0; round < 8; round++)
		(void)find_or_add_many();
	ck_assert_uint_gt(find_or_add_many(), MANY / 10 * 9);
}
END_TEST

struct worker {
	pthread_t thread;
	uint32_t hit_count;
	uint32_t wrong_count;
};

static void *read_and_fill(void *argument)
{
	struct worker *worker = argument;
	uint64_t random = (uintptr_t)worker | 1;

	for (int i = 0; i < ROUND_COUNT; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uintptr_t address = 1 + (random >> 40) % ADDRESS_COUNT;
		uint64_t generation = unwind_cache_generation();
		struct frame_rule right = rule_of(generation, address);
		struct frame_rule found;

		/* A flush between both lets other threads refill the slot. */
		if (random >> 60 == 0)
			unwind_cache_flush();
		if (!unwind_cache_find(generation, address, &found)) {
			unwind_cache_add(generation, address, &right);
			continue;
		}
		worker->hit_count++;
		worker->wrong_count += memcmp(&found, &right, sizeof(right)) != 0;
	}
	return NULL;
}

START_TEST(threads_never_see_half_a_rule)
{
	struct worker workers[THREAD_COUNT] = {0};
	uint32_t hit_count = 0;

	for (int i = 0; i < THREAD_COUNT; i++)
		pthread_create(&workers[i].thread, NULL, read_and_fill, &workers[i]);
	for (int i = 0; i < THREAD_COUNT; i++) {
		pthread_join(workers[i].thread, NULL);
		ck_assert_uint_eq(workers[i].wrong_count, 0);
		hit_count += workers[i].hit_count;
	}
	ck_assert_uint_gt(hit_count, ROUND_COUNT / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind_cache");
	TCase *cases = tcase_create("unwind_cache");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, rule_is_found_until_flushed);
	tcase_add_test(cases, cache_grows_until_many_rules_have_room);
	tcase_add_test(cases, threads_never_see_half_a_rule);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count ? EXIT_FAILURE : EXIT_SUCCESS;
}

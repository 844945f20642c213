#include "store_orders.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_MOST (1u << 16)

static struct order_machine seen[SEEN_MOST];
static uint32_t seen_count;
static uint32_t wrong_ends;

static bool is_new(const struct order_machine *machine)
{
	for (uint32_t i = 0; i < seen_count; i++)
		if (!memcmp(&seen[i], machine, sizeof(*machine)))
			return false;
	ck_assert_uint_lt(seen_count, SEEN_MOST);
	seen[seen_count++] = *machine;
	return true;
}

uint8_t order_load(const struct order_machine *machine, const struct order_processor *processor,
		   uint32_t place)
{
	for (uint8_t i = processor->count; i-- > 0;)
		if (processor->places[i] == place)
			return processor->values[i];
	return machine->memory[place];
}

void order_store(struct order_processor *processor, uint32_t place, uint8_t value)
{
	processor->places[processor->count] = (uint8_t)place;
	processor->values[processor->count++] = value;
}

static void drain_one(struct order_machine *machine, struct order_processor *processor)
{
	machine->memory[processor->places[0]] = processor->values[0];
	processor->count--;
	for (uint8_t i = 0; i < ORDER_BUFFER - 1; i++) {
		processor->places[i] = processor->places[i + 1];
		processor->values[i] = processor->values[i + 1];
	}
	processor->places[processor->count] = processor->values[processor->count] = 0;
}

static void explore(const struct order_machine *machine, order_step step,
		    bool (*is_wrong)(const struct order_machine *end))
{
	bool is_end = true;

	if (!is_new(machine))
		return;
	for (uint32_t i = 0; i < ORDER_PROCESSORS; i++) {
		struct order_machine next = *machine;

		if (next.processors[i].at != ORDER_END && step(&next, i)) {
			is_end = false;
			explore(&next, step, is_wrong);
		}
		next = *machine;
		if (next.processors[i].count) {
			is_end = false;
			drain_one(&next, &next.processors[i]);
			explore(&next, step, is_wrong);
		}
	}
	if (is_end && is_wrong(machine))
		wrong_ends++;
}

uint32_t order_count_wrong_ends(const struct order_machine *machine, order_step step,
				bool (*is_wrong)(const struct order_machine *end))
{
	seen_count = 0;
	wrong_ends = 0;
	explore(machine, step, is_wrong);
	return wrong_ends;
}

bool order_leaves_unseen(const struct order_machine *end, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t linked = end->processors[i].seen & 7u & ~(1u << i);

		for (uint32_t other = 0; other < ORDER_PROCESSORS; other++)
			if (other != i)
				linked |= end->processors[other].seen >> i & 1;
		if (!linked)
			return true;
	}
	return false;
}

/* --- Tests ----------------------------------------------------------------------- */

static uint32_t (*count_ends)(uint32_t mutant);

START_TEST(no_order_ends_wrongly)
{
	ck_assert_uint_eq(count_ends(0), 0);
}
END_TEST

START_TEST(each_step_of_the_protocol_is_needed)
{
	ck_assert_uint_gt(count_ends((uint32_t)_i), 0);
}
END_TEST

int order_test_protocol(const char *name, uint32_t (*count_wrong_ends)(uint32_t mutant),
			int mutant_count)
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create("orders");
	SRunner *runner = srunner_create(suite);
	int failed;

	count_ends = count_wrong_ends;
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, no_order_ends_wrongly);
	tcase_add_loop_test(tests, each_step_of_the_protocol_is_needed, 1, mutant_count);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

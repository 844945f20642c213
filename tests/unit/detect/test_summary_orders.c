/*
 * Summaries of pages: all orders of who sets one and who takes it back, under the rules of
 * x86 (Sewell and others, "x86-TSO", CACM 2010).  A processor has a store buffer: a load
 * takes the newest store of its own buffer, or else memory; a locked instruction and a
 * fence wait for the buffer to be empty.  A page has two granules here, whose words are
 * right (1) or not (0), and a summary.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"


enum place { WORD_0, WORD_1, SUMMARY, PLACES };
enum role { SETTER, REVOKER, CLEARER };
enum mutant { NONE, NO_FENCE, NO_SECOND_LOOK, NO_REVOKE, NO_CLEAR, CLEARER_LOOKS, MUTANTS };

#define PROCESSORS 3u
#define BUFFER 3u
#define END 15u

struct processor {
	uint8_t at;
	uint8_t count;
	uint8_t places[BUFFER], values[BUFFER];
};

struct machine {
	uint8_t memory[PLACES];
	struct processor processors[PROCESSORS];
};

#define SEEN_MOST (1u << 16)

static struct machine seen[SEEN_MOST];
static uint32_t seen_count;
static uint32_t wrong_ends;

static bool is_new(const struct machine *machine)
{
	for (uint32_t i = 0; i < seen_count; i++)
		if (!memcmp(&seen[i], machine, sizeof(*machine)))
			return false;
	ck_assert_uint_lt(seen_count, SEEN_MOST);
	seen[seen_count++] = *machine;
	return true;
}

static uint8_t load(const struct machine *machine, const struct processor *processor,
		    enum place place)
{
	for (uint8_t i = processor->count; i-- > 0;)
		if (processor->places[i] == place)
			return processor->values[i];
	return machine->memory[place];
}

static void store(struct processor *processor, enum place place, uint8_t value)
{
	processor->places[processor->count] = (uint8_t)place;
	processor->values[processor->count++] = value;
}

static void drain_one(struct machine *machine, struct processor *processor)
{
	machine->memory[processor->places[0]] = processor->values[0];
	processor->count--;
	for (uint8_t i = 0; i < BUFFER - 1; i++) {
		processor->places[i] = processor->places[i + 1];
		processor->values[i] = processor->values[i + 1];
	}
	processor->places[processor->count] = processor->values[processor->count] = 0;
}

/* set_summary().  False: it has to wait. */
static bool step_setter(struct machine *machine, struct processor *processor, enum mutant mutant)
{
	switch (processor->at) {
	case 0:
	case 1:
		if (load(machine, processor, (enum place)processor->at))
			processor->at++;
		else
			processor->at = END;
		return true;
	case 2:
		store(processor, SUMMARY, 1);
		processor->at = mutant == NO_SECOND_LOOK ? END : 3;
		return true;
	case 3:
		if (processor->count && mutant != NO_FENCE)
			return false;
		processor->at = 4;
		return true;
	case 4:
		processor->at = load(machine, processor, WORD_0) ? 5 : 6;
		return true;
	case 5:
		processor->at = load(machine, processor, WORD_1) ? END : 6;
		return true;
	default:
		store(processor, SUMMARY, 0);
		processor->at = END;
		return true;
	}
}

/* A locked instruction and summary_revoke(). */
static bool step_revoker(struct machine *machine, struct processor *processor, enum mutant mutant)
{
	switch (processor->at) {
	case 0:
		if (processor->count)
			return false;
		machine->memory[WORD_0] = 0;
		processor->at = mutant == NO_REVOKE ? END : 1;
		return true;
	case 1:
		processor->at = load(machine, processor, SUMMARY) ? 2 : END;
		return true;
	default:
		store(processor, SUMMARY, 0);
		processor->at = END;
		return true;
	}
}

/* Plain stores and summary_clear(). */
static bool step_clearer(struct machine *machine, struct processor *processor, enum mutant mutant)
{
	switch (processor->at) {
	case 0:
		store(processor, WORD_1, 0);
		processor->at = mutant == NO_CLEAR ? END : mutant == CLEARER_LOOKS ? 1 : 2;
		return true;
	case 1:
		processor->at = load(machine, processor, SUMMARY) ? 2 : END;
		return true;
	default:
		store(processor, SUMMARY, 0);
		processor->at = END;
		return true;
	}
}

static bool step(struct machine *machine, struct processor *processor, enum role role,
		 enum mutant mutant)
{
	if (processor->at == END)
		return false;
	return role == SETTER	 ? step_setter(machine, processor, mutant)
	       : role == REVOKER ? step_revoker(machine, processor, mutant)
				 : step_clearer(machine, processor, mutant);
}

static void explore(const struct machine *machine, const enum role *roles, enum mutant mutant)
{
	bool is_end = true;

	if (!is_new(machine))
		return;
	for (uint32_t i = 0; i < PROCESSORS; i++) {
		struct machine next = *machine;

		if (step(&next, &next.processors[i], roles[i], mutant)) {
			is_end = false;
			explore(&next, roles, mutant);
		}
		next = *machine;
		if (next.processors[i].count) {
			is_end = false;
			drain_one(&next, &next.processors[i]);
			explore(&next, roles, mutant);
		}
	}
	if (is_end && machine->memory[SUMMARY] &&
	    !(machine->memory[WORD_0] && machine->memory[WORD_1]))
		wrong_ends++;
}

static uint32_t count_wrong_ends(enum mutant mutant)
{
	static const enum role all[][PROCESSORS] = {
		{SETTER, REVOKER, CLEARER}, {SETTER, SETTER, REVOKER}, {SETTER, SETTER, CLEARER}};
	struct machine machine = {.memory = {1, 1, 0}};

	wrong_ends = 0;
	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
		seen_count = 0;
		explore(&machine, all[i], mutant);
	}
	return wrong_ends;
}

START_TEST(no_order_leaves_a_wrong_summary)
{
	ck_assert_uint_eq(count_wrong_ends(NONE), 0);
}
END_TEST

START_TEST(each_step_of_the_protocol_is_needed)
{
	ck_assert_uint_gt(count_wrong_ends((enum mutant)_i), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("summary orders");
	TCase *tests = tcase_create("orders");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, no_order_leaves_a_wrong_summary);
	tcase_add_loop_test(tests, each_step_of_the_protocol_is_needed, NONE + 1, MUTANTS);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

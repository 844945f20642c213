/*
 * Summaries of pages: all orders of who sets one and who takes it back.  A page has two
 * granules here, whose words are right (1) or not (0), and a summary.
 */
#include "store_orders.h"

enum place { WORD_0, WORD_1, SUMMARY };
enum role { SETTER, REVOKER, CLEARER };
enum mutant { NONE, NO_FENCE, NO_SECOND_LOOK, NO_REVOKE, NO_CLEAR, CLEARER_LOOKS, MUTANTS };

static const enum role *roles;
static enum mutant mutant;

/* set_summary() */
static bool step_setter(struct order_machine *machine, struct order_processor *processor)
{
	switch (processor->at) {
	case 0:
	case 1:
		if (order_load(machine, processor, processor->at))
			processor->at++;
		else
			processor->at = ORDER_END;
		return true;
	case 2:
		order_store(processor, SUMMARY, 1);
		processor->at = mutant == NO_SECOND_LOOK ? ORDER_END : 3;
		return true;
	case 3:
		if (processor->count && mutant != NO_FENCE)
			return false;
		processor->at = 4;
		return true;
	case 4:
		processor->at = order_load(machine, processor, WORD_0) ? 5 : 6;
		return true;
	case 5:
		processor->at = order_load(machine, processor, WORD_1) ? ORDER_END : 6;
		return true;
	default:
		order_store(processor, SUMMARY, 0);
		processor->at = ORDER_END;
		return true;
	}
}

/* A locked instruction and summary_revoke(). */
static bool step_revoker(struct order_machine *machine, struct order_processor *processor)
{
	switch (processor->at) {
	case 0:
		if (processor->count)
			return false;
		machine->memory[WORD_0] = 0;
		processor->at = mutant == NO_REVOKE ? ORDER_END : 1;
		return true;
	case 1:
		processor->at = order_load(machine, processor, SUMMARY) ? 2 : ORDER_END;
		return true;
	default:
		order_store(processor, SUMMARY, 0);
		processor->at = ORDER_END;
		return true;
	}
}

/* Plain stores and summary_clear(). */
static bool step_clearer(struct order_machine *machine, struct order_processor *processor)
{
	switch (processor->at) {
	case 0:
		order_store(processor, WORD_1, 0);
		processor->at = mutant == NO_CLEAR	  ? ORDER_END
				: mutant == CLEARER_LOOKS ? 1
							  : 2;
		return true;
	case 1:
		processor->at = order_load(machine, processor, SUMMARY) ? 2 : ORDER_END;
		return true;
	default:
		order_store(processor, SUMMARY, 0);
		processor->at = ORDER_END;
		return true;
	}
}

static bool step(struct order_machine *machine, uint32_t number)
{
	struct order_processor *processor = &machine->processors[number];

	return roles[number] == SETTER	  ? step_setter(machine, processor)
	       : roles[number] == REVOKER ? step_revoker(machine, processor)
					  : step_clearer(machine, processor);
}

static bool is_wrong(const struct order_machine *end)
{
	return end->memory[SUMMARY] && !(end->memory[WORD_0] && end->memory[WORD_1]);
}

static uint32_t count_wrong_ends(uint32_t which)
{
	static const enum role all[][ORDER_PROCESSORS] = {
		{SETTER, REVOKER, CLEARER}, {SETTER, SETTER, REVOKER}, {SETTER, SETTER, CLEARER}};
	const struct order_machine machine = {.memory = {1, 1, 0}};
	uint32_t count = 0;

	mutant = (enum mutant)which;
	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
		roles = all[i];
		count += order_count_wrong_ends(&machine, step, is_wrong);
	}
	return count;
}

int main(void)
{
	return order_test_protocol("summary orders", count_wrong_ends, MUTANTS);
}

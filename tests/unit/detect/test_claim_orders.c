/*
 * Claims: all orders of who stores over a page's words, of who changes one of them by itself,
 * and of who accesses the same granule in the other plane.  A page has one word here.  All
 * accesses conflict, so each must see another one or be seen.
 *
 * A processor remembers whom it has seen, the turn that it found, and the word.
 */
#include "store_orders.h"

enum place { OWN, OTHER, TURN };
enum role { CLAIMER, SINGLE, READER, NOBODY };
enum mutant {
	NONE,
	NO_CLAIM,
	LOOKS_BEFORE_CLAIM,
	NO_FENCE,
	NO_SECOND_LOOK,
	NO_TURN,
	NO_WAIT,
	NO_LOOK_AFTER_WAIT,
	MUTANTS
};

/* Where a claimer goes on that has left the word to its own check. */
#define SINGLY 8u
#define TURN_SHIFT 3
#define WORD_SHIFT 6

static const enum role *roles;
static enum mutant mutant;

static void see(struct order_processor *processor, uint8_t word)
{
	if (word)
		processor->seen |= (uint8_t)(1u << (word - 1));
}

static uint8_t turn_of(const struct order_processor *processor)
{
	return processor->seen >> TURN_SHIFT & 7;
}

static uint8_t word_of(const struct order_processor *processor)
{
	return processor->seen >> WORD_SHIFT & 3;
}

static void remember_turn(struct order_processor *processor, uint8_t turn)
{
	processor->seen =
		(uint8_t)((processor->seen & ~(7u << TURN_SHIFT)) | (unsigned)turn << TURN_SHIFT);
}

static void remember_word(struct order_processor *processor, uint8_t word)
{
	processor->seen =
		(uint8_t)((processor->seen & ~(3u << WORD_SHIFT)) | (unsigned)word << WORD_SHIFT);
}

/* A locked compare-and-exchange: 1, 0 if it is another value, -1 if it has to wait. */
static int exchange(struct order_machine *machine, const struct order_processor *processor,
		    enum place place, uint8_t old, uint8_t value)
{
	if (processor->count)
		return -1;
	if (machine->memory[place] != old)
		return 0;
	machine->memory[place] = value;
	return 1;
}

/* claim_exchange() in @place, which only in OWN's plane can be claimed; then the look at the
 * other plane. */
static bool step_singly(struct order_machine *machine, struct order_processor *processor,
			enum place place, uint8_t mine)
{
	uint8_t word = order_load(machine, processor, place);
	uint8_t turn = place == OWN ? order_load(machine, processor, TURN) : 0;
	int is_done;

	switch (processor->at - SINGLY) {
	case 0:
		if (turn % 2 && mutant != NO_WAIT)
			return false;
		remember_turn(processor, turn);
		processor->at++;
		return true;
	case 1:
		remember_word(processor, word);
		processor->at++;
		return true;
	case 2:
		is_done = exchange(machine, processor, place, word_of(processor), mine);
		if (is_done > 0 && word_of(processor) != mine)
			see(processor, word_of(processor));
		processor->at = (uint8_t)(SINGLY + (is_done > 0 ? 3 : 0));
		return is_done >= 0;
	case 3:
		processor->at = SINGLY + (turn == turn_of(processor) || mutant == NO_TURN ? 6 : 4);
		return true;
	case 4:
		if (turn % 2 && mutant != NO_WAIT)
			return false;
		processor->at++;
		return true;
	case 5:
		processor->at = SINGLY + (word == mine || mutant == NO_LOOK_AFTER_WAIT ? 6 : 0);
		return true;
	default:
		see(processor, order_load(machine, processor, place == OWN ? OTHER : OWN));
		processor->at = ORDER_END;
		return true;
	}
}

/* record_page() */
static bool step_claimer(struct order_machine *machine, struct order_processor *processor,
			 uint8_t mine)
{
	uint8_t turn = order_load(machine, processor, TURN);
	uint8_t own = order_load(machine, processor, OWN);
	int is_done;

	switch (processor->at) {
	case 0:
		if (turn % 2)
			return false;
		remember_turn(processor, turn);
		if (mutant == LOOKS_BEFORE_CLAIM)
			remember_word(processor, own);
		processor->at = mutant == NO_CLAIM ? 2 : 1;
		return true;
	case 1:
		is_done = exchange(machine, processor, TURN, turn_of(processor),
				   turn_of(processor) + 1);
		processor->at = is_done > 0 ? 2 : 0;
		return is_done >= 0;
	case 2:
		if (mutant == LOOKS_BEFORE_CLAIM)
			own = word_of(processor);
		processor->at = own ? 6 : 3;
		return true;
	case 3:
		processor->at = order_load(machine, processor, OTHER) ? 6 : 4;
		return true;
	case 4:
		order_store(processor, OWN, mine);
		processor->at = 5;
		return true;
	case 5:
	case 6:
		if (mutant == NO_FENCE)
			order_store(processor, TURN, turn_of(processor) + 2);
		else if (mutant != NO_CLAIM &&
			 exchange(machine, processor, TURN, turn_of(processor) + 1,
				  turn_of(processor) + 2) < 0)
			return false;
		processor->at = processor->at == 6 ? SINGLY : 7;
		return true;
	default:
		if (mutant != NO_SECOND_LOOK)
			see(processor, order_load(machine, processor, OTHER));
		processor->at = ORDER_END;
		return true;
	}
}

static bool step(struct order_machine *machine, uint32_t number)
{
	struct order_processor *processor = &machine->processors[number];
	uint8_t mine = (uint8_t)(number + 1);

	if (roles[number] == CLAIMER && processor->at < SINGLY)
		return step_claimer(machine, processor, mine);
	if (processor->at < SINGLY)
		processor->at = SINGLY;
	return step_singly(machine, processor, roles[number] == READER ? OTHER : OWN, mine);
}

static bool is_wrong(const struct order_machine *end)
{
	uint32_t count = 0;

	while (count < ORDER_PROCESSORS && roles[count] != NOBODY)
		count++;
	return order_leaves_unseen(end, count);
}

static uint32_t count_wrong_ends(uint32_t which)
{
	static const enum role all[][ORDER_PROCESSORS] = {{CLAIMER, SINGLE, SINGLE},
							  {CLAIMER, SINGLE, READER},
							  {CLAIMER, CLAIMER, SINGLE},
							  {CLAIMER, READER, NOBODY}};
	uint32_t count = 0;

	mutant = (enum mutant)which;
	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
		struct order_machine machine = {.memory = {0}};

		roles = all[i];
		if (roles[ORDER_PROCESSORS - 1] == NOBODY)
			machine.processors[ORDER_PROCESSORS - 1].at = ORDER_END;
		count += order_count_wrong_ends(&machine, step, is_wrong);
	}
	return count;
}

int main(void)
{
	return order_test_protocol("claim orders", count_wrong_ends, MUTANTS);
}

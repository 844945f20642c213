/*
 * Runs: all orders of who puts one down, of who changes a word below it, and of who accesses
 * the same granule in the other plane.  A page has one word here, and one run.  All accesses
 * conflict, so each must see another one or be seen.
 *
 * A processor remembers whom it has seen, the turn that it found, and the word.
 */
#include "detect/shadow/claim.h"
#include "store_orders.h"

enum place { OWN, OTHER, TURN, RUN };
enum role { RUNNER, SINGLE, READER, NOBODY };
enum mutant {
	NONE,
	NO_FENCE,
	NO_SECOND_LOOK,
	NO_LOOK_BELOW,
	NO_LOOK_AT_TURN,
	LOOKS_AT_WORD_FIRST,
	EXCHANGES_BELOW,
	NO_TURN_AFTER,
	MUTANTS
};

/* Steps: of who puts down a run, ... */
enum { CLAIM, LOOK, PUT, END, GIVE_UP, COMPARE,
       /* ... of who changes a word, or goes on so, ... */
       SINGLY, FIND, EXCHANGE, AFTER, SETTLE, KEPT, WORD_FIRST, OTHER_PLANE, OTHER_WORD,
       ASK, ASK_AGAIN,
       /* ... and of who lays out a run, and then goes on at SINGLY, SETTLE or OTHER_PLANE. */
       LAY_OUT, STORE = LAY_OUT + 3, LAID = STORE + 3 };

#define TURN_SHIFT 3
#define WORD_SHIFT 8

static const enum role *roles;
static enum mutant mutant;

static const uint8_t going_on[] = {SINGLY, SETTLE, OTHER_PLANE};

static void see(struct order_processor *processor, uint8_t word)
{
	if (word)
		processor->seen |= (uint16_t)(1u << (word - 1));
}

static uint8_t turn_of(const struct order_processor *processor)
{
	return processor->seen >> TURN_SHIFT & 31;
}

static uint8_t word_of(const struct order_processor *processor)
{
	return processor->seen >> WORD_SHIFT & 3;
}

static void remember_turn(struct order_processor *processor, uint8_t turn)
{
	processor->seen = (uint16_t)((processor->seen & ~(31u << TURN_SHIFT)) |
				     (unsigned)turn << TURN_SHIFT);
}

static void remember_word(struct order_processor *processor, uint8_t word)
{
	processor->seen = (uint16_t)((processor->seen & ~(3u << WORD_SHIFT)) |
				     (unsigned)word << WORD_SHIFT);
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

static bool end_claim(struct order_machine *machine, struct order_processor *processor,
		      unsigned runs, uint8_t next)
{
	uint8_t turn = turn_of(processor);
	uint8_t after = (uint8_t)((((turn & ~3u) + CLAIM_STEP) | runs) & 31);

	if (mutant == NO_FENCE && next == COMPARE)
		order_store(processor, TURN, after);
	else if (exchange(machine, processor, TURN, turn | CLAIM_HELD, after) < 0)
		return false;
	processor->at = next;
	return true;
}

static bool step_runner(struct order_machine *machine, struct order_processor *processor,
			uint8_t mine)
{
	uint8_t turn = order_load(machine, processor, TURN);
	uint8_t own = order_load(machine, processor, OWN);
	int is_done;

	switch (processor->at) {
	case CLAIM:
		if (turn & CLAIM_HELD)
			return false;
		is_done = exchange(machine, processor, TURN, turn, turn | CLAIM_HELD);
		remember_turn(processor, turn);
		processor->at = LOOK;
		return is_done > 0;
	case LOOK:
		processor->at = (own && mutant != NO_LOOK_BELOW) || turn & CLAIM_RUNS ? GIVE_UP
										      : PUT;
		return true;
	case PUT:
		order_store(processor, RUN, mine);
		processor->at = END;
		return true;
	case END:
		return end_claim(machine, processor, CLAIM_RUNS, COMPARE);
	case GIVE_UP:
		return end_claim(machine, processor, turn_of(processor) & CLAIM_RUNS, SINGLY);
	default:
		if (mutant != NO_SECOND_LOOK)
			see(processor, order_load(machine, processor, OTHER));
		processor->at = ORDER_END;
		return true;
	}
}

static bool step_laying_out(struct order_machine *machine, struct order_processor *processor)
{
	uint8_t turn = order_load(machine, processor, TURN);
	uint8_t way = (uint8_t)((processor->at - LAY_OUT) % 3);

	if (processor->at < STORE) {
		if (turn & CLAIM_HELD)
			return false;
		processor->at = going_on[way];
		if (!(turn & CLAIM_RUNS))
			return true;
		remember_turn(processor, turn);
		processor->at = (uint8_t)(STORE + way);
		return exchange(machine, processor, TURN, turn, turn | CLAIM_HELD) > 0;
	}
	if (processor->at < LAID) {
		order_store(processor, OWN, order_load(machine, processor, RUN));
		processor->at = (uint8_t)(LAID + way);
		return true;
	}
	return end_claim(machine, processor, 0, going_on[way]);
}

/* claim_exchange() in @place, which only in OWN's plane has runs; then claim_ask() at the other
 * plane. */
static bool step_singly(struct order_machine *machine, struct order_processor *processor,
			enum place place, uint8_t mine)
{
	uint8_t word = order_load(machine, processor, place);
	uint8_t turn = order_load(machine, processor, TURN);
	uint8_t known = place == OWN ? turn : 0;
	int is_done;

	if (mutant == EXCHANGES_BELOW)
		known &= (uint8_t)~CLAIM_RUNS;
	switch (processor->at) {
	case SINGLY:
		if (known & CLAIM_HELD)
			return false;
		remember_turn(processor, turn);
		processor->at = known & CLAIM_RUNS ? LAY_OUT : FIND;
		return true;
	case FIND:
		remember_word(processor, word);
		processor->at = EXCHANGE;
		return true;
	case EXCHANGE:
		is_done = exchange(machine, processor, place, word_of(processor), mine);
		if (is_done > 0 && word_of(processor) != mine)
			see(processor, word_of(processor));
		processor->at = is_done > 0 ? AFTER : SINGLY;
		return is_done >= 0;
	case AFTER:
		processor->at = place != OWN || turn == turn_of(processor) ||
						mutant == NO_TURN_AFTER
					? WORD_FIRST
					: SETTLE;
		return true;
	case SETTLE:
		if (known & CLAIM_HELD)
			return false;
		processor->at = known & CLAIM_RUNS ? LAY_OUT + 1 : KEPT;
		return true;
	case KEPT:
		processor->at = word == mine ? WORD_FIRST : SINGLY;
		return true;
	case WORD_FIRST:
		if (mutant == LOOKS_AT_WORD_FIRST)
			remember_word(processor, order_load(machine, processor, OWN));
		processor->at = OTHER_PLANE;
		return true;
	case OTHER_PLANE:
		processor->at = place != OWN && turn & CLAIM_RUNS && mutant != NO_LOOK_AT_TURN
					? ASK
					: OTHER_WORD;
		remember_turn(processor, turn);
		return true;
	case ASK:
		if (mutant != LOOKS_AT_WORD_FIRST)
			remember_word(processor, order_load(machine, processor, RUN));
		processor->at = ASK_AGAIN;
		return true;
	case ASK_AGAIN:
		processor->at = LAY_OUT + 2;
		if (turn_of(processor) & CLAIM_HELD || turn != turn_of(processor))
			return true;
		see(processor, word_of(processor));
		processor->at = ORDER_END;
		return true;
	default:
		word = order_load(machine, processor, place == OWN ? OTHER : OWN);
		if (mutant == LOOKS_AT_WORD_FIRST && place != OWN)
			word = word_of(processor);
		see(processor, word);
		processor->at = ORDER_END;
		return true;
	}
}

static bool step(struct order_machine *machine, uint32_t number)
{
	struct order_processor *processor = &machine->processors[number];
	uint8_t mine = (uint8_t)(number + 1);

	if (roles[number] == RUNNER && processor->at < SINGLY)
		return step_runner(machine, processor, mine);
	if (processor->at < SINGLY)
		processor->at = SINGLY;
	if (processor->at >= LAY_OUT)
		return step_laying_out(machine, processor);
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
	static const enum role all[][ORDER_PROCESSORS] = {{RUNNER, SINGLE, NOBODY},
							  {RUNNER, READER, NOBODY},
							  {RUNNER, READER, READER},
							  {RUNNER, SINGLE, READER}};
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
	return order_test_protocol("run orders", count_wrong_ends, MUTANTS);
}

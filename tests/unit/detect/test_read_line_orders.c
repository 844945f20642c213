/*
 * Lines of readers: all orders of a reader, of who writes, and of who folds the lines for
 * another reason.  Of a reader and a writer one must see the other.
 *
 * The read word names a record (LINES), is busy, says that nobody has read (NOTHING), or
 * says that the reader has (READ).  The writer's look at the reads is remembered.
 */
#include "store_orders.h"

enum place { WORD, LINE, WRITTEN };
enum word { LINES, BUSY, NOTHING, READ };
enum role { READER, WRITER, FOLDER };
enum mutant { NONE, NO_FENCE, NO_SECOND_LOOK, FOLD_LOOKS_FIRST, NO_BUSY, FORGETS_LINE, MUTANTS };

static const enum role *roles;
static enum mutant mutant;

static bool is_drained(const struct order_processor *processor)
{
	return processor->count == 0;
}

/* put_line(), and put_read() where the word has no lines; then compare_other(). */
static bool step_reader(struct order_machine *machine, struct order_processor *processor)
{
	enum word word = (enum word)order_load(machine, processor, WORD);

	switch (processor->at) {
	case 0:
		if (word == BUSY)
			return false;
		processor->at = word == LINES ? 1 : 3;
		return true;
	case 1: /* the exchange of the line */
		if (mutant == NO_FENCE) {
			order_store(processor, LINE, 1);
		} else {
			if (!is_drained(processor))
				return false;
			machine->memory[LINE] = 1;
		}
		processor->at = 2;
		return true;
	case 2:
		processor->at = word == LINES || mutant == NO_SECOND_LOOK ? 4 : 0;
		return true;
	case 3: /* the exchange of the word */
		if (!is_drained(processor))
			return false;
		if (machine->memory[WORD] == BUSY || machine->memory[WORD] == LINES) {
			processor->at = 0;
			return true;
		}
		machine->memory[WORD] = READ;
		processor->at = 4;
		return true;
	default:
		processor->seen = order_load(machine, processor, WRITTEN);
		processor->at = ORDER_END;
		return true;
	}
}

/* read_lines_fold(), steps 1 to 3; then on to step @next. */
static bool step_fold(struct order_machine *machine, struct order_processor *processor,
		      uint8_t next)
{
	uint8_t *word = &machine->memory[WORD];

	switch (processor->at) {
	case 1:
		if (!is_drained(processor))
			return false;
		if (*word == BUSY)
			return false;
		if (*word != LINES) {
			processor->at = next;
			return true;
		}
		if (mutant == FOLD_LOOKS_FIRST)
			processor->seen |= machine->memory[LINE] << 1;
		else if (mutant != NO_BUSY)
			*word = BUSY;
		processor->at = 2;
		return true;
	case 2:
		if (mutant == FOLD_LOOKS_FIRST)
			*word = BUSY;
		else if (mutant != FORGETS_LINE)
			processor->seen |= (uint8_t)(order_load(machine, processor, LINE) << 1);
		processor->at = 3;
		return true;
	default:
		if (!is_drained(processor))
			return false;
		*word = processor->seen & 2 ? READ : NOTHING;
		processor->seen &= 1;
		processor->at = next;
		return true;
	}
}

/* The exchange of the write word, race_compare() and forget_readers(). */
static bool step_writer(struct order_machine *machine, struct order_processor *processor)
{
	switch (processor->at) {
	case 0:
		if (!is_drained(processor))
			return false;
		machine->memory[WRITTEN] = 1;
		processor->at = 1;
		return true;
	case 1:
	case 2:
	case 3:
		return step_fold(machine, processor, 4);
	default:
		if (!is_drained(processor) || machine->memory[WORD] == BUSY)
			return false;
		processor->seen = machine->memory[WORD] == READ;
		machine->memory[WORD] = NOTHING;
		processor->at = ORDER_END;
		return true;
	}
}

static bool step_folder(struct order_machine *machine, struct order_processor *processor)
{
	if (processor->at == 0)
		processor->at = 1;
	return step_fold(machine, processor, ORDER_END);
}

static bool step(struct order_machine *machine, uint32_t number)
{
	struct order_processor *processor = &machine->processors[number];

	return roles[number] == READER	 ? step_reader(machine, processor)
	       : roles[number] == WRITER ? step_writer(machine, processor)
					 : step_folder(machine, processor);
}

/* A reader is missed by all writers, and sees none of them. */
static bool is_wrong(const struct order_machine *end)
{
	bool has_met = false;

	for (uint32_t i = 0; i < ORDER_PROCESSORS; i++)
		has_met |= roles[i] != FOLDER && end->processors[i].seen & 1;
	return !has_met;
}

static uint32_t count_wrong_ends(uint32_t which)
{
	static const enum role all[][ORDER_PROCESSORS] = {
		{READER, WRITER, FOLDER}, {READER, WRITER, WRITER}, {READER, FOLDER, WRITER}};
	const struct order_machine machine = {.memory = {LINES, 0, 0}};
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
	return order_test_protocol("read line orders", count_wrong_ends, MUTANTS);
}

/*
 * For tests of protocols: runs all orders of some processors under the rules of x86 (Sewell
 * and others, "x86-TSO", CACM 2010).  A processor has a store buffer: a load takes the
 * newest store of its own buffer, or else memory; a locked instruction and a fence wait
 * for the buffer to be empty.
 */
#ifndef TESTS_UNIT_STORE_ORDERS_H
#define TESTS_UNIT_STORE_ORDERS_H

#include "base/types.h"

#define ORDER_PLACES 4u
#define ORDER_PROCESSORS 3u
#define ORDER_BUFFER 3u
#define ORDER_END 31u

struct order_processor {
	uint16_t seen; /* what the processor remembers */
	uint8_t at;    /* which step is next; ORDER_END: none */
	uint8_t count;
	uint8_t places[ORDER_BUFFER], values[ORDER_BUFFER];
};

struct order_machine {
	uint8_t memory[ORDER_PLACES];
	struct order_processor processors[ORDER_PROCESSORS];
};

uint8_t order_load(const struct order_machine *machine, const struct order_processor *processor,
		   uint32_t place);
void order_store(struct order_processor *processor, uint32_t place, uint8_t value);

/* One step of processor @number.  False: it has to wait. */
typedef bool (*order_step)(struct order_machine *machine, uint32_t number);

/* Runs all orders from @machine on; returns how many ends there are that @is_wrong. */
uint32_t order_count_wrong_ends(const struct order_machine *machine, order_step step,
				bool (*is_wrong)(const struct order_machine *end));

/* Has one of the first @count processors neither seen another one nor been seen by one?  'seen'
 * has a bit for each. */
bool order_leaves_unseen(const struct order_machine *end, uint32_t count);

/* Tests a protocol called @name: as it is no order ends wrongly, and with any of its mutants,
 * 1 to @mutant_count - 1, one does.  Mutant 0 is none.  The status to exit with. */
int order_test_protocol(const char *name, uint32_t (*count_wrong_ends)(uint32_t mutant),
			int mutant_count);

#endif

/* Data of a process: the variable at an address, and what an instruction accesses. */
#ifndef REPORTS_TYPES_DATA_H
#define REPORTS_TYPES_DATA_H

#include "reports/symbols/symbolize.h"
#include "reports/types/pointee.h"
#include "reports/types/variables.h"

/* "bank.c:accounts[0].lock", else "symbol+8", else "libx.so+0x4010"; NULL if the
 * address is in no module. */
const char *data_name(struct symbolizer *symbolizer, const struct model_process *process,
		      uint64_t address);

/* The variable with @size_bytes at @address: by debug information, else by its symbol,
 * else "libx.so+0x4010".  False if the address is in no module. */
bool data_find_variable(struct symbolizer *symbolizer, const struct model_process *process,
			uint64_t address, uint64_t size_bytes, struct variable_place *place);

/* What the innermost instruction of @stack accesses, with @size_bytes, by debug
 * information; false if unknown. */
bool data_find_pointee(struct symbolizer *symbolizer, const struct model_process *process,
		       uint32_t stack, uint64_t size_bytes, struct pointee *pointee);

#endif

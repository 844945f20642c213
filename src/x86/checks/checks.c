#include "x86/checks/checks.h"

#include "base/shadow_place.h"
#include "x86/checks/placing.h"
#include "x86/checks/strides.h"
#include "x86/decode/decode.h"
#include "x86/decode/masked.h"
#include "x86/flow/accessors.h"
#include "x86/survey/origins.h"
#include "x86/survey/survey.h"

#define HOIST_LIMIT 16u
#define COST_OF_FLAGS 3u
#define COST_OF_REGISTER 2u

static bool is_join(const struct function *function, uint32_t index)
{
	return (function->reach[index] & (REACH_ENTRY | REACH_BRANCH | REACH_INDIRECT)) != 0;
}

static uint32_t site_flags(const struct placing *placing, uint32_t index, bool is_read,
			   bool is_write)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	uint32_t memory = instruction->memory;
	uint32_t flags = placing->notes->flags ? placing->notes->flags[index] : 0;

	flags |= (is_read ? PLAN_SITE_READ : 0) | (is_write ? PLAN_SITE_WRITE : 0);
	/* A string is read in one place and written in another. */
	if (is_read && is_write && !(memory & (MEMORY_STRING | MEMORY_EXCHANGE)))
		flags |= PLAN_SITE_UPDATE;
	if (memory & MEMORY_PLAIN_MOVE)
		flags |= PLAN_SITE_PLAIN_MOVE;
	if (memory & MEMORY_LOCKED)
		flags |= PLAN_SITE_LOCKED;
	if (instruction->is_doubtful)
		flags |= PLAN_SITE_DOUBTFUL;
	if (memory & MEMORY_STRING && instruction->is_prefix_repeated)
		flags |= PLAN_SITE_RANGE;
	if (is_write && !is_read && memory & MEMORY_CONSTANT)
		flags |= PLAN_SITE_CONSTANT;
	if (is_write && !is_read && origins_store_address(placing->function, index))
		flags |= PLAN_SITE_ADDRESS;
	return flags;
}

static uint32_t add_site(struct placing *placing, uint32_t index, bool is_read, bool is_write)
{
	struct check_list *list = placing->list;
	const struct instruction *instruction = &placing->function->instructions[index];
	const struct accessor *accessor = placing->function->accessor;
	bool is_range = instruction->memory & MEMORY_STRING && instruction->is_prefix_repeated;

	list->sites[list->site_count] = (struct plan_site){
		.offset = instruction->offset,
		.flags = site_flags(placing, index, is_read, is_write),
		.size_bytes = is_range ? 0 : instruction->access_bytes,
		.update_group =
			placing->notes->update_groups ? placing->notes->update_groups[index] : 0,
	};
	if (accessor && accessor->path.length && accessor->site == instruction->offset) {
		list->sites[list->site_count].return_at = (uint16_t)(accessor->return_at + 1u);
		list->sites[list->site_count].arguments =
			accessor->is_store && !accessor->acts
				? (uint16_t)(1u << argument_of_register(accessor->value))
				: 0;
	}
	if (instruction->memory & MEMORY_LOCKED)
		list->sites[list->site_count].arguments |= instruction_idle_operand(instruction);
	return list->site_count++;
}

static uint32_t bit_count(uint32_t bits)
{
	return (uint32_t)__builtin_popcount(bits);
}

/* What a check costs before instruction @place, beyond its own code. */
static uint32_t place_cost(const struct placing *placing, const struct check *check, uint32_t place)
{
	uint32_t live = placing->live[place];
	uint32_t needed = check->size_bytes > SHADOW_GRANULE ? 2 : 1;
	uint32_t dead =
		~live & REGISTERS_ALL & ~operand_registers(&check->operand) & ~REGISTER_BIT(RSP);
	uint32_t cost = live & FLAGS_ALL ? COST_OF_FLAGS : 0;

	if (bit_count(dead) < needed)
		cost += COST_OF_REGISTER * (needed - bit_count(dead));
	/* A check that stands there has spilled already. */
	if (cost > 1 && placing->list->first_at[place] != NO_CHECK)
		cost = 1;
	return cost;
}

/* The cheapest place at or before the access that the check may stand at. */
static uint32_t find_place(const struct placing *placing, const struct check *check)
{
	const struct function *function = placing->function;
	/* Callers are looked for as from the access, with the registers that the check has. */
	uint32_t held = operand_registers(&check->operand) | facts_stack_registers(function);
	uint32_t best = check->instruction, least = UINT32_MAX;

	for (uint32_t place = best; check->instruction - place <= HOIST_LIMIT; place--) {
		uint32_t cost = place_cost(placing, check, place);

		if (cost < least) {
			least = cost;
			best = place;
		}
		if (least == 0 || place == 0 || place <= placing->last_place ||
		    is_join(function, place) || function->instructions[place - 1].changes & held ||
		    checks_is_barrier(placing->module, &function->instructions[place - 1]))
			break;
	}
	return best;
}

static void place_check(struct placing *placing, uint32_t number)
{
	struct check_list *list = placing->list;
	uint32_t *link = &list->first_at[list->checks[number].place];

	while (*link != NO_CHECK)
		link = &list->checks[*link].next;
	*link = number;
	placing->last_place = list->checks[number].place;
}

/* May a check of this class stand before other instructions? */
static bool is_movable(uint8_t class)
{
	return class == ACCESS_SIMPLE || class == ACCESS_SIZED || class == ACCESS_PREFETCH;
}

static uint32_t add_check(struct placing *placing, const struct check *check)
{
	struct check_list *list = placing->list;
	uint32_t number = list->count++;

	list->checks[number] = *check;
	list->checks[number].next = NO_CHECK;
	list->checks[number].last = check->instruction;
	if (!check->picked_if)
		list->checks[number].place = is_movable(check->class)
						     ? find_place(placing, check)
						     : check->instruction;
	place_check(placing, number);
	return number;
}

static void check_bytes(struct placing *placing, uint32_t index, const struct operand *operand,
			uint32_t size_bytes, bool is_read, bool is_write)
{
	struct check access = {
		.operand = *operand,
		.instruction = index,
		.size_bytes = (uint16_t)size_bytes,
		.class = ACCESS_SIMPLE,
		.is_write = is_write,
	};

	access.site = add_site(placing, index, is_read, is_write);
	placing->list->sites[access.site].size_bytes = access.size_bytes;
	access.strides_far =
		!is_write && strides_are_far(placing->function, index, &placing->next_back);
	if (placing_is_served(placing, &access, access.site))
		return;
	placing_remember(placing, add_check(placing, &access));
	if (placing->list->sites[access.site].flags & PLAN_SITE_SPIN)
		placing->available_count--;
}

static void check_simple(struct placing *placing, uint32_t index, const struct operand *operand,
			 bool is_read, bool is_write)
{
	check_bytes(placing, index, operand, placing->function->instructions[index].access_bytes,
		    is_read, is_write);
}

/* A load, or those parts of it that are used: the compiler has made it so wide, and what
 * lies between them is not accessed by the source. */
static void check_pieces(struct placing *placing, uint32_t index)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	bool is_read = (instruction->memory & MEMORY_READ) != 0;
	bool is_write = (instruction->memory & MEMORY_WRITE) != 0;
	uint32_t bytes;

	for (uint32_t at = 0; instruction_next_piece(instruction, &at, &bytes); at += bytes) {
		struct operand operand = operand_behind(operand_of(instruction), at);

		check_bytes(placing, index, &operand, bytes, is_read, is_write);
	}
}

/* The load @index, which a conditional move at @place may throw away: checked there, unless an
 * earlier check covers it. */
static void check_picked(struct placing *placing, uint32_t index, uint32_t place)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	struct check access = {
		.operand = operand_of(instruction),
		.instruction = index,
		.place = place,
		.size_bytes = instruction->access_bytes,
		.class = ACCESS_SIMPLE,
		.picked_if = instruction->picked_if,
	};

	access.site = add_site(placing, index, true, false);
	if (!placing_is_served(placing, &access, access.site))
		add_check(placing, &access);
}

/* The loads that a conditional move at @place may throw away, and whose checks stand there. */
static void check_picked_here(struct placing *placing, uint32_t place)
{
	const struct instruction *instructions = placing->function->instructions;
	uint32_t first = place > PICKED_BEHIND_MOST ? place - PICKED_BEHIND_MOST : 0;

	for (uint32_t i = first; place <= placing->picks_end && i < place; i++)
		if (instructions[i].picked_if && i + instructions[i].picked_behind == place)
			check_picked(placing, i, place);
}

/* A string instruction without a prefix: one element at rsi, one at rdi. */
static void check_element(struct placing *placing, uint32_t index)
{
	struct operand from = {.base = RSI, .index = NO_REGISTER};
	struct operand to = {.base = RDI, .index = NO_REGISTER};

	switch ((enum string_kind)placing->function->instructions[index].string) {
	case STRING_MOVS:
		check_simple(placing, index, &from, true, false);
		check_simple(placing, index, &to, false, true);
		break;
	case STRING_STOS:
		check_simple(placing, index, &to, false, true);
		break;
	case STRING_LODS:
		check_simple(placing, index, &from, true, false);
		break;
	case STRING_CMPS:
		check_simple(placing, index, &from, true, false);
		check_simple(placing, index, &to, true, false);
		break;
	case STRING_SCAS:
		check_simple(placing, index, &to, true, false);
		break;
	case STRING_NONE:
		break;
	}
}

/* A masked move or gather: the row has the size of one element. */
static void note_element(struct placing *placing, uint32_t index, struct plan_site *site)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	const unsigned char *bytes = placing->module->text + instruction->offset;
	struct masked_operands operands;

	site->size_bytes =
		masked_decode(bytes, instruction, &operands) ? operands.element_bytes : 0;
	site->flags &= (uint32_t)PLAN_SITE_READ | PLAN_SITE_WRITE;
	site->update_group = 0;
}

/* A check that no other access shares. */
static void check_alone(struct placing *placing, uint32_t index, enum access_class class)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	bool is_read = (instruction->memory & MEMORY_READ) != 0;
	bool is_write = (instruction->memory & MEMORY_WRITE) != 0;
	struct check access = {
		.operand = operand_of(instruction),
		.instruction = index,
		.size_bytes = instruction->access_bytes,
		.class = (uint8_t) class,
		.is_write = is_write,
	};

	access.site = add_site(placing, index, is_read, is_write);
	if (class == ACCESS_MASKED)
		note_element(placing, index, &placing->list->sites[access.site]);
	add_check(placing, &access);
}

static void check_access(struct placing *placing, uint32_t index)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	enum access_class class = checks_class(placing->module, placing->function, index);

	switch (class) {
	case ACCESS_NONE:
	case ACCESS_STACK:
	case ACCESS_READ_ONLY:
	case ACCESS_THREAD_LOCAL:
		return;
	case ACCESS_UNCHECKED:
		placing->list->unchecked++;
		return;
	case ACCESS_PREFETCH:
		check_alone(placing, index, class);
		return;
	case ACCESS_SIMPLE:
		if (instruction->memory & MEMORY_STRING)
			check_element(placing, index);
		else if (instruction->picked_behind)
			placing->picks_end = index + instruction->picked_behind;
		else if (instruction->picked_if)
			check_picked(placing, index, index);
		else
			check_pieces(placing, index);
		break;
	case ACCESS_SIZED:
	case ACCESS_MASKED:
	case ACCESS_LOCKED:
	case ACCESS_STRING:
		check_alone(placing, index, class);
		break;
	}
	placing->list->checked++;
}

/* Tells each check's site how many checks are made before the last access that it serves, that
 * one's own counted: they are in the order of their places. */
static void note_looks(struct check_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct check *check = &list->checks[i];
		uint32_t looks = 1;

		while (looks < PLAN_SITE_LOOKS_MOST && i + looks < list->count &&
		       list->checks[i + looks].place <= check->last)
			looks++;
		list->sites[check->site].flags |= looks << PLAN_SITE_LOOKS_SHIFT;
	}
}

void checks_place(const struct module *module, const struct function *function,
		  const uint32_t *live, const struct access_notes *notes, struct check_list *list)
{
	struct placing placing = {
		.module = module,
		.function = function,
		.live = live,
		.notes = notes,
		.list = list,
	};

	list->count = list->site_count = 0;
	list->checked = list->merged = list->unchecked = 0;
	for (uint32_t i = 0; i < function->count; i++)
		list->first_at[i] = NO_CHECK;
	for (uint32_t i = 0; i < function->count; i++) {
		if (is_join(function, i))
			placing.available_count = 0;
		check_picked_here(&placing, i);
		check_access(&placing, i);
		placing_forget(&placing, i);
	}
	note_looks(list);
}

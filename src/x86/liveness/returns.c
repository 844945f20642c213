/*
 * What is live when a function returns.
 *
 * That is what is live behind its calls, and, if other functions branch to it, when
 * these return; if unknown code may call it, everything.  The search starts with
 * everything live, so that the result of each round is safe.
 */
#include "x86/liveness/liveness.h"

#define ROUND_COUNT 2
#define ALL_LIVE (REGISTERS_ALL | FLAGS_ALL)

/* What the callers of a function need, in one round. */
struct callers {
	uint32_t needed;
	bool has_known;
	bool has_unknown;
	bool is_strangers;	   /* unknown code may call it */
	bool makes_return_address; /* its return is a jump */
};

/* Bytes outside of usable functions may have calls, too. */
static void mark_called_by_bytes(const struct module *module, struct callers *callers,
				 uint32_t start, uint32_t end)
{
	const unsigned char *text = module->text;

	for (uint32_t i = start; i < end; i++) {
		int32_t distance = 0;
		struct function *function;

		if ((text[i] & 0xfe) != 0xe8 && (text[i] & 0xf0) != 0x80)
			continue;
		if (module->text_bytes - i < 5)
			break;
		for (unsigned k = 4; k > 0; k--)
			distance = (int32_t)((uint32_t)distance << 8 | text[i + k]);
		function = module_find(module, (int64_t)i + 5 + distance);
		if (function)
			callers[function - module->functions].has_unknown = true;
	}
}

static void mark_called_from_gaps(const struct module *module, struct callers *callers)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < module->function_count; i++) {
		const struct function *function = &module->functions[i];

		if (!function->is_usable)
			continue;
		mark_called_by_bytes(module, callers, done, function->start);
		done = function->end;
	}
	mark_called_by_bytes(module, callers, done, module->text_bytes);
}

static bool is_push(const unsigned char *bytes)
{
	if ((bytes[0] & 0xf0) == 0x40)
		bytes++;
	return (bytes[0] & 0xf8) == 0x50 || bytes[0] == 0x68 || bytes[0] == 0x6a ||
	       (bytes[0] == 0xff && (bytes[1] >> 3 & 7) == 6);
}

/* Whether a return is a jump to an address that was just put on the stack. */
static bool makes_return_address(const struct module *module, const struct function *function)
{
	for (uint32_t i = 1; i < function->count; i++) {
		const struct instruction *before = &function->instructions[i - 1];

		if (function->instructions[i].kind != INSTRUCTION_RETURN)
			continue;
		if (is_push(module->text + before->offset) ||
		    (before->memory & MEMORY_WRITE && before->base == RSP) ||
		    (before->is_lea && before->base == RSP))
			return true;
	}
	return false;
}

static bool is_known_to_strangers(const struct function *function)
{
	bool has_indirect_jump = false, is_entered = false;

	if (!function->is_usable || function->is_exported || !function->count ||
	    function->reach[0] & REACH_INDIRECT)
		return true;
	for (uint32_t i = 1; i < function->count; i++) {
		is_entered |= (function->reach[i] & REACH_INDIRECT) != 0;
		has_indirect_jump |= function->instructions[i].kind == INSTRUCTION_JUMP_INDIRECT;
	}
	return is_entered && !has_indirect_jump && !function->lsda;
}

static void add_need(const struct module *module, struct callers *callers, int64_t target,
		     uint32_t needed)
{
	struct function *function = module_find(module, target);

	if (!function)
		return;
	callers[function - module->functions].needed |= needed;
	callers[function - module->functions].has_known = true;
}

/* Adds what @function, as a caller, needs of other functions.  Returns the flags that it
 * needs of those it calls by pointer. */
static uint32_t gather_needs(const struct module *module, const struct function *function,
			     const uint32_t *live, struct callers *callers)
{
	uint32_t flags_of_pointers = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		int64_t target = instruction->target;

		switch ((enum instruction_kind)instruction->kind) {
		case INSTRUCTION_CALL:
			add_need(module, callers, target, live[i + 1]);
			break;
		case INSTRUCTION_CALL_INDIRECT:
			if (!instruction->is_rip_relative)
				flags_of_pointers |= live[i + 1] & FLAGS_ALL;
			break;
		case INSTRUCTION_JUMP_INDIRECT:
			if (!instruction->is_rip_relative)
				flags_of_pointers |= function->live_at_return & FLAGS_ALL;
			break;
		case INSTRUCTION_BRANCH:
		case INSTRUCTION_BRANCH_IF:
		case INSTRUCTION_LOOP:
			if (target < function->start || target >= function->end)
				add_need(module, callers, target, function->live_at_return);
			break;
		case INSTRUCTION_PLAIN:
		case INSTRUCTION_RETURN:
		case INSTRUCTION_STOP:
		case INSTRUCTION_UNKNOWN:
			break;
		}
	}
	if (instruction_falls_through(&function->instructions[function->count - 1]))
		add_need(module, callers, function->end, function->live_at_return);
	return flags_of_pointers;
}

static void set_live_at_return(struct function *function, const struct callers *callers,
			       uint32_t flags_of_pointers)
{
	bool is_strangers = callers->is_strangers;

	if (callers->has_unknown || (!is_strangers && !callers->has_known) ||
	    function->has_unknown_targets || callers->makes_return_address) {
		function->live_at_return = ALL_LIVE;
		return;
	}
	/* Callers outside the module follow the ABI as for flags. */
	function->live_at_return = callers->needed | REGISTER_BIT(RSP);
	if (is_strangers)
		function->live_at_return |= REGISTERS_ALL | flags_of_pointers;
}

static void run_round(const struct module *module, struct callers *callers, uint32_t *live)
{
	uint32_t flags_of_pointers = 0;

	for (uint32_t i = 0; i < module->function_count; i++) {
		callers[i].needed = 0;
		callers[i].has_known = false;
	}
	for (uint32_t i = 0; i < module->function_count; i++) {
		struct function *function = &module->functions[i];

		callers[i].is_strangers = true;
		if (!function->is_usable || !function->count)
			continue;
		module_open(module, function);
		if (!function->instructions || !function->reach)
			continue;
		callers[i].is_strangers = is_known_to_strangers(function);
		callers[i].makes_return_address = makes_return_address(module, function);
		liveness_compute(module, function, live);
		function->live_at_entry = live[0];
		flags_of_pointers |= gather_needs(module, function, live, callers);
	}
	for (uint32_t i = 0; i < module->function_count; i++)
		set_live_at_return(&module->functions[i], &callers[i], flags_of_pointers);
}

bool liveness_of_returns(const struct module *module, struct arena *arena)
{
	struct callers *callers;
	uint32_t *live;
	uint32_t most = 0;

	for (uint32_t i = 0; i < module->function_count; i++) {
		struct function *function = &module->functions[i];

		function->live_at_return = ALL_LIVE;
		function->live_at_entry = ALL_LIVE;
		if (function->count > most)
			most = function->count;
	}
	callers = arena_alloc(arena, (module->function_count + 1) * sizeof(*callers));
	live = arena_alloc(arena, (most + 1) * sizeof(*live));
	if (callers && live) {
		mark_called_from_gaps(module, callers);
		for (unsigned round = 0; round < ROUND_COUNT; round++)
			run_round(module, callers, live);
	}
	arena_free(arena, callers, (module->function_count + 1) * sizeof(*callers));
	arena_free(arena, live, (most + 1) * sizeof(*live));
	return callers && live;
}

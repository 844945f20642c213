#include "reports/code/unneeded.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "reports/code/holders.h"
#include "reports/symbols/scopes.h"
#include "reports/types/code.h"

#define STATES_MAX 2048u
#define LOOPS_MAX 32u
#define BRANCHES_MAX 128u
#define COMPARED_MAX 24u  /* instructions behind a comparison that makes a mask */
#define MOVES_MAX 4u	  /* that one branch passes over */
#define SEEN_MAX 65536u /* bytes of a function */

/* No holders: a round of a loop with the value was made; the value has decided a branch, and this
 * is what follows on one side and the other. */
#define ROUND ((holders)1 << 62)
#define TAKEN ((holders)1 << 61)
#define FALLEN ((holders)1 << 60)
#define SIDES (TAKEN | FALLEN)

/* Before the instruction at @offset. */
struct state {
	uint32_t offset;
	bool is_masking; /* it masks a vector */
	holders held, read;
};

/* From the target of a branch back to the branch, not over the load; those that overlap are one. */
struct loop {
	int64_t first, last;
	holders read;  /* there */
	holders sides; /* from which it is reached */
};

struct walk {
	struct elf_image *image;
	struct code code; /* up to the present instruction */
	uint32_t load;
	bool has_result; /* the function */
	bool is_dropped;  /* the value may be, or there are too many ways */
	bool is_unneeded; /* a way ends without a need of it */
	bool is_round_unneeded; /* ... and makes a round of a loop with the value */
	bool is_followed; /* an indirect jump, once */
	int64_t decided;  /* the first branch that the value decides; 0: none */
	struct state states[STATES_MAX];
	size_t count;
	struct loop loops[LOOPS_MAX];
	size_t loop_count;
	bool seen[SEEN_MAX];
	struct stack_slots slots;
};

static const struct instruction *present(const struct walk *walk)
{
	return &walk->code.instructions[walk->code.count - 1];
}

/* Goes on at @offset later, if the walk has not been there with as much. */
static void add_state(struct walk *walk, int64_t offset, holders held)
{
	for (size_t i = 0; i < walk->count; i++)
		if (walk->states[i].offset == offset && walk->states[i].held == held)
			return;
	if (walk->count == STATES_MAX)
		walk->is_dropped = true;
	else
		walk->states[walk->count++] =
			(struct state){.offset = (uint32_t)offset, .held = held};
}

/* The way ends, having had @held. */
static void end_way(struct walk *walk, holders held, holders needed)
{
	if (held & SIDES)
		return;
	walk->is_unneeded |= !(held & needed);
	walk->is_round_unneeded |= !(held & needed) && held & ROUND;
}

/* The function that has @offset begins there, or is the one of the walk, or a part of it that lies
 * apart. */
enum owner { OWNER_OTHER, OWNER_SAME, OWNER_APART };

static enum owner owner_of(struct walk *walk, int64_t offset)
{
	uint64_t distance;
	const char *name = elf_image_symbol(walk->image, walk->code.start + (uint64_t)offset, true,
					    &distance);

	if (!name || (int64_t)distance == offset)
		return OWNER_SAME;
	return distance == 0 && !strstr(name, ".cold") ? OWNER_OTHER : OWNER_APART;
}

/* Does a way lead from @from to @to, not over the load?  A switch leads anywhere. */
static bool leads_to(struct walk *walk, int64_t from, int64_t to)
{
	struct code code = walk->code;
	int64_t waiting[BRANCHES_MAX];
	size_t count = 0;

	memset(walk->seen, 0, sizeof(walk->seen));
	waiting[count++] = from;
	while (count) {
		int64_t at = waiting[--count];

		while (at >= 0 && at < SEEN_MAX && !walk->seen[at] && at != walk->load &&
		       owner_of(walk, at) == OWNER_SAME &&
		       code_decode(walk->image, code.start, code.start + (uint64_t)at, &code)) {
			const struct instruction *next = &code.instructions[code.count - 1];

			if (at == to || next->kind == INSTRUCTION_JUMP_INDIRECT)
				return true;
			walk->seen[at] = true;
			if (instruction_is_branch(next) && count < BRANCHES_MAX)
				waiting[count++] = next->target;
			if (!instruction_falls_through(next) && !instruction_is_call(next))
				break;
			at += next->length;
		}
	}
	return false;
}

/* The loop that @first to @last is a part of; NULL: none, or there is no room. */
static struct loop *loop_of(struct walk *walk, int64_t first, int64_t last)
{
	struct loop *loop = NULL;

	for (size_t i = 0; i < walk->loop_count; i++)
		if (walk->loops[i].first <= last && first <= walk->loops[i].last)
			loop = &walk->loops[i];
	if (loop && loop->first <= first && last <= loop->last)
		return loop;
	if (!leads_to(walk, first, last) || (!loop && walk->loop_count == LOOPS_MAX))
		return NULL;
	if (!loop) {
		loop = &walk->loops[walk->loop_count++];
		*loop = (struct loop){.first = first, .last = last};
	}
	if (first < loop->first)
		loop->first = first;
	if (last > loop->last)
		loop->last = last;
	return loop;
}

/* Notes the loop if the present instruction, on a way with @held, leads back to @first, not over
 * the load.  True: it is one with the value. */
static bool note_loop(struct walk *walk, int64_t first, holders held)
{
	int64_t last = present(walk)->offset;
	struct loop *loop = NULL;

	if (first <= last && !(first <= walk->load && walk->load <= last))
		loop = loop_of(walk, first, last);
	if (loop)
		loop->sides |= held & SIDES;
	return loop && loop->read & held;
}

static void take_branch(struct walk *walk, holders held)
{
	int64_t target = present(walk)->target;

	if (owner_of(walk, target) == OWNER_OTHER)
		end_way(walk, held, HOLDERS_ARGUMENTS);
	else
		add_state(walk, target, held | (note_loop(walk, target, held) ? ROUND : 0));
}

/* A switch: to all places that nothing else leads to straight. */
static void take_table(struct walk *walk, holders held)
{
	struct code code = walk->code;
	uint32_t offset = 0;
	bool is_start = true;

	if (walk->is_followed)
		return;
	walk->is_followed = true;
	while (walk->count < STATES_MAX / 2 && owner_of(walk, offset) == OWNER_SAME &&
	       code_decode(walk->image, code.start, code.start + offset, &code)) {
		const struct instruction *next = &code.instructions[code.count - 1];

		if (is_start && offset > walk->load)
			add_state(walk, offset,
				  held | (note_loop(walk, offset, held) ? ROUND : 0));
		is_start = !instruction_falls_through(next) && !instruction_is_call(next);
		offset += next->length;
	}
}

static void return_from_call(struct walk *walk, int64_t behind, holders held)
{
	holders kept = held & (REGISTERS_PRESERVED | HOLDERS_SLOTS | SIDES);

	if (kept && !(held & HOLDERS_ARGUMENTS))
		add_state(walk, behind, kept | (held & ROUND));
}

/* Goes from the present instruction to those behind it. */
static void go_on(struct walk *walk, holders held)
{
	const struct instruction *next = present(walk);
	int64_t behind = (int64_t)next->offset + next->length;

	switch ((enum instruction_kind)next->kind) {
	case INSTRUCTION_PLAIN:
		add_state(walk, behind, held);
		break;
	case INSTRUCTION_BRANCH_IF:
	case INSTRUCTION_LOOP:
		add_state(walk, behind, held);
		take_branch(walk, held);
		break;
	case INSTRUCTION_BRANCH:
		take_branch(walk, held);
		break;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		return_from_call(walk, behind, held);
		break;
	case INSTRUCTION_RETURN:
		end_way(walk, held, walk->has_result ? HOLDERS_RESULTS : 0);
		break;
	case INSTRUCTION_JUMP_INDIRECT:
		take_table(walk, held);
		break;
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		break;
	}
}

/* Does the present branch only pass over moves between registers?  Then it is a conditional move of
 * those that *@moved says. */
static bool is_move(struct walk *walk, holders *moved)
{
	const struct instruction *branch = present(walk);
	struct code code = walk->code;
	uint32_t at = branch->offset + branch->length;

	*moved = 0;
	for (unsigned i = 0; i < MOVES_MAX; i++) {
		const struct instruction *next;

		if (at == branch->target)
			return true;
		if (!code_decode(walk->image, code.start, code.start + at, &code))
			return false;
		next = &code.instructions[code.count - 1];
		if (next->kind == INSTRUCTION_BRANCH)
			return next->target == branch->target;
		if (next->kind != INSTRUCTION_PLAIN || next->memory)
			return false;
		*moved |= next->changes;
		at += next->length;
	}
	return false;
}

/* The present instruction needs the value.  The first branch that does may have been moved out of a
 * loop with it. */
static void note_need(struct walk *walk, holders held)
{
	const struct instruction *next = present(walk);
	holders moved;

	if (next->kind == INSTRUCTION_BRANCH_IF && is_move(walk, &moved)) {
		add_state(walk, next->target, held | moved);
		return;
	}
	if (next->kind != INSTRUCTION_BRANCH_IF || walk->decided) {
		go_on(walk, held | SIDES);
		return;
	}
	walk->decided = next->offset;
	note_loop(walk, next->target, 0);
	add_state(walk, (int64_t)next->offset + next->length, held | FALLEN);
	add_state(walk, next->target, held | TAKEN);
}

static enum effect pass(struct walk *walk, struct passage *by)
{
	const struct instruction *next = present(walk);
	const unsigned char *bytes = code_bytes(walk->image, &walk->code);
	enum effect effect = EFFECT_PASSES;

	if (next->kind == INSTRUCTION_PLAIN && bytes)
		effect = holders_pass(next, bytes, next->offset == walk->load, &walk->slots, by);
	else if (!instruction_is_call(next) && next->kind != INSTRUCTION_RETURN)
		by->read = next->reads & by->held;
	if (next->kind != INSTRUCTION_PLAIN && by->read)
		effect = EFFECT_NEEDS;
	by->held &= ~HOLDERS_LOADED;
	return effect;
}

/* Is a mask of the present instruction's one that the program computes?  A comparison of vectors
 * stands shortly before it then. */
static bool is_mask_computed(const struct walk *walk)
{
	struct code code = walk->code;

	for (unsigned i = 0; i < COMPARED_MAX && --code.count > 0; i++) {
		const unsigned char *bytes = code_bytes(walk->image, &code);

		if (bytes &&
		    holders_is_comparison(&code.instructions[code.count - 1], bytes))
			return true;
	}
	return false;
}

static void visit(struct walk *walk, struct state *state)
{
	enum effect effect;
	bool is_after;
	struct passage by = {state->held, 0};

	if (owner_of(walk, state->offset) != OWNER_SAME ||
	    !code_decode(walk->image, walk->code.start, walk->code.start + state->offset,
			 &walk->code))
		return;
	effect = pass(walk, &by);
	if (effect == EFFECT_MASKS && !is_mask_computed(walk))
		effect = EFFECT_PASSES;
	state->read = by.read & ~(holders)FLAGS_ALL;
	state->is_masking = effect == EFFECT_MASKS;
	is_after = by.held & SIDES;
	walk->is_dropped |= (effect == EFFECT_PICKS || effect == EFFECT_MASKS) && !is_after;
	if (effect == EFFECT_NEEDS && !is_after)
		note_need(walk, by.held);
	else if (!(by.held & ~ROUND))
		end_way(walk, by.held, 0);
	else
		go_on(walk, by.held);
}

/* Does the function at @address return a value? */
static bool has_result(struct elf_image *image, uint64_t address)
{
	Dwarf_Attribute attribute;
	Dwarf_Die *scopes;
	Dwarf_Addr bias;
	int count = scopes_at(image, address, &scopes, &bias);

	return count > 0 && dwarf_attr_integrate(&scopes[count - 1], DW_AT_type, &attribute);
}

static struct loop *loop_at(struct walk *walk, int64_t offset)
{
	for (size_t i = 0; i < walk->loop_count; i++)
		if (walk->loops[i].first <= offset && offset <= walk->loops[i].last)
			return &walk->loops[i];
	return NULL;
}

/* Are there loops on both sides of the first branch that the value decides?  Then the branch
 * itself may have been moved out of one, in which it was under a condition. */
static bool is_loop_split(struct walk *walk)
{
	holders sides = 0;

	if (!walk->decided || loop_at(walk, walk->decided))
		return false;
	for (size_t i = 0; i < walk->loop_count; i++)
		if (walk->loops[i].sides != SIDES)
			sides |= walk->loops[i].sides;
	return sides == SIDES;
}

static void find_given_slots(struct walk *walk)
{
	struct code code = walk->code;
	uint32_t offset = 0;

	while (owner_of(walk, offset) == OWNER_SAME && offset < SEEN_MAX &&
	       code_decode(walk->image, code.start, code.start + offset, &code)) {
		const struct instruction *next = &code.instructions[code.count - 1];

		holders_note_given(&walk->slots, next);
		offset += next->length;
	}
}

/* Goes all ways from the load at @address. */
static bool go_all_ways(struct walk *walk, uint64_t address)
{
	const struct instruction *load;

	walk->count = 0;
	walk->decided = 0;
	walk->is_followed = walk->is_dropped = walk->is_unneeded = walk->is_round_unneeded = false;
	if (!code_read(walk->image, address, &walk->code))
		return false;
	load = present(walk);
	if (!(load->memory & MEMORY_READ) || load->memory & MEMORY_WRITE ||
	    load->kind != INSTRUCTION_PLAIN)
		return false;
	walk->load = load->offset;
	add_state(walk, load->offset, HOLDERS_LOADED);
	for (size_t i = 0; i < walk->count; i++)
		visit(walk, &walk->states[i]);
	return true;
}

/* A loop that the value is read in may have no round only if the loop's code says so: compilers
 * ask that before they load ahead of it.  Code that they make of one loop for several rounds at a
 * time has such ways. */
static bool is_unneeded(struct walk *walk, uint64_t address)
{
	bool has_loop = false;

	if (!code_read(walk->image, address, &walk->code))
		return false;
	find_given_slots(walk);
	if (!go_all_ways(walk, address))
		return false;
	for (size_t i = 1; i < walk->count; i++) {
		struct loop *loop = loop_at(walk, walk->states[i].offset);

		if (loop)
			loop->read |= walk->states[i].read;
		has_loop |= loop && loop->read;
	}
	if (is_loop_split(walk))
		return true;
	return has_loop ? go_all_ways(walk, address) &&
				  (walk->is_round_unneeded || walk->is_dropped)
			: walk->is_unneeded || walk->is_dropped;
}

static bool has_offset(const struct unneeded_loops *loops, uint32_t offset)
{
	size_t i;

	for (i = 0; i < loops->count && loops->rows[i].offset != offset; i++)
		;
	return i < loops->count;
}

static void find_loops(struct walk *walk, struct unneeded_loops *loops)
{
	loops->start = walk->code.start;
	loops->count = 0;
	for (size_t i = 1; i < walk->count && loops->count < UNNEEDED_LOOPS_MAX; i++) {
		uint32_t offset = walk->states[i].offset;
		const struct loop *loop = loop_at(walk, offset);
		uint32_t number = loop ? (uint32_t)(loop - walk->loops) + 1 : 0;

		if ((loop || walk->states[i].is_masking) && !has_offset(loops, offset))
			loops->rows[loops->count++] = (struct unneeded_row){offset, number};
	}
}

bool unneeded_find(struct elf_image *image, uint64_t address, struct unneeded_loops *loops)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	bool found;

	if (!walk)
		return false;
	walk->image = image;
	walk->has_result = has_result(image, address);
	found = is_unneeded(walk, address);
	if (found)
		find_loops(walk, loops);
	free(walk);
	return found;
}

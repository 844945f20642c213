/* Counted loops: the ranges told in front of them, and their copies without checks. */
#include "x86/emit/range.h"
#include "x86/verify/parts.h"

/* Where the accesses of instruction @index lie, and whether they are one range. */
static bool find_place(const struct verifying *verifying, const struct counted_loop *loop,
		       uint32_t index, uint32_t size_bytes, bool is_write,
		       struct counted_range *range, bool *is_range)
{
	const struct function *function = verifying->function;
	struct operand operand = operand_of(&function->instructions[index]);

	*is_range = counted_range(verifying->module, function, loop, index, &operand, size_bytes,
				  is_write, range);
	return checks_classify(verifying->module, function, &function->instructions[index]) ==
		       ACCESS_SIMPLE &&
	       counted_place(verifying->module, function, loop, index, &operand, &range->place);
}

/* Bytes by which @place lies behind the beginning of @told; negative: not in it. */
static int64_t place_in(const struct told_range *told, const struct counted_place *place)
{
	int64_t distance;

	return told->place.stride == place->stride &&
			       operand_distance(&told->place.first, &place->first, &distance)
		       ? distance
		       : -1;
}

/* Is all of @told touched?  Ranges of at least RANGE_BYTES_NEAR each begin so close to each
 * other. */
static bool is_touched(const struct verifying *verifying, const struct counted_loop *loop,
		       const struct told_range *told)
{
	int64_t reached = 0, next = 0;

	do {
		reached = next;
		for (uint32_t i = loop->first; i <= loop->last; i++) {
			const struct instruction *touching = &verifying->function->instructions[i];
			struct counted_range range;
			bool is_range;
			int64_t at;

			if (instruction_drops(touching) ||
			    !(touching->memory & (told->is_write ? MEMORY_WRITE : MEMORY_READ)) ||
			    !find_place(verifying, loop, i, touching->access_bytes, told->is_write,
					&range, &is_range))
				continue;
			at = place_in(told, &range.place);
			if (is_range && at > next && at <= reached + RANGE_BYTES_NEAR &&
			    at <= told->extra)
				next = at;
		}
	} while (next > reached);
	return reached == told->extra;
}

/* Of the range that is told at @at. */
static uint32_t number_of(const struct verifying *verifying, uint32_t at)
{
	uint32_t number = 0;

	while (number < verifying->told_count && verifying->told[number].at != at)
		number++;
	return number;
}

bool verify_range(struct verifying *verifying, uint32_t at, struct symbolic *machine, uint32_t site,
		  uint32_t index)
{
	bool is_write = verifying->plan->sites[site].flags & PLAN_SITE_WRITE;
	int32_t extra = machine->pushed_mask.operand.displacement;
	struct symbolic_value distance = {.kind = SYMBOLIC_DISTANCE};
	struct symbolic_value address = {
		.kind = SYMBOLIC_ADDRESS, .number = NO_REGISTER, .mask = -1};
	uint32_t number = number_of(verifying, at);
	struct told_range *told = &verifying->told[number];
	struct counted_range range;
	struct counted_loop loop;
	bool is_range;

	if (number == VERIFY_TOLD_MOST ||
	    !counted_find(verifying->module, verifying->function, verifying->index, &loop) ||
	    index < loop.first || index > loop.last ||
	    !counted_can_join(&verifying->plan->sites[site]) ||
	    !find_place(verifying, &loop, index, verify_chain_bytes(verifying, site), is_write,
			&range, &is_range) ||
	    !is_range)
		return false;
	distance.number = loop.to;
	distance.mask = loop.from;
	distance.at = range.shift;
	distance.bit = loop.is_half;
	distance.operand.displacement = extra;
	*told = (struct told_range){at, range.place, extra, is_write};
	told->place.first.displacement = machine->pushed_address.operand.displacement;
	address.operand = told->place.first;
	verifying->told_count += number == verifying->told_count;
	machine->told |= 1u << number;
	return (!loop.unless || machine->is_not == loop.unless) &&
	       machine->measured.kind == SYMBOLIC_DISTANCE && machine->measured.number == loop.to &&
	       machine->measured.mask == loop.from && place_in(told, &range.place) >= 0 &&
	       place_in(told, &range.place) <= extra &&
	       (!extra ||
		(range.shift >= machine->measured.at && machine->least >= RANGE_BYTES_NEAR - 1 &&
		 is_touched(verifying, &loop, told))) &&
	       symbolic_value_is(&machine->pushed_address, &address) &&
	       symbolic_value_is(&machine->pushed_mask, &distance);
}

/* Are @size_bytes at @place in what @machine has told?  Who writes need not read. */
static bool is_told_at(const struct verifying *verifying, const struct symbolic *machine,
		       const struct counted_place *place, uint32_t size_bytes, bool is_write)
{
	for (uint32_t i = 0; i < verifying->told_count; i++) {
		const struct told_range *told = &verifying->told[i];
		int64_t at = place_in(told, place);

		if (machine->told >> i & 1 && told->is_write >= is_write && at >= 0 &&
		    at + size_bytes <= told->place.stride + told->extra)
			return true;
	}
	return false;
}

/* Is what instruction @index accesses? */
static bool is_told(const struct verifying *verifying, const struct symbolic *machine,
		    const struct counted_loop *loop, uint32_t index, bool is_write)
{
	const struct instruction *instruction = &verifying->function->instructions[index];
	struct counted_range range;
	bool is_range;
	uint32_t bytes;

	if (!find_place(verifying, loop, index, instruction->access_bytes, is_write, &range,
			&is_range))
		return false;
	for (uint32_t at = 0; instruction_next_piece(instruction, &at, &bytes); at += bytes) {
		struct counted_place place = range.place;

		place.first = operand_behind(place.first, at);
		if (!is_told_at(verifying, machine, &place, bytes, is_write))
			return false;
	}
	return true;
}

static bool are_told(const struct verifying *verifying, const struct symbolic *machine,
		     const struct counted_loop *loop)
{
	const struct function *function = verifying->function;

	for (uint32_t i = loop->first; i <= loop->last; i++) {
		const struct instruction *instruction = &function->instructions[i];

		if (!checks_are_for(checks_classify(verifying->module, function, instruction)))
			continue;
		if ((instruction->memory & MEMORY_READ &&
		     !is_told(verifying, machine, loop, i, false)) ||
		    (instruction->memory & MEMORY_WRITE &&
		     !is_told(verifying, machine, loop, i, true)))
			return false;
	}
	return true;
}

/* The branch back leads to what compares, and the jump behind it to what follows. */
static bool check_end(struct verifying *verifying, uint32_t at, const struct counted_loop *loop)
{
	const struct function *function = verifying->function;
	const struct instruction *branch = &function->instructions[loop->last];
	struct instruction copy, jump;
	uint32_t after;

	if (!verify_decode(verifying, at, &copy))
		return false;
	after = at + copy.length;
	return copy.kind == INSTRUCTION_BRANCH_IF && copy.target == verifying->head &&
	       instruction_condition(verifying->module->text + branch->offset) ==
		       instruction_condition(verifying->plan->clone + at) &&
	       verify_state(verifying, at, branch->offset) &&
	       verify_state(verifying, after, (int64_t)branch->offset + branch->length) &&
	       verify_decode(verifying, after, &jump) && jump.kind == INSTRUCTION_BRANCH &&
	       loop->last + 1 < function->count &&
	       jump.target == verifying->offsets[loop->last + 1];
}

/* Is it known that the steps divide the distance? */
static bool is_even(const struct symbolic *machine, const struct counted_loop *loop)
{
	const struct symbolic_value *of = &machine->tested_of;

	return machine->is_clear == loop->step - 1 &&
	       (loop->step == 1 || (of->number == loop->to && of->mask == loop->from));
}

bool verify_loop(struct verifying *verifying, uint32_t at, const struct symbolic *machine)
{
	uint32_t first = verifying->index, copy_at = verifying->copy_at;
	struct counted_loop loop;
	bool is_right;

	if (!machine->is_ahead || !verifying->head ||
	    !counted_find(verifying->module, verifying->function, first, &loop) || !loop.is_exact ||
	    !is_even(machine, &loop) || !are_told(verifying, machine, &loop))
		return verify_wrong(verifying, at, "a loop goes on unchecked");
	is_right = true;
	for (uint32_t i = first; i < loop.last && is_right; i++) {
		verifying->index = i;
		verifying->copy_at = at;
		is_right =
			verify_state(verifying, at, verifying->function->instructions[i].offset) &&
			verify_copy(verifying, &at);
	}
	verifying->index = first;
	verifying->copy_at = copy_at;
	return (is_right && check_end(verifying, at, &loop)) ||
	       verify_wrong(verifying, at, "a loop without checks is another one");
}

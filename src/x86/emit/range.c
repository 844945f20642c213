#include "x86/emit/range.h"

#include "x86/emit/check.h"
#include "x86/emit/encode.h"
#include "x86/survey/counted.h"

#define RANGES_MOST 6u
#define RANGE_BYTES_MOST 1024u /* of code */
#define NEAR_BYTES 64

struct range {
	struct counted_range touched;
	uint32_t site;
	bool is_write;
};

struct ranges {
	struct range ranges[RANGES_MOST];
	uint32_t count;
};

/* Is what the range covers done by another one, but for some granules at its ends? */
static bool is_near(const struct ranges *ranges, const struct range *range)
{
	for (uint32_t i = 0; i < ranges->count; i++) {
		const struct range *other = &ranges->ranges[i];
		int64_t distance;

		if (other->is_write == range->is_write &&
		    operand_distance(&other->touched.first, &range->touched.first, &distance) &&
		    distance <= NEAR_BYTES && distance >= -NEAR_BYTES)
			return true;
	}
	return false;
}

static void find_ranges(const struct emitter *emitter, const struct function *function,
			const struct check_list *list, const struct counted_loop *loop,
			struct ranges *ranges)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct check *check = &list->checks[i];
		struct range range = {.site = check->site, .is_write = check->is_write};

		if (check->place >= loop->first && check->instruction <= loop->last &&
		    check->class == ACCESS_SIMPLE && ranges->count < RANGES_MOST &&
		    counted_can_join(&list->sites[check->site]) &&
		    counted_range(emitter->module, function, loop, check->instruction,
				  &check->operand, check->size_bytes, check->is_write,
				  &range.touched) &&
		    !is_near(ranges, &range))
			ranges->ranges[ranges->count++] = range;
	}
}

static void emit_shift(struct emitter *emitter, int in, int by)
{
	if (by > 0)
		encode_shift_left(emitter, in, (unsigned)by);
	else if (by < 0)
		encode_shift_right(emitter, in, (unsigned)-by);
}

static void emit_ranges(struct emitter *emitter, struct group *group,
			const struct counted_loop *loop, const struct ranges *ranges)
{
	static const struct masked_operands thunk = {.thunk = THUNK_RANGE};
	bool is_forced = plan_forces(emitter->options, PLAN_FORCE_RANGES);
	uint32_t skip = 0, unless = 0;
	int shift = 0;

	if (!encode_reserve(emitter, RANGE_BYTES_MOST))
		return;
	group_begin(emitter, group);
	encode_distance(emitter, group->word, loop->to, loop->from, loop->is_half);
	if (loop->unless)
		unless = encode_branch_forward(emitter, (enum condition)loop->unless);
	for (uint32_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->ranges[i];

		emit_shift(emitter, group->word, range->touched.shift - shift);
		shift = range->touched.shift;
		if (i == 0) {
			encode_compare_with(emitter, group->word,
					    (is_forced ? RANGE_BYTES_FORCED : RANGE_BYTES) - 1);
			skip = encode_branch_forward(emitter, CONDITION_NOT_ABOVE);
		}
		encode_lea(emitter, group->address, &range->touched.first, group->taken.lowered_by);
		group_call_with_word(emitter, group->taken, group->address, group->word,
				     group->first_site + range->site, &thunk);
	}
	encode_land(emitter, skip);
	if (unless)
		encode_land(emitter, unless);
	group_end(emitter, group);
}

static uint32_t registers_of(const struct counted_loop *loop, const struct ranges *ranges)
{
	uint32_t registers = REGISTER_BIT((unsigned)loop->to);

	if (loop->from != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)loop->from);
	for (uint32_t i = 0; i < ranges->count; i++)
		registers |= operand_registers(&ranges->ranges[i].touched.first);
	return registers;
}

static void emit_ranges_of(struct emitter *emitter, const struct function *function,
			   const uint32_t *live, const struct check_list *list, uint32_t place,
			   uint32_t first_site)
{
	struct group group = {
		.function = function,
		.list = list,
		.live = live[place],
		.first_site = first_site,
		.clobbers_flags = true,
		.count = 1,
		.taken = {.original_offset = function->instructions[place].offset},
	};
	struct ranges ranges = {.count = 0};
	struct counted_loop loop;

	if (!counted_find(emitter->module, function, place, &loop))
		return;
	find_ranges(emitter, function, list, &loop, &ranges);
	group.operands = registers_of(&loop, &ranges);
	if (ranges.count && group_choose(&group, true))
		emit_ranges(emitter, &group, &loop, &ranges);
}

void emit_ranges_at(struct emitter *emitter, const struct function *function, const uint32_t *live,
		    const struct check_list *list, uint32_t place, uint32_t first_site)
{
	if (counted_may_begin(function, place) && !(live[place] & FLAGS_ALL) &&
	    emitter->options->force != PLAN_FORCE_NO_RANGES)
		emit_ranges_of(emitter, function, live, list, place, first_site);
}

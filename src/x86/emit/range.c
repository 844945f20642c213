#include "x86/emit/range.h"

#include "x86/emit/check.h"
#include "x86/emit/copy.h"
#include "x86/emit/encode.h"
#include "x86/survey/counted.h"

#define RANGES_MOST 6u
#define RANGE_BYTES_MOST 1024u /* of code */
#define COPY_BYTES_MOST 32u    /* of an instruction */

struct range {
	struct counted_range touched;
	int32_t extra; /* bytes more, that others touch which lie near */
	uint32_t site;
	bool is_write;
};

struct ranges {
	struct range ranges[RANGES_MOST];
	uint32_t count;
	bool has_all; /* no access of the loop is left out */
};

/* Does @range have all that the loop touches at @place, @size_bytes in each round? */
static bool range_has(const struct range *range, const struct counted_place *place,
		      uint32_t size_bytes, bool is_write)
{
	const struct counted_place *own = &range->touched.place;
	int64_t distance;

	return range->is_write == is_write && own->stride == place->stride &&
	       operand_distance(&own->first, &place->first, &distance) && distance >= 0 &&
	       distance + size_bytes <= own->stride + range->extra;
}

/* The range that begins near @range: what that covers is done by it, but for some granules. */
static struct range *find_near(struct ranges *ranges, const struct range *range, int64_t *distance)
{
	for (uint32_t i = 0; i < ranges->count; i++) {
		struct range *other = &ranges->ranges[i];

		if (other->is_write == range->is_write &&
		    operand_distance(&other->touched.place.first, &range->touched.place.first,
				     distance) &&
		    *distance <= RANGE_BYTES_NEAR && *distance >= -RANGE_BYTES_NEAR)
			return other;
	}
	return NULL;
}

/* Adds to @other what begins @distance from it.  Both are longer than that if they are not
 * shorter than the first, whose length is looked at. */
static bool widen_range(const struct ranges *ranges, struct range *other, int64_t distance)
{
	if (other->touched.shift < ranges->ranges[0].touched.shift)
		return false;
	if (distance > other->extra)
		other->extra = (int32_t)distance;
	if (distance < 0) {
		other->touched.place.first.displacement += (int32_t)distance;
		other->extra -= (int32_t)distance;
	}
	return true;
}

/* Can all sites of @check be recorded with others? */
static bool can_join_all(const struct check_list *list, const struct check *check)
{
	uint32_t site = check->site;

	while (counted_can_join(&list->sites[site])) {
		if (!list->sites[site].next_member)
			return true;
		site = list->sites[site].next_member - 1;
	}
	return false;
}

/* @range has what @check covers, too.  Its site then is one of an update group, if any is. */
static bool join_range(const struct check_list *list, const struct check *check, bool is_range,
		       struct range *range)
{
	if (list->sites[check->site].update_group && !list->sites[range->site].update_group) {
		if (!is_range)
			return false;
		range->site = check->site;
	}
	return can_join_all(list, check);
}

/* False: what @check covers is in no range, or not all of it. */
static bool add_range(const struct emitter *emitter, const struct function *function,
		      const struct check_list *list, const struct counted_loop *loop,
		      const struct check *check, struct ranges *ranges)
{
	struct range range = {.site = check->site, .is_write = check->is_write};
	struct counted_place place;
	struct range *near;
	int64_t distance;
	bool is_range;

	if (check->class != ACCESS_SIMPLE || check->picked_if ||
	    !counted_can_join(&list->sites[check->site]) ||
	    !counted_place(emitter->module, function, loop, check->instruction, &check->operand,
			   &place))
		return false;
	is_range = counted_range(emitter->module, function, loop, check->instruction,
				 &check->operand, check->size_bytes, check->is_write,
				 &range.touched);
	for (uint32_t i = 0; i < ranges->count; i++)
		if (range_has(&ranges->ranges[i], &place, check->size_bytes, check->is_write))
			return join_range(list, check, is_range, &ranges->ranges[i]);
	if (!is_range)
		return false;
	near = find_near(ranges, &range, &distance);
	if (near)
		return near->touched.place.stride == place.stride &&
		       widen_range(ranges, near, distance) &&
		       join_range(list, check, true, near);
	if (ranges->count == RANGES_MOST)
		return false;
	ranges->ranges[ranges->count++] = range;
	return can_join_all(list, check);
}

static void find_ranges(const struct emitter *emitter, const struct function *function,
			const struct check_list *list, const struct counted_loop *loop,
			struct ranges *ranges)
{
	*ranges = (struct ranges){.has_all = true};
	for (uint32_t i = 0; i < list->count; i++) {
		const struct check *check = &list->checks[i];

		if (check->instruction < loop->first || check->instruction > loop->last ||
		    check->class == ACCESS_PREFETCH)
			continue;
		ranges->has_all &= check->place >= loop->first &&
				   add_range(emitter, function, list, loop, check, ranges);
	}
}

/* Can the loop run without checks once all ranges are recorded? */
static bool can_be_ahead(const struct emitter *emitter, const struct function *function,
			 const struct counted_loop *loop, const struct ranges *ranges)
{
	return ranges->has_all && loop->is_exact && !emitter->options->counts &&
	       emitter->options->force != PLAN_FORCE_NO_AHEAD && loop->last + 1 < function->count;
}

static void emit_shift(struct emitter *emitter, int in, int by)
{
	if (by > 0)
		encode_shift_left(emitter, in, (unsigned)by);
	else if (by < 0)
		encode_shift_right(emitter, in, (unsigned)-by);
}

/* Under which distance, in bytes of the first range, the loop is left alone. */
static int32_t least_bytes(const struct emitter *emitter, const struct ranges *ranges)
{
	if (!plan_forces(emitter->options, PLAN_FORCE_RANGES))
		return RANGE_BYTES;
	for (uint32_t i = 0; i < ranges->count; i++)
		if (ranges->ranges[i].extra)
			return RANGE_BYTES_NEAR;
	return RANGE_BYTES_FORCED;
}

/* The branches that lead past all ranges. */
struct skips {
	uint32_t positions[2];
	uint32_t count;
};

static void add_skip(struct emitter *emitter, struct skips *skips, enum condition condition)
{
	skips->positions[skips->count++] = encode_branch_forward(emitter, condition);
}

static void land_skips(struct emitter *emitter, const struct skips *skips)
{
	for (uint32_t i = 0; i < skips->count; i++)
		encode_land(emitter, skips->positions[i]);
}

static void emit_calls_of(struct emitter *emitter, struct group *group,
			  const struct ranges *ranges, struct skips *skips)
{
	static const struct masked_operands thunk = {.thunk = THUNK_RANGE};
	int shift = 0;

	for (uint32_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->ranges[i];

		emit_shift(emitter, group->word, range->touched.shift - shift);
		shift = range->touched.shift;
		if (i == 0) {
			encode_compare_with(emitter, group->word, least_bytes(emitter, ranges) - 1);
			add_skip(emitter, skips, CONDITION_NOT_ABOVE);
		}
		encode_lea(emitter, group->address, &range->touched.place.first,
			   group->taken.lowered_by);
		if (range->extra)
			encode_add(emitter, group->word, range->extra);
		group_call_with_word(emitter, group->taken, group->address, group->word,
				     group->first_site + range->site, &thunk);
		if (range->extra)
			encode_add(emitter, group->word, -range->extra);
	}
}

/* The copy without checks.  Each round asks whether they are needed meanwhile. */
static void emit_loop_ahead(struct emitter *emitter, const struct function *function,
			    const struct counted_loop *loop)
{
	uint32_t head = emitter->code_bytes, leave;

	copy_add_state(emitter, function->instructions[loop->first].offset);
	encode_compare_tls(emitter, RSP, FIXUP_AHEAD);
	leave = encode_branch_forward(emitter, CONDITION_UNEQUAL);
	copy_loop(emitter, function, loop->first, loop->last, head);
	encode_land(emitter, leave);
}

/* Do the steps divide the distance?  If not the last round is in no range. */
static void emit_test_of_steps(struct emitter *emitter, const struct group *group,
			       const struct counted_loop *loop)
{
	uint32_t even;

	encode_test_with(emitter, group->word, (int32_t)loop->step - 1);
	even = encode_branch_forward(emitter, CONDITION_EQUAL);
	encode_clear_tls(emitter, FIXUP_AHEAD);
	encode_land(emitter, even);
}

static void emit_ranges(struct emitter *emitter, struct group *group,
			const struct counted_loop *loop, const struct ranges *ranges)
{
	bool is_ahead = can_be_ahead(emitter, group->function, loop, ranges);
	struct skips skips = {.count = 0};
	uint32_t over;

	if (!encode_reserve(emitter,
			    RANGE_BYTES_MOST + (loop->last - loop->first + 2) * COPY_BYTES_MOST))
		return;
	copy_add_state(emitter, group->taken.original_offset);
	if (is_ahead)
		encode_store_tls(emitter, RSP, FIXUP_AHEAD);
	group_begin(emitter, group);
	encode_distance(emitter, group->word, loop->to, loop->from, loop->is_half);
	if (loop->unless)
		add_skip(emitter, &skips, (enum condition)loop->unless);
	if (is_ahead && loop->step > 1)
		emit_test_of_steps(emitter, group, loop);
	emit_calls_of(emitter, group, ranges, &skips);
	over = is_ahead ? encode_jump_forward(emitter) : 0;
	land_skips(emitter, &skips);
	if (is_ahead) {
		encode_clear_tls(emitter, FIXUP_AHEAD);
		encode_land(emitter, over);
	}
	group_end(emitter, group);
	if (is_ahead)
		emit_loop_ahead(emitter, group->function, loop);
}

static uint32_t registers_of(const struct counted_loop *loop, const struct ranges *ranges)
{
	uint32_t registers = REGISTER_BIT((unsigned)loop->to);

	if (loop->from != NO_REGISTER)
		registers |= REGISTER_BIT((unsigned)loop->from);
	for (uint32_t i = 0; i < ranges->count; i++)
		registers |= operand_registers(&ranges->ranges[i].touched.place.first);
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
	struct counted_loop loop;
	struct ranges ranges;

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

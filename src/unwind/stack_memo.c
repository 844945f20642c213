#include "unwind/stack_memo.h"

#include <string.h>

#include "base/atomic.h"

/* Searching so many entries costs a fraction of an unwind; the others are dropped. */
#define CHAIN_MAX 32

/* One of 64 parts of the index. */
#define PART_COUNT (STACK_MEMO_INDEX_COUNT / 64)

size_t stack_memo_bytes(void)
{
	size_t size_bytes = sizeof(struct stack_memo) +
			    (size_t)STACK_MEMO_UNIT_COUNT * STACK_MEMO_UNIT_BYTES;

	return (size_bytes + 4095) & ~(size_t)4095;
}

/* In this order, as a signal handler may leave by longjmp: the index never names a unit
 * that is no entry. */
static void forget_all(struct stack_memo *memo)
{
	for (uint64_t parts = memo->touched; parts; parts &= parts - 1) {
		unsigned int part = (unsigned int)__builtin_ctzll(parts);

		memset(&memo->index[part * PART_COUNT], 0, PART_COUNT * sizeof(memo->index[0]));
	}
	fence_signal();
	memo->touched = 0;
	memo->chain_mask |= STACK_MEMO_FIRST_COUNT - 1;
	memo->used_units = 1; /* 0 is 'none' */
	memo->flush_count++;
}

static void set_chain(struct stack_memo *memo, unsigned int chain, unsigned int unit)
{
	memo->touched |= UINT64_C(1) << (chain / PART_COUNT);
	fence_signal();
	memo->index[chain] = (uint16_t)unit;
}

/* Searches @chain, and moves what it finds to the front, as it is likely to be wanted
 * again.  A longjmp out of it may lose entries. */
static struct stack_memo_entry *find_in_chain(struct stack_memo *memo, unsigned int chain,
					      const struct unwind_start *start)
{
	struct stack_memo_entry *previous = NULL;
	unsigned int unit = memo->index[chain];

	for (unsigned int length = 1; unit; length++) {
		struct stack_memo_entry *entry = stack_memo_at(memo, unit);

		if (stack_memo_matches(entry, start)) {
			if (!previous)
				return entry;
			previous->next = entry->next;
			fence_signal();
			entry->next = memo->index[chain];
			fence_signal();
			set_chain(memo, chain, unit);
			return entry;
		}
		if (length == CHAIN_MAX)
			entry->next = 0;
		previous = entry;
		unit = entry->next;
	}
	return NULL;
}

/* Can @result be verified by the words that it depends on? */
static bool is_repeatable(const struct unwind_start *start, const struct unwind_result *result)
{
	if (result->uses_other || result->met_unmapped)
		return false;
	for (uint32_t i = 0; i < result->word_count; i++) {
		uintptr_t address = result->words[i].address;

		if (address < start->sp || address - start->sp > UINT32_MAX)
			return false;
	}
	return true;
}

static unsigned int take_units(struct stack_memo *memo, uint32_t group_count)
{
	size_t size_bytes =
		sizeof(struct stack_memo_entry) + group_count * sizeof(struct stack_memo_group);
	unsigned int count = (unsigned int)((size_bytes + STACK_MEMO_UNIT_BYTES - 1) /
					    STACK_MEMO_UNIT_BYTES);

	if (memo->used_units + count > STACK_MEMO_UNIT_COUNT) {
		forget_all(memo);
		fence_signal();
		memo->chain_mask = STACK_MEMO_INDEX_COUNT - 1;
	}
	unsigned int unit = memo->used_units;
	memo->used_units += count;
	fence_signal();
	return unit;
}

/* The last group repeats its first word, which is there if its comparison is reached. */
static void fill_groups(struct stack_memo_entry *entry, const struct unwind_result *result,
			uintptr_t sp)
{
	for (uint32_t i = 0; i < entry->group_count * STACK_MEMO_GROUP; i++) {
		const uint32_t first = i - i % STACK_MEMO_GROUP;
		const struct unwind_word *word =
			&result->words[i < result->word_count ? i : first];
		struct stack_memo_group *group = &entry->groups[i / STACK_MEMO_GROUP];
		uint64_t *pair = &group->distances[i % STACK_MEMO_GROUP / 2];
		uint64_t distance = word->address - sp;

		*pair = i % 2 ? *pair | distance << 32 : distance;
		group->values[i % STACK_MEMO_GROUP] = word->value;
	}
}

static void keep_entry(struct stack_memo *memo, const struct unwind_start *start,
		 const struct unwind_result *result, stack_id stack)
{
	uint32_t group_count = (result->word_count + STACK_MEMO_GROUP - 1) / STACK_MEMO_GROUP;
	unsigned int unit = take_units(memo, group_count);
	unsigned int chain = stack_memo_chain(memo, start); /* by what take_units() has left */
	struct stack_memo_entry *entry = stack_memo_at(memo, unit);

	entry->return_address = start->return_address;
	entry->sp = start->sp;
	entry->frame_pointer = start->frame_pointer;
	entry->stack = stack;
	entry->next = memo->index[chain];
	entry->group_count = (uint8_t)group_count;
	entry->uses_frame_pointer = result->uses_frame_pointer;
	fill_groups(entry, result, start->sp);
	fence_signal();
	set_chain(memo, chain, unit);
}

stack_id stack_memo_find_known(struct stack_memo *memo, uint32_t generation,
			       const struct unwind_start *start)
{
	struct stack_memo_entry *entry;

	if (memo->generation != generation || memo->used_units == 0) {
		forget_all(memo);
		fence_signal();
		memo->generation = generation;
	}
	entry = find_in_chain(memo, stack_memo_chain(memo, start), start);
	return entry ? entry->stack : 0;
}

static stack_id keep_stack(struct stack_memo *memo, const struct unwind_start *start,
			   stack_intern intern, void *context)
{
	stack_id stack = intern(context, &memo->scratch);

	memo->miss_count++;
	if (stack && is_repeatable(start, &memo->scratch))
		keep_entry(memo, start, &memo->scratch, stack);
	else
		memo->unmemorised_count++;
	return stack;
}

stack_id stack_memo_find_by_rules(struct stack_memo *memo, uint32_t generation,
				  const struct unwind_start *start, stack_intern intern,
				  void *context)
{
	stack_id known = stack_memo_find_known(memo, generation, start);

	if (known)
		return known;
	if (!unwind_by_rules(start, stack_memo_own_end(memo, start->sp), &memo->scratch))
		return 0;
	return keep_stack(memo, start, intern, context);
}

stack_id stack_memo_find_slow(struct stack_memo *memo, uint32_t generation,
			      struct unwind_start start, stack_intern intern, void *context)
{
	stack_id known = stack_memo_find_known(memo, generation, &start);
	if (known)
		return known;
	unwind(&start, stack_memo_own_end(memo, start.sp), &memo->scratch);
	return keep_stack(memo, &start, intern, context);
}

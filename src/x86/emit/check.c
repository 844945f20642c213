#include "x86/emit/check.h"

#include "base/shadow_place.h"
#include "x86/emit/encode.h"

#define CHECK_BYTES_MOST 1024u

/* --- Thunks of checks ----------------------------------------------------------- */

static unsigned log2_of(uint32_t size)
{
	return (unsigned)__builtin_ctz(size);
}

static unsigned simple_thunk(const struct check *check)
{
	return (check->is_write ? THUNK_WRITE : THUNK_READ) + log2_of(check->size_bytes);
}

static unsigned string_thunk(const struct instruction *instruction)
{
	return THUNK_STRING + THUNK_STRING_SIZES * (instruction->string - 1u) +
	       log2_of(instruction->access_bytes) +
	       (instruction->is_repne ? THUNK_STRING_FORMS : 0);
}

/* --- One check ---------------------------------------------------------------- */

static bool is_narrow(const struct check *check)
{
	return check->size_bytes < SHADOW_GRANULE;
}

static unsigned plane_bit(bool is_write)
{
	return is_write ? SHADOW_WRITE_BIT : SHADOW_READ_BIT;
}

static int32_t plane_at(bool is_write)
{
	return is_write ? SHADOW_WRITE_AT : SHADOW_READ_AT;
}

/* The granule of an operand whose address is constant, or else the operand itself. */
static struct operand granule_of(const struct emitter *emitter, const struct check *check,
				 bool *is_aligned)
{
	struct operand operand = check->operand;
	uint64_t address = emitter->module->text_address + (uint64_t)operand.target;
	uint64_t first = address % SHADOW_GRANULE;

	*is_aligned = operand.is_rip_relative && is_narrow(check) &&
		      first + check->size_bytes <= SHADOW_GRANULE;
	if (*is_aligned)
		operand.target -= (int64_t)first;
	return operand;
}

static void compare_word(struct emitter *emitter, struct cold_part *cold)
{
	encode_compare_tls(emitter, cold->word_register, FIXUP_CURRENT);
	cold->jumps[cold->jump_count++] = encode_branch_forward(emitter, CONDITION_UNEQUAL);
}

static void compare_words(struct emitter *emitter, const struct check *check,
			  struct cold_part *cold)
{
	for (int32_t at = 0; at < check->size_bytes; at += (int32_t)SHADOW_GRANULE) {
		encode_load(emitter, cold->word_register, cold->address_register,
			    plane_at(check->is_write) + at);
		compare_word(emitter, cold);
	}
}

static int8_t count_members(const struct group *group, const struct check *check)
{
	const struct plan_site *sites = group->list->sites;
	int8_t count = 1;

	for (uint32_t site = check->site; sites[site].next_member && count < INT8_MAX; count++)
		site = sites[site].next_member - 1;
	return count;
}

static bool asks_summary(const struct emitter *emitter, const struct group *group,
			 const struct check *check)
{
	bool can_ask = !check->is_write && !group->keeps_address &&
		       check->size_bytes <= SHADOW_GRANULE && !check->operand.is_rip_relative;

	if (plan_forces(emitter->options, PLAN_FORCE_SUMMARIES))
		return can_ask;
	if (emitter->options->force == PLAN_FORCE_NO_SUMMARIES)
		return false;
	return can_ask && check->strides_far;
}

/* Compares the page's summary; returns the branch of who need not look at the granule. */
static uint32_t emit_summary_look(struct emitter *emitter, int scratch)
{
	encode_shift_right(emitter, scratch, SHADOW_SUMMARY_SHIFT);
	encode_and(emitter, scratch, SHADOW_SUMMARY_MASK);
	encode_flip_bit(emitter, scratch, SHADOW_SUMMARY_BIT);
	encode_flip_bit(emitter, scratch, SHADOW_SUMMARY_OTHER_BIT);
	encode_load(emitter, scratch, scratch, SHADOW_SUMMARY_AT);
	encode_compare_tls(emitter, scratch, FIXUP_SHARED);
	return encode_branch_forward(emitter, CONDITION_EQUAL);
}

static void emit_quick_look(struct emitter *emitter, struct group *group, const struct check *check,
			    struct cold_part *cold)
{
	bool is_aligned;
	struct operand granule = granule_of(emitter, check, &is_aligned);
	bool is_wide = check->size_bytes > SHADOW_GRANULE;
	int scratch = group->keeps_address && !is_wide ? group->word : group->address;
	bool has_summary = asks_summary(emitter, group, check);
	uint32_t settled = 0;

	if (has_summary) {
		encode_lea(emitter, scratch, &check->operand, group->taken.lowered_by);
		group_save_flags(emitter, group);
		settled = emit_summary_look(emitter, scratch);
	}
	encode_lea(emitter, group->address, group->keeps_address ? &check->operand : &granule,
		   group->taken.lowered_by);
	group_save_flags(emitter, group);
	if (emitter->options->counts)
		encode_add_tls(emitter, emitter->options->count_tls, count_members(group, check));
	if (scratch != group->address)
		encode_move(emitter, scratch, group->address);
	if (is_narrow(check) && (!is_aligned || group->keeps_address))
		encode_and(emitter, scratch,
			   (int8_t)(-(int)SHADOW_GRANULE | (check->size_bytes - 1)));
	encode_flip_bit(emitter, scratch, plane_bit(check->is_write));
	cold->address_register = (int8_t)group->address;
	cold->word_register = (int8_t)(is_wide ? group->word : scratch);
	if (is_wide) {
		compare_words(emitter, check, cold);
		return;
	}
	encode_load(emitter, scratch, scratch, plane_at(check->is_write));
	compare_word(emitter, cold);
	if (has_summary)
		encode_land(emitter, settled);
}

static void add_cold(struct emitter *emitter, struct cold_list *cold, const struct cold_part *part)
{
	cold->parts = encode_grow(emitter, cold->parts, &cold->room, cold->count + 1,
				  sizeof(*cold->parts));
	if (!emitter->failed)
		cold->parts[cold->count++] = *part;
}

/* With flags in rax and rax in the operand, the address cannot be recomputed:
 * narrow and single-word checks keep it; wide ones flip the bit back. */
static void emit_simple(struct emitter *emitter, struct group *group, const struct check *check,
			struct cold_list *cold)
{
	struct cold_part part = {
		.operand = check->operand,
		.is_write = check->is_write,
		.keeps_address = group->keeps_address,
		.site = group->first_site + check->site,
		.thunk = (uint8_t)simple_thunk(check),
	};

	emit_quick_look(emitter, group, check, &part);
	part.taken = group->taken;
	part.back = emitter->code_bytes;
	add_cold(emitter, cold, &part);
}

static void emit_called(struct emitter *emitter, struct group *group, const struct check *check)
{
	unsigned thunk = check->class == ACCESS_LOCKED	   ? THUNK_LOCK_BEGIN
			 : check->class == ACCESS_PREFETCH ? THUNK_PREFETCH
							   : THUNK_SIZED;

	encode_lea(emitter, group->address, &check->operand, group->taken.lowered_by);
	group_save_flags(emitter, group);
	group_call(emitter, group->taken, group->address, group->first_site + check->site,
			thunk);
}

static void emit_masked(struct emitter *emitter, struct group *group, const struct check *check)
{
	const struct instruction *instruction = &group->function->instructions[check->instruction];
	struct masked_operands operands;

	if (!masked_decode(emitter->module->text + instruction->offset, instruction, &operands))
		return;
	encode_lea(emitter, group->address, &check->operand, group->taken.lowered_by);
	group_save_flags(emitter, group);
	encode_mask_bits(emitter, group->word, &operands);
	group_call_with_word(emitter, group->taken, group->address, group->word,
			 group->first_site + check->site, &operands);
}

/* --- Checks at one place -------------------------------------------------------- */

static const struct check *check_number(const struct group *group, uint32_t number)
{
	return &group->list->checks[number];
}

/* A check that is made under a condition has a group of its own, which is jumped over. */
static uint32_t begin_picked(struct emitter *emitter, const struct group *group)
{
	unsigned condition = check_number(group, group->first)->picked_if;

	if (!condition)
		return 0;
	emit_state(emitter, &(struct taken){.original_offset = group->taken.original_offset});
	return encode_branch_forward(emitter, (enum condition)((condition - 1) ^ 1));
}

static void emit_group(struct emitter *emitter, struct group *group, struct cold_list *cold)
{
	uint32_t number = group->first;
	uint32_t skip = begin_picked(emitter, group);

	group_begin(emitter, group);
	for (uint32_t i = 0; i < group->count; i++) {
		const struct check *check = check_number(group, number);

		if (!encode_reserve(emitter, CHECK_BYTES_MOST))
			return;
		if (check->class == ACCESS_SIMPLE)
			emit_simple(emitter, group, check, cold);
		else if (check->class == ACCESS_MASKED)
			emit_masked(emitter, group, check);
		else
			emit_called(emitter, group, check);
		number = check->next;
	}
	group_end(emitter, group);
	if (skip)
		encode_land(emitter, skip);
}

static void emit_string(struct emitter *emitter, const struct group *group,
			const struct check *check)
{
	const struct instruction *instruction = &group->function->instructions[check->instruction];

	emit_state(emitter, &group->taken);
	group_call(emitter, group->taken, NO_REGISTER, group->first_site + check->site,
			string_thunk(instruction));
}

/* Gathers @count checks from @first on.  Returns whether some needs two registers. */
static bool gather_checks(struct group *group, uint32_t first, uint32_t count)
{
	bool is_wide = false;

	group->first = first;
	group->count = count;
	group->operands = 0;
	group->clobbers_flags = false;
	for (uint32_t number = first; count > 0; count--) {
		const struct check *check = check_number(group, number);

		group->clobbers_flags |= check->class != ACCESS_LOCKED;
		group->operands |= operand_registers(&check->operand);
		/* The thunk looks at its operands. */
		if (check->class == ACCESS_LOCKED)
			group->operands |=
				group->function->instructions[check->instruction].reads &
				REGISTERS_ALL;
		is_wide |= check->class == ACCESS_MASKED ||
			   (check->class == ACCESS_SIMPLE && check->size_bytes > SHADOW_GRANULE);
		number = check->next;
	}
	return is_wide;
}

static void emit_list(struct emitter *emitter, const struct function *function,
		      const uint32_t *live, const struct check_list *list, uint32_t place,
		      uint32_t first_site, struct cold_list *cold)
{
	struct group group = {
		.function = function,
		.list = list,
		.live = live[place],
		.first_site = first_site,
		.taken = {.original_offset = function->instructions[place].offset},
	};
	uint32_t number = list->first_at[place];

	while (number != NO_CHECK && !emitter->failed) {
		uint32_t last = number, count = 0;

		if (list->checks[number].class == ACCESS_STRING) {
			emit_string(emitter, &group, &list->checks[number]);
			number = list->checks[number].next;
			continue;
		}
		do {
			last = list->checks[last].next;
			count++;
		} while (last != NO_CHECK && list->checks[last].class != ACCESS_STRING &&
			 list->checks[last].class != ACCESS_LOCKED &&
			 !list->checks[number].picked_if && !list->checks[last].picked_if);
		if (!group_choose(&group, gather_checks(&group, number, count))) {
			count = 1;
			last = list->checks[number].next;
			if (!group_choose(&group, gather_checks(&group, number, 1)))
				emitter->failed = true;
		}
		emit_group(emitter, &group, cold);
		number = last;
	}
}

void emit_checks_at(struct emitter *emitter, const struct function *function, const uint32_t *live,
		    const struct check_list *list, uint32_t place, uint32_t first_site,
		    struct cold_list *cold)
{
	if (list->first_at[place] != NO_CHECK)
		emit_list(emitter, function, live, list, place, first_site, cold);
}

void emit_lock_end(struct emitter *emitter, const struct instruction *instruction, uint32_t site)
{
	struct taken taken = {.original_offset = instruction->offset + instruction->length};
	bool compares = (instruction->memory & MEMORY_COMPARES) != 0;

	emit_state(emitter, &taken);
	group_call(emitter, taken, NO_REGISTER, site,
			compares ? THUNK_LOCK_END_COMPARE : THUNK_LOCK_END);
}

/* --- Cold parts ------------------------------------------------------------------- */

/* Compares the word with the read set seen last, too: a member need not call the thunk. */
static void emit_second_looks(struct emitter *emitter, struct cold_part *part)
{
	uint32_t onward[ARRAY_LENGTH(part->jumps)];
	unsigned count = 0;

	for (unsigned i = 0; i < part->jump_count; i++) {
		uint32_t word_settled = part->jumps[i] + 4;

		encode_land(emitter, part->jumps[i]);
		encode_compare_tls(emitter, part->word_register, FIXUP_SHARED);
		encode_branch_back(emitter, CONDITION_EQUAL, word_settled);
		if (i + 1 < part->jump_count)
			onward[count++] = encode_jump_forward(emitter);
	}
	for (unsigned i = 0; i < count; i++)
		encode_land(emitter, onward[i]);
}

static void emit_cold_part(struct emitter *emitter, struct cold_part *part)
{
	emit_state(emitter, &part->taken);
	if (part->is_write)
		for (unsigned i = 0; i < part->jump_count; i++)
			encode_land(emitter, part->jumps[i]);
	else
		emit_second_looks(emitter, part);
	if (!part->keeps_address)
		encode_lea(emitter, part->address_register, &part->operand, part->taken.lowered_by);
	else if (part->jump_count > 1)
		encode_flip_bit(emitter, part->address_register, plane_bit(part->is_write));
	group_call(emitter, part->taken, part->address_register, part->site, part->thunk);
	encode_jump_back(emitter, part->back);
}

void emit_cold_parts(struct emitter *emitter, struct cold_list *cold)
{
	for (uint32_t i = 0; i < cold->count && encode_reserve(emitter, CHECK_BYTES_MOST); i++)
		emit_cold_part(emitter, &cold->parts[i]);
	cold->count = 0;
}

#include "x86/checks/placing.h"

#include "base/shadow_place.h"
#include "x86/decode/decode.h"
#include "x86/survey/survey.h"

void placing_remember(struct placing *placing, uint32_t check)
{
	if (placing->available_count == AVAILABLE_COUNT) {
		placing->available_count--;
		for (unsigned i = 0; i < placing->available_count; i++)
			placing->available[i] = placing->available[i + 1];
	}
	placing->available[placing->available_count++] = (struct available){check, true};
}

static bool can_share_update_group(const struct plan_site *head, const struct plan_site *member)
{
	return !member->update_group || !head->update_group ||
	       head->update_group == member->update_group;
}

/* Appends site @member to the chain of @check, @offset bytes into its place. */
static void join_chain(struct placing *placing, struct check *check, uint32_t member,
		       int64_t offset)
{
	struct plan_site *sites = placing->list->sites;
	struct plan_site *head = &sites[check->site];
	struct plan_site *last = head;
	uint32_t rests = PLAN_SITE_MAY_BE_STALE | PLAN_SITE_DECIDES | PLAN_SITE_MAY_BE_SPLIT;

	while (last->next_member)
		last = &sites[last->next_member - 1];
	last->next_member = member + 1;
	sites[member].member_offset = (uint16_t)offset;
	if (!head->update_group)
		head->update_group = sites[member].update_group;
	head->flags |= sites[member].flags & rests;
	if (!(sites[member].flags & PLAN_SITE_PLAIN_MOVE))
		head->flags &= ~(uint32_t)PLAN_SITE_PLAIN_MOVE;
	placing->list->merged++;
}

/* Turns a read's check into a write's for a store to the same place.  The store becomes
 * the chain's head, whose flags say what the access is. */
static void upgrade_check(struct placing *placing, struct check *check, uint32_t store)
{
	struct plan_site *sites = placing->list->sites;
	struct plan_site *load = &sites[check->site];

	sites[store].next_member = check->site + 1;
	sites[store].flags |=
		load->flags & (PLAN_SITE_READ | PLAN_SITE_MAY_BE_STALE | PLAN_SITE_DECIDES |
			       PLAN_SITE_MAY_BE_SPLIT);
	if (!sites[store].update_group)
		sites[store].update_group = load->update_group;
	if (!(load->flags & PLAN_SITE_PLAIN_MOVE))
		sites[store].flags &= ~(uint32_t)PLAN_SITE_PLAIN_MOVE;
	check->site = store;
	check->is_write = true;
	placing->list->merged++;
}

/* True for reads of adjacent halves of an aligned piece of at most a granule.  Of two stores the
 * first may be a flag, which must not be recorded with what comes behind it. */
static bool can_widen(const struct placing *placing, const struct check *check,
		      const struct check *access, int64_t distance)
{
	const struct operand *operand = &check->operand;
	uint64_t at = operand->is_rip_relative
			      ? placing->module->text_address + (uint64_t)operand->target
			      : (uint64_t)(int64_t)operand->displacement;
	unsigned size = check->size_bytes;
	bool is_index_aligned = operand->index == NO_REGISTER || operand->scale >= 2 * size;

	return size <= 4 && access->size_bytes == size && distance == size &&
	       at % (2 * size) == 0 && is_index_aligned && !check->is_write && !access->is_write;
}

/* Site @site joins the check @number: do accesses in between have checks? */
static void note_early(struct placing *placing, uint32_t number, uint32_t site)
{
	if (number + 1 < placing->list->count && placing->list->sites[site].flags & PLAN_SITE_WRITE)
		placing->list->sites[site].flags |= PLAN_SITE_EARLY;
}

/* The place was stored to, and is again behind other accesses: each may be a release. */
static bool stores_again(const struct placing *placing, uint32_t number,
			 const struct check *access)
{
	return access->is_write && placing->list->checks[number].is_write &&
	       number + 1 < placing->list->count;
}

/* Lets the check @available serve @access as well, if it covers it or can be widened. */
static bool share_check(struct placing *placing, struct available *available,
			const struct check *access, uint32_t site)
{
	struct check *check = &placing->list->checks[available->check];
	struct plan_site *sites = placing->list->sites;
	int64_t distance;

	if (!operand_distance(&check->operand, &access->operand, &distance) ||
	    !can_share_update_group(&sites[check->site], &sites[site]) ||
	    (distance < check->size_bytes &&
	     stores_again(placing, available->check, access)))
		return false;
	if (distance >= 0 && distance + access->size_bytes <= check->size_bytes &&
	    (check->is_write || !access->is_write)) {
		join_chain(placing, check, site, distance);
		return true;
	}
	if (!available->is_certain || access->picked_if)
		return false;
	if (distance == 0 && access->size_bytes == check->size_bytes &&
	    !(sites[check->site].next_member)) {
		upgrade_check(placing, check, site);
		return true;
	}
	if (can_widen(placing, check, access, distance)) {
		join_chain(placing, check, site, distance);
		check->size_bytes *= 2;
		return true;
	}
	return false;
}

bool placing_is_served(struct placing *placing, const struct check *access, uint32_t site)
{
	uint32_t alone = PLAN_SITE_SPIN | PLAN_SITE_AWAITS;

	if (placing->list->sites[site].flags & alone)
		return false;
	for (unsigned i = placing->available_count; i-- > 0;)
		if (share_check(placing, &placing->available[i], access, site)) {
			note_early(placing, placing->available[i].check, site);
			placing->list->checks[placing->available[i].check].last =
				access->instruction;
			return true;
		}
	return false;
}

/* May it be an atomic's release?  What comes after it must not be recorded before it. */
static bool may_release(const struct placing *placing, uint32_t index)
{
	const struct instruction *instruction = &placing->function->instructions[index];

	return instruction->memory & MEMORY_WRITE && instruction->memory & MEMORY_PLAIN_MOVE &&
	       checks_class(placing->module, placing->function, index) == ACCESS_SIMPLE;
}

void placing_forget(struct placing *placing, uint32_t index)
{
	const struct instruction *instruction = &placing->function->instructions[index];
	bool is_release = may_release(placing, index);
	bool keeps_frame = !(instruction->changes & facts_stack_registers(placing->function));
	unsigned kept = 0;

	if (checks_is_barrier(placing->module, instruction) &&
	    instruction->kind != INSTRUCTION_BRANCH_IF) {
		placing->available_count = 0;
		return;
	}
	for (unsigned i = 0; i < placing->available_count; i++) {
		struct available available = placing->available[i];
		const struct check *check = &placing->list->checks[available.check];

		if (operand_registers(&check->operand) & instruction->changes ||
		    (is_release && check->instruction != index))
			continue;
		available.is_certain &= instruction->kind == INSTRUCTION_PLAIN && keeps_frame;
		placing->available[kept++] = available;
	}
	placing->available_count = kept;
}

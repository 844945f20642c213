/* Which accessors are part of an update, and what the guest is told of them. */
#include "x86/flow/accessors.h"

#define ROUNDS_MOST 4u /* of forwarders that call each other */

bool accessors_store_in(const struct module *module, const struct function *function)
{
	for (uint32_t i = 0; module->has_accessors && i < function->count; i++) {
		const struct accessor *accessor =
			accessor_called(module, &function->instructions[i]);

		if (accessor && accessor->is_store)
			return true;
	}
	return false;
}

void accessor_use(const struct module *module, const struct instruction *call)
{
	struct accessor *accessor =
		call->kind == INSTRUCTION_CALL ? accessor_at(module, call->target) : NULL;

	if (accessor)
		accessor->is_used = accessor->is_paired = true;
}

void accessors_drop_forward(const struct function *function, uint32_t return_offset)
{
	struct accessor *forwarder = function->accessor;

	for (uint8_t i = 0; forwarder && i < forwarder->forward_count; i++)
		if (forwarder->forwards[i].return_offset == return_offset)
			forwarder->forwards[i--] = forwarder->forwards[--forwarder->forward_count];
}

/* What a used forwarder calls is used, too.  False: it all was. */
static bool use_callees(const struct module *module, const struct accessor *forwarder)
{
	bool has_changed = false;

	for (uint8_t i = 0; forwarder->is_used && i < forwarder->forward_count; i++) {
		struct accessor *callee = accessor_at(module, forwarder->forwards[i].target);

		if (!callee || callee->is_used)
			continue;
		callee->is_used = true;
		has_changed = true;
	}
	return has_changed;
}

/* The group of instruction @index is, or becomes, the one that others know by @known. */
static void join_group(const struct function *function, uint32_t *update_groups, uint32_t index,
		       uint32_t *known)
{
	uint32_t group = update_groups[index];

	if (!*known || !group) {
		*known += group;
		update_groups[index] = *known;
		return;
	}
	for (uint32_t i = 0; i < function->count; i++)
		if (update_groups[i] == group)
			update_groups[i] = *known;
}

void accessors_join(const struct module *module, const struct function *function,
		    uint32_t *update_groups, uint32_t first)
{
	for (uint32_t i = 0; module->has_accessors && i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		struct accessor *own = function->accessor;
		struct accessor *called = accessor_called(module, instruction);

		if (own && own->acts && own->site == instruction->offset)
			join_group(function, update_groups, i, &own->update_group);
		if (!called || !called->acts || !update_groups[i])
			continue;
		accessor_use(module, instruction);
		/* A test that decides two of them is for the first. */
		if (!called->update_group || update_groups[i] > first)
			join_group(function, update_groups, i, &called->update_group);
		update_groups[i] = 0;
	}
}

void accessors_use_callees(const struct module *module)
{
	bool has_changed = module->has_accessors;

	for (unsigned round = 0; has_changed && round < ROUNDS_MOST; round++) {
		has_changed = false;
		for (uint32_t i = 0; i < module->function_count; i++)
			if (module->functions[i].accessor)
				has_changed |= use_callees(module, module->functions[i].accessor);
	}
}

uint32_t accessors_put_forwards(const struct module *module, struct growing *sites)
{
	uint32_t count = 0;

	for (uint32_t i = 0; module->has_accessors && i < module->function_count; i++) {
		const struct accessor *forwarder = module->functions[i].accessor;

		for (uint8_t k = 0; forwarder && forwarder->is_used && k < forwarder->forward_count;
		     k++) {
			const struct accessor_forward *forward = &forwarder->forwards[k];
			struct plan_site site = {
				.offset = forward->return_offset,
				.flags = PLAN_SITE_CALL,
				.return_at = forward->return_at + 1u,
				.arguments = forward->arguments,
			};

			growing_put(sites, &site, sizeof(site));
			count++;
		}
	}
	return count;
}

/* Tests are many: those alone are looked at that are known to decide something. */
static bool is_wanted(const struct accessor *accessor)
{
	if (!accessor || !accessor->is_used)
		return false;
	return accessor->is_paired || !(accessor->acts || accessor->is_derived);
}

/* What is stored belongs to its own function. */
static void settle_act(struct plan_site *site, const struct accessor *accessor)
{
	site->return_at = 0;
	if (!site->update_group)
		site->update_group = accessor->update_group;
}

/* The other half is a call of its own. */
static void settle_half(struct plan_site *site, uint32_t *update_group_count)
{
	site->flags |= PLAN_SITE_MAY_BE_SPLIT;
	if (!site->update_group)
		site->update_group = ++*update_group_count;
}

void accessors_settle(const struct module *module, struct plan_site *sites, uint32_t count,
		      uint32_t *update_group_count)
{
	for (uint32_t i = 0; module->has_accessors && i < count; i++) {
		const struct function *function;
		const struct accessor *accessor;

		if (!sites[i].return_at)
			continue;
		function = module_find(module, sites[i].offset);
		accessor = function ? function->accessor : NULL;
		if (!is_wanted(accessor))
			sites[i].return_at = 0;
		else if (accessor->acts)
			settle_act(&sites[i], accessor);
		else
			settle_half(&sites[i], update_group_count);
	}
}

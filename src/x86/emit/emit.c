#include "x86/emit/emit.h"

#include <string.h>

#include "x86/emit/check.h"
#include "x86/emit/copy.h"
#include "x86/emit/encode.h"
#include "x86/emit/range.h"
#include "x86/flow/accessors.h"
#include "x86/liveness/liveness.h"
#include "x86/liveness/picks.h"
#include "x86/checks/update_groups.h"

#define INSTRUCTION_BYTES_MOST 64u
#define FUNCTION_ALIGNMENT 16u
#define BREAKPOINT 0xccu

struct analysis {
	uint32_t *live;
	uint32_t *update_groups;
	uint32_t *flags;
	uint16_t *arguments;
	struct check_list list;
};

bool emitter_init(struct emitter *emitter, const struct module *module,
		  const struct plan_options *options, struct arena *arena,
		  struct plan_statistics *statistics)
{
	*emitter = (struct emitter){
		.module = module,
		.options = options,
		.arena = arena,
		.statistics = statistics,
	};
	emitter->failed = !state_packer_init(&emitter->packer, arena);
	encode_bytes(emitter, &options->thunks, sizeof(options->thunks));
	return !emitter->failed;
}

static uint32_t count_accesses(const struct function *function)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t used = function->instructions[i].used_bytes;

		count += function->instructions[i].memory != 0;
		if (UNLIKELY(used))
			count += (uint32_t)__builtin_popcount(used);
	}
	return count;
}

/* Room by instruction, and for two checks and sites for each that may need them. */
static bool take_room(struct emitter *emitter, const struct function *function,
		      struct analysis *analysis)
{
	struct scratch *scratch = &emitter->scratch;
	size_t count = function->count + 1, most = 2 * ((size_t)count_accesses(function) + 1);

	*analysis = (struct analysis){
		.live = scratch_take(scratch, count * sizeof(*analysis->live)),
		.update_groups =
			scratch_take_zeroed(scratch, count * sizeof(*analysis->update_groups)),
		.flags = scratch_take_zeroed(scratch, count * sizeof(*analysis->flags)),
		.arguments = scratch_take_zeroed(scratch, count * sizeof(*analysis->arguments)),
		.list.first_at = scratch_take(scratch, count * sizeof(*analysis->list.first_at)),
		.list.checks = scratch_take(scratch, most * sizeof(*analysis->list.checks)),
		.list.sites = scratch_take(scratch, most * sizeof(*analysis->list.sites)),
	};
	return analysis->live && analysis->update_groups && analysis->flags &&
	       analysis->arguments && analysis->list.first_at && analysis->list.checks &&
	       analysis->list.sites;
}

static bool find_update_groups(struct emitter *emitter, const struct function *function,
			       const struct analysis *analysis)
{
	const struct update_group_notes notes = {analysis->update_groups, analysis->flags,
						 analysis->arguments,
						 &emitter->update_group_count};

	liveness_compute(emitter->module, function, analysis->live);
	return update_groups_find(emitter->module, function, &emitter->scratch, analysis->live,
				  &notes);
}

static bool analyse_function(struct emitter *emitter, const struct function *function,
			     struct analysis *analysis)
{
	struct access_notes notes = {.update_groups = analysis->update_groups,
				     .flags = analysis->flags};
	const struct module *module = emitter->module;

	if (!find_update_groups(emitter, function, analysis))
		return false;
	picks_find(module, function, analysis->live, analysis->update_groups);
	checks_place(module, function, analysis->live, &notes, &analysis->list);
	emitter->statistics->checked += analysis->list.checked;
	emitter->statistics->merged += analysis->list.merged;
	return true;
}

static uint32_t append_sites(struct emitter *emitter, const struct check_list *list)
{
	uint32_t first = emitter->site_count;
	struct plan_site *sites =
		growing_add(&emitter->sites, list->site_count * sizeof(*sites));

	if (!sites) {
		emitter->failed = true;
		return first;
	}
	for (uint32_t i = 0; i < list->site_count; i++) {
		sites[i] = list->sites[i];
		if (sites[i].next_member)
			sites[i].next_member += first;
	}
	emitter->site_count += list->site_count;
	return first;
}

/* Rows for the calls that are part of update groups: of accessors, and of what may wait. */
static void append_calls(struct emitter *emitter, const struct function *function,
			 const struct analysis *analysis)
{
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *call = &function->instructions[i];
		struct plan_site site = {
			.update_group = analysis->update_groups[i],
			.arguments = analysis->arguments[i],
			.flags = analysis->flags[i] | (uint32_t)PLAN_SITE_CALL,
		};

		if (!site.update_group || !instruction_is_call(call))
			continue;
		site.offset = call->offset + call->length;
		accessor_use(emitter->module, call);
		accessors_drop_forward(function, site.offset);
		growing_put(&emitter->sites, &site, sizeof(site));
		emitter->failed |= emitter->sites.failed;
		emitter->site_count++;
	}
}

bool emit_calls(struct emitter *emitter, const struct function *function)
{
	struct scratch_mark mark = scratch_mark(&emitter->scratch);
	const struct module *module = emitter->module;
	struct analysis analysis;

	if (!accessors_store_in(module, function) && !open_calls_find(module, function, NULL))
		return true;
	if (emitter->failed || !take_room(emitter, function, &analysis))
		return false;
	if (!find_update_groups(emitter, function, &analysis))
		return false;
	append_calls(emitter, function, &analysis);
	scratch_release(&emitter->scratch, mark);
	return !emitter->failed;
}

/* The site of the locked instruction at @index. */
static uint32_t locked_site(const struct check_list *list, uint32_t index)
{
	uint32_t number = list->first_at[index];

	while (number != NO_CHECK && list->checks[number].class != ACCESS_LOCKED)
		number = list->checks[number].next;
	return number == NO_CHECK ? NO_CHECK : list->checks[number].site;
}

static void emit_instructions(struct emitter *emitter, const struct function *function,
			      const struct analysis *analysis)
{
	const struct check_list *list = &analysis->list;
	uint32_t first_site = append_sites(emitter, list);
	struct cold_list cold = {.parts = emitter->cold_parts, .room = emitter->cold_room};

	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		uint32_t locked = locked_site(list, i);

		if (!encode_reserve(emitter, INSTRUCTION_BYTES_MOST))
			return;
		emit_ranges_at(emitter, function, analysis->live, list, i, first_site);
		copy_begin(emitter, function, i);
		emit_checks_at(emitter, function, analysis->live, list, i, first_site, &cold);
		copy_instruction(emitter, function, i);
		if (locked != NO_CHECK)
			emit_lock_end(emitter, instruction, first_site + locked);
	}
	if (instruction_falls_through(&function->instructions[function->count - 1]))
		copy_jump_on(emitter, function->end);
	copy_settle_branches(emitter);
	emit_cold_parts(emitter, &cold);
	emitter->cold_parts = cold.parts;
	emitter->cold_room = cold.room;
}

/* Packs all but the last, which the next function may continue. */
static void pack_states(struct emitter *emitter)
{
	if (emitter->failed || emitter->state_count < 2)
		return;
	for (uint32_t i = 0; i + 1 < emitter->state_count; i++)
		state_pack(&emitter->packer, &emitter->states[i]);
	emitter->states[0] = emitter->states[emitter->state_count - 1];
	emitter->state_count = 1;
}

/* What fills the space is no copy of what follows the function's original. */
static void align_code(struct emitter *emitter)
{
	const struct plan_state *last =
		emitter->state_count ? &emitter->states[emitter->state_count - 1] : NULL;

	if (last && last->is_copy && emitter->code_bytes % FUNCTION_ALIGNMENT)
		copy_add_state(emitter, (int64_t)last->original_offset + emitter->code_bytes -
						  last->clone_offset);
	while (emitter->code_bytes % FUNCTION_ALIGNMENT && !emitter->failed)
		encode_byte(emitter, BREAKPOINT);
}

static bool take_offsets(struct emitter *emitter, struct function *function)
{
	if (!emitter->options->keeps_instructions) {
		emitter->offsets = encode_grow(emitter, emitter->offsets, &emitter->offset_room,
					       function->count, sizeof(*emitter->offsets));
		return !emitter->failed;
	}
	emitter->offsets =
		arena_alloc(emitter->arena, function->count * sizeof(*emitter->offsets));
	function->clone_offsets = emitter->offsets;
	return emitter->offsets != NULL;
}

bool emit_function(struct emitter *emitter, uint32_t index)
{
	struct function *function = &emitter->module->functions[index];
	struct scratch_mark mark = scratch_mark(&emitter->scratch);
	struct analysis analysis;

	if (emitter->failed || !function->count || !take_room(emitter, function, &analysis) ||
	    !analyse_function(emitter, function, &analysis) || !take_offsets(emitter, function)) {
		emitter->failed = true;
		return false;
	}
	align_code(emitter);
	emit_instructions(emitter, function, &analysis);
	append_calls(emitter, function, &analysis);
	pack_states(emitter);
	scratch_release(&emitter->scratch, mark);
	return !emitter->failed;
}

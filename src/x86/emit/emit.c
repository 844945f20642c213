#include "x86/emit/emit.h"

#include <string.h>

#include "x86/emit/check.h"
#include "x86/emit/encode.h"
#include "x86/flow/accessors.h"
#include "x86/flow/liveness.h"
#include "x86/flow/update_groups.h"

#define INSTRUCTION_BYTES_MOST 64u
#define FUNCTION_ALIGNMENT 16u
#define BREAKPOINT 0xccu

struct analysis {
	uint32_t *live;
	uint32_t *update_groups;
	uint16_t *flags;
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

/* --- Copies of instructions ------------------------------------------------------ */

/* Adds a state for a copy, unless the last one still holds. */
static void emit_copy_state(struct emitter *emitter, uint32_t original_offset)
{
	const struct plan_state *last =
		emitter->state_count ? &emitter->states[emitter->state_count - 1] : NULL;
	struct taken nothing = {.original_offset = original_offset};

	if (last && last->is_copy &&
	    emitter->code_bytes - last->clone_offset == original_offset - last->original_offset)
		return;
	emit_state(emitter, &nothing);
	if (!emitter->failed)
		emitter->states[emitter->state_count - 1].is_copy = true;
}

static void emit_place_state(struct emitter *emitter, int64_t original_offset)
{
	struct taken nothing = {.original_offset = (uint32_t)original_offset};

	emit_state(emitter, &nothing);
}

/* Writes the distance to another function. */
static void emit_away(struct emitter *emitter, int64_t target)
{
	bool is_text = target >= 0 && target < emitter->module->text_bytes;

	encode_fixup(emitter, is_text ? FIXUP_TEXT : FIXUP_ORIGINAL, target, 0);
}

/* Where instruction @index branches back to, if that is emitted already; else 0. */
static uint32_t place_behind(const struct emitter *emitter, const struct function *function,
			     uint32_t index)
{
	const struct instruction *branch = &function->instructions[index];
	uint32_t to = function_target(function, branch);

	if (to == UINT32_MAX)
		return emitter_clone_offset(emitter, branch->target);
	return to <= index ? emitter->offsets[to] : 0;
}

/* Writes a short branch back, if the target is near enough. */
static bool emit_near_back(struct emitter *emitter, const struct function *function, uint32_t index,
			   unsigned opcode)
{
	uint32_t to = place_behind(emitter, function, index);
	int64_t distance = (int64_t)to - (emitter->code_bytes + 2);

	if (!to || distance < -128)
		return false;
	encode_byte(emitter, opcode);
	encode_byte(emitter, (unsigned)distance & 0xff);
	return true;
}

/* Writes the distance from a branch to its target. */
static void emit_distance(struct emitter *emitter, const struct function *function, uint32_t index)
{
	const struct instruction *branch = &function->instructions[index];
	uint32_t to = function_target(function, branch);

	if (to == UINT32_MAX) {
		emit_away(emitter, branch->target);
		return;
	}
	emitter->branches =
		encode_grow(emitter, emitter->branches, &emitter->branch_room,
			    emitter->branch_count + 1, sizeof(*emitter->branches));
	if (!emitter->failed)
		emitter->branches[emitter->branch_count++] =
			(struct inner_branch){emitter->code_bytes, to};
	encode_u32(emitter, 0);
}

/* Called once all instructions are emitted. */
static void settle_branches(struct emitter *emitter)
{
	for (uint32_t i = 0; i < emitter->branch_count && !emitter->failed; i++) {
		const struct inner_branch *branch = &emitter->branches[i];
		uint32_t distance = emitter->offsets[branch->to] - (branch->position + 4);

		memcpy(emitter->code + branch->position, &distance, sizeof(distance));
	}
	emitter->branch_count = 0;
}

/* loop and jrcxz reach 127 bytes only: a short hop around a jump. */
static void emit_loop(struct emitter *emitter, const struct function *function, uint32_t index,
		      const unsigned char *bytes)
{
	const struct instruction *instruction = &function->instructions[index];

	encode_bytes(emitter, bytes, instruction->length - 1u);
	encode_byte(emitter, 2);
	emit_place_state(emitter, (int64_t)instruction->offset + instruction->length);
	encode_byte(emitter, 0xeb);
	encode_byte(emitter, 5);
	emit_place_state(emitter, instruction->target);
	encode_byte(emitter, 0xe9);
	emit_distance(emitter, function, index);
}

static void emit_plain(struct emitter *emitter, const struct instruction *instruction,
		       const unsigned char *bytes)
{
	unsigned before = instruction->displacement_at, after = instruction->length - before - 4u;

	if (!instruction->is_rip_relative) {
		encode_bytes(emitter, bytes, instruction->length);
		return;
	}
	encode_bytes(emitter, bytes, before);
	encode_fixup(emitter, FIXUP_ORIGINAL, instruction->target, after);
	encode_bytes(emitter, bytes + before + 4, after);
}

static void emit_copy(struct emitter *emitter, const struct function *function, uint32_t index)
{
	const struct instruction *instruction = &function->instructions[index];
	const unsigned char *bytes = emitter->module->text + instruction->offset;

	emit_copy_state(emitter, instruction->offset);
	switch ((enum instruction_kind)instruction->kind) {
	case INSTRUCTION_BRANCH_IF:
		if (emit_near_back(emitter, function, index, 0x70 | instruction_condition(bytes)))
			break;
		encode_byte(emitter, 0x0f);
		encode_byte(emitter, 0x80 | instruction_condition(bytes));
		emit_distance(emitter, function, index);
		break;
	case INSTRUCTION_BRANCH:
		if (emit_near_back(emitter, function, index, 0xeb))
			break;
		encode_byte(emitter, 0xe9);
		emit_distance(emitter, function, index);
		break;
	case INSTRUCTION_LOOP:
		emit_loop(emitter, function, index, bytes);
		break;
	case INSTRUCTION_CALL:
	case INSTRUCTION_CALL_INDIRECT:
		encode_byte(emitter, 0xe9);
		encode_fixup(emitter, FIXUP_ORIGINAL, instruction->offset, 0);
		break;
	case INSTRUCTION_PLAIN:
	case INSTRUCTION_JUMP_INDIRECT:
	case INSTRUCTION_RETURN:
	case INSTRUCTION_STOP:
	case INSTRUCTION_UNKNOWN:
		emit_plain(emitter, instruction, bytes);
		break;
	}
}

/* --- Functions --------------------------------------------------------------------- */

static uint32_t count_accesses(const struct function *function)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < function->count; i++)
		count += function->instructions[i].memory != 0;
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
		.list.first_at = scratch_take(scratch, count * sizeof(*analysis->list.first_at)),
		.list.checks = scratch_take(scratch, most * sizeof(*analysis->list.checks)),
		.list.sites = scratch_take(scratch, most * sizeof(*analysis->list.sites)),
	};
	return analysis->live && analysis->update_groups && analysis->flags &&
	       analysis->list.first_at && analysis->list.checks && analysis->list.sites;
}

static bool analyse_function(struct emitter *emitter, const struct function *function,
			     struct analysis *analysis)
{
	struct access_notes notes = {.update_groups = analysis->update_groups,
				     .flags = analysis->flags};
	const struct module *module = emitter->module;

	liveness_compute(module, function, analysis->live);
	if (!update_groups_find(module, function, &emitter->scratch, analysis->live,
				analysis->update_groups, analysis->flags,
				&emitter->update_group_count))
		return false;
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

/* Rows for the calls of accessors that make an update. */
static void append_calls(struct emitter *emitter, const struct function *function,
			 const struct analysis *analysis)
{
	for (uint32_t i = 0; emitter->module->has_accessors && i < function->count; i++) {
		struct plan_site site = {
			.update_group = analysis->update_groups[i],
			.flags = analysis->flags[i],
		};

		if (!site.update_group ||
		    !accessor_use(emitter->module, &function->instructions[i], &site))
			continue;
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

	if (!accessors_store_in(module, function))
		return true;
	if (emitter->failed || !take_room(emitter, function, &analysis))
		return false;
	liveness_compute(module, function, analysis.live);
	if (!update_groups_find(module, function, &emitter->scratch, analysis.live,
				analysis.update_groups, analysis.flags,
				&emitter->update_group_count))
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

static void note_place(struct emitter *emitter, const struct function *function, uint32_t index)
{
	struct emitted_entry entry = {function->instructions[index].offset, emitter->code_bytes};

	emitter->offsets[index] = emitter->code_bytes;
	if (!(function->reach[index] & REACH_ENTRY))
		return;
	growing_put(&emitter->entries, &entry, sizeof(entry));
	emitter->failed |= emitter->entries.failed;
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

		note_place(emitter, function, i);
		if (!encode_reserve(emitter, INSTRUCTION_BYTES_MOST))
			return;
		emit_checks_at(emitter, function, analysis->live, list, i, first_site, &cold);
		emit_copy(emitter, function, i);
		if (locked != NO_CHECK)
			emit_lock_end(emitter, instruction, first_site + locked);
	}
	if (instruction_falls_through(&function->instructions[function->count - 1])) {
		emit_place_state(emitter, function->end);
		encode_byte(emitter, 0xe9);
		emit_away(emitter, function->end);
	}
	settle_branches(emitter);
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
		emit_place_state(emitter, (int64_t)last->original_offset + emitter->code_bytes -
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

/* The entry at @text_offset, or 0. */
static uint32_t find_entry(const struct emitter *emitter, uint32_t text_offset)
{
	const struct emitted_entry *entries = (const void *)emitter->entries.bytes;
	uint32_t count = (uint32_t)(emitter->entries.count / sizeof(*entries));
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (entries[middle].text_offset < text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && entries[low].text_offset == text_offset ? entries[low].clone_offset
								      : 0;
}

uint32_t emitter_clone_offset(const struct emitter *emitter, int64_t text_offset)
{
	if (text_offset < 0 || text_offset >= emitter->module->text_bytes)
		return 0;
	return emitter->options->keeps_instructions
		       ? module_clone_offset(emitter->module, text_offset)
		       : find_entry(emitter, (uint32_t)text_offset);
}

/* --- Moving to the final address ---------------------------------------------------- */

/* The value of the fixup at @position.  False: out of reach. */
static bool resolve_fixup(const struct emitter *emitter, enum fixup_kind kind, uint32_t position,
			  const struct plan *plan, uint32_t *value)
{
	int64_t from_clones = (int64_t)(emitter->module->text_address - plan->clone_address);
	uint32_t clone_offset = 0;
	int64_t distance;

	if (kind == FIXUP_SITE) {
		*value += plan->first_site << THUNK_SITE_SHIFT;
		return true;
	}
	if (kind == FIXUP_TEXT)
		clone_offset = emitter_clone_offset(emitter, *value);
	if (clone_offset)
		distance = (int64_t)clone_offset - (position + 4);
	else if (kind == FIXUP_TEXT)
		distance = from_clones + *value - (position + 4);
	else
		distance = from_clones + (int32_t)*value;
	*value = (uint32_t)distance;
	return distance == (int32_t)distance;
}

static bool settle_all(struct emitter *emitter, const struct plan *plan)
{
	bool is_right = !emitter->is_too_far;

	for (unsigned kind = 0; kind < FIXUP_KINDS; kind++) {
		const uint32_t *positions = (const void *)emitter->fixups[kind].bytes;
		size_t count = emitter->fixups[kind].count / sizeof(*positions);

		for (size_t i = 0; i < count && is_right; i++) {
			uint32_t value;

			memcpy(&value, emitter->code + positions[i], sizeof(value));
			is_right = resolve_fixup(emitter, (enum fixup_kind)kind, positions[i], plan,
						 &value);
			memcpy(emitter->code + positions[i], &value, sizeof(value));
		}
	}
	return is_right;
}

static bool set_reason(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

/* Moves or copies the code to its final memory. */
static bool move_code(struct emitter *emitter, struct plan *plan)
{
	struct growing pages = {emitter->code, emitter->code_bytes, emitter->code_room, false};
	long moved;

	if (!emitter->options->places_pages) {
		memcpy(plan->clone, emitter->code, emitter->code_bytes);
		growing_free(&pages);
		return true;
	}
	growing_finish(&pages);
	moved = kernel_call6(SYS_mremap, (long)pages.bytes, (long)pages.room, (long)pages.room,
			     MREMAP_MAYMOVE | MREMAP_FIXED, (long)plan->clone, 0);
	return moved == (long)plan->clone;
}

static bool finish_states(struct emitter *emitter, struct plan *plan)
{
	if (emitter->state_count)
		state_pack(&emitter->packer, &emitter->states[0]);
	if (!state_packer_finish(&emitter->packer))
		return false;
	plan->states = emitter->packer.states;
	emitter->packer.states = (struct plan_states){.count = 0};
	return true;
}

bool emitter_finish(struct emitter *emitter, struct plan *plan, const char **why)
{
	const struct plan_options *options = emitter->options;

	if (emitter->failed || !finish_states(emitter, plan))
		return set_reason(why, "out of memory");
	accessors_settle(emitter->module, (void *)emitter->sites.bytes, emitter->site_count,
			 &emitter->update_group_count);
	plan->clone_bytes = emitter->code_bytes;
	plan->clone = options->place(options->context, plan->clone_bytes, &plan->clone_address);
	if (!plan->clone)
		return set_reason(why, "no room for clones within reach");
	plan->first_site = options->first_site;
	if (options->reserve && emitter->site_count)
		plan->first_site = options->reserve(options->context, emitter->site_count);
	if (options->reserve && emitter->site_count && !plan->first_site)
		return set_reason(why, "too many sites");
	if (!settle_all(emitter, plan))
		return set_reason(why, "clones lie out of reach of the module");
	if (!move_code(emitter, plan))
		return set_reason(why, "the clones cannot be moved to their place");
	emitter->code = NULL;
	plan->sites = (void *)emitter->sites.bytes;
	plan->site_room = emitter->sites.room;
	emitter->sites = (struct growing){.count = 0};
	plan->site_count = emitter->site_count;
	emitter->statistics->clone_bytes += emitter->code_bytes;
	return true;
}

void emitter_free(struct emitter *emitter)
{
	if (emitter->code)
		kernel_call2(SYS_munmap, emitter->code, emitter->code_room);
	emitter->code = NULL;
	plan_states_free(&emitter->packer.states);
	for (unsigned kind = 0; kind < FIXUP_KINDS; kind++)
		growing_free(&emitter->fixups[kind]);
	growing_free(&emitter->entries);
	growing_free(&emitter->sites);
	scratch_free(&emitter->scratch);
}

#include "x86/emit/emit.h"

#include <string.h>

#include "x86/decode/thunk.h"
#include "x86/flow/accessors.h"

void plan_bases(const struct plan *plan, uint64_t text_address,
		const struct plan_options *options, int64_t bases[PLAN_BASES])
{
	bases[BASE_TEXT] = (int64_t)(text_address - plan->clone_address);
	bases[BASE_SITES] = (int64_t)plan->first_site << THUNK_SITE_SHIFT;
	bases[BASE_CURRENT] = options->current_tls;
	bases[BASE_SHARED] = options->shared_tls;
	bases[BASE_AHEAD] = options->ahead_tls;
}

bool plan_rebase(unsigned char *code, size_t size_bytes, enum plan_base base,
		 const struct growing *positions, int64_t by)
{
	const uint32_t *position = (const void *)positions->bytes;
	size_t count = positions->count / sizeof(*position);
	bool is_right = true;

	for (size_t i = 0; i < count; i++) {
		int32_t value;
		int64_t sum;

		if (position[i] > size_bytes - sizeof(value))
			return false;
		memcpy(&value, code + position[i], sizeof(value));
		sum = value + by;
		is_right &= base != BASE_TEXT || sum == (int32_t)sum;
		value = (int32_t)sum;
		memcpy(code + position[i], &value, sizeof(value));
	}
	return is_right;
}

/* Branches to text that has a clone are done; the others rest on the text. */
static void settle_branches_away(struct emitter *emitter)
{
	const uint32_t *positions = (const void *)emitter->fixups[FIXUP_TEXT].bytes;
	size_t count = emitter->fixups[FIXUP_TEXT].count / sizeof(*positions);

	for (size_t i = 0; i < count; i++) {
		uint32_t target, clone;

		memcpy(&target, emitter->code + positions[i], sizeof(target));
		clone = emitter_clone_offset(emitter, target);
		target = (clone ? clone : target) - (positions[i] + 4);
		memcpy(emitter->code + positions[i], &target, sizeof(target));
		if (!clone)
			growing_put(&emitter->fixups[FIXUP_ORIGINAL], &positions[i],
				    sizeof(positions[i]));
	}
}

/* Resolves the fixups; the plan keeps where they were.  False: out of reach. */
static bool settle_all(struct emitter *emitter, struct plan *plan)
{
	bool is_right = !emitter->is_too_far;
	int64_t bases[PLAN_BASES];

	plan_bases(plan, emitter->module->text_address, emitter->options, bases);
	settle_branches_away(emitter);
	for (unsigned i = 0; i < PLAN_BASES; i++) {
		is_right = is_right &&
			   plan_rebase(emitter->code, emitter->code_bytes, (enum plan_base)i,
				       &emitter->fixups[i], bases[i]);
		plan->positions[i] = emitter->fixups[i];
		emitter->fixups[i] = (struct growing){.count = 0};
	}
	return is_right && !plan->positions[BASE_TEXT].failed;
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

/* Calls are found by their addresses, and are few: who needs them reads these rows alone. */
static void list_calls(struct emitter *emitter, struct plan *plan)
{
	const struct plan_site *sites = (const void *)emitter->sites.bytes;

	for (uint32_t i = 0; i < emitter->site_count; i++)
		if (sites[i].flags & PLAN_SITE_CALL)
			growing_put(&plan->calls, &i, sizeof(i));
	plan->update_group_count = emitter->update_group_count;
}

bool emitter_finish(struct emitter *emitter, struct plan *plan, const char **why)
{
	const struct plan_options *options = emitter->options;

	if (emitter->failed || !finish_states(emitter, plan))
		return set_reason(why, "out of memory");
	accessors_use_callees(emitter->module);
	accessors_settle(emitter->module, (void *)emitter->sites.bytes, emitter->site_count,
			 &emitter->update_group_count);
	emitter->site_count += accessors_put_forwards(emitter->module, &emitter->sites);
	list_calls(emitter, plan);
	if (emitter->sites.failed || plan->calls.failed)
		return set_reason(why, "out of memory");
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

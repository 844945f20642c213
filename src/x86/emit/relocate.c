#include "x86/emit/emit.h"

#include <string.h>

#include "x86/decode/thunk.h"
#include "x86/flow/accessors.h"

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

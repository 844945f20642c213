#include "preload/instrument/planned_sites.h"

#include "detect/base/detector.h"
#include "preload/code/call_site.h"
#include "preload/guest/guest.h"

struct planned_sites {
	struct site_source source;
	const struct plan_site *rows;
	uintptr_t text;
	uint32_t flags, code_generation;
	uint32_t update_group_base; /* they are numbered over all modules */
};

/* Flags of a plan's sites have the numbers of the detector's. */
#define SAME_FLAG(name) _Static_assert((int)PLAN_SITE_##name == (int)SITE_##name, #name)
SAME_FLAG(READ);
SAME_FLAG(WRITE);
SAME_FLAG(UPDATE);
SAME_FLAG(PLAIN_MOVE);
SAME_FLAG(LOCKED);
SAME_FLAG(SPIN);
SAME_FLAG(MAY_BE_STALE);
SAME_FLAG(RANGE);
SAME_FLAG(CONSTANT);
SAME_FLAG(DECIDES);
SAME_FLAG(COMPARES);
SAME_FLAG(EQUATES);
SAME_FLAG(MATCHES);
SAME_FLAG(CALL);
SAME_FLAG(AWAITS);
SAME_FLAG(EXAMINED);
SAME_FLAG(EARLY);
SAME_FLAG(MAY_BE_SPLIT);
SAME_FLAG(DOUBTFUL);
SAME_FLAG(LOOKS_SHIFT);
SAME_FLAG(LOOKS_MOST);

static uintptr_t fill_site(const struct site_source *source, uint32_t index, struct site *site)
{
	const struct planned_sites *sites = (const void *)source;
	const struct plan_site *from = &sites->rows[index];

	site->code_generation = sites->code_generation;
	site->flags = from->flags | sites->flags;
	site->size_bytes = from->size_bytes;
	site->member_offset = from->member_offset;
	site->next_member = from->next_member ? source->first + from->next_member - 1 : 0;
	site->update_group = from->update_group ? sites->update_group_base + from->update_group : 0;
	site->return_at = from->return_at;
	site->arguments = from->arguments;
	return sites->text + from->offset;
}

/* Calls are found by their addresses. */
static void add_calls(const struct planned_sites *sites, const struct plan *plan)
{
	const uint32_t *calls = (const void *)plan->calls.bytes;

	for (size_t i = 0; i < plan->calls.count / sizeof(*calls); i++)
		site_add_call(&guest_detector.sites, sites->text + sites->rows[calls[i]].offset,
			      sites->source.first + calls[i]);
}

bool planned_sites_add(struct plan *plan, site_id first, uintptr_t text, uint32_t flags)
{
	static uint32_t last_update_group; /* planning is serialised */
	struct site_table *table = &guest_detector.sites;
	struct planned_sites *sites;

	runtime_lock(&call_sites_lock);
	sites = arena_alloc(&table->arena, sizeof(*sites));
	if (sites) {
		*sites = (struct planned_sites){
			.source = {.first = first, .count = plan->site_count, .fill = fill_site},
			.rows = plan->sites,
			.text = text,
			.flags = flags,
			.code_generation = guest_code_generation,
			.update_group_base = last_update_group,
		};
		plan->site_room = 0;
		site_table_add_source(table, &sites->source);
		add_calls(sites, plan);
		last_update_group += plan->update_group_count;
	}
	runtime_unlock(&call_sites_lock);
	return sites;
}

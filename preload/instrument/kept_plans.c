#include "preload/instrument/kept_plans.h"

#include "detect/base/detector.h"
#include "preload/guest/environment.h"
#include "preload/guest/guest.h"
#include "x86/cache/plan_cache.h"

/* The cache; NULL: there is none. */
static const struct plan_cache *find_cache(void)
{
	static struct plan_cache cache;
	static bool is_known, is_there;

	if (!is_known)
		is_there =
			plan_cache_init(&cache, guest_options.plan_cache,
					environment_get("XDG_CACHE_HOME"), environment_get("HOME"));
	is_known = true;
	return is_there ? &cache : NULL;
}

static struct plan *make_plan(const struct decoder *decoder, const struct image *image,
			      const struct plan_options *options, struct arena *arena,
			      const char **why)
{
	struct plan *plan = plan_make(decoder, image, options, arena, why);

	if (plan)
		detector_count(&guest_detector, PLANS_MADE);
	return plan;
}

struct plan *kept_plans_get(const struct decoder *decoder, const struct image *image,
			    const struct plan_options *options, bool has_functions,
			    struct arena *arena, const char **why)
{
	const struct plan_cache *cache = has_functions ? NULL : find_cache();
	enum plan_cache_answer answer;
	struct plan_key key;
	struct plan *plan;

	if (!cache)
		return make_plan(decoder, image, options, arena, why);
	plan_key_make(&key, decoder, image, options);
	answer = plan_cache_read(cache, &key, image, options, arena, &plan);
	if (answer == PLAN_CACHE_HAS)
		detector_count(&guest_detector, PLANS_READ);
	if (answer == PLAN_CACHE_REFUSED)
		detector_count(&guest_detector, PLANS_REFUSED);
	if (plan)
		return plan;
	plan = make_plan(decoder, image, options, arena, why);
	if (plan && !plan_cache_write(cache, &key, plan, image, options))
		detector_count(&guest_detector, PLANS_NOT_KEPT);
	return plan;
}

#include "command/run/keep_plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/base/arguments.h"
#include "command/base/message.h"
#include "elf/image.h"
#include "x86/cache/plan_cache.h"
#include "x86/cache/plan_file.h"

bool keep_plan_settle(struct options *settings)
{
	const struct option_row *row = &option_rows[OPTION_ID_plan_cache];
	static char path[PLAN_CACHE_PATH_BYTES];
	struct options_error error;
	size_t length;

	if (!settings->plan_cache || *settings->plan_cache == '/' ||
	    strcmp(settings->plan_cache, "off") == 0)
		return true;
	if (getcwd(path, sizeof(path)) &&
	    (length = strlen(path)) + 1 + strlen(settings->plan_cache) < sizeof(path)) {
		path[length] = '/';
		strcpy(path + length + 1, settings->plan_cache);
		if (options_set(settings, row, path, &error))
			return true;
	}
	command_warn("--plan-cache=%s: the path is too long", settings->plan_cache);
	return false;
}

static bool find_cache(struct plan_cache *cache, const struct options *settings)
{
	return plan_cache_init(cache, settings->plan_cache, getenv("XDG_CACHE_HOME"),
			       getenv("HOME"));
}

static int fail_to_keep(const struct plan_to_keep *made, const struct plan_cache *cache)
{
	command_warn("plan: '%s': its plan cannot be kept in %s", made->path, cache->folder);
	return STATUS_FAILED;
}

int keep_plan(const struct plan_to_keep *made, const struct options *settings)
{
	static struct plan_cache cache;
	struct plan_key key;
	struct plan *kept;

	if (!find_cache(&cache, settings))
		return STATUS_FINE;
	plan_key_make(&key, made->decoder, made->image, made->options);
	if (plan_cache_read(&cache, &key, made->image, made->options, made->arena, &kept) ==
	    PLAN_CACHE_HAS) {
		if (!settings->verify || plan_file_is_same(kept, made->plan))
			return STATUS_FINE;
		command_warn("plan: '%s': the plan kept in %s is another one", made->path,
			     cache.folder);
		return STATUS_FAILED;
	}
	if (plan_cache_write(&cache, &key, made->plan, made->image, made->options) ||
	    !settings->plan_cache)
		return STATUS_FINE;
	return fail_to_keep(made, &cache);
}

/* Is it there already? */
static bool has_plan(const struct plan_cache *cache, const struct plan_to_keep *made,
		     const struct plan_options *options)
{
	struct plan_key key;
	struct plan *kept;

	plan_key_make(&key, made->decoder, made->image, options);
	return plan_cache_read(cache, &key, made->image, options, made->arena, &kept) ==
	       PLAN_CACHE_HAS;
}

int keep_plan_of_atomics(const struct plan_to_keep *made, const struct options *settings)
{
	static struct plan_cache cache;
	struct plan_options options = *made->options;
	struct plan_to_keep other = *made;
	const char *why;

	if (!find_cache(&cache, settings))
		return STATUS_FINE;
	options.only_atomics = true;
	options.keeps_instructions = false;
	if (!settings->verify && has_plan(&cache, made, &options))
		return STATUS_FINE;
	other.options = &options;
	other.plan = plan_make(made->decoder, made->image, &options, made->arena, &why);
	return other.plan ? keep_plan(&other, settings) : STATUS_FINE;
}

#include "reports/view/classes.h"

#include <string.h>

#include "reports/types/data.h"
#include "reports/types/stable_names.h"

/* Of a program the whole path: two that are called alike are not one.  Of a library the
 * last part. */
static const char *module_words(const struct model_process *process, const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(path, process->path) != 0 && slash ? slash + 1 : path;
}

static const char *module_of_address(const struct model_process *process, uint64_t address)
{
	for (const struct model_process *at = process; at; at = at->parent) {
		const struct model_module *modules = at->modules.rows;

		for (size_t i = 0; i < at->modules.count; i++)
			if (address >= modules[i].start && address < modules[i].end)
				return module_words(process, modules[i].path);
	}
	return NULL;
}

const char *lock_class_name(struct view *view, const struct model_process *process, lock_id id)
{
	const struct model_lock *lock = model_lock(process, id);
	const struct source_frame *site;
	const char *module;
	const char *name;

	if (!lock)
		return NULL;
	if (lock->name[0])
		return lock->name;
	name = stable_lock(view->symbolizer, view->pool, process, id);
	module = lock->stack_thread ? NULL : module_of_address(process, lock->address);
	if (module && !strstr(name, " of "))
		return pool_format(view->pool, "%s %s", module, name);
	site = lock->creation_stack
		       ? symbolize_site(view->symbolizer, process, lock->creation_stack)
		       : NULL;
	if (!site || !site->module_path || strstr(name, " of ??"))
		return NULL;
	return pool_format(view->pool, "%s %s", module_words(process, site->module_path), name);
}

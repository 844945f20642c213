#include "inspect/waits/runtime.h"

#include <string.h>

static bool has_module(const struct target *target, const char *name)
{
	for (size_t i = 0; i < target->module_count; i++) {
		const char *slash = strrchr(target->modules[i].path, '/');

		if (slash && strncmp(slash + 1, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

static bool is_program(const struct target *target, const char *name)
{
	const char *slash = strrchr(target->program, '/');

	return slash && strcmp(slash + 1, name) == 0;
}

const char *runtime_advice(const struct target *target)
{
	if (has_module(target, "libjvm.so"))
		return pool_format(target->pool,
				   "this is a Java program: 'jstack %d' tells of its monitors and "
				   "of Java's stacks, which are not seen here",
				   (int)target->pid);
	if (is_program(target, "node") || is_program(target, "nodejs") ||
	    has_module(target, "libnode.so"))
		return pool_format(target->pool,
				   "this is a Node.js program: 'kill -USR1 %d' starts its "
				   "inspector ('node inspect -p %d'), which tells of JavaScript's "
				   "stacks, which are not seen here",
				   (int)target->pid, (int)target->pid);
	return NULL;
}

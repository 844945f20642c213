#include "reports/types/stable_names.h"

#include <ctype.h>
#include <string.h>

#include "base/strings.h"
#include "reports/symbols/elf_image.h"
#include "reports/types/code.h"
#include "reports/types/data.h"

/* Compilers number their copies of functions, and variables of functions: "run.part.0",
 * "count.1", "run() [clone .cold]". */
static const char *without_clone(struct pool *pool, const char *name)
{
	const char *clone = strstr(name, " [clone ");
	size_t length = clone ? (size_t)(clone - name) : strlen(name);

	if (!memchr(name, '(', length) && name[0] != '.' && memchr(name, '.', length))
		length = strcspn(name, ".");
	return pool_copy(pool, name, length);
}

/* The names of lambdas are each compiler's own: "{lambda(int)#1}", "$_0". */
static const char *without_lambdas(struct pool *pool, const char *name)
{
	const char *kept = "";
	const char *at;

	while ((at = strstr(name, "{lambda(")) || (at = strstr(name, "$_"))) {
		size_t length = 2 + strspn(at + 2, "0123456789");

		if (at[0] == '{' && strchr(at, '}'))
			length = (size_t)(strchr(at, '}') - at) + 1;
		kept = pool_format(pool, "%s%.*s{}", kept, (int)(at - name), name);
		name = at + length;
	}
	return pool_format(pool, "%s%s", kept, name);
}

/* Not each compiler names the parameters of functions that no other file can call. */
static const char *without_local_parameters(struct pool *pool, const char *name)
{
	static const char local[] = "(anonymous namespace)";
	const char *end = strstr(name, local);

	if (!end)
		return name;
	end += strlen(local);
	while (end[strcspn(end, "(")] && string_has_prefix(end + strcspn(end, "("), local))
		end += strcspn(end, "(") + strlen(local);
	return pool_copy(pool, name, (size_t)(end - name) + strcspn(end, "("));
}

const char *stable_function(struct symbolizer *symbolizer, struct pool *pool,
			    const struct source_frame *frame)
{
	struct model_module module = {.path = frame->module_path, .build_id = frame->build_id};
	uint64_t content;

	if (frame->function)
		return without_local_parameters(
			pool, without_lambdas(pool, without_clone(pool, frame->function)));
	if (!frame->module || !frame->build_id ||
	    !code_content(symbolizer_image(symbolizer, &module), frame->offset, &content))
		return "??";
	return pool_format(pool, "<%s %016llx>", frame->module, (unsigned long long)content);
}

const char *stable_site(struct symbolizer *symbolizer, struct pool *pool,
			const struct model_process *process, stack_id stack)
{
	const struct source_frame *site = symbolize_site(symbolizer, process, stack);

	return site ? stable_function(symbolizer, pool, site) : "??";
}

/* NULL: it is no variable, or one without a name. */
static const char *variable_of(struct symbolizer *symbolizer, struct pool *pool,
			       const struct model_process *process, const struct model_lock *lock)
{
	struct variable_place place;

	if (lock->stack_thread || !lock->address ||
	    !data_find_variable(symbolizer, lock->home ? lock->home : process, lock->address, 0,
				&place) ||
	    place.is_nameless)
		return NULL;
	if (place.file)
		return pool_format(pool, "%s:%s", place.file, place.stable_name);
	return pool_format(pool, "%s+%llu", without_clone(pool, place.stable_name),
			   (unsigned long long)place.offset);
}

const char *stable_lock(struct symbolizer *symbolizer, struct pool *pool,
			const struct model_process *process, lock_id id)
{
	const struct model_lock *lock = model_lock(process, id);
	const char *variable;
	stack_id origin;

	if (!lock)
		return "?";
	if (lock->name[0])
		return lock->name;
	variable = variable_of(symbolizer, pool, process, lock);
	if (variable)
		return variable;
	origin = lock->creation_stack ? lock->creation_stack
		 : lock->block_stack  ? lock->block_stack
				      : lock->first_stack;
	return pool_format(pool, "%s of %s", object_kind_name(lock->kind),
			   stable_site(symbolizer, pool, process, origin));
}

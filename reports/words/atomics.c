#include "reports/words/atomics.h"

#include <string.h>

#include "reports/words/memory.h"
#include "reports/words/names.h"

/* How qualified names of atomic operations begin. */
static const char *const atomic_prefixes[] = {
	"std::atomic<",
	"std::atomic_",
	"std::__atomic_",
	"std::__1::atomic<",
	"std::__1::atomic_",
	"std::__1::__atomic_",
	"std::__1::__cxx_atomic_",
	"boost::atomics::",
	"QAtomic",
	"QBasicAtomic",
	"core::sync::atomic::",
	"<core::sync::atomic::",
	"std::sync::atomic::",
	"<std::sync::atomic::",
	"READ_ONCE",
	"WRITE_ONCE",
	"smp_load_acquire",
	"smp_store_release",
};

/* With "atomic" in it, the name of a C function that has one of these is one. */
static const char *const atomic_verbs[] = {
	"load",	 "store",    "read",  "write", "get", "set", "init",
	"fetch", "exchange", "clear", "add",   "sub", "inc", "dec",
};

/* The length of @name before the parameters; template arguments may have some too. */
static size_t length_before_parameters(const char *name)
{
	size_t depth = 0;

	for (size_t i = 0; name[i]; i++) {
		if (name[i] == '<')
			depth++;
		else if (name[i] == '>' && depth)
			depth--;
		else if (name[i] == '(' && !depth && i)
			return i;
	}
	return strlen(name);
}

/* Where the qualified name begins: behind the type that templates return. */
static const char *without_return_type(const char *name, size_t length)
{
	const char *start = name;
	size_t depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (name[i] == '<')
			depth++;
		else if (name[i] == '>' && depth)
			depth--;
		else if (name[i] == ' ' && !depth && strncmp(name + i + 1, "as ", 3) != 0)
			start = name + i + 1;
	}
	/* "operator int" and its like: the last word is no name. */
	return strstr(name, "::operator ") ? name : start;
}

static bool contains(const char *text, size_t length, const char *word)
{
	return memmem(text, length, word, strlen(word)) != NULL;
}

/* "pg_atomic_read_u32", "__atomic_load_8", "g_atomic_int_get". */
static bool is_atomic_c_function(const char *name, size_t length)
{
	if (!contains(name, length, "atomic") || contains(name, length, "::"))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(atomic_verbs); i++) {
		if (contains(name, length, atomic_verbs[i]))
			return true;
	}
	return false;
}

bool is_atomic_function(const char *name)
{
	size_t length = length_before_parameters(name);
	const char *qualified = without_return_type(name, length);

	length -= (size_t)(qualified - name);
	for (size_t i = 0; i < ARRAY_LENGTH(atomic_prefixes); i++) {
		if (strncmp(qualified, atomic_prefixes[i], strlen(atomic_prefixes[i])) == 0)
			return true;
	}
	return is_atomic_c_function(qualified, length);
}

/* Is the instruction in an atomic operation, inlined or not? */
static bool is_in_atomic_function(struct view *view, const struct view_finding *finding,
				  const struct finding_event *event)
{
	const struct source_stack *stack =
		symbolize_stack(view->symbolizer, finding->process, event->stack);

	for (size_t i = 0; stack && i < stack->frame_count; i++) {
		const struct source_frame *frame = &stack->frames[i];

		if (frame->function && is_atomic_function(frame->function))
			return true;
		if (!frame->is_inlined)
			break;
	}
	return false;
}

/* The compiler's own mark for a local static: read with acquire before its use. */
static bool is_guard_variable(const char *name)
{
	return strncmp(name, "guard variable for ", 19) == 0;
}

/* Of memory without a variable: the type that the access itself knows, or else
 * what another one knows. */
static bool has_atomic_type(struct view *view, const struct view_finding *finding,
			    const struct finding_event *event)
{
	struct pointee pointee;

	if (finding->memory->kind != MEMORY_GLOBAL &&
	    data_find_pointee(view->symbolizer, finding->process, event->stack, event->size_bytes,
			      &pointee))
		return pointee.place.is_atomic;
	return finding->memory->variable.part.is_atomic;
}

bool access_is_atomic(struct view *view, const struct view_finding *finding,
		      const struct finding_event *event)
{
	if (event->action == ACTION_FREE || event->size_bytes > 8)
		return false;
	return is_in_atomic_function(view, finding, event) ||
	       is_guard_variable(finding->memory->name) || has_atomic_type(view, finding, event);
}

/* A race of which one side is atomic: names the other. */
static void judge_mixed(struct view *view, struct view_finding *finding,
			const struct finding_event *plain)
{
	const char *place = symbolize_place(view->symbolizer, finding->process, plain->stack);

	finding->details &= ~(uint32_t)DETAIL_MAY_BE_ATOMIC;
	finding->atomics_note = pool_format(
		view->pool,
		"debug information says that it is accessed as an atomic elsewhere, "
		"but not by %s%s%s",
		thread_name(view, finding, plain->thread), place ? " at " : "", place ? place : "");
}

/* Nothing says that it is atomic; its type may say that it is not. */
static void judge_plain(struct view *view, struct view_finding *finding)
{
	const struct type_place *part = &finding->memory->variable.part;

	if (!(finding->details & DETAIL_MAY_BE_ATOMIC) || !part->type)
		return;
	finding->details &= ~(uint32_t)DETAIL_MAY_BE_ATOMIC;
	finding->atomics_note =
		pool_format(view->pool,
			    "a warning only: its type, %s, is not an atomic one, but compiler "
			    "built-ins such as __atomic_load_n() would look the same",
			    part->type);
}

bool atomics_judge(struct view *view, struct view_finding *finding)
{
	const struct finding_event *plain = NULL;
	size_t atomic_count = 0;
	bool is_unknown = false;

	if (!finding->memory || finding->details & DETAIL_FREED)
		return true;
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (!memory_is_access(finding->finding, event))
			continue;
		if (access_is_atomic(view, finding, event))
			atomic_count++;
		else if (event->stack)
			plain = event;
		else
			is_unknown = true; /* nothing says that it is not atomic */
	}
	if (!atomic_count) {
		judge_plain(view, finding);
		return true;
	}
	if (finding->finding->kind == FINDING_LOST_UPDATE) {
		if (plain || is_unknown)
			return true;
		if (finding->severity > SEVERITY_WARNING)
			finding->severity = SEVERITY_WARNING;
		finding->atomics_note = "each load and store of it is atomic, but the update that "
					"is made of them is not";
		return true;
	}
	if (finding->finding->kind == FINDING_CHECK_THEN_ACT)
		return true;
	if (plain)
		judge_mixed(view, finding, plain);
	return plain || finding->severity > SEVERITY_WARNING;
}

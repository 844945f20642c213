#include "reports/view/same_bug.h"

#include <string.h>

#include "reports/view/missing_lock.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

bool same_bug_equal(const struct view_finding *known, const struct view_finding *finding)
{
	if (known->severity != finding->severity ||
	    strcmp(known->process->path, finding->process->path) != 0 ||
	    strcmp(known->fingerprint, finding->fingerprint) != 0)
		return false;
	if (!known->memory || !finding->memory)
		return known->process != finding->process;
	return strcmp(known->memory->identity, finding->memory->identity) == 0;
}

/* --- Memory ------------------------------------------------------------------------ */

/* A function of an event, or NULL. */
typedef const char *(*event_function)(struct view *view, const struct view_finding *finding,
				      const struct finding_event *event);

/* The function of the program in which @event was. */
static const char *function_of(struct view *view, const struct view_finding *finding,
			       const struct finding_event *event)
{
	const struct source_frame *site =
		symbolize_site(view->symbolizer, finding->process, event->stack);

	return site ? source_frame_function(view->pool, site) : NULL;
}

/* What called that. */
static const char *caller_of(struct view *view, const struct view_finding *finding,
			     const struct finding_event *event)
{
	const struct source_stack *stack =
		symbolize_stack(view->symbolizer, finding->process, event->stack);
	const struct source_frame *site = source_stack_site(stack);

	if (!site || site + 1 >= stack->frames + stack->visible_count)
		return NULL;
	return source_frame_function(view->pool, site + 1);
}

static bool accesses_in(struct view *view, const struct view_finding *finding,
			event_function function_of_event, const char *function)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const char *other;

		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		other = function_of_event(view, finding, finding->events[i]);
		if (other && strcmp(function, other) == 0)
			return true;
	}
	return false;
}

/* How many of its accesses are in functions in which @other's are, too; *@count: of all. */
static size_t count_common(struct view *view, const struct view_finding *finding,
			   const struct view_finding *other, size_t *count)
{
	size_t common = 0;

	*count = 0;
	for (size_t i = 0; i < finding->event_count; i++) {
		const char *function;

		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		function = function_of(view, finding, finding->events[i]);
		*count += 1;
		common += function && accesses_in(view, other, function_of, function);
	}
	return common;
}

/* A name that other memory hardly has. */
static bool has_own_name(const struct view_memory *memory)
{
	return memory->kind == MEMORY_GLOBAL || memory->field;
}

static bool is_same_structure(const struct view_memory *memory, const struct view_memory *other)
{
	const char *holder = memory->variable.part.holder;
	const char *others = other->variable.part.holder;

	return holder && others && strcmp(holder, others) == 0 && memory->kind == other->kind;
}

/* The same; or blocks that one function allocates, of which the type of one is not known. */
static bool may_be_same_structure(struct view *view, const struct view_finding *known,
				  const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;
	const struct view_memory *other = known->memory;
	const char *function;
	const char *others;

	if ((memory->variable.part.holder && other->variable.part.holder) || !memory->allocation ||
	    !other->allocation)
		return is_same_structure(memory, other);
	function = function_of(view, finding, memory->allocation);
	others = function_of(view, known, other->allocation);
	return function && others && strcmp(function, others) == 0;
}

/* Were all accesses of @finding made without a lock, in functions whose callers, as far as
 * they are known, are those of @other's? */
static bool has_bare_callers_of(struct view *view, const struct view_finding *finding,
				const struct view_finding *other)
{
	bool is_known = false;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		const char *caller;

		if (!memory_is_access(finding->finding, event))
			continue;
		caller = caller_of(view, finding, event);
		if (event->hold_count || (caller && !accesses_in(view, other, caller_of, caller)))
			return false;
		is_known = is_known || caller;
	}
	return is_known;
}

/* Were the blocks freed by the same call of the same callers? */
static bool have_same_free(struct view *view, const struct view_finding *known,
			   const struct view_finding *finding)
{
	const struct finding_event *release = finding->memory->release;
	const struct finding_event *others = known->memory->release;
	const struct source_stack *stack;
	const struct source_stack *stacks;

	if (!(known->details & finding->details & DETAIL_FREED) || !release || !others)
		return false;
	stack = symbolize_stack(view->symbolizer, finding->process, release->stack);
	stacks = symbolize_stack(view->symbolizer, known->process, others->stack);
	if (!stack || !stacks || !stack->frame_count || stack->frame_count != stacks->frame_count)
		return false;
	for (size_t i = 0; i < stack->frame_count; i++)
		if (!stack->frames[i].number || stack->frames[i].number != stacks->frames[i].number)
			return false;
	return true;
}

/* The same place; or fields of one structure, in the same functions, or in small ones that the
 * same function calls without a lock. */
static bool is_same_memory(struct view *view, const struct view_finding *known,
			   const struct view_finding *finding)
{
	size_t count;
	size_t common;

	if (known->finding->kind == FINDING_DESCRIPTOR_RACE)
		return false;
	if ((known->details | finding->details) & DETAIL_FREED)
		return have_same_free(view, known, finding);
	if (strcmp(known->memory->identity, finding->memory->identity) == 0)
		return has_own_name(finding->memory) ||
		       count_common(view, finding, known, &count) > 0;
	if (!is_same_structure(known->memory, finding->memory))
		return false;
	common = count_common(view, finding, known, &count);
	if (common == count && count_common(view, known, finding, &count) == count)
		return true;
	return has_bare_callers_of(view, finding, known) &&
	       has_bare_callers_of(view, known, finding);
}

/* --- Contents of containers ------------------------------------------------------------ */

#define LINES_MAX 4

/* Lines of the program, as "cache.cc:12" with the path. */
struct program_lines {
	const char *lines[LINES_MAX];
	size_t count;
};

static bool has_line(const struct program_lines *lines, const char *line)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->lines[i], line) == 0)
			return true;
	return false;
}

/* The program's line at which @event was, or (@is_in_library) called the code of a library in
 * which it was; NULL: it is not known, or was not there. */
static const char *line_of(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event, bool is_in_library)
{
	const struct source_stack *stack =
		symbolize_stack(view->symbolizer, finding->process, event->stack);
	const struct source_frame *site = source_stack_site(stack);

	if (!site || !site->line || source_frame_is_system(site) ||
	    (is_in_library && site == stack->frames))
		return NULL;
	return source_frame_place(view->pool, site);
}

/* The lines of the accesses; false if they are not all known. */
static bool collect_lines(struct view *view, const struct view_finding *finding, bool is_in_library,
			  struct program_lines *lines)
{
	bool are_all = true;

	for (size_t i = 0; i < finding->event_count; i++) {
		const char *line;

		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		line = line_of(view, finding, finding->events[i], is_in_library);
		if (!line || (!has_line(lines, line) && lines->count == LINES_MAX))
			are_all = false;
		else if (!has_line(lines, line))
			lines->lines[lines->count++] = line;
	}
	return are_all;
}

static bool is_race(const struct view_finding *finding)
{
	return finding->memory && (finding->finding->kind == FINDING_DATA_RACE ||
				   finding->finding->kind == FINDING_LOST_UPDATE);
}

bool same_bug_is_content(struct view *view, const struct view_finding *content,
			 const struct view_finding *container)
{
	struct program_lines lines = {.count = 0};
	struct program_lines inside = {.count = 0};
	struct program_lines own = {.count = 0};
	const struct finding_event *allocation;
	const char *line;

	if (!is_race(content) || !is_race(container) || container->details & DETAIL_FREED)
		return false;
	allocation = content->memory->allocation;
	line = allocation ? line_of(view, content, allocation, true) : NULL;
	if (!line || !collect_lines(view, content, false, &own))
		return false;
	(void)collect_lines(view, container, true, &inside);
	(void)collect_lines(view, container, false, &lines);
	for (size_t i = 0; i < own.count; i++)
		if (!has_line(&lines, own.lines[i]))
			return false;
	return has_line(&inside, line);
}

/* --- Locks -------------------------------------------------------------------------- */

static bool has_lock(const struct view_finding *finding, lock_id lock)
{
	for (size_t i = 0; i < finding->event_count; i++)
		if (finding->events[i]->lock == lock)
			return true;
	return false;
}

static bool has_locks_of(const struct view_finding *finding, const struct view_finding *other)
{
	for (size_t i = 0; i < other->event_count; i++)
		if (!has_lock(finding, other->events[i]->lock))
			return false;
	return true;
}

/* A join has no lock. */
static lock_id least_lock(const struct view_finding *finding)
{
	lock_id least = UINT32_MAX;

	for (size_t i = 0; i < finding->event_count; i++)
		if (finding->events[i]->lock && finding->events[i]->lock < least)
			least = finding->events[i]->lock;
	return least;
}

/* Of a hang each lock is one, as far as there is room. */
static size_t lock_keys(struct view *view, const struct view_finding *finding,
			const char *keys[SAME_BUG_KEYS])
{
	size_t count = 0;

	if (finding->finding->kind == FINDING_HANG)
		for (size_t i = 0; i < finding->event_count && count < SAME_BUG_KEYS; i++)
			if (finding->events[i]->lock)
				keys[count++] = pool_format(view->pool, "locks %u %u",
							    finding->process->number,
							    finding->events[i]->lock);
	if (!count)
		keys[count++] = pool_format(view->pool, "locks %u %u", finding->process->number,
					    least_lock(finding));
	return count;
}

/* The same locks: a cycle that could meet, and did; an order that is part of a cycle, and
 * that a file does not allow either. */
static bool have_same_locks(const struct view_finding *known, const struct view_finding *finding)
{
	enum finding_kind kind = finding->finding->kind;

	return (known->finding->kind == FINDING_DEADLOCK || finding->declared) &&
	       !known->declared &&
	       (kind == FINDING_LOCK_ORDER_INVERSION || kind == FINDING_LOCK_ORDER_CYCLE) &&
	       has_locks_of(known, finding) && has_locks_of(finding, known);
}

static bool has_event(const struct view_finding *finding, const struct finding_event *event)
{
	for (size_t i = 0; i < finding->event_count; i++)
		if (finding->events[i]->lock == event->lock &&
		    finding->events[i]->stack == event->stack)
			return true;
	return false;
}

/* Does the hang wait for the signal that was sent too early? */
static bool has_missed(const struct view_finding *hang, const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (event->action == ACTION_WAIT && has_event(hang, event))
			return true;
	}
	return false;
}

/* A read lock taken again, a lock taken by a handler, a signal sent too early. */
bool same_bug_is_cause(const struct view_finding *known, const struct view_finding *finding)
{
	if (known->finding->kind == FINDING_HANG)
		return finding->finding->kind == FINDING_LOST_WAKEUP && has_missed(known, finding);
	if (known->finding->kind != FINDING_DEADLOCK ||
	    (finding->finding->kind != FINDING_READ_RECURSION &&
	     finding->finding->kind != FINDING_SIGNAL_UNSAFE_LOCK))
		return false;
	for (size_t i = 0; i < finding->event_count; i++)
		if (!has_event(known, finding->events[i]))
			return false;
	return true;
}

/* Where the lock was destroyed or its memory freed that is used in spite of it; 0: unknown. */
static stack_id end_of_lock(const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++)
		if (finding->events[i]->action == ACTION_DESTROY ||
		    finding->events[i]->action == ACTION_FREE)
			return finding->events[i]->stack;
	return 0;
}

/* Several uses of a lock after the same end. */
static bool have_same_end(const struct view_finding *known, const struct view_finding *finding)
{
	return known->finding->kind == FINDING_LOCK_DESTROYED &&
	       finding->finding->kind == FINDING_LOCK_DESTROYED && has_locks_of(known, finding) &&
	       end_of_lock(known) == end_of_lock(finding);
}

static bool are_of_one_lock(const struct view_finding *known, const struct view_finding *finding)
{
	return known->process == finding->process &&
	       (have_same_locks(known, finding) || same_bug_is_cause(known, finding) ||
		have_same_end(known, finding));
}

static const char *line_key(struct view *view, const char *line)
{
	return pool_format(view->pool, "line %s", line ? line : "");
}

size_t same_bug_keys(struct view *view, const struct view_finding *finding,
		     const char *keys[SAME_BUG_KEYS])
{
	const struct view_memory *memory = finding->memory;
	struct program_lines lines = {.count = 0};
	size_t count = 0;

	if (!memory)
		return lock_keys(view, finding, keys);
	keys[count++] = pool_format(view->pool, "memory %s", memory->identity);
	if (memory->variable.part.holder)
		keys[count++] =
			pool_format(view->pool, "structure %s", memory->variable.part.holder);
	if (memory->allocation) {
		keys[count++] = pool_format(view->pool, "allocated in %s",
					    function_of(view, finding, memory->allocation));
		keys[count++] = line_key(view, line_of(view, finding, memory->allocation, true));
	}
	(void)collect_lines(view, finding, true, &lines);
	for (size_t i = 0; i < lines.count; i++)
		keys[count++] = line_key(view, lines.lines[i]);
	if (finding->details & DETAIL_FREED && memory->release)
		keys[count++] = pool_format(view->pool, "freed in %s",
					    function_of(view, finding, memory->release));
	return count;
}

static bool has_bare_access(const struct view_finding *finding)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (memory_is_access(finding->finding, event) && !event->hold_count &&
		    !event->holds_are_unknown)
			return true;
	}
	return false;
}

/* A race, and an update that is lost for want of the same lock: not one that two sections
 * under a lock make. */
static bool are_race_and_loss(const struct view_finding *known, const struct view_finding *finding)
{
	return is_race(known) && is_race(finding) &&
	       (known->finding->kind != FINDING_LOST_UPDATE || has_bare_access(known)) &&
	       (finding->finding->kind != FINDING_LOST_UPDATE || has_bare_access(finding));
}

/* Of one kind; or a race that was predicted in one run, and in another is there. */
static bool are_alike(const struct view_finding *known, const struct view_finding *finding)
{
	enum finding_kind kind = known->finding->kind;

	if (finding->finding->kind == FINDING_POSSIBLE_RACE)
		return kind == FINDING_POSSIBLE_RACE || kind == FINDING_DATA_RACE ||
		       kind == FINDING_LOST_UPDATE;
	if (known->severity != finding->severity)
		return false;
	return kind == finding->finding->kind || are_race_and_loss(known, finding);
}

bool same_bug_related(struct view *view, const struct view_finding *known,
		      const struct view_finding *finding)
{
	if (!known->memory || !finding->memory)
		return are_of_one_lock(known, finding);
	if (strcmp(known->process->path, finding->process->path) != 0)
		return false;
	if (same_bug_is_content(view, finding, known) || same_bug_is_content(view, known, finding))
		return true;
	return (are_alike(known, finding) && is_same_memory(view, known, finding)) ||
	       (may_be_same_structure(view, known, finding) &&
		missing_lock_is_same(view, known, finding));
}

#include "reports/words/names.h"

#include <string.h>

#include "reports/blocks/member.h"
#include "reports/model/text_set.h"
#include "reports/source/operand.h"
#include "reports/symbols/short_name.h"
#include "reports/types/data.h"

#define WORDS_MAX 4 /* in a list; more are counted */

struct named_lock {
	const struct model_process *process;
	const char *base;
	unsigned number; /* among those with the same base; 0: the only one */
};

/* Of the locks of one process with the same base. */
struct namesakes {
	size_t first; /* row */
	unsigned count;
};

/* Rows are made for the locks that are shown, fields are noted before that. */
struct lock_names {
	struct text_set fields; /* locks, by address */
	const char **field_names;
	struct text_set operands; /* frames, by number */
	const char **operand_names;
	struct named_lock *rows;
	size_t count;
	struct text_set keys;  /* of the rows */
	struct text_set bases; /* with their process */
	struct namesakes *namesakes; /* by base */
};

const char *short_words(struct view *view, const char *name)
{
	return view->options->is_verbose ? name : short_name(view->pool, name);
}

const char *frame_function(struct view *view, const struct source_frame *frame)
{
	if (frame->lambda && !view->options->is_verbose)
		return pool_format(view->pool, "lambda at %s", frame->lambda);
	return short_words(view, source_frame_function(view->pool, frame));
}

/* The function that the thread of @stack runs, by its outermost frames. */
static const char *start_function(struct view *view, const struct source_stack *stack)
{
	if (!stack || stack->is_incomplete)
		return NULL;
	for (size_t i = stack->visible_count; i-- > 0;) {
		const struct source_frame *frame = &stack->frames[i];

		if (!frame->function || source_frame_is_glue(frame) ||
		    source_frame_is_system(frame))
			continue;
		/* A lambda has no name: where it was created says more. */
		return frame->lambda ? NULL : short_name(view->pool, frame->function);
	}
	return NULL;
}

/* By default a thread has its program's name, which says nothing. */
static bool is_program_name(const struct model_process *process, const char *name)
{
	const char *slash = strrchr(process->path, '/');
	const char *base = slash ? slash + 1 : process->path;

	return strncmp(base, name, 15) == 0;
}

static const char *plain_name(struct view *view, const struct view_finding *finding,
			      thread_id thread)
{
	const struct model_thread *row = model_thread(finding->process, thread);

	if (row && row->flags & THREAD_IS_MAIN)
		return "main";
	if (row && row->name[0] && !is_program_name(finding->process, row->name))
		return row->name;
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		const char *name = NULL;

		if (event->thread == thread)
			name = start_function(view, symbolize_stack(view->symbolizer,
								    finding->process,
								    event->stack));
		if (name)
			return name;
	}
	return NULL;
}

const char *thread_own_name(struct view *view, const struct view_finding *finding, thread_id thread)
{
	const struct model_thread *row = model_thread(finding->process, thread);
	const char *name = plain_name(view, finding, thread);
	const struct model_process *home = row && row->home ? row->home : finding->process;

	if (!(finding->finding->details & (DETAIL_PROCESS_SHARED | DETAIL_MERGED)))
		return name;
	return pool_format(view->pool, "%s%sprocess %u", name ? name : "", name ? " of " : "",
			   home->number);
}

/* Threads of a script are known by their names, not by numbers. */
static bool is_replayed(const struct model_process *process)
{
	const struct model_module *modules = process->modules.rows;

	return process->modules.count == 1 && strcmp(modules->build_id, MODULE_IS_SCRIPT) == 0;
}

const char *thread_name(struct view *view, const struct view_finding *finding, thread_id thread)
{
	const char *own = thread_own_name(view, finding, thread);

	if (!thread)
		return "an unknown thread";
	if (own && is_replayed(finding->process))
		return own;
	if (thread > OUTSIDE_IDS)
		return pool_format(view->pool, "thread '%s'", own ? own : "?");
	if (own)
		return pool_format(view->pool, "T%u (%s)", thread, own);
	return pool_format(view->pool, "T%u", thread);
}

/* The name of the thread on whose stack a lock lies. */
static const char *stack_owner(struct view *view, const struct model_process *process,
			       thread_id thread)
{
	const struct model_thread *row = model_thread(process, thread);

	if (row && row->flags & THREAD_IS_MAIN)
		return "main";
	if (row && row->name[0] && !is_program_name(process, row->name))
		return row->name;
	return pool_format(view->pool, "T%u", thread);
}

static const char *origin_word(const struct model_lock *lock, bool is_creation)
{
	if (is_creation)
		return "created";
	return lock->kind == OBJECT_MUTEX || lock->kind == OBJECT_RWLOCK ||
			       lock->kind == OBJECT_SPIN || lock->kind == OBJECT_FILE_LOCK ||
			       lock->kind == OBJECT_OWN
		       ? "first locked"
		       : "first used";
}

static struct lock_names *lock_names_of(struct view *view)
{
	if (!view->lock_names)
		view->lock_names = pool_alloc(view->pool, sizeof(*view->lock_names));
	return view->lock_names;
}

/* Is it the object of each call that uses it? */
static bool has_operand(const struct model_lock *lock)
{
	return lock->kind <= OBJECT_ONCE;
}

/* Does the library that @stack's program calls do no more than take a lock? */
static bool is_lock_call(const struct source_stack *stack, const struct source_frame *site)
{
	for (const struct source_frame *frame = stack->frames; frame < site; frame++)
		if (!frame->function || !(strstr(frame->function, "lock") ||
					  strstr(frame->function, "Lock")))
			return false;
	return true;
}

/* As the source at @site calls the object of the call; "Book.mutex_" in a method of its class. */
static const char *operand_name(struct view *view, const struct source_frame *site)
{
	const char *name = operand_of_call(view->pool, site);
	const char *class_name = NULL;

	if (name && !strpbrk(name, ".-:"))
		class_name = member_class(view->symbolizer, view->pool, site, name);
	return class_name ? pool_format(view->pool, "%s.%s",
					short_name_outline(view->pool,
							   short_name(view->pool, class_name)),
					name)
			  : name;
}

/* "member->card_lock", as the source calls the object of the call @stack; or NULL. */
static const char *name_by_source(struct view *view, const struct model_process *process,
				  stack_id stack)
{
	const struct source_stack *frames = symbolize_stack(view->symbolizer, process, stack);
	const struct source_frame *site = source_stack_site(frames);
	struct lock_names *names = lock_names_of(view);
	size_t count = names->operands.count;
	size_t row;

	if (!site || !site->line || !is_lock_call(frames, site))
		return NULL;
	row = text_set_add(&names->operands, pool_format(view->pool, "%zu", site->number));
	if (row == count) {
		names->operand_names = pool_grow(view->pool, names->operand_names, count,
						 sizeof(*names->operand_names));
		names->operand_names[row] = operand_name(view, site);
	}
	return names->operand_names[row];
}

/* "account->lock (bank.c:12)", "mutex created at bank.c:12", "mutex first locked in transfer". */
static const char *name_by_origin(struct view *view, const struct model_process *process,
				  const struct model_lock *lock, bool is_stable)
{
	stack_id stack = lock->creation_stack ? lock->creation_stack : lock->first_stack;
	const char *kind = object_kind_name(lock->kind);
	const struct source_frame *site = symbolize_site(view->symbolizer, process, stack);
	const char *name;

	if (!site && lock->address && !is_stable)
		return pool_format(view->pool, "%s at %#llx", kind,
				   (unsigned long long)lock->address);
	if (!site)
		return pool_format(view->pool, "%s of unknown origin", kind);
	name = is_stable || !has_operand(lock) ? NULL : name_by_source(view, process, stack);
	if (name)
		return pool_format(view->pool, "%s (%s)", name,
				   source_frame_short_place(view->pool, site));
	return pool_format(view->pool, "%s %s %s %s", kind, origin_word(lock, lock->creation_stack),
			   is_stable ? "in" : "at",
			   is_stable ? short_name(view->pool,
						  source_frame_function(view->pool, site))
				     : source_frame_short_place(view->pool, site));
}

static const char *lock_key(struct view *view, const struct model_lock *lock)
{
	return pool_format(view->pool, "%p", (const void *)lock);
}

void lock_name_field(struct view *view, const struct model_lock *lock, const char *name)
{
	struct lock_names *names = lock_names_of(view);
	size_t count = names->fields.count;

	if (text_set_add(&names->fields, lock_key(view, lock)) < count)
		return;
	names->field_names =
		pool_grow(view->pool, names->field_names, count, sizeof(*names->field_names));
	names->field_names[count] = name;
}

/* NULL if no field names it. */
static const char *name_by_field(struct view *view, const struct model_lock *lock)
{
	const struct lock_names *names = lock_names_of(view);
	size_t row = text_set_find(&names->fields, lock_key(view, lock));

	return row == TEXT_SET_NONE ? NULL : names->field_names[row];
}

/* @is_stable: without what differs between builds or runs. */
static const char *make_name(struct view *view, const struct model_process *process, lock_id id,
			     bool is_stable)
{
	const struct model_lock *lock = model_lock(process, id);
	const char *name = NULL;

	if (!lock)
		return "an unknown lock";
	if (lock->name[0])
		return lock->name;
	if (!lock->stack_thread && lock->address)
		name = data_name(view->symbolizer, lock->home ? lock->home : process,
				 lock->address);
	if (name)
		return is_stable ? short_name(view->pool, name) : short_words(view, name);
	name = is_stable ? NULL : name_by_field(view, lock);
	if (name)
		return name;
	if (lock->stack_thread && !is_stable)
		return pool_format(view->pool, "%s on the stack of %s",
				   object_kind_name(lock->kind),
				   stack_owner(view, process, lock->stack_thread));
	return name_by_origin(view, process, lock, is_stable);
}

/* Numbers it if others have its base. */
static void number_lock(struct view *view, struct lock_names *names, struct named_lock *row)
{
	size_t known = names->bases.count;
	size_t base = text_set_add(&names->bases, pool_format(view->pool, "%u %s",
							      row->process->number, row->base));
	struct namesakes *namesakes;

	if (base == known) {
		names->namesakes =
			pool_grow(view->pool, names->namesakes, known, sizeof(*namesakes));
		names->namesakes[base] = (struct namesakes){(size_t)(row - names->rows), 0};
	}
	namesakes = &names->namesakes[base];
	if (namesakes->count++) {
		names->rows[namesakes->first].number = 1;
		row->number = namesakes->count;
	}
}

static struct named_lock *add_lock(struct view *view, const struct model_process *process,
				   lock_id id)
{
	struct lock_names *names = view->lock_names;
	struct named_lock *row;

	names->rows = pool_grow(view->pool, names->rows, names->count, sizeof(*row));
	row = &names->rows[names->count++];
	*row = (struct named_lock){process, make_name(view, process, id, false), 0};
	number_lock(view, names, row);
	return row;
}

/* A lock without a record is known by its id. */
static const struct named_lock *find_lock(struct view *view, const struct model_process *process,
					  lock_id id)
{
	const struct model_lock *lock = model_lock(process, id);
	struct lock_names *names = lock_names_of(view);
	size_t count = names->keys.count;
	size_t row = text_set_add(&names->keys,
				  lock ? lock_key(view, lock)
				       : pool_format(view->pool, "%u %u", process->number, id));

	return row == count ? add_lock(view, process, id) : &names->rows[row];
}

void lock_names_free(struct lock_names *names)
{
	if (!names)
		return;
	text_set_free(&names->fields);
	text_set_free(&names->operands);
	text_set_free(&names->keys);
	text_set_free(&names->bases);
}

const char *lock_name(struct view *view, const struct model_process *process, lock_id id)
{
	const struct named_lock *row = find_lock(view, process, id);

	return row->number ? pool_format(view->pool, "%s #%u", row->base, row->number) : row->base;
}

const char *lock_origin_name(struct view *view, const struct model_process *process, lock_id id)
{
	return find_lock(view, process, id)->base;
}

const char *lock_stable_name(struct view *view, const struct model_process *process, lock_id lock)
{
	return make_name(view, process, lock, true);
}

static const char *path_below(struct view *view, const char *path)
{
	const char *below = source_path_below(path, view->options->directory);

	return below ? below : path;
}

const char *process_phrase(struct view *view, const struct view_finding *finding)
{
	const struct model_process *process = finding->process;

	if (finding->process_count > 1)
		return pool_format(view->pool, "in %u processes (%s)", finding->process_count,
				   path_below(view, process->path));
	if (process->number == 1)
		return "";
	return pool_format(view->pool, "in process %u (%s)", process->number,
			   path_below(view, process->path));
}

const char *join_words(struct pool *pool, const char **words, size_t count)
{
	const char *text = count ? words[0] : "";

	if (count > WORDS_MAX)
		return pool_format(pool, "%s, %s and %zu more", words[0], words[1], count - 2);
	for (size_t i = 1; i < count; i++)
		text = pool_format(pool, "%s%s%s", text, i + 1 == count ? " and " : ", ", words[i]);
	return text;
}

const char *count_words(struct pool *pool, uint64_t count, const char *noun)
{
	return pool_format(pool, "%llu %s%s", (unsigned long long)count, noun,
			   count == 1 ? "" : "s");
}

#include "reports/words/memory.h"

#include <string.h>

#include "base/strings.h"
#include "reports/blocks/block_type.h"
#include "reports/source/operand.h"
#include "reports/symbols/short_name.h"
#include "reports/words/names.h"
#include "reports/types/stable_names.h"

#define NAME_COLUMNS 40 /* a longer name goes without the arguments of templates */
#define STRUCTURE_BYTES_MAX 512u /* a larger block may be an array */

static const char *const kind_names[] = {
	[MEMORY_GLOBAL] = "global",
	[MEMORY_HEAP] = "heap",
	[MEMORY_STACK] = "stack",
	[MEMORY_MAPPED] = "mapped",
};

const char *memory_kind_name(enum memory_kind kind)
{
	return kind_names[kind];
}

/* Who reads through a pointer to what is constant still speaks of the same type. */
static const char *without_const(const char *type)
{
	return string_has_prefix(type, "const ") ? type + strlen("const ") : type;
}

const char *memory_type_words(struct view *view, const struct type_place *part)
{
	if (part->in_container.words)
		return pool_format(view->pool, "%s (%s)",
				   short_words(view, part->in_container.container),
				   part->in_container.words);
	return part->type ? short_words(view, without_const(part->type)) : NULL;
}

bool memory_is_access(const struct finding *finding, const struct finding_event *event)
{
	return event->action == ACTION_READ || event->action == ACTION_WRITE ||
	       event->action == ACTION_UPDATE ||
	       (event->action == ACTION_FREE && finding->details & DETAIL_FREED);
}

bool memory_is_aside(const struct view_finding *finding, const struct finding_event *event)
{
	return finding->memory && event->action != ACTION_WAIT &&
	       !memory_is_access(finding->finding, event);
}

/* The bytes that all accesses have in common; if there are none, those of the last. */
static bool find_common_bytes(const struct view_finding *finding, struct view_memory *memory)
{
	uint64_t start = 0;
	uint64_t end = UINT64_MAX;
	bool is_found = false;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (!event->size_bytes || !memory_is_access(finding->finding, event))
			continue;
		is_found = true;
		if (event->address >= end || event->address + event->size_bytes <= start) {
			start = 0;
			end = UINT64_MAX;
		}
		start = event->address > start ? event->address : start;
		if (event->address + event->size_bytes < end)
			end = event->address + event->size_bytes;
	}
	memory->address = start;
	memory->size_bytes = end - start;
	return is_found;
}

static void find_block(const struct view_finding *finding, struct view_memory *memory)
{
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		if (event->action == ACTION_ALLOCATE)
			memory->allocation = event;
		else if (event->action == ACTION_FREE)
			memory->release = event;
		else if (event->target)
			memory->stack_thread = event->target;
	}
}

static const struct finding_event *block_of(const struct view_memory *memory)
{
	return memory->allocation ? memory->allocation : memory->release;
}

/* NULL if neither the variable nor its type has a name. */
static const char *root_name(const struct pointee *pointee)
{
	if (pointee->variable)
		return pointee->variable;
	return pointee->root ? without_const(pointee->root) : NULL;
}

/* "Cache<std::string, int>.hits_" */
static const char *field_name(struct pool *pool, const struct pointee *pointee,
			      const struct type_place *place)
{
	return pool_format(pool, "%s%s", short_name(pool, root_name(pointee)), place->stable_path);
}

/* "Cache<...>.hits_", if its arguments are long: the section about the memory has them. */
static const char *outline_long(struct pool *pool, const char *name)
{
	return strlen(name) > NAME_COLUMNS ? short_name_outline(pool, name) : name;
}

/* Takes the type from what the accesses' pointers point to.  It is atomic if one of
 * them says so. */
static void find_type(struct view *view, const struct view_finding *finding,
		      struct view_memory *memory)
{
	struct type_place *part = &memory->variable.part;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		struct pointee pointee;

		if (event->address != memory->address || event->size_bytes != memory->size_bytes ||
		    !memory_is_access(finding->finding, event) ||
		    !data_find_pointee(view->symbolizer, finding->process, event->stack,
				       event->size_bytes, &pointee) ||
		    !root_name(&pointee))
			continue;
		/* A variable is a better name than a field, a field better than none. */
		if (part->type && !pointee.variable && (memory->field || !pointee.place.field)) {
			part->is_atomic |= pointee.place.is_atomic;
			continue;
		}
		pointee.place.is_atomic |= part->is_atomic;
		*part = pointee.place;
		memory->root_bytes = pointee.root_bytes;
		memory->root = pointee;
		if (pointee.variable || pointee.place.field)
			memory->field = field_name(view->pool, &pointee, &pointee.place);
	}
}

/* Where the accesses' pointers know no field: of the type that the block was asked for. */
static void find_type_of_block(struct view *view, const struct view_finding *finding,
			       struct view_memory *memory)
{
	const struct finding_event *block = memory->allocation;
	struct pointee pointee;

	if (memory->field || !block || memory->address < block->address ||
	    !block_find_part(view->symbolizer, view->pool, finding->process, block,
			     memory->address - block->address, memory->size_bytes, &pointee))
		return;
	pointee.place.is_atomic |= memory->variable.part.is_atomic;
	memory->variable.part = pointee.place;
	memory->root_bytes = pointee.root_bytes;
	memory->root = pointee;
	if (pointee.place.field)
		memory->field = field_name(view->pool, &pointee, &pointee.place);
}

/* Locks beside the memory in its structure get the names of their fields. */
static void name_lock_beside(struct view *view, const struct view_finding *finding,
			     const struct view_memory *memory, lock_id id)
{
	const struct model_lock *lock = model_lock(finding->process, id);
	uint64_t start = memory->address - memory->root.offset;
	struct type_place place;

	if (!lock || lock->address < start || lock->address >= start + memory->root_bytes)
		return;
	place = type_find_place(view->pool, &memory->root.type, lock->address - start, 0);
	if (place.is_lock && place.field && !strchr(place.path, '+'))
		lock_name_field(view, lock, outline_long(view->pool,
							 field_name(view->pool, &memory->root,
								    &place)));
}

static void name_locks_beside(struct view *view, const struct view_finding *finding,
			      const struct view_memory *memory)
{
	if (!memory->root.root || !memory->field)
		return;
	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];

		for (uint32_t j = 0; j < event->hold_count && j < FINDING_HOLD_MAX; j++)
			name_lock_beside(view, finding, memory, event->holds[j].lock);
	}
}

const char *memory_block_words(struct pool *pool, uint64_t size_bytes)
{
	const char *words = pool_format(pool, "%llu-byte block", (unsigned long long)size_bytes);
	bool has_vowel = words[0] == '8' || string_has_prefix(words, "11-") ||
			 string_has_prefix(words, "18-");

	return pool_format(pool, "%s %s", has_vowel ? "an" : "a", words);
}

/* "a 24-byte block allocated at conn.c:31"; @place is "at conn.c:31". */
static const char *block_words(struct pool *pool, const struct finding_event *block,
			       const char *place)
{
	const char *words = "a heap block";

	/* A free event may have a part of the block only. */
	if (block->size_bytes && block->action == ACTION_ALLOCATE)
		words = memory_block_words(pool, block->size_bytes);
	if (!place)
		return words;
	return pool_format(pool, "%s %s %s", words,
			   block->action == ACTION_FREE ? "freed" : "allocated", place);
}

/* "struct conn.refs (allocated at conn.c:31)"; in an array at which offset of it. */
static const char *title_in_block(struct pool *pool, const struct view_memory *memory,
				  const struct finding_event *block, const char *place,
				  const char *words)
{
	bool is_array = block->size_bytes >= 2 * memory->root_bytes ||
			memory->root.offset >= memory->root_bytes;

	if (is_array && block->action == ACTION_ALLOCATE)
		return pool_format(pool, "%s at offset %llu of %s", memory->name,
				   (unsigned long long)memory->offset, words);
	if (!place)
		return pool_format(pool, "%s in %s", memory->name, words);
	return pool_format(pool, "%s (%s at %s)", memory->name,
			   block->action == ACTION_FREE ? "freed" : "allocated", place);
}

static void name_block(struct view *view, const struct view_finding *finding,
		       struct view_memory *memory)
{
	struct pool *pool = view->pool;
	const struct finding_event *block = block_of(memory);
	const char *place = symbolize_place(view->symbolizer, finding->process, block->stack);
	const char *type = memory_type_words(view, &memory->variable.part);
	const char *words;

	memory->kind = MEMORY_HEAP;
	memory->offset = block->action == ACTION_ALLOCATE ? memory->address - block->address : 0;
	memory->stable_name =
		pool_format(pool, "block of %s",
			    stable_site(view->symbolizer, pool, finding->process, block->stack));
	if (block->size_bytes <= STRUCTURE_BYTES_MAX)
		memory->stable_name = pool_format(pool, "%s+%llu", memory->stable_name,
						  (unsigned long long)memory->offset);
	words = block_words(pool, block, place ? pool_format(pool, "at %s", place) : NULL);
	if (memory->field) {
		memory->name = outline_long(pool, memory->field);
		/* The stable name of a large block has no offset. */
		if (block->size_bytes > STRUCTURE_BYTES_MAX)
			memory->identity = pool_format(pool, "%s %s", memory->stable_name,
						       memory->field);
		memory->title = title_in_block(pool, memory, block, place, words);
		return;
	}
	memory->name = "the block";
	if (memory->size_bytes >= block->size_bytes || !block->size_bytes ||
	    block->action != ACTION_ALLOCATE) {
		memory->title = words;
		return;
	}
	if (memory->variable.part.in_container.words)
		memory->name = pool_format(pool, "the %s",
					   outline_long(pool, short_words(view, memory->variable
								  .part.in_container.container)));
	else if (memory->offset)
		memory->name =
			pool_format(pool, "the block+%llu", (unsigned long long)memory->offset);
	memory->title = pool_format(pool, "%s%soffset %llu of %s",
				    type ? without_const(type) : "",
				    type ? " at " : "", (unsigned long long)memory->offset, words);
}

static void name_variable(struct view *view, struct view_memory *memory)
{
	const struct variable_place *place = &memory->variable;

	memory->kind = MEMORY_GLOBAL;
	memory->name = memory->title = short_words(view, place->name);
	memory->stable_name = short_name(view->pool, place->stable_name);
	memory->identity = place->is_nameless ? place->name : memory->stable_name;
	memory->offset = place->offset;
	if (place->is_nameless)
		memory->title = pool_format(view->pool, "data at %s", place->name);
	if (place->file && place->line)
		memory->title = pool_format(view->pool, "%s (%s:%u)", memory->name, place->file,
					    place->line);
}

/* A name that the program or script gave. */
static void name_annotated(struct view *view, struct view_memory *memory,
			   const struct model_variable *variable)
{
	memory->kind = MEMORY_GLOBAL;
	memory->offset = memory->address - variable->address;
	memory->name = memory->stable_name = variable->name;
	if (memory->offset)
		memory->name = pool_format(view->pool, "%s+%llu", variable->name,
					   (unsigned long long)memory->offset);
	memory->title = memory->name;
}

/* As the source calls what one of the accesses writes; or NULL. */
static const char *name_by_source(struct view *view, const struct view_finding *finding)
{
	const char *name = NULL;

	for (size_t i = 0; i < finding->event_count && !name; i++) {
		const struct finding_event *event = finding->events[i];
		const struct source_stack *stack =
			symbolize_stack(view->symbolizer, finding->process, event->stack);

		if ((event->action == ACTION_WRITE || event->action == ACTION_UPDATE) && stack &&
		    stack->frame_count && !source_frame_is_system(stack->frames))
			name = operand_of_write(view->pool, stack->frames);
	}
	return name;
}

static void name_stack(struct view *view, const struct view_finding *finding,
		       struct view_memory *memory)
{
	const char *name = memory->field ? outline_long(view->pool, memory->field) : NULL;

	memory->kind = MEMORY_STACK;
	memory->stable_name = pool_format(view->pool, "stack %s", name ? name : "the variable");
	if (!name)
		name = name_by_source(view, finding);
	memory->name = name ? name : "the variable";
	memory->title = pool_format(view->pool, "%s on the stack of %s", name ? name : "a variable",
				    thread_name(view, finding, memory->stack_thread));
}

static void name_mapping(struct view *view, struct view_memory *memory)
{
	memory->kind = MEMORY_MAPPED;
	memory->name = memory->field ? outline_long(view->pool, memory->field) : "the memory";
	memory->title = memory->field
				? pool_format(view->pool, "%s in mapped memory", memory->name)
				: "memory of no known origin";
	memory->stable_name = pool_format(view->pool, "mapped %s", memory->name);
}

/* Memory that is no global variable. */
static void name_anonymous(struct view *view, const struct view_finding *finding,
			   struct view_memory *memory)
{
	find_type(view, finding, memory);
	find_type_of_block(view, finding, memory);
	name_locks_beside(view, finding, memory);
	if (block_of(memory))
		name_block(view, finding, memory);
	else if (memory->stack_thread)
		name_stack(view, finding, memory);
	else
		name_mapping(view, memory);
}

struct view_memory *memory_describe(struct view *view, const struct view_finding *finding)
{
	struct view_memory *memory = pool_alloc(view->pool, sizeof(*memory));
	const struct model_variable *annotated;

	if (!find_common_bytes(finding, memory))
		return NULL;
	find_block(finding, memory);
	annotated = model_variable(view->model, finding->process, memory->address);
	if (annotated)
		name_annotated(view, memory, annotated);
	else if (!block_of(memory) &&
		 data_find_variable(view->symbolizer, finding->process, memory->address,
				    memory->size_bytes, &memory->variable))
		name_variable(view, memory);
	else
		name_anonymous(view, finding, memory);
	if (!memory->identity)
		memory->identity = memory->stable_name;
	return memory;
}

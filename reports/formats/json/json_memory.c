#include "reports/formats/json/json_memory.h"

#include "reports/words/memory.h"
#include "reports/words/names.h"

/* The allocation or free of a block; null if it is not known. */
static json_t *make_block_event(struct view *view, const struct view_finding *finding,
				const struct finding_event *event)
{
	json_t *object;

	if (!event || (!event->thread && !event->stack))
		return json_null();
	object = json_object();
	json_object_set_new(object, "thread", json_number_or_null(event->thread));
	json_object_set_new(object, "stack", json_stack(view, finding->process, event->stack));
	return object;
}

static json_t *make_block(struct view *view, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;
	const struct finding_event *block =
		memory->allocation ? memory->allocation : memory->release;
	json_t *object = json_object();

	json_object_set_new(object, "address", json_hexadecimal(block->address));
	json_object_set_new(object, "size", json_number_or_null(block->size_bytes));
	json_object_set_new(object, "offset", json_integer((json_int_t)memory->offset));
	json_object_set_new(object, "allocated",
			    make_block_event(view, finding, memory->allocation));
	json_object_set_new(object, "freed", make_block_event(view, finding, memory->release));
	return object;
}

static json_t *make_declaration(const struct variable_place *variable)
{
	json_t *object = json_object();

	json_object_set_new(object, "file", json_text(variable->file));
	json_object_set_new(object, "line", json_number_or_null(variable->line));
	return object;
}

static json_t *make_field(const struct type_place *part)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_text(part->field));
	json_object_set_new(object, "of", json_text(part->holder));
	json_object_set_new(object, "offset", json_integer((json_int_t)part->field_offset));
	return object;
}

json_t *json_memory(struct view *view, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;
	const struct type_place *part = &memory->variable.part;
	const struct container_member *inner = &part->in_container;
	json_t *object = json_object();

	json_object_set_new(
		object, "name",
		json_text(memory->kind == MEMORY_GLOBAL ? memory->name : memory->title));
	json_object_set_new(object, "kind", json_text(memory_kind_name(memory->kind)));
	json_object_set_new(object, "type", json_text(part->type));
	json_object_set_new(
		object, "container",
		json_text(inner->words ? short_words(view, inner->container) : NULL));
	json_object_set_new(object, "member", json_text(inner->words));
	json_object_set_new(object, "field", part->field ? make_field(part) : json_null());
	json_object_set_new(object, "address", json_hexadecimal(memory->address));
	json_object_set_new(object, "size", json_integer((json_int_t)memory->size_bytes));
	json_object_set_new(object, "offset", json_integer((json_int_t)memory->offset));
	json_object_set_new(object, "declared",
			    memory->variable.file ? make_declaration(&memory->variable)
						  : json_null());
	json_object_set_new(object, "thread", json_number_or_null(memory->stack_thread));
	json_object_set_new(object, "block",
			    memory->kind == MEMORY_HEAP ? make_block(view, finding) : json_null());
	return object;
}

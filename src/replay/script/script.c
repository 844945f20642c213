#include "replay/script/build.h"

#include <string.h>

#define NAME_MAX_LENGTH 63u

const struct event_row event_rows[EVENT_VERB_COUNT] = {
#define EVENT(identifier, verb, arguments, needs, function, how)                                   \
	{verb, ARGUMENTS_##arguments, NEEDS_##needs, HOW_##how},
#include "replay/script/events.def"
#undef EVENT
};

const struct event_row *event_row_find(const char *verb, size_t length)
{
	for (unsigned i = 0; i < EVENT_VERB_COUNT; i++)
		if (strlen(event_rows[i].verb) == length &&
		    memcmp(event_rows[i].verb, verb, length) == 0)
			return &event_rows[i];
	return NULL;
}

static size_t append_text(char *to, size_t at, size_t size_bytes, const char *text, size_t length)
{
	for (size_t i = 0; i < length && at + 1 < size_bytes; i++) {
		bool is_printable = text[i] >= ' ' && text[i] < 0x7f;

		to[at++] = is_printable ? text[i] : '?';
	}
	to[at] = '\0';
	return at;
}

bool script_fail(struct script *script, uint32_t line, const char *format,
		 const struct token *first, const char *second)
{
	char *to = script->error.text;
	size_t size = sizeof(script->error.text);
	size_t at = 0;

	script->error.line = line;
	to[0] = '\0';
	for (; *format; format++) {
		if (*format != '%') {
			at = append_text(to, at, size, format, 1);
		} else if (first) {
			at = append_text(to, at, size, first->text,
					 first->length < 64 ? first->length : 64);
			first = NULL;
		} else {
			at = append_text(to, at, size, second, strlen(second));
		}
	}
	return false;
}

bool token_is(const struct token *token, const char *word)
{
	return token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

bool token_number(const struct token *token, uint32_t most, uint32_t *number)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < token->length; i++) {
		if (token->text[i] < '0' || token->text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(token->text[i] - '0');
		if (value > most)
			return false;
	}
	*number = (uint32_t)value;
	return token->length > 0;
}

struct script_object *script_object(const struct script *script, uint32_t number)
{
	return id_table_get(&script->objects, number);
}

struct script_thread *script_thread(const struct script *script, uint32_t number)
{
	return id_table_get(&script->threads, number);
}

static uint32_t intern_name(struct script *script, struct name_table *names,
			    const struct token *name)
{
	uint32_t number;

	if (name->length > NAME_MAX_LENGTH) {
		script_fail(script, name->line, "the name '%...' is longer than 63 characters",
			    name, "");
		return 0;
	}
	number = name_table_intern(names, name->text, name->length);
	if (!number)
		script_fail(script, name->line, "out of memory", NULL, "");
	return number;
}

uint32_t script_thread_number(struct script *script, const struct token *name)
{
	uint32_t number = intern_name(script, &script->thread_names, name);
	struct script_thread *thread;

	if (!number || id_table_get(&script->threads, number))
		return number;
	thread = arena_alloc(&script->arena, sizeof(*thread));
	if (!thread || !id_table_set(&script->threads, &script->arena, number, thread)) {
		script_fail(script, name->line, "out of memory", NULL, "");
		return 0;
	}
	thread->number = number;
	return number;
}

uint32_t script_object_number(struct script *script, const struct token *name)
{
	uint32_t number = intern_name(script, &script->object_names, name);
	struct script_object *object;

	if (!number || id_table_get(&script->objects, number))
		return number;
	object = arena_alloc(&script->arena, sizeof(*object));
	if (!object || !id_table_set(&script->objects, &script->arena, number, object)) {
		script_fail(script, name->line, "out of memory", NULL, "");
		return 0;
	}
	object->number = number;
	object->kind = OBJECT_MUTEX;
	return number;
}

uint32_t script_variable_number(struct script *script, const struct token *name)
{
	return intern_name(script, &script->variable_names, name);
}

struct script_event *script_add_event(struct script *script, enum event_verb verb, uint32_t thread,
				      const struct token *at)
{
	struct script_event *event = arena_alloc(&script->arena, sizeof(*event));

	if (!event) {
		script_fail(script, at->line, "out of memory", NULL, "");
		return NULL;
	}
	event->verb = verb;
	event->thread = thread;
	event->line = at->line;
	event->column = at->column;
	if (script->last)
		script->last->next = event;
	else
		script->first = event;
	script->last = event;
	return event;
}

bool script_set_kind(struct script *script, uint32_t number, enum object_kind kind,
		     const struct token *at)
{
	struct script_object *object = script_object(script, number);

	if (!object)
		return false;
	if (object->is_kind_known && object->kind != kind)
		return script_fail(script, at->line,
				   "'%' is used as another kind of object before (%)", at,
				   object_kind_name(object->kind));
	if (!object->is_kind_known)
		object->kind_line = at->line;
	object->kind = kind;
	object->is_kind_known = true;
	return true;
}

static bool is_lock_kind(enum object_kind kind)
{
	return kind == OBJECT_MUTEX || kind == OBJECT_SPIN || kind == OBJECT_FILE_LOCK ||
	       kind == OBJECT_STREAM;
}

/* The kind that @needs stands for; OBJECT_KIND_COUNT if it allows several. */
static enum object_kind needed_kind(enum event_needs needs)
{
	switch (needs) {
	case NEEDS_RWLOCK:
		return OBJECT_RWLOCK;
	case NEEDS_MUTEX:
		return OBJECT_MUTEX;
	case NEEDS_CONDITION:
		return OBJECT_CONDITION;
	case NEEDS_SEMAPHORE:
		return OBJECT_SEMAPHORE;
	case NEEDS_BARRIER:
		return OBJECT_BARRIER;
	case NEEDS_ONCE:
		return OBJECT_ONCE;
	case NEEDS_CHANNEL:
		return OBJECT_CHANNEL;
	case NEEDS_FUTEX:
		return OBJECT_FUTEX;
	case NEEDS_ANY:
	case NEEDS_LOCK:
	case NEEDS_ANY_LOCK:
		break;
	}
	return OBJECT_KIND_COUNT;
}

bool script_use(struct script *script, uint32_t number, enum event_needs needs,
		const struct token *at)
{
	struct script_object *object = script_object(script, number);
	enum object_kind kind = needed_kind(needs);

	object->is_used = true;
	if (kind != OBJECT_KIND_COUNT)
		return script_set_kind(script, number, kind, at);
	if (needs == NEEDS_ANY || (needs == NEEDS_ANY_LOCK && object->kind == OBJECT_RWLOCK))
		return true;
	if (object->is_kind_known && !is_lock_kind(object->kind))
		return script_fail(script, at->line, "'%' is no lock of that kind but a %", at,
				   object_kind_name(object->kind));
	if (needs == NEEDS_LOCK && !object->is_kind_known)
		return script_set_kind(script, number, OBJECT_MUTEX, at);
	return true;
}

/* In a trace the first line that is neither empty nor a comment has two bars. */
static bool is_std(const char *text, size_t length_bytes)
{
	size_t at = 0;
	unsigned bars = 0;

	while (at < length_bytes && (text[at] == '#' || text[at] == '\n' || text[at] == '\r' ||
				     text[at] == ' ' || text[at] == '\t')) {
		if (text[at] == '#')
			while (at < length_bytes && text[at] != '\n')
				at++;
		else
			at++;
	}
	for (; at < length_bytes && text[at] != '\n' && text[at] != '#'; at++)
		bars += text[at] == '|';
	return bars >= 2;
}

bool script_read(struct script *script, const char *text, size_t length_bytes, page_source pages)
{
	*script = (struct script){.is_trace = is_std(text, length_bytes)};
	arena_init(&script->arena, pages);
	name_table_init(&script->thread_names, &script->arena);
	name_table_init(&script->object_names, &script->arena);
	name_table_init(&script->variable_names, &script->arena);
	name_table_init(&script->class_names, &script->arena);
	return script->is_trace ? script_read_std(script, text, length_bytes)
				: script_read_text(script, text, length_bytes);
}

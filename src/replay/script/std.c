/*
 * STD traces of the RAPID tools (Mathur et al.): one event per line,
 * THREAD|OPERATION(OPERAND)|LOCATION, for instance T1|acq(l)|12.
 *
 * Operations: acq rel req r w fork join begin end.  Locks are those of Java:
 * their owner may take them again.  Events of one thread, operation, operand
 * and location count as one place of the program; its line is the first one.
 */
#include <string.h>

#include "replay/script/build.h"

static const struct std_row {
	const char *operation;
	enum event_verb verb; /* EVENT_VERB_COUNT: nothing happens */
} std_rows[] = {
	{"acq", EVENT_ACQUIRE}, {"rel", EVENT_RELEASE}, {"req", EVENT_REQUEST},
	{"r", EVENT_READ},	{"w", EVENT_WRITE},	{"fork", EVENT_CREATE},
	{"join", EVENT_JOIN},	{"end", EVENT_END},	{"begin", EVENT_VERB_COUNT},
};

#define OPERATIONS "acq, rel, req, r, w, fork, join, begin or end"

struct std_line {
	struct token thread;
	struct token operation;
	struct token operand;
	struct token location;
};

static struct token trim_token(struct token token)
{
	while (token.length && script_is_blank(token.text[0])) {
		token.text++;
		token.length--;
	}
	while (token.length && script_is_blank(token.text[token.length - 1]))
		token.length--;
	return token;
}

/* Moves the text in front of @separator from @rest to @piece; false if there is no
 * separator. */
static bool cut_piece(struct token *rest, char separator, struct token *piece)
{
	const char *found = rest->length ? memchr(rest->text, separator, rest->length) : NULL;
	uint32_t length = found ? (uint32_t)(found - rest->text) : 0;

	if (!found)
		return false;
	*piece = trim_token((struct token){rest->text, length, rest->line, rest->column});
	rest->text += length + 1;
	rest->length -= length + 1;
	return true;
}

static bool is_printable(const struct token *token)
{
	for (uint32_t i = 0; i < token->length; i++)
		if (token->text[i] < ' ' || token->text[i] >= 0x7f)
			return false;
	return true;
}

static bool split_line(struct script *script, struct token rest, struct std_line *line)
{
	struct token operation;

	if (!is_printable(&rest))
		return script_fail(script, rest.line, "a byte that is no printable character", NULL,
				   "");
	if (!cut_piece(&rest, '|', &line->thread) || !cut_piece(&rest, '|', &operation))
		return script_fail(script, rest.line, "expected THREAD|OPERATION(OPERAND)|LOCATION",
				   NULL, "");
	line->location = trim_token(rest);
	line->operand = (struct token){"", 0, rest.line, 1};
	line->operation = operation;
	if (cut_piece(&operation, '(', &line->operation) &&
	    !cut_piece(&operation, ')', &line->operand))
		return script_fail(script, rest.line, "the operand of '%' has no ')'",
				   &line->operation, "");
	if (!line->thread.length)
		return script_fail(script, rest.line, "expected the name of a thread", NULL, "");
	return true;
}

static const struct std_row *find_row(const struct token *operation)
{
	for (size_t i = 0; i < ARRAY_LENGTH(std_rows); i++)
		if (token_is(operation, std_rows[i].operation))
			return &std_rows[i];
	return NULL;
}

/* The line of the first event like this one. */
static uint32_t first_line(struct script *script, const struct std_line *line)
{
	char key[256];
	size_t length = 0;
	const struct token *parts[] = {&line->thread, &line->operation, &line->operand,
				       &line->location};
	uint32_t before = name_table_count(&script->class_names);
	uint32_t number;
	uint32_t *first;

	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		if (length + parts[i]->length + 1 > sizeof(key))
			return line->thread.line;
		memcpy(key + length, parts[i]->text, parts[i]->length);
		length += parts[i]->length;
		key[length++] = '|';
	}
	number = name_table_intern(&script->class_names, key, length);
	if (!number)
		return line->thread.line;
	first = id_table_get(&script->places, number);
	if (number > before || !first) {
		first = arena_alloc(&script->arena, sizeof(*first));
		if (!first || !id_table_set(&script->places, &script->arena, number, first))
			return line->thread.line;
		*first = line->thread.line;
	}
	return *first;
}

static bool set_operand(struct script *script, struct script_event *event,
			const struct std_line *line)
{
	enum event_arguments arguments = event_rows[event->verb].arguments;
	struct script_object *object;
	struct script_thread *thread;

	if (arguments == ARGUMENTS_NOTHING)
		return true;
	if (!line->operand.length)
		return script_fail(script, event->line, "'%' needs an operand in parentheses",
				   &line->operation, "");
	if (arguments == ARGUMENTS_VARIABLE) {
		event->object = script_variable_number(script, &line->operand);
		event->size_bytes = VARIABLE_ACCESS_BYTES;
		return event->object;
	}
	if (arguments == ARGUMENTS_OBJECT) {
		event->object = script_object_number(script, &line->operand);
		if (!event->object)
			return false;
		object = script_object(script, event->object);
		object->is_used = object->is_static = object->is_kind_known = true;
		object->facts.facts = FACT_RECURSIVE;
		return true;
	}
	event->object = script_thread_number(script, &line->operand);
	if (!event->object)
		return false;
	thread = script_thread(script, event->object);
	if (event->verb != EVENT_CREATE)
		return true;
	if (thread->is_created || event->object == event->thread)
		return script_fail(script, event->line,
				   "thread '%' cannot be forked here: it is there already",
				   &line->operand, "");
	thread->is_created = true;
	return true;
}

static bool read_line(struct script *script, struct token text)
{
	struct std_line line;
	const struct std_row *row;
	struct script_event *event;
	uint32_t thread;

	if (!split_line(script, text, &line))
		return false;
	row = find_row(&line.operation);
	if (!row)
		return script_fail(script, text.line,
				   "unknown operation '%' (expected " OPERATIONS ")",
				   &line.operation, "");
	thread = script_thread_number(script, &line.thread);
	if (!thread)
		return false;
	if (row->verb == EVENT_VERB_COUNT)
		return true;
	event = script_add_event(script, row->verb, thread, &text);
	if (!event || !set_operand(script, event, &line))
		return false;
	event->line = first_line(script, &line);
	return true;
}

bool script_read_std(struct script *script, const char *text, size_t length_bytes)
{
	size_t at = 0;

	while (at < length_bytes) {
		const char *end = memchr(text + at, '\n', length_bytes - at);
		size_t length = end ? (size_t)(end - text) - at : length_bytes - at;
		struct token line = {text + at, (uint32_t)length, ++script->line_count, 1};

		if (length > 4096)
			return script_fail(script, line.line, "the line is too long for a trace",
					   NULL, "");
		line = trim_token(line);
		if (line.length && line.text[0] != '#' && !read_line(script, line))
			return false;
		at += length + 1;
	}
	return true;
}

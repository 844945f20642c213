/* Event scripts in our own format: snarl-events(5). */
#include <string.h>

#include "replay/script/build.h"

struct text_reader {
	struct script *script;
	const char *text;
	size_t length;
	size_t at;
	uint32_t line;
	size_t line_start;
};

/* --- Tokens -------------------------------------------------------------- */

/* The next token of the line; false at its end. */
static bool peek_token(struct text_reader *reader, struct token *token)
{
	size_t end;

	while (reader->at < reader->length && script_is_blank(reader->text[reader->at]))
		reader->at++;
	end = reader->at;
	if (end == reader->length || reader->text[end] == '\n' || reader->text[end] == '#')
		return false;
	while (end < reader->length && !script_is_blank(reader->text[end]) &&
	       reader->text[end] != '\n')
		end++;
	*token = (struct token){
		.text = reader->text + reader->at,
		.length = (uint32_t)(end - reader->at),
		.line = reader->line,
		.column = (uint32_t)(reader->at - reader->line_start) + 1,
	};
	return true;
}

static void skip_token(struct text_reader *reader, const struct token *token)
{
	reader->at += token->length;
}

/* Takes the next token; false and an error, with what was expected, if there is none. */
static bool take_token(struct text_reader *reader, struct token *token, const struct token *after,
		       const char *expected)
{
	if (!peek_token(reader, token))
		return script_fail(reader->script, reader->line, "behind '%' expected %", after,
				   expected);
	skip_token(reader, token);
	for (uint32_t i = 0; i < token->length; i++)
		if (token->text[i] <= ' ' || token->text[i] >= 0x7f)
			return script_fail(reader->script, token->line,
					   "'%' has a byte that is no printable character", token,
					   "");
	return true;
}

static bool skip_line(struct text_reader *reader)
{
	while (reader->at < reader->length && reader->text[reader->at] != '\n')
		reader->at++;
	if (reader->at == reader->length)
		return false;
	reader->at++;
	reader->line++;
	reader->line_start = reader->at;
	return true;
}

/* --- Properties of objects ----------------------------------------------- */

enum fact_argument { FACT_ALONE, FACT_NUMBER, FACT_NAME };

static const struct fact_row {
	const char *word;
	enum object_kind kind; /* OBJECT_KIND_COUNT: of any kind */
	uint32_t fact;
	enum fact_argument argument;
} fact_rows[] = {
	{"mutex", OBJECT_MUTEX, 0, FACT_ALONE},
	{"rwlock", OBJECT_RWLOCK, 0, FACT_ALONE},
	{"spin", OBJECT_SPIN, 0, FACT_ALONE},
	{"semaphore", OBJECT_SEMAPHORE, 0, FACT_NUMBER},
	{"condition", OBJECT_CONDITION, 0, FACT_ALONE},
	{"barrier", OBJECT_BARRIER, 0, FACT_NUMBER},
	{"once", OBJECT_ONCE, 0, FACT_ALONE},
	{"file-lock", OBJECT_FILE_LOCK, 0, FACT_ALONE},
	{"channel", OBJECT_CHANNEL, 0, FACT_ALONE},
	{"futex", OBJECT_FUTEX, 0, FACT_ALONE},
	{"stream", OBJECT_STREAM, FACT_RECURSIVE, FACT_ALONE},
	{"recursive", OBJECT_KIND_COUNT, FACT_RECURSIVE, FACT_ALONE},
	{"errorcheck", OBJECT_KIND_COUNT, FACT_CHECKED, FACT_ALONE},
	{"robust", OBJECT_KIND_COUNT, FACT_ROBUST, FACT_ALONE},
	{"shared", OBJECT_KIND_COUNT, FACT_SHARED, FACT_ALONE},
	{"writers-first", OBJECT_RWLOCK, FACT_WRITERS_FIRST, FACT_ALONE},
	{"class", OBJECT_KIND_COUNT, 0, FACT_NAME},
};

static const struct fact_row *find_fact(const struct token *word)
{
	for (size_t i = 0; i < ARRAY_LENGTH(fact_rows); i++)
		if (token_is(word, fact_rows[i].word))
			return &fact_rows[i];
	return NULL;
}

static bool read_fact(struct text_reader *reader, const struct fact_row *row,
		      const struct token *name, struct script_facts *facts)
{
	struct script *script = reader->script;
	uint32_t object = script_object_number(script, name);
	struct token word;
	struct token argument;

	(void)peek_token(reader, &word);
	skip_token(reader, &word);
	if (!object)
		return false;
	if (row->kind != OBJECT_KIND_COUNT && !script_set_kind(script, object, row->kind, name))
		return false;
	facts->facts |= row->fact;
	if (row->argument == FACT_ALONE)
		return true;
	if (!take_token(reader, &argument, &word,
			row->argument == FACT_NUMBER ? "a number" : "a name"))
		return false;
	if (row->argument == FACT_NUMBER)
		return token_number(&argument, 1000000, &facts->number) ||
		       script_fail(script, argument.line, "'%' is no number from 0 to 1000000",
				   &argument, "");
	facts->same_call = name_table_intern(&script->class_names, argument.text, argument.length);
	return facts->same_call || script_fail(script, argument.line, "out of memory", NULL, "");
}

/* Reads NAME, and the words behind it into @facts. */
static bool read_facts(struct text_reader *reader, const struct token *name,
		       struct script_facts *facts, uint32_t *number)
{
	struct script *script = reader->script;
	struct script_object *object;
	const struct fact_row *row;
	struct token word;

	*number = script_object_number(script, name);
	if (!*number)
		return false;
	while (peek_token(reader, &word) && (row = find_fact(&word)) != NULL)
		if (!read_fact(reader, row, name, facts))
			return false;
	object = script_object(script, *number);
	object->is_made = true;
	if (object->kind == OBJECT_BARRIER && facts->number == 0)
		return script_fail(script, name->line, "the barrier '%' needs a size above 0", name,
				   "");
	return true;
}

/* --- Statements ---------------------------------------------------------- */

/* "init NAME FACTS": like a static initialiser. */
static bool read_static_init(struct text_reader *reader, const struct token *word)
{
	struct script_object *object;
	struct script_facts facts = {0};
	struct token name;
	uint32_t number;

	if (!take_token(reader, &name, word, "an object") ||
	    !read_facts(reader, &name, &facts, &number))
		return false;
	object = script_object(reader->script, number);
	if (object->is_static)
		return script_fail(reader->script, name.line, "'%' has a static init already",
				   &name, "");
	object->is_static = true;
	object->facts = facts;
	return true;
}

static bool read_expected_lock(struct text_reader *reader, struct script_expectation *expectation,
			       const struct token *name)
{
	struct script *script = reader->script;
	uint32_t number = script_object_number(script, name);

	if (!number)
		return false;
	if (expectation->lock_count == EXPECTED_LOCKS_MAX)
		return script_fail(script, name->line, "more locks than can be expected", NULL, "");
	expectation->locks[expectation->lock_count++] = number;
	expectation->has_locks = true;
	return true;
}

static bool read_kind(struct script *script, const struct token *word, enum finding_kind *kind)
{
	char name[64];

	if (word->length < sizeof(name)) {
		memcpy(name, word->text, word->length);
		name[word->length] = '\0';
		if (finding_kind_from_name(name, kind))
			return true;
	}
	return script_fail(script, word->line, "'%' is no kind of finding", word, "");
}

static bool read_severity(const struct token *word, enum severity *severity)
{
	char name[16];

	if (word->length >= sizeof(name))
		return false;
	memcpy(name, word->text, word->length);
	name[word->length] = '\0';
	return severity_from_name(name, severity);
}

static struct script_expectation *add_expectation(struct script *script, uint32_t line)
{
	struct script_expectation *expectation = arena_alloc(&script->arena, sizeof(*expectation));

	if (!expectation) {
		script_fail(script, line, "out of memory", NULL, "");
		return NULL;
	}
	expectation->line = line;
	if (script->last_expectation)
		script->last_expectation->next = expectation;
	else
		script->expectations = expectation;
	script->last_expectation = expectation;
	return expectation;
}

/* "expect silent", "expect KIND [SEVERITY] [LOCK...]": to the end of the line. */
static bool read_expectation(struct text_reader *reader, const struct token *word)
{
	struct script *script = reader->script;
	struct script_expectation *expectation = add_expectation(script, word->line);
	struct token token;

	if (!expectation || !take_token(reader, &token, word, "a kind of finding, or 'silent'"))
		return false;
	if (token_is(&token, "silent")) {
		expectation->is_silent = true;
		return !peek_token(reader, &token) ||
		       script_fail(script, token.line, "nothing may stand behind 'silent'", NULL,
				   "");
	}
	if (!read_kind(script, &token, &expectation->kind))
		return false;
	expectation->severity = finding_kind_severity(expectation->kind);
	if (peek_token(reader, &token) && read_severity(&token, &expectation->severity))
		skip_token(reader, &token);
	while (peek_token(reader, &token)) {
		skip_token(reader, &token);
		if (!read_expected_lock(reader, expectation, &token))
			return false;
	}
	return true;
}

/* --- Events -------------------------------------------------------------- */

static bool read_object(struct text_reader *reader, const struct token *word,
			enum event_needs needs, uint32_t *number)
{
	struct token name;

	if (!take_token(reader, &name, word, "an object"))
		return false;
	*number = script_object_number(reader->script, &name);
	return *number && script_use(reader->script, *number, needs, &name);
}

static bool read_thread(struct text_reader *reader, const struct token *word,
			struct script_event *event)
{
	struct script *script = reader->script;
	struct script_thread *thread;
	struct token name;

	if (!take_token(reader, &name, word, "a thread"))
		return false;
	event->object = script_thread_number(script, &name);
	if (!event->object)
		return false;
	thread = script_thread(script, event->object);
	if (event->verb != EVENT_CREATE)
		return true;
	if (thread->is_created || event->object == event->thread || token_is(&name, "main"))
		return script_fail(script, name.line,
				   "'%' cannot be created here: it is there already", &name, "");
	thread->is_created = true;
	return true;
}

static bool read_made_object(struct text_reader *reader, const struct token *word,
			     struct script_event *event)
{
	struct token name;

	if (!take_token(reader, &name, word, "an object") ||
	    !read_facts(reader, &name, &event->facts, &event->object))
		return false;
	return script_use(reader->script, event->object, NEEDS_ANY, &name);
}

static bool read_number(struct text_reader *reader, const struct token *word,
			struct script_event *event)
{
	struct token number;

	return take_token(reader, &number, word, "a number") &&
	       ((token_number(&number, 64, &event->number) && event->number > 0) ||
		script_fail(reader->script, number.line, "'%' is no signal number from 1 to 64",
			    &number, ""));
}

/* Cuts @separator and the number behind it from the end of @name. */
static bool cut_number(struct token *name, char separator, uint32_t *number)
{
	const char *at = memchr(name->text, separator, name->length);
	struct token digits;

	if (!at)
		return true;
	digits = *name;
	digits.text = at + 1;
	digits.length = (uint32_t)(name->text + name->length - digits.text);
	name->length = (uint32_t)(at - name->text);
	return name->length && token_number(&digits, VARIABLE_BYTES, number);
}

static bool read_variable(struct text_reader *reader, const struct token *word,
			  struct script_event *event)
{
	struct token name;
	struct token all;

	if (!take_token(reader, &name, word, "a variable"))
		return false;
	all = name;
	event->size_bytes = VARIABLE_ACCESS_BYTES;
	if (!cut_number(&name, ':', &event->size_bytes) ||
	    !cut_number(&name, '+', &event->offset) || event->size_bytes == 0 ||
	    event->offset + event->size_bytes > VARIABLE_BYTES)
		return script_fail(reader->script, all.line,
				   "'%' is no NAME[+OFFSET][:SIZE] within 256 bytes", &all, "");
	event->object = script_variable_number(reader->script, &name);
	return event->object;
}

/* A variable if one of that name was used before, else an object. */
static bool read_memory(struct text_reader *reader, const struct token *word,
			struct script_event *event)
{
	struct script *script = reader->script;
	size_t start = reader->at;
	struct token name;

	if (!take_token(reader, &name, word, "an object or a variable"))
		return false;
	event->object = name_table_find(&script->variable_names, name.text, name.length);
	event->is_variable = event->object;
	event->size_bytes = VARIABLE_BYTES;
	if (event->object)
		return true;
	reader->at = start;
	return read_object(reader, word, NEEDS_ANY, &event->object);
}

static bool read_arguments(struct text_reader *reader, const struct token *word,
			   struct script_event *event)
{
	const struct event_row *row = &event_rows[event->verb];

	switch (row->arguments) {
	case ARGUMENTS_NOTHING:
		return true;
	case ARGUMENTS_THREAD:
		return read_thread(reader, word, event);
	case ARGUMENTS_OBJECT:
		return read_object(reader, word, row->needs, &event->object);
	case ARGUMENTS_OBJECT_FACTS:
		return read_made_object(reader, word, event);
	case ARGUMENTS_TWO_OBJECTS:
		return read_object(reader, word, row->needs, &event->object) &&
		       read_object(reader, word, NEEDS_LOCK, &event->second);
	case ARGUMENTS_NUMBER:
		return read_number(reader, word, event);
	case ARGUMENTS_VARIABLE:
		return read_variable(reader, word, event);
	case ARGUMENTS_MEMORY:
		return read_memory(reader, word, event);
	}
	return true;
}

static bool note_leaver(struct script *script, const struct script_event *event)
{
	struct script_object *object = script_object(script, event->object);

	if (object->leaver && object->leaver != event->thread)
		return script_fail(script, event->line,
				   "an object lies on the stack of one thread only", NULL, "");
	object->leaver = event->thread;
	return true;
}

static bool read_event(struct text_reader *reader, const struct token *thread_name)
{
	struct script *script = reader->script;
	const struct event_row *row;
	struct script_event *event;
	struct token verb;
	uint32_t thread;

	if (!take_token(reader, &verb, thread_name, "a verb"))
		return false;
	row = event_row_find(verb.text, verb.length);
	if (!row)
		return script_fail(
			script, verb.line,
			"expected a verb such as acquire, found '%' (see snarl-events(5))", &verb,
			"");
	thread = script_thread_number(script, thread_name);
	if (!thread)
		return false;
	event = script_add_event(script, (enum event_verb)(row - event_rows), thread, thread_name);
	if (!event || !read_arguments(reader, &verb, event))
		return false;
	return event->verb != EVENT_LEAVE || note_leaver(script, event);
}

static bool read_statement(struct text_reader *reader, bool is_first)
{
	struct token word;

	(void)peek_token(reader, &word);
	if (!take_token(reader, &word, &word, "a thread"))
		return false;
	if (token_is(&word, "init"))
		return read_static_init(reader, &word);
	if (token_is(&word, "outside")) {
		reader->script->is_outside = true;
		return true;
	}
	if (token_is(&word, "handled")) {
		reader->script->has_handler = true;
		return true;
	}
	if (token_is(&word, "expect"))
		return is_first ? read_expectation(reader, &word)
				: script_fail(reader->script, word.line,
					      "'expect' needs a line of its own", NULL, "");
	return read_event(reader, &word);
}

/* Checks that need the whole text. */
static bool check_objects(struct script *script)
{
	for (uint32_t i = 1; i <= name_table_count(&script->object_names); i++) {
		const struct script_object *object = script_object(script, i);
		const char *text = name_table_text(&script->object_names, i);
		struct token name = {text, (uint32_t)strlen(text), object->kind_line, 1};

		/* An expectation of a variable has made an object of its name. */
		if (!object->is_used &&
		    name_table_find(&script->variable_names, text, strlen(text)))
			continue;
		if (!object->is_used)
			return script_fail(script, 0, "no event uses the object '%'", &name, "");
		if ((object->kind == OBJECT_SEMAPHORE || object->kind == OBJECT_BARRIER) &&
		    !object->is_made)
			return script_fail(
				script, name.line, "'%' needs a line such as 'init NAME % NUMBER'",
				&name, object->kind == OBJECT_BARRIER ? "barrier" : "semaphore");
	}
	return true;
}

bool script_read_text(struct script *script, const char *text, size_t length_bytes)
{
	struct text_reader reader = {
		.script = script, .text = text, .length = length_bytes, .line = 1};
	struct token token;

	do {
		for (bool is_first = true; peek_token(&reader, &token); is_first = false)
			if (!read_statement(&reader, is_first))
				return false;
	} while (skip_line(&reader));
	script->line_count = reader.line;
	return check_objects(script);
}

/* Building a script, for the readers of both formats. */
#ifndef REPLAY_SCRIPT_BUILD_H
#define REPLAY_SCRIPT_BUILD_H

#include "replay/script/script.h"

/* A piece of the text, not terminated. */
struct token {
	const char *text;
	uint32_t length;
	uint32_t line;
	uint32_t column;
};

/* Sets the error at @line; the tokens replace up to two % in @format.  Returns false. */
bool script_fail(struct script *script, uint32_t line, const char *format,
		 const struct token *first, const char *second);

/* The number of a name; 0 and an error when memory is exhausted or the name is too
 * long. */
uint32_t script_thread_number(struct script *script, const struct token *name);
uint32_t script_object_number(struct script *script, const struct token *name);
uint32_t script_variable_number(struct script *script, const struct token *name);

/* A new event at the end; NULL and an error when memory is exhausted. */
struct script_event *script_add_event(struct script *script, enum event_verb verb, uint32_t thread,
				      const struct token *at);

/* The object is used as one that @needs allows; false and an error if it is not. */
bool script_use(struct script *script, uint32_t object, enum event_needs needs,
		const struct token *at);

/* The object is of that kind; false and an error if it was used as another. */
bool script_set_kind(struct script *script, uint32_t object, enum object_kind kind,
		     const struct token *at);

static inline bool script_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool token_is(const struct token *token, const char *word);

/* Decimal; false if it is no number up to @most. */
bool token_number(const struct token *token, uint32_t most, uint32_t *number);

/* The two formats.  False: script->error. */
bool script_read_text(struct script *script, const char *text, size_t length_bytes);
bool script_read_std(struct script *script, const char *text, size_t length_bytes);

#endif

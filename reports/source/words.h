/*
 * Words of a statement that mean something to the verdict: keywords, what atomic
 * operations are called, and names that are harmless macros everywhere.
 */
#ifndef REPORTS_SOURCE_WORDS_H
#define REPORTS_SOURCE_WORDS_H

#include "reports/source/lexer.h"

/* Of Rust there are none: an unknown name is no macro there. */
bool words_is_keyword(const struct token *token, enum language language);

/* Names that debug information does not know, and that do nothing atomic. */
bool words_is_harmless(const struct token *token);

/* True if one of the tokens says: an atomic operation, volatile, inline assembly. */
bool words_find_atomic(const struct token *tokens, size_t count);
bool words_find_volatile(const struct token *tokens, size_t count);
bool words_find_assembly(const struct token *tokens, size_t count);

/* True if @name, as demangled, is a function that does one atomic operation. */
bool words_is_atomic_function(const char *name);

#endif

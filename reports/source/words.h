/*
 * Words that matter to the verdict: keywords, names of atomic operations, and
 * macros that are harmless everywhere.
 */
#ifndef REPORTS_SOURCE_WORDS_H
#define REPORTS_SOURCE_WORDS_H

#include "reports/source/lexer.h"

/* Always false for Rust, where an unknown name is no macro. */
bool words_is_keyword(const struct token *token, enum language language);

/* True for names that debug information does not have, and that do nothing atomic. */
bool words_is_harmless(const struct token *token);

/* True if one of the tokens stands for an atomic operation, volatile, inline assembly. */
bool words_find_atomic(const struct token *tokens, size_t count);
bool words_find_volatile(const struct token *tokens, size_t count);
bool words_find_assembly(const struct token *tokens, size_t count);

/* True if the statement from @tokens[@first] on is one of "#pragma omp atomic", or stands in a
 * block of it.  (If the compiler has ignored the directive, it is plain, and a race missed.) */
bool words_is_under_atomic(const struct token *tokens, size_t first);

/* True if @name, as demangled, is a function that does one atomic operation. */
bool words_is_atomic_function(const char *name);

#endif

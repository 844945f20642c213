/*
 * Statements that macros make by pasting names together.
 *
 * What a function is called, and what it accesses, stands nowhere in the file then:
 * GETTER(count) makes count_get().  So such a call is expanded as the preprocessor does it.
 * Other macros are read where they are defined (reading.h), and stay.
 */
#ifndef REPORTS_SOURCE_EXPAND_H
#define REPORTS_SOURCE_EXPAND_H

#include "reports/source/reading.h"

/* Puts what its macros make in place of the tokens of @reading if these paste names; of a whole
 * function that is asked about, its body.  Macros with several definitions stay as they are. */
void expand_pasted(struct reading *reading);

/* Puts what they make in place of macros that have atomic operations, by themselves or by other
 * macros.  False, and nothing is changed, if there is none. */
bool expand_operations(struct reading *reading);

#endif

/*
 * Operators new and delete of allocators that have their own (tcmalloc, jemalloc): these call
 * no malloc and free, whose wrappers would tell of the blocks.
 *
 * They are wrapped where observed modules and the libraries between import them.  Others may
 * call them unseen, so memory that is deleted is not known as freed: it is forgotten.
 */
#ifndef PRELOAD_HEAP_OPERATORS_H
#define PRELOAD_HEAP_OPERATORS_H

#include "base/types.h"

/* May there be any: is malloc not libc's? */
bool operators_are_looked_for(void);

/* Is it the mangled name of one? */
bool operator_is_name(const char *name);

/* The wrapper of operator @name; NULL if @original is not of the module that malloc is of. */
void *operator_wrapper(const char *name, void *original);

#endif

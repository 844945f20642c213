/*
 * Ids that all folders share.  They are small and start at 1; 0 means 'none' or
 * 'not known'.
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t thread_id;
typedef uint32_t lock_id;  /* one life (generation) of one lock */
typedef uint32_t class_id; /* locks of one origin: symbol, creation or first use */
typedef uint32_t stack_id; /* an interned call stack */

/* Set in the ids of stacks that run through a signal handler. */
#define STACK_ID_IN_HANDLER 0x80000000u

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#endif

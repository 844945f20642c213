/*
 * The lock memo without a guest library: a thread that calls from stacks of the test's making.
 */
#ifndef TESTS_MEMO_LAB_H
#define TESTS_MEMO_LAB_H

#include <check.h>

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "preload/guest/modules.h"
#include "preload/sync/lock_memo.h"
#include "tests/unit/detect/knowledge.h"

/* Code that the unwinder can step through: it calls a function, and then another one. */
void by_size(void (*function)(void));
extern char by_size_return[], by_size_again[], by_rbp_return[];

#define WORD_COUNT 64u
#define STACK_WORDS 24u /* of these, those that change */

extern struct guest_thread self;

/* Whose return addresses are the C library's. */
extern uintptr_t library_address;

/* The stack: frames of the wrapper, its callers' above. */
extern uintptr_t words[WORD_COUNT];

void memo_set_up(void);

struct unwind_start start_of(const uintptr_t *frame);

/* The stack from the wrapper's @frame on, by the memo of stacks. */
stack_id stack_at(const uintptr_t *frame);

#endif

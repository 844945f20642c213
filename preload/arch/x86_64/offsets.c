/*
 * What assembly knows of C: the rows of offsets.def, as the compiler has them.
 *
 * This is compiled to assembly and never run.  From its lines '->NAME VALUE' the
 * build makes offsets.h (preload/local.mk), which assembly includes.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <ucontext.h>

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/data/site.h"
#include "detect/shadow/atomic_table.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/origin.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/runs.h"
#include "detect/shadow/shadow.h"
#include "preload/arch/x86_64/frame.h"
#include "x86/decode/thunk.h"

#define LINE(name, value) __asm__ volatile(".ascii \"->" name " %c0\"" : : "i"(value))
#define DEFINE(name, value) LINE(#name, value)
#define OFFSET(name, type, member) LINE(#name, offsetof(struct type, member))
#define CONTEXT(name) LINE("CONTEXT_" #name, offsetof(ucontext_t, uc_mcontext.gregs[REG_##name]))
#define LOG2(value) __builtin_ctzl(value)

/* What access.S takes for granted beside this. */
_Static_assert(PENDING_WAYS == 2, "it looks at one way of a set, then at the other");
_Static_assert(STALE_READ_FILTER == 256, "the low byte of a granule's number is an index");
_Static_assert(ORIGIN_TAG_BITS == 8 && SHADOW_FORM_SHIFT == 8, "tags and sets of bytes are a byte");
_Static_assert(SITE_WANTED < SITE_QUIET && SITE_QUIET < SITE_QUIET_UNLOCKED,
	       "below, equal and above are the three");

_Static_assert(offsetof(struct thread_accesses, acquire_count) ==
			       offsetof(struct thread_accesses, acquires_due) &&
		       sizeof(((struct thread_accesses *)0)->acquire_count) == 2,
	       "the lower half of acquires_due counts pending acquires");

void offsets(void);

void offsets(void)
{
#include "preload/arch/x86_64/offsets.def"
}

/*
 * What assembly knows of C: offsets, sizes, shifts and flags, as the compiler has them.
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
#include "detect/shadow/origin.h"
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

void offsets(void);

void offsets(void)
{
	OFFSET(FRAME_FLAGS, access_frame, flags);
	OFFSET(FRAME_PC, access_frame, pc);
	OFFSET(FRAME_RBP, access_frame, frame_pointer);
	OFFSET(FRAME_R11, access_frame, r11);
	OFFSET(FRAME_R10, access_frame, r10);
	OFFSET(FRAME_R9, access_frame, r9);
	OFFSET(FRAME_R8, access_frame, r8);
	OFFSET(FRAME_RDI, access_frame, rdi);
	OFFSET(FRAME_RSI, access_frame, rsi);
	OFFSET(FRAME_RDX, access_frame, rdx);
	OFFSET(FRAME_RCX, access_frame, rcx);
	OFFSET(FRAME_RAX, access_frame, rax);
	OFFSET(FRAME_RETURN, access_frame, return_address);
	OFFSET(FRAME_WORDS, access_frame, words);

	DEFINE(THUNK_RED_ZONE, THUNK_RED_ZONE);
	DEFINE(THUNK_LOWERED_SHIFT, LOG2(THUNK_LOWERED - THUNK_RED_ZONE));
	DEFINE(THUNK_SITE_SHIFT, THUNK_SITE_SHIFT);
	DEFINE(THUNK_WORDS_BYTES, THUNK_WORDS_BYTES);
	DEFINE(THUNK_MASKED_WORDS_BYTES, THUNK_MASKED_WORDS_BYTES);
	DEFINE(THUNK_INDEX_BYTES, THUNK_INDEX_BYTES);
	DEFINE(THUNK_SIZE_COUNT, THUNK_SIZE_COUNT);
	DEFINE(THUNK_MASKED, THUNK_MASKED);
	DEFINE(THUNK_GATHER_COUNT, THUNK_GATHER_COUNT);
	DEFINE(THUNK_STRING, THUNK_STRING);
	DEFINE(THUNK_COUNT, THUNK_COUNT);
	DEFINE(WHAT_WRITE, WHAT_WRITE);
	DEFINE(WHAT_AGAIN, WHAT_AGAIN);
	DEFINE(SITE_QUIET, SITE_QUIET);

	DEFINE(GRANULE, SHADOW_GRANULE);
	DEFINE(GRANULE_SHIFT, LOG2(SHADOW_GRANULE));
	DEFINE(WRITE_BIT, SHADOW_WRITE_BIT);
	DEFINE(READ_BIT, SHADOW_READ_BIT);
	DEFINE(WRITE_AT, SHADOW_WRITE_AT);
	DEFINE(READ_AT, SHADOW_READ_AT);
	DEFINE(ALL_BYTES, SHADOW_ALL_BYTES);
	DEFINE(FORM_MASK, (1 << SHADOW_EPOCH_SHIFT) - (1 << SHADOW_FORM_SHIFT));
	DEFINE(EPOCH_SHIFT, SHADOW_EPOCH_SHIFT);
	DEFINE(SLOT_SHIFT, SHADOW_SLOT_SHIFT);
	DEFINE(NO_EPOCH, (int64_t)SHADOW_NO_EPOCH);
	DEFINE(REGION_SHIFT, ACCESS_REGION_SHIFT);
	DEFINE(REGION_COUNT, ACCESS_REGION_COUNT);
	DEFINE(ORIGINS_READ, SHADOW_ORIGIN_AT + offsetof(struct shadow_origins, read));
	DEFINE(ORIGINS_WRITE, SHADOW_ORIGIN_AT + offsetof(struct shadow_origins, write));
	DEFINE(ORIGIN_OF_SITE, ORIGIN_SITE << ORIGIN_SORT_SHIFT);
	DEFINE(ORIGIN_TAG_BITS, ORIGIN_TAG_BITS);

	OFFSET(PENDING_GRANULE, pending_granule, granule);
	OFFSET(PENDING_BYTES, pending_granule, bytes);
	OFFSET(PENDING_SITE, pending_granule, site);
	OFFSET(PENDING_SITES, pending_granule, sites);
	OFFSET(PENDING_MIXED, pending_granule, is_mixed);
	DEFINE(SITE_BYTES, sizeof(((struct pending_granule *)0)->site));
	/* The other way of the same set, and where a set is from its granule's address. */
	DEFINE(PENDING_NEXT, sizeof(struct pending_granule));
	DEFINE(PENDING_INDEX, (PENDING_SETS - 1) * SHADOW_GRANULE);
	DEFINE(PENDING_INDEX_SHIFT,
	       LOG2(PENDING_WAYS * sizeof(struct pending_granule) / SHADOW_GRANULE));

	OFFSET(THREAD_PENDING_READS, thread, accesses.pending[0]);
	OFFSET(THREAD_PENDING_WRITES, thread, accesses.pending[1]);
	OFFSET(THREAD_CLOCK, thread, clocks.full.entries);
	OFFSET(THREAD_CLOCK_COUNT, thread, clocks.full.count);
	DEFINE(CLOCK_ENTRY, sizeof(*((struct vclock *)0)->entries));
	OFFSET(THREAD_SAMPLE, thread, accesses.sample);
	OFFSET(THREAD_ACQUIRES, thread, accesses.acquire_count);
	OFFSET(THREAD_HELD, thread, held.count);
	OFFSET(THREAD_FILTER, thread, accesses.stale_read_filter);
	OFFSET(DETECTOR_SPLITS, detector, split_count);

	CONTEXT(R8);
	CONTEXT(R9);
	CONTEXT(R10);
	CONTEXT(R11);
	CONTEXT(R12);
	CONTEXT(R13);
	CONTEXT(R14);
	CONTEXT(R15);
	CONTEXT(RDI);
	CONTEXT(RSI);
	CONTEXT(RBP);
	CONTEXT(RBX);
	CONTEXT(RDX);
	CONTEXT(RAX);
	CONTEXT(RCX);
	CONTEXT(RSP);
	CONTEXT(RIP);

	DEFINE(CLONE_VM, CLONE_VM);
	OFFSET(CLONE_FLAGS, clone_args, flags);
	OFFSET(CLONE_STACK, clone_args, stack);
}

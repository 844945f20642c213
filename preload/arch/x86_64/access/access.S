/*
 * Thunks: from a check in cloned code to C and back (x86/decode/thunk.h says what they
 * are called with, preload/arch/x86_64/frame.h what their frame has).
 *
 * Labels are numbers: of macros 9 and 31 to 79, of thunks the others, so that none is taken for
 * one of a macro in between.
 *
 * They keep all general registers and the direction flag, and all flags where they say
 * so.  Neither they nor the C code use vector registers.
 */

#include "preload/arch/x86_64/access/thunk_frame.inc"
#include "preload/arch/x86_64/access/record_thunk.inc"
#include "preload/arch/x86_64/access/cell_thunk.inc"
#include "preload/arch/x86_64/access/line_thunk.inc"
#include "preload/arch/x86_64/access/part_thunk.inc"
#include "preload/arch/x86_64/access/whole_thunk.inc"
#include "preload/arch/x86_64/access/span_thunk.inc"
#include "preload/arch/x86_64/access/wide_thunk.inc"
#include "preload/arch/x86_64/access/prefetch_thunk.inc"

	/* Marks for thunk_context.c. */
	.macro	MARK name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.text
	.p2align 6
	MARK	access_thunks_start
access_common:
	WITHOUT_FLAGS access_slow, FRAME_ID, FRAME_END, THUNK_WORDS_BYTES
	.p2align 6
whole_common:
	WITHOUT_FLAGS access_whole, FRAME_ID, FRAME_END, THUNK_WORDS_BYTES
	.p2align 6
	MARK	access_masked_start
masked_common:
	WITHOUT_FLAGS access_masked, FRAME_MASKED_ID, FRAME_MASKED_END, THUNK_MASKED_WORDS_BYTES
	.p2align 6
range_common:
	WITHOUT_FLAGS access_range, FRAME_MASKED_ID, FRAME_MASKED_END, THUNK_MASKED_WORDS_BYTES
	.p2align 6
gather_common:
	/* Above the words lie the indexes, which the check takes off. */
	WITHOUT_FLAGS access_gather, FRAME_MASKED_ID, FRAME_MASKED_END + THUNK_INDEX_BYTES, THUNK_MASKED_WORDS_BYTES
	MARK	access_masked_end
	.p2align 6
begin_common:
	WITH_FLAGS access_lock_begin, SHOW_PRESERVED
	.p2align 6
end_common:
	WITH_FLAGS access_lock_end
	.p2align 6
string_common:
	WITH_FLAGS access_string

	/* Reads and writes: what is the size, or'ed with WHAT_WRITE. */
	.macro	SIZES name, flag, table, own, at, other, other_at, origin, unwanted
	SPAN_COMMON \name\()_span_common, \table, \own, \at, \origin, \unwanted
	.irp	log, 0, 1, 2
	PENDING_THUNK access_\name\()_\log, access_common, (1 << \log | \flag), (1 << \log), \table, \own, \at, \other, \other_at, \origin, \unwanted, access_\name\()_3, \name\()_span_common
	.endr
	WHOLE_THUNK access_\name\()_3, (GRANULE | \flag), \own, \at, \other, \other_at, \origin, \unwanted
	WHOLE_THUNK access_\name\()_4, (GRANULE | \flag), \own, \at, \other, \other_at, \origin, \unwanted, access_\name\()_next
	WHOLE_THUNK access_\name\()_next, (GRANULE | \flag), \own, \at, \other, \other_at, \origin, \unwanted, , yes
	.irp	log, 5, 6
	WIDE_THUNK access_\name\()_\log, (1 << \log | \flag), (1 << \log), \own, \at
	.endr
	.endm

	SIZES	read, 0, THREAD_PENDING_READS, READ_BIT, READ_AT, WRITE_BIT, WRITE_AT, ORIGINS_READ, NEEDS_UNHELD
	SIZES	write, WHAT_WRITE, THREAD_PENDING_WRITES, WRITE_BIT, WRITE_AT, READ_BIT, READ_AT, ORIGINS_WRITE, NEEDS_UNSPLIT
	THUNK	access_sized_thunk, access_common, 0
	PREFETCH_THUNK access_prefetch_thunk
	MARK	access_masked_thunk_start
	THUNK	access_masked_thunk, masked_common, 0
	THUNK	access_range_thunk, range_common, 0
	EACH	GATHER_THUNK, gather, THUNK_GATHER_COUNT
	MARK	access_masked_thunk_end
	THUNK	access_lock_begin_thunk, begin_common, 0
	THUNK	access_lock_end_thunk, end_common, 0
	THUNK	access_lock_end_compare_thunk, end_common, 1
	EACH	STRING_THUNK, string, (THUNK_COUNT - THUNK_STRING)
	MARK	access_thunks_end

/* The thunks in the order of enum thunk, as offsets from here. */
	.section .rodata
	.globl	access_thunk_offsets
	.hidden	access_thunk_offsets
	.type	access_thunk_offsets, @object
	.p2align 3
access_thunk_offsets:
	EACH	OFFSET, read, THUNK_SIZE_COUNT
	EACH	OFFSET, write, THUNK_SIZE_COUNT
	.irp	name, lock_begin, lock_end, lock_end_compare, sized, prefetch, masked, range
	OFFSET	\name, thunk
	.endr
	EACH	OFFSET, gather, THUNK_GATHER_COUNT
	EACH	OFFSET, string, (THUNK_COUNT - THUNK_STRING)
	.size	access_thunk_offsets, . - access_thunk_offsets

	.section .note.GNU-stack, "", @progbits

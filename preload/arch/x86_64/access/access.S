/*
 * Thunks: from a check in cloned code to C and back (x86/decode/thunk.h has what they
 * are called with, preload/access/access.h the frame that they make).
 *
 * What comes back unchanged: all general registers, the direction flag; where
 * a thunk says so, all flags.  Vector registers are not touched, by the C code
 * neither.
 */

#include "preload/arch/x86_64/offsets.h"

#define REGISTER 8 /* bytes of one, pushed */

/* What a check has pushed. */
#define FRAME_WORD(n) (FRAME_WORDS + REGISTER * (n))
#define FRAME_ID FRAME_WORD(0)
#define FRAME_END FRAME_WORD(2)
#define FRAME_MASKED_ID FRAME_WORD(1)
#define FRAME_MASKED_END FRAME_WORD(3)

/* The same from rsp, with @pushed registers below the return address. */
#define ID_AT(pushed) (REGISTER * ((pushed) + 1))
#define ADDRESS_AT(pushed) (ID_AT(pushed) + REGISTER)

#define DIRECTION_FLAG 4 /* in the second byte of the flags */

/* Call frame information, by hand: the caller of a thunk is the program's own
 * code, at the site, with the stack pointer that it has there. */
#define OP_BREG_RBP 0x76
#define OP_DEREF 0x06
#define OP_LIT0 0x30
#define OP_AND 0x1a
#define OP_SHL 0x24
#define OP_PLUS 0x22
#define SLEB2(n) ((n) & 0x7f) | 0x80, ((n) >> 7) & 0x7f

#define CFA_DEF_EXPRESSION 0x0f
#define CFA_EXPRESSION 0x10
#define DWARF_RIP 16

	.macro	SAVED_AT register, offset
	.cfi_escape CFA_EXPRESSION, \register, 3, OP_BREG_RBP, SLEB2(\offset)
	.endm

	/* The stack at the site: the pushed words' end, plus THUNK_RED_ZONE, or
	 * THUNK_LOWERED if the id is odd. */
	.macro	CALLED_FROM_SITE id, end
	.cfi_escape CFA_DEF_EXPRESSION, 12, OP_BREG_RBP, SLEB2(\id), OP_DEREF, OP_LIT0 + 1, OP_AND, OP_LIT0 + THUNK_LOWERED_SHIFT, OP_SHL, OP_BREG_RBP, SLEB2(\end + THUNK_RED_ZONE), OP_PLUS
	SAVED_AT DWARF_RIP, FRAME_PC
	SAVED_AT 0, FRAME_RAX
	SAVED_AT 1, FRAME_RDX
	SAVED_AT 2, FRAME_RCX
	SAVED_AT 4, FRAME_RSI
	SAVED_AT 5, FRAME_RDI
	SAVED_AT 6, FRAME_RBP
	SAVED_AT 8, FRAME_R8
	SAVED_AT 9, FRAME_R9
	SAVED_AT 10, FRAME_R10
	SAVED_AT 11, FRAME_R11
	.endm

	/*
	 * While there is no frame, the table says in plain terms which of the clone's
	 * registers have been pushed: thunk_context.c restores them from it, where a
	 * signal comes in between.  So rsp is moved by these two only.
	 */
	.macro	PUSH register
	pushq	%\register
	.cfi_adjust_cfa_offset REGISTER
	.cfi_rel_offset \register, 0
	.endm

	.macro	POP register
	popq	%\register
	.cfi_adjust_cfa_offset -REGISTER
	.cfi_restore \register
	.endm

	/* A common part begins with rax pushed.  After this rbp is the frame. */
	.macro	KEEP_REGISTERS
	.cfi_def_cfa_offset 2 * REGISTER
	.cfi_offset rax, -2 * REGISTER
	.irp	register, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbp
	PUSH	\register
	.endr
	pushq	$0
	.cfi_adjust_cfa_offset REGISTER
	pushfq
	.cfi_adjust_cfa_offset REGISTER
	movq	%rsp, %rbp
	.endm

	.macro	RUN function
	andq	$-16, %rsp
	testb	$DIRECTION_FLAG, FRAME_FLAGS + 1(%rbp)
	jne	8f
	movq	%rbp, %rdi
	movl	%eax, %esi
	call	\function
	movq	%rbp, %rsp
9:
	.endm

	/* rsp is where rbp has been pushed, and rbp is the frame no more. */
	.macro	GIVE_BACK size
	.cfi_def_cfa rsp, FRAME_WORDS - FRAME_RBP
	.cfi_offset rip, -REGISTER
	.set	.Lplace, 0
	.irp	register, rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	.cfi_rel_offset \register, .Lplace
	.set	.Lplace, .Lplace + REGISTER
	.endr
	.irp	register, rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	POP	\register
	.endr
	ret	$\size
	.endm

	/* What RUN does when the direction flag is set. */
	.macro	RUN_BACKWARDS function
8:	cld
	movq	%rbp, %rdi
	movl	%eax, %esi
	call	\function
	movq	%rbp, %rsp
	std
	jmp	9b
	.endm

	.macro	WITHOUT_FLAGS function, id, end, size
	.cfi_startproc
	KEEP_REGISTERS
	CALLED_FROM_SITE \id, \end
	RUN	\function
	leaq	FRAME_RBP(%rsp), %rsp
	GIVE_BACK	\size
	CALLED_FROM_SITE \id, \end
	RUN_BACKWARDS \function
	.cfi_endproc
	.endm

	.macro	WITH_FLAGS function
	.cfi_startproc
	KEEP_REGISTERS
	CALLED_FROM_SITE FRAME_ID, FRAME_END
	RUN	\function
	popfq
	leaq	(FRAME_RBP - FRAME_PC)(%rsp), %rsp
	GIVE_BACK	THUNK_WORDS_BYTES
	CALLED_FROM_SITE FRAME_ID, FRAME_END
	RUN_BACKWARDS \function
	.cfi_endproc
	.endm

	/* A thunk: keeps rax, and tells the common part what it is. */
	.macro	THUNK name, common, what
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
	PUSH	rax
	movl	$\what, %eax
	jmp	\common
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.macro	GATHER_THUNK name, number
	THUNK	access_\name\()_\number, gather_common, \number
	.endm

	.macro	STRING_THUNK name, number
	THUNK	access_\name\()_\number, string_common, \number
	.endm

	.macro	OFFSET name, number
	.long	access_\name\()_\number - access_thunk_offsets
	.endm

	/* @macro for each number from 0 on. */
	.macro	EACH macro, name, count
	.altmacro
	.set	number, 0
	.rept	\count
	\macro	\name, %number
	.set	number, number + 1
	.endr
	.noaltmacro
	.endm

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
	MARK	access_masked_start
masked_common:
	WITHOUT_FLAGS access_masked, FRAME_MASKED_ID, FRAME_MASKED_END, THUNK_MASKED_WORDS_BYTES
	.p2align 6
gather_common:
	/* Above the words lie the indexes, which the check takes off. */
	WITHOUT_FLAGS access_gather, FRAME_MASKED_ID, FRAME_MASKED_END + THUNK_INDEX_BYTES, THUNK_MASKED_WORDS_BYTES
	MARK	access_masked_end
	.p2align 6
begin_common:
	WITH_FLAGS access_lock_begin
	.p2align 6
end_common:
	WITH_FLAGS access_lock_end
	.p2align 6
string_common:
	WITH_FLAGS access_string

	/*
	 * The same for a part of a granule.  If the granule is pending in the thread
	 * (detect/race/record_fast.h), it is enough to note the bytes and the site.  A
	 * signal handler that comes in between finds and leaves no granule pending
	 * (wrap_signal.c), so what is noted after it goes nowhere.
	 */
	.macro	PENDING_THUNK name, common, what, size_bytes, table, own, wanted_count
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 5
\name:
	.cfi_startproc
	PUSH	rax
	PUSH	rcx
	PUSH	rdx
	.cfi_remember_state
	movq	access_thread@gottpoff(%rip), %rax
	movq	%fs:(%rax), %rax
	testq	%rax, %rax
	je	1f
	movq	ADDRESS_AT(3)(%rsp), %rcx
	movl	%ecx, %edx
	andl	$PENDING_INDEX, %edx
	shll	$PENDING_INDEX_SHIFT, %edx
	leaq	\table(%rax,%rdx), %rax
	andq	$-GRANULE, %rcx
	cmpq	%rcx, PENDING_GRANULE(%rax)
	je	3f
	addq	$PENDING_NEXT, %rax
	cmpq	%rcx, PENDING_GRANULE(%rax)
	jne	4f
3:	movl	ID_AT(3)(%rsp), %edx
	shrl	$THUNK_SITE_SHIFT, %edx
	cmpl	%edx, PENDING_SITE(%rax)
	jne	7f
2:	movl	ADDRESS_AT(3)(%rsp), %ecx
	andl	$(GRANULE - 1), %ecx
	cmpl	$(GRANULE - \size_bytes), %ecx
	ja	6f
	.set	.Lbyte, 0
	.rept	\size_bytes
	movl	%edx, (PENDING_SITES + .Lbyte)(%rax,%rcx,SITE_BYTES)
	.set	.Lbyte, .Lbyte + SITE_BYTES
	.endr
	movl	$((1 << \size_bytes) - 1), %edx
	shll	%cl, %edx
	orl	%edx, PENDING_BYTES(%rax)
5:	POP	rdx
	POP	rcx
	POP	rax
	ret	$THUNK_WORDS_BYTES
	.cfi_restore_state
	/* Has it been recorded in this epoch? */
6:	movq	ADDRESS_AT(3)(%rsp), %rcx
	andq	$-GRANULE, %rcx
4:	movq	access_current@gottpoff(%rip), %rdx
	btcq	$\own, %rcx
	movq	(%rcx), %rax
	xorq	%fs:(%rdx), %rax
	cmpq	$ALL_BYTES, %rax
	ja	1f
	movl	ADDRESS_AT(3)(%rsp), %ecx
	andl	$(GRANULE - 1), %ecx
	movl	$((1 << \size_bytes) - 1), %edx
	shll	%cl, %edx
	testb	%dl, %al
	jne	1f
	cmpl	$ALL_BYTES, %edx
	jbe	5b
	/* The rest of it is in the next granule. */
	movq	ADDRESS_AT(3)(%rsp), %rcx
	btcq	$\own, %rcx
	andq	$-GRANULE, %rcx
	movq	GRANULE(%rcx), %rax
	movq	access_current@gottpoff(%rip), %rcx
	xorq	%fs:(%rcx), %rax
	shrl	$GRANULE, %edx		/* a bit for each of its bytes */
	cmpq	$ALL_BYTES, %rax
	ja	1f
	testb	%dl, %al
	je	5b
	jmp	1f
	/* Of another site: is it quiet, too?  (record_is_wanted()) */
7:	leaq	site_attention(%rip), %rcx
	cmpb	$SITE_QUIET, (%rcx,%rdx)
	jb	1f
	PUSH	rsi
	movq	access_thread@gottpoff(%rip), %rsi
	movq	%fs:(%rsi), %rsi
	je	8f
	cmpl	$0, \wanted_count
	jne	9f
8:	movl	ADDRESS_AT(4)(%rsp), %ecx
	shrl	$GRANULE_SHIFT, %ecx
	movzbl	%cl, %ecx
	cmpb	$0, THREAD_FILTER(%rsi,%rcx)
	jne	9f
	cmpq	$0, THREAD_ACQUIRES(%rsi)
	jne	9f
	.cfi_remember_state
	POP	rsi
	movl	%edx, PENDING_SITE(%rax)
	movl	$1, PENDING_MIXED(%rax)
	jmp	2b
	.cfi_restore_state
9:	POP	rsi
1:	POP	rdx
	POP	rcx
	movl	$\what, %eax
	jmp	\common
	.cfi_endproc
	.size	\name, . - \name
	.endm

	/* Reads and writes: what is the size, or'ed with WHAT_WRITE. */
	.macro	SIZES name, flag, table, own, wanted_count
	.irp	log, 0, 1, 2
	PENDING_THUNK access_\name\()_\log, access_common, (1 << \log | \flag), (1 << \log), \table, \own, \wanted_count
	.endr
	.irp	log, 4, 5, 6
	THUNK	access_\name\()_\log, access_common, (1 << \log | \flag)
	.endr
	.endm

	/* To @otherwise unless @word is 0, or plain and covered by the clock of thread rsi. */
	.macro	NEEDS_BEFORE word, low, otherwise
	testq	\word, \word
	je	9f
	testl	$FORM_MASK, \low
	jne	\otherwise
	movq	\word, %r8
	shrq	$SLOT_SHIFT, %r8
	cmpl	THREAD_CLOCK_COUNT(%rsi), %r8d
	jae	\otherwise
	movq	THREAD_CLOCK(%rsi), %r9
	movq	(%r9,%r8,CLOCK_ENTRY), %r9
	movq	\word, %r8
	shlq	$(64 - SLOT_SHIFT), %r8
	shrq	$(64 - SLOT_SHIFT + EPOCH_SHIFT), %r8
	cmpq	%r8, %r9
	jb	\otherwise
9:
	.endm

	/* To @otherwise unless an access by site rdx of the granule rdi is nobody's wish but
	 * the race engine's: record_is_wanted(), for thread rsi. */
	.macro	NEEDS_QUIET wanted_count, otherwise, sampled
	leaq	site_attention(%rip), %rax
	movzbl	(%rax,%rdx), %eax
	cmpl	$SITE_QUIET, %eax
	jb	\otherwise
	je	9f
	cmpl	$0, \wanted_count
	jne	\otherwise
9:	cmpq	$0, THREAD_ACQUIRES(%rsi)
	jne	\otherwise
	movl	%edi, %ecx
	shrl	$GRANULE_SHIFT, %ecx
	movzbl	%cl, %ecx
	cmpb	$0, THREAD_FILTER(%rsi,%rcx)
	jne	\otherwise
	subl	$1, THREAD_SAMPLE(%rsi)
	jc	\sampled
	.endm

	/* The registers of the general form that the lean one has not pushed yet. */
	.macro	PUSH_MORE
	.irp	register, r8, r9, r10, r11
	PUSH	\register
	.endr
	.endm

	.macro	POP_MORE
	.irp	register, r11, r10, r9, r8
	POP	\register
	.endr
	.endm

	/* All but rax. */
	.macro	POP_LEAN
	.irp	register, rdi, rsi, rdx, rcx
	POP	\register
	.endr
	.endm

	/*
	 * The same for whole granules: record_whole() (detect/race/record_fast.c), as far as
	 * both planes have plain words that the thread's clock covers.  Lean, if the last
	 * accesses were its own: then there is no clock to ask.  What a signal handler
	 * may do in between is no more than if it had come before.
	 */
	.macro	WHOLE_THUNK name, what, own, other, origin, wanted_count
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 5
\name:
	.cfi_startproc
	.irp	register, rax, rcx, rdx, rsi, rdi
	PUSH	\register
	.endr
	.cfi_remember_state
	movq	access_thread@gottpoff(%rip), %rax
	movq	%fs:(%rax), %rsi
	movq	ADDRESS_AT(5)(%rsp), %rdi
	testq	%rsi, %rsi
	je	1f
	testb	$(GRANULE - 1), %dil
	jne	4f
	movl	ID_AT(5)(%rsp), %edx
	shrl	$THUNK_SITE_SHIFT, %edx
	NEEDS_QUIET \wanted_count, 1f, 2f
	movq	access_current@gottpoff(%rip), %rax
	movq	%fs:(%rax), %rdx
	btcq	$\own, %rdi
	movq	(%rdi), %rax
	testq	%rax, %rax
	je	5f
	testl	$FORM_MASK, %eax
	jne	1f
	movq	%rax, %rcx
	xorq	%rdx, %rcx
	shrq	$SLOT_SHIFT, %rcx
	jne	5f
	btcq	$\own, %rdi
	btcq	$\other, %rdi
	movq	(%rdi), %rcx
	testq	%rcx, %rcx
	je	6f
	testl	$FORM_MASK, %ecx
	jne	1f
	xorq	%rdx, %rcx
	shrq	$SLOT_SHIFT, %rcx
	jne	7f
6:	movq	%rdi, %rcx
	btcq	$\own, %rcx		/* the origin */
	btcq	$\other, %rdi
	btcq	$\own, %rdi
	lock cmpxchgq %rdx, (%rdi)
	jne	1f
	/* The site, and a tag of slot and epoch. */
	movl	ID_AT(5)(%rsp), %esi
	shrl	$THUNK_SITE_SHIFT, %esi
	orl	$ORIGIN_OF_SITE, %esi
	shll	$ORIGIN_TAG_BITS, %esi
	movq	%rdx, %rax
	shrq	$SLOT_SHIFT, %rax
	movq	%rdx, %rdi
	shrq	$EPOCH_SHIFT, %rdi
	xorl	%eax, %edi
	movzbl	%dil, %edi
	orl	%edi, %esi
	movl	%esi, \origin(%rcx)
	/* Has anybody come to the other plane meanwhile? */
	btcq	$\own, %rcx
	movq	(%rcx), %rcx
	testq	%rcx, %rcx
	je	8f
	testl	$FORM_MASK, %ecx
	jne	3f
	shrq	$SLOT_SHIFT, %rcx
	cmpl	%eax, %ecx
	jne	3f
8:	POP_LEAN
	POP	rax
	ret	$THUNK_WORDS_BYTES
	.cfi_restore_state
	.cfi_remember_state
2:	movl	$0, THREAD_SAMPLE(%rsi)
1:	POP_LEAN
	movl	$\what, %eax
	jmp	access_common
	.cfi_restore_state
	.cfi_remember_state
3:	POP_LEAN
	movl	$(\what | WHAT_AGAIN), %eax
	jmp	access_common
	.cfi_restore_state
	.cfi_remember_state
	/* In two granules: have both been recorded in this epoch? */
4:	movq	access_current@gottpoff(%rip), %rax
	movq	%fs:(%rax), %rdx
	btcq	$\own, %rdi
	andq	$-GRANULE, %rdi
	cmpq	%rdx, (%rdi)
	jne	1b
	cmpq	%rdx, GRANULE(%rdi)
	jne	1b
	POP_LEAN
	POP	rax
	ret	$THUNK_WORDS_BYTES
	.cfi_restore_state
	/* Others have been here.  rdi is the place of the own word. */
5:	btcq	$\own, %rdi
	btcq	$\other, %rdi
7:	btcq	$\other, %rdi
	PUSH_MORE
	.cfi_remember_state
	movq	%rdx, %r11
	movq	%rdi, %rax
	shrq	$REGION_SHIFT, %rax
	cmpq	$(REGION_COUNT - 1), %rax
	ja	1f
	leaq	access_regions(%rip), %rcx
	cmpb	$0, (%rcx,%rax)
	je	1f
	cmpq	$NO_EPOCH, %r11
	je	1f
	movq	%rdi, %rcx
	btcq	$\own, %rcx
	movq	(%rcx), %rax
	NEEDS_BEFORE %rax, %eax, 1f
	btcq	$\other, %rdi
	movq	(%rdi), %r10
	NEEDS_BEFORE %r10, %r10d, 1f
	lock cmpxchgq %r11, (%rcx)
	jne	1f
	movl	ID_AT(9)(%rsp), %edx
	shrl	$THUNK_SITE_SHIFT, %edx
	orl	$ORIGIN_OF_SITE, %edx
	shll	$ORIGIN_TAG_BITS, %edx
	movq	%r11, %r8
	shrq	$SLOT_SHIFT, %r8
	shrq	$EPOCH_SHIFT, %r11
	xorl	%r11d, %r8d
	movzbl	%r8b, %r8d
	orl	%r8d, %edx
	movq	%rdi, %rcx
	btcq	$\own, %rcx
	movl	%edx, \origin(%rcx)
	movq	(%rdi), %r10
	NEEDS_BEFORE %r10, %r10d, 3f
	POP_MORE
	POP_LEAN
	POP	rax
	ret	$THUNK_WORDS_BYTES
	.cfi_restore_state
	.cfi_remember_state
1:	POP_MORE
	POP_LEAN
	movl	$\what, %eax
	jmp	access_common
	.cfi_restore_state
3:	POP_MORE
	POP_LEAN
	movl	$(\what | WHAT_AGAIN), %eax
	jmp	access_common
	.cfi_endproc
	.size	\name, . - \name
	.endm

	SIZES	read, 0, THREAD_PENDING_READS, READ_BIT, THREAD_HELD(%rsi)
	SIZES	write, WHAT_WRITE, THREAD_PENDING_WRITES, WRITE_BIT, (guest_detector + DETECTOR_SPLITS)(%rip)
	WHOLE_THUNK access_read_3, GRANULE, READ_BIT, WRITE_BIT, ORIGINS_READ, THREAD_HELD(%rsi)
	WHOLE_THUNK access_write_3, (GRANULE | WHAT_WRITE), WRITE_BIT, READ_BIT, ORIGINS_WRITE, (guest_detector + DETECTOR_SPLITS)(%rip)
	THUNK	access_sized_thunk, access_common, 0
	MARK	access_masked_thunk_start
	THUNK	access_masked_thunk, masked_common, 0
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
	.irp	name, lock_begin, lock_end, lock_end_compare, sized, masked
	OFFSET	\name, thunk
	.endr
	EACH	OFFSET, gather, THUNK_GATHER_COUNT
	EACH	OFFSET, string, (THUNK_COUNT - THUNK_STRING)
	.size	access_thunk_offsets, . - access_thunk_offsets

/*
 * void access_on_stack(void (*function)(void *), void *context, void *stack_end, void *save,
 *			uint64_t is_extended)
 *
 * Calls @function(@context) on the stack that ends at @stack_end, with the vector
 * and floating point state kept at @save: by xsave, or else by fxsave.
 */
	.text
	.globl	access_on_stack
	.hidden	access_on_stack
	.type	access_on_stack, @function
	.p2align 4
access_on_stack:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	pushq	%rbx
	.cfi_offset rbx, -24
	pushq	%r12
	.cfi_offset r12, -32
	movq	%rcx, %rbx
	movq	%r8, %r12
	movq	%rdx, %rsp
	movl	$-1, %eax
	movl	$-1, %edx
	testq	%r12, %r12
	je	1f
	xsave64	(%rbx)
	jmp	2f
1:	fxsave64 (%rbx)
2:	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movl	$-1, %eax
	movl	$-1, %edx
	testq	%r12, %r12
	je	3f
	xrstor64 (%rbx)
	jmp	4f
3:	fxrstor64 (%rbx)
4:	leaq	-16(%rbp), %rsp
	popq	%r12
	popq	%rbx
	popq	%rbp
	.cfi_def_cfa rsp, 8
	ret
	.cfi_endproc
	.size	access_on_stack, . - access_on_stack

	.section .note.GNU-stack, "", @progbits

/*
 * Functions of the shapes that matter for how code is reached, each with a
 * name for every place that a test asks about.  Tests find the places by
 * distances (at_NAME), as an address that is taken makes a place an entry.
 */
	.text

.macro FINDABLE name
	.pushsection .rodata
	.balign	4
	.globl	at_\name
at_\name:
	.long	\name - at_\name
	.popsection
.endm

/* PIECE name ... END name: with unwind information, 16 bytes apart. */
.macro PIECE name
	FINDABLE \name
	.balign	16
	.type	\name, @function
\name:
	.cfi_startproc
.endm
/* A function, whose address is somewhere. */
.macro FUNCTION name
	.pushsection .data.rel.ro, "aw"
	.balign	8
	.quad	\name
	.popsection
	PIECE \name
.endm
.macro END name
	.cfi_endproc
	.size	\name, . - \name
.endm
.macro PLACE name
	FINDABLE \name
\name:
.endm

FUNCTION guest_callee
	movq	(%rdi), %rax
	movq	%rax, 8(%rdi)
	ret
END guest_callee

/* What comes after a call is entered from outside. */
FUNCTION guest_calls
	pushq	%rbx
	movq	%rdi, %rbx
	call	guest_callee
PLACE guest_calls_after
	movq	%rax, 16(%rbx)
	testq	%rax, %rax
	je	guest_calls_end
	incq	(%rbx)
PLACE guest_calls_end
	popq	%rbx
	ret
END guest_calls

/* A switch: distances from a table. */
FUNCTION guest_switch
	cmpl	$2, %edi
	ja	guest_switch_default
	leaq	guest_table(%rip), %rdx
	movl	%edi, %edi
	movslq	(%rdx,%rdi,4), %rax
	addq	%rdx, %rax
	jmp	*%rax
PLACE guest_switch_0
	movq	$1, (%rsi)
	ret
PLACE guest_switch_1
	movq	$2, (%rsi)
	ret
PLACE guest_switch_2
	movq	$3, (%rsi)
PLACE guest_switch_default
	ret
END guest_switch
	.section .rodata
	.balign	4
guest_table:
	.long	guest_switch_0 - guest_table
	.long	guest_switch_1 - guest_table
	.long	guest_switch_2 - guest_table
	.long	0x7fffffff
	.text

/* An interpreter's: distances of labels from one of them, and a switch beside it. */
FUNCTION guest_distances
	leaq	guest_distances_0(%rip), %r8
	leaq	guest_label_distances(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	addq	%r8, %rax
	jmp	*%rax
PLACE guest_distances_0
	movq	$1, (%rsi)
	leaq	guest_distances_table(%rip), %rdx
	movslq	(%rdx,%rcx,4), %rax
	addq	%rdx, %rax
	jmp	*%rax
PLACE guest_distances_1
	movq	$2, (%rsi)
PLACE guest_distances_2
	ret
END guest_distances
	.section .rodata
	.balign	4
guest_label_distances:
	.long	0, guest_distances_1 - guest_distances_0, 0x7fffffff
guest_distances_table:
	.long	guest_distances_2 - guest_distances_table, 0x7fffffff
	.text

/* The same where the distances come from elsewhere. */
FUNCTION guest_distances_given
	leaq	guest_distances_given_0(%rip), %r8
	movslq	(%rdi), %rax
	addq	%r8, %rax
	jmp	*%rax
PLACE guest_distances_given_0
	leaq	guest_distances_given_table(%rip), %rdx
	movslq	(%rdx,%rcx,4), %rax
	addq	%rdx, %rax
	jmp	*%rax
PLACE guest_distances_given_1
	movq	$2, (%rsi)
	ret
END guest_distances_given
	.section .rodata
	.balign	4
guest_distances_given_table:
	.long	guest_distances_given_1 - guest_distances_given_table, 0x7fffffff
	.text

/* A computed goto: pointers from a table, by one jump that two places share. */
FUNCTION guest_goto
	leaq	guest_labels(%rip), %r8
	movq	(%r8,%rdi,8), %rax
	jmp	guest_goto_jump
PLACE guest_goto_0
	addq	$8, (%rsi)
	movq	(%r8,%rdx,8), %rax
PLACE guest_goto_jump
	jmp	*%rax
PLACE guest_goto_1
	movq	$0, (%rsi)
	ret
END guest_goto
	.section .data.rel.ro, "aw"
	.balign	8
guest_labels:
	.quad	guest_goto_0, guest_goto_1
	.text

/* A call that needs no return, through a pointer. */
FUNCTION guest_tail_call
	movq	(%rdi), %rax
	movq	24(%rax), %rax
	jmp	*%rax
END guest_tail_call

/* Where this goes, nobody can say. */
FUNCTION guest_unknown
	leaq	guest_unknown_steps(%rip), %rax
	leaq	(%rax,%rdi,4), %rax
	movq	(%rsi), %rdx
	jmp	*%rax
PLACE guest_unknown_steps
	movq	%rdx, 8(%rsi)
	movq	%rdx, 16(%rsi)
	ret
END guest_unknown

/* Any of its instructions may be the next, and some of them order what others do. */
FUNCTION guest_unknown_atomics
	leaq	guest_unknown_first(%rip), %rax
	leaq	(%rax,%rdi,4), %rax
	jmp	*%rax
PLACE guest_unknown_first
	movq	%rdi, %rdx
PLACE guest_unknown_atomic
	lock
	addl	$1, 8(%rsi)
	movq	%rdx, 16(%rsi)
	ret
END guest_unknown_atomics

/* Over a lock prefix, as libraries did in the days of one processor. */
FUNCTION guest_into_instruction
	testl	%edi, %edi
	je	1f
	lock
1:	incq	(%rsi)
	ret
END guest_into_instruction

FUNCTION guest_has_data
	movq	guest_inner_data(%rip), %rax
	movq	%rax, (%rdi)
	ret
guest_inner_data:
	.quad	0x9090909090909090
END guest_has_data

/* A function in two pieces, as gcc makes them; the second has no call of it. */
FUNCTION guest_hot
	movq	%rdi, -8(%rsp)
	testq	%rdi, %rdi
	je	guest_cold
PLACE guest_hot_back
	movq	(%rdi), %rax
	movq	%rax, 8(%rdi)
	ret
END guest_hot
PIECE guest_cold
	movq	%rsi, %rdi
	incq	(%rdi)
	jmp	guest_hot_back
END guest_cold

/* Between two calls there is no room for a long jump, but padding is near. */
FUNCTION guest_short
	pushq	%rbx
	movq	%rdi, %rbx
	call	guest_callee
PLACE guest_short_after
	movq	(%rbx), %rdi
	call	guest_callee
	popq	%rbx
	ret
END guest_short
	.balign	32

/* The loop comes back to just after its start, natively: after the call that
 * cannot be patched, as its return has one byte only. */
FUNCTION guest_loop_into_start
	pushq	%rdi
PLACE guest_loop
	incq	(%rdi)
	call	guest_callee
PLACE guest_loop_after
	cltq
	jmp	guest_loop
END guest_loop_into_start
	.balign	16, 0xcc

/* Runs on into the next; what lies between is code. */
FUNCTION guest_runs_on
	movq	(%rdi), %rax
	nop
END guest_runs_on
	nop
	nop
	nop
	nop
	nop
FUNCTION guest_is_run_into
	movq	%rax, (%rdi)
	ret
END guest_is_run_into

/* Code without unwind information: what fills the space behind a jump is padding, behind code
 * that runs on it is not, and behind data it may be data. */
	.balign	16
	incq	(%rdi)
	jmp	guest_callee
PLACE guest_stub_end
	.nops	8
FUNCTION guest_after_stub
	ret
END guest_after_stub
	.balign	16
	incq	(%rdi)
PLACE guest_open_stub_end
	.nops	5
FUNCTION guest_after_open_stub
	ret
END guest_after_open_stub
	.balign	16
	.byte	6, 6
	jmp	guest_callee
PLACE guest_data_stub_end
	.nops	7
FUNCTION guest_after_data_stub
	ret
END guest_after_data_stub

FUNCTION guest_endbr
	movq	(%rdi), %rax
PLACE guest_endbr_inner
	endbr64
	movq	%rax, 8(%rdi)
	ret
END guest_endbr

/* A retpoline, and who uses it for a switch. */
FUNCTION guest_thunk
	movq	%rax, (%rsp)
	ret
END guest_thunk
FUNCTION guest_uses_thunk
	movq	(%rdi), %rax
	jmp	guest_thunk
PLACE guest_uses_thunk_target
	movq	%rax, 8(%rdi)
	ret
END guest_uses_thunk

FUNCTION guest_frame
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdi, -8(%rbp)
	movq	-8(%rbp), %rax
	movq	(%rax), %rax
	popq	%rbp
	ret
END guest_frame

FUNCTION guest_escapes
	subq	$24, %rsp
	leaq	8(%rsp), %rdi
	movq	$0, (%rdi)
	call	guest_callee
	movq	8(%rsp), %rax
	addq	$24, %rsp
	ret
END guest_escapes

/* What a debugger has written over the first bytes of instructions. */
FUNCTION guest_stopped_at_start
	int3
	.byte	0x8b, 0x07
	movq	%rax, 8(%rdi)
	ret
END guest_stopped_at_start
FUNCTION guest_stopped_within
	movq	(%rdi), %rax
	int3
	.byte	0x89, 0x47, 0x08
	ret
END guest_stopped_within
FUNCTION guest_stopped_at_branch
	testq	%rsi, %rsi
	je	1f
	movq	(%rdi), %rax
	ret
1:	int3
	.byte	0x89, 0x47, 0x08
	ret
END guest_stopped_at_branch
FUNCTION guest_stopped_at_entry
	movq	(%rdi), %rax
	ret
guest_stopped_piece:
	int3
	.byte	0x89, 0x47, 0x08
	ret
END guest_stopped_at_entry
PIECE guest_leads_to_stopped
	movq	(%rdi), %rax
	jmp	guest_stopped_piece
END guest_leads_to_stopped

/* What compilers write behind jumps, against speculation. */
FUNCTION guest_hardened
	movq	(%rdi), %rax
	testq	%rax, %rax
	je	1f
	ret
	int3
1:	movq	%rax, 8(%rdi)
	jmp	*%rax
	int3
END guest_hardened

	.section .note.GNU-stack, "", @progbits

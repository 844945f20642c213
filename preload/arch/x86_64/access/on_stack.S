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

/* void access_on_other_stack(void (*function)(void *), void *context, void *stack_end) */
	.globl	access_on_other_stack
	.hidden	access_on_other_stack
	.type	access_on_other_stack, @function
	.p2align 4
access_on_other_stack:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	movq	%rdx, %rsp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	%rbp, %rsp
	popq	%rbp
	.cfi_def_cfa rsp, 8
	ret
	.cfi_endproc
	.size	access_on_other_stack, . - access_on_other_stack

	.section .note.GNU-stack, "", @progbits

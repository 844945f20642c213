/*
 * Frames that no compiler emits, but the loader's trampolines are like them.
 */
	.text

/* The frame's end is found by rbx. */
	.globl	guest_call_by_rbx
	.type	guest_call_by_rbx, @function
guest_call_by_rbx:
	.cfi_startproc
	pushq	%rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	movq	%rsp, %rbx
	.cfi_def_cfa_register %rbx
	subq	$200, %rsp
	andq	$-64, %rsp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	%rbx, %rsp
	.cfi_def_cfa_register %rsp
	popq	%rbx
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	guest_call_by_rbx, . - guest_call_by_rbx

/* By r12, which an earlier state has described otherwise. */
	.globl	guest_call_by_r12
	.type	guest_call_by_r12, @function
guest_call_by_r12:
	.cfi_startproc
	pushq	%r12
	.cfi_def_cfa_offset 16
	.cfi_offset %r12, -16
	.cfi_remember_state
	movq	%rsp, %r12
	.cfi_def_cfa_register %r12
	subq	$64, %rsp
	andq	$-256, %rsp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	%r12, %rsp
	.cfi_restore_state
	popq	%r12
	.cfi_def_cfa_offset 8
	.cfi_restore %r12
	ret
	.cfi_endproc
	.size	guest_call_by_r12, . - guest_call_by_r12

	.globl	guest_trap_on
	.type	guest_trap_on, @function
guest_trap_on:
	.cfi_startproc
	pushfq
	.cfi_adjust_cfa_offset 8
	orq	$0x100, (%rsp)
	popfq
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	guest_trap_on, . - guest_trap_on

	.globl	guest_trap_off
	.type	guest_trap_off, @function
guest_trap_off:
	.cfi_startproc
	pushfq
	.cfi_adjust_cfa_offset 8
	andq	$~0x100, (%rsp)
	popfq
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	guest_trap_off, . - guest_trap_off

	.section .note.GNU-stack, "", @progbits

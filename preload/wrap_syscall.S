/*
 * syscall(2), as far as futexes: a wait on one is a lock that the program makes
 * itself, which we do not follow.  It is counted, so that reports can say so.
 *
 * In assembly because the call must leave no frame: a program may vfork or
 * clone by it, and the child then returns through what the parent still needs.
 */
#define SYS_FUTEX 202
#define FUTEX_COMMAND_MASK 127
#define FUTEX_WAIT 0
#define FUTEX_WAIT_BITSET 9

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	cmpq	$SYS_FUTEX, %rdi
	jne	1f
	movl	%edx, %eax
	andl	$FUTEX_COMMAND_MASK, %eax
	cmpl	$FUTEX_WAIT, %eax
	je	2f
	cmpl	$FUTEX_WAIT_BITSET, %eax
	jne	1f
2:	lock incq guest_foreign_waits(%rip)
1:	movq	guest_real_syscall(%rip), %rax
	testq	%rax, %rax
	je	3f
	jmp	*%rax
3:	/* Not looked up yet: all that may hold arguments is kept. */
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	pushq	%rcx
	.cfi_adjust_cfa_offset 8
	pushq	%r8
	.cfi_adjust_cfa_offset 8
	pushq	%r9
	.cfi_adjust_cfa_offset 8
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	guest_resolve_syscall
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r9
	.cfi_adjust_cfa_offset -8
	popq	%r8
	.cfi_adjust_cfa_offset -8
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	jmp	1b
	.cfi_endproc
	.size	syscall, .-syscall

	.section .note.GNU-stack,"",@progbits

/*
 * syscall(2), as far as futexes and forks: futexes go on in wrap_futex.c, forks
 * without CLONE_VM and a stack of their own in wrap_clone.c.
 *
 * In assembly because the call must leave no frame: a program may vfork or
 * clone by it, and the child then returns through what the parent still needs.
 */
#define SYS_FUTEX 202

#define SYS_CLONE 56
#define SYS_FORK 57
#define SYS_CLONE3 435
#define CLONE_VM 0x100
#define CLONE3_STACK 40 /* in struct clone_args, which begins with the flags */

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	cmpq	$SYS_FUTEX, %rdi
	jne	4f
	jmp	futex_by_system_call	/* makes the call and comes back */
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
	.p2align 4
4:	cmpq	$SYS_FORK, %rdi
	je	5f
	cmpq	$SYS_CLONE, %rdi
	je	6f
	cmpq	$SYS_CLONE3, %rdi
	jne	1b
	testq	%rsi, %rsi
	je	1b
	testl	$CLONE_VM, (%rsi)
	jne	1b
	cmpq	$0, CLONE3_STACK(%rsi)
	jne	1b
5:	jmp	clone_by_system_call	/* a copy of us, with a copy of every frame */
6:	testl	$CLONE_VM, %esi
	jne	1b
	testq	%rdx, %rdx
	jne	1b
	jmp	clone_by_system_call
	.cfi_endproc
	.size	syscall, .-syscall

	.section .note.GNU-stack,"",@progbits

/*
 * syscall(2), as far as futexes, forks and what confines the program: futexes go on in
 * wrap_futex.c, forks without CLONE_VM and a stack of their own in wrap_clone.c, the
 * last in wrap_prctl.c.
 *
 * In assembly because the call must leave no frame: a program may vfork or
 * clone by it, and the child then returns through what the parent still needs.
 */
#include <asm/unistd.h>

#include "preload/arch/x86_64/offsets.h"

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	cmpq	$__NR_futex, %rdi
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
4:	cmpq	$__NR_prctl, %rdi
	je	7f
	cmpq	$__NR_seccomp, %rdi
	je	7f
	cmpq	$__NR_fork, %rdi
	je	5f
	cmpq	$__NR_clone, %rdi
	je	6f
	cmpq	$__NR_clone3, %rdi
	jne	1b
	testq	%rsi, %rsi
	je	1b
	testl	$CLONE_VM, CLONE_FLAGS(%rsi)
	jne	1b
	cmpq	$0, CLONE_STACK(%rsi)
	jne	1b
5:	jmp	clone_by_system_call	/* a copy of us, with a copy of every frame */
6:	testl	$CLONE_VM, %esi
	jne	1b
	testq	%rdx, %rdx
	jne	1b
	jmp	clone_by_system_call
7:	jmp	confine_by_system_call
	.cfi_endproc
	.size	syscall, .-syscall

	.section .note.GNU-stack,"",@progbits

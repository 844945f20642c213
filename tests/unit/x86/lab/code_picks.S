/*
 * Loads whose value may be thrown away: liveness/picks.h.
 */
#include "code_case.h"

	/* What is loaded may be thrown away: by a move from memory, by one behind known flags, by
	 * one behind flags made later, computed with, by masks, by a move from memory that may
	 * throw away its own. */
	CASE	picked
	testb	$1, %dl
	cmovne	8(%rdi), %eax
	movl	16(%rdi), %r8d
	cmovne	%eax, %r8d
	movl	24(%rdi), %r9d
	cmpq	$3, %rdx
	cmovb	%r9d, %r10d
	movq	32(%rsi), %r11
	addq	$5, %r11
	cmpq	$4, %rdx
	cmovne	%r8, %r11
	cmpq	$2, %rdx
	sbbl	%ecx, %ecx
	orl	40(%rdi), %ecx
	cmpq	$5, %rdx
	sbbq	%rsi, %rsi
	movl	72(%rdi), %r10d
	andq	48(%rdi), %rsi
	movl	56(%rdi), %r8d
	cmpq	$6, %rdx
	cmovb	64(%rdi), %r8d
	ret
	END

	/* Is read again; is stored; has another use in the flags. */
	CASE	picked_and_used
	testb	$1, %dl
	movl	8(%rdi), %eax
	cmovne	%eax, %ecx
	addl	%eax, %r8d
	testb	$2, %dl
	movl	16(%rdi), %r9d
	movl	%r9d, 24(%rsi)
	cmovne	%r9d, %r10d
	movl	32(%rdi), %r9d
	addl	$5, %r9d
	cmovc	%r9d, %r10d
	movl	$0, %r9d
	ret
	END

	/* Where the flags are known the address is not. */
	CASE	picked_too_late
	movq	8(%rdi), %rdi
	testb	$1, %dl
	cmovne	%rdi, %rax
	xorl	%edi, %edi
	ret
	END

	CASE	no_range_of_what_is_picked
	xorl	%eax, %eax
	xorl	%ecx, %ecx
1:	testb	$1, %al
	cmovne	(%rdi,%rax,8), %rcx
	addq	$1, %rax
	cmpq	%rdx, %rax
	jb	1b
	ret
	END

	/* Truth values, of which the second one is needed if the first is true. */
	CASE	picked_truth
	testb	$1, %dl
	setne	%al
	cmpl	$5, 8(%rdi)
	sete	%cl
	andb	%al, %cl
	movb	%cl, %bl
	testb	$2, %dl
	setne	%al
	cmpl	$5, 16(%rdi)
	sete	%r8b
	andb	%r8b, %al
	movl	$0, %r8d
	ret
	END

	/* The second one is needed again; the flags of the first are lost; the first is in %ah. */
	CASE	picked_truth_and_used
	testb	$1, %dl
	setne	%al
	cmpl	$5, 8(%rdi)
	sete	%cl
	andb	%cl, %al
	movb	%cl, %bl
	testb	$2, %dl
	setne	%al
	addl	$1, %ebx
	cmpl	$5, 16(%rdi)
	sete	%cl
	andb	%al, %cl
	movb	%cl, %bl
	testb	$4, %dl
	setne	%ah
	cmpl	$5, 24(%rdi)
	sete	%cl
	andb	%ah, %cl
	movb	%cl, %bl
	ret
	END

	/* In front of the condition are: a way around the load; a way out; a store. */
	CASE	picked_otherwise
	movl	$7, %eax
	testb	$4, %dl
	je	1f
	movl	8(%rdi), %eax
1:	testb	$1, %dl
	cmovne	%eax, %r8d
	xorl	%eax, %eax
	movl	16(%rdi), %eax
	cmpq	$2, %rdx
	je	2f
	cmovb	%eax, %r8d
2:	movl	24(%rdi), %eax
	movl	%ecx, 32(%rsi)
	testb	$1, %dl
	cmovne	%eax, %r8d
	xorl	%eax, %eax
	ret
	END

	/* Half of an update. */
	CASE	picked_and_updated
	movl	8(%rdi), %eax
	testb	$1, %dl
	cmovne	%ecx, %eax
	movl	%eax, 8(%rdi)
	ret
	END

	/* Beside what is loaded in any case. */
	CASE	picked_beside
	movl	8(%rdi), %ecx
	testb	$1, %dl
	cmovne	12(%rdi), %eax
	ret
	END

	.section .note.GNU-stack, "", @progbits

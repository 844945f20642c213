/*
 * Counted loops, the accesses of which are one range each, and others.
 */
#include "code_case.h"

	/* Counted loops, the accesses of which are one range each. */
	CASE	range_upwards
	leaq	(%rdi,%rdx,8), %rcx
	movq	%rdi, %rax
1:	movq	(%rax), %r8
	addq	$8, %rax
	addq	%r8, %r9
	cmpq	%rax, %rcx
	jne	1b
	ret
	END

	CASE	range_indexed
	xorl	%eax, %eax
1:	movl	4(%rdi,%rax,4), %ecx
	movl	%ecx, -8(%rsi,%rax,4)
	addq	$1, %rax
	cmpq	%rdx, %rax
	jne	1b
	ret
	END

	CASE	range_behind_its_step
	shlq	$1, %rdx
1:	incq	%rdi
	movb	-1(%rdi), %al
	addq	$1, %rsi
	addb	%al, -1(%rsi)
	subq	$1, %rdx
	jne	1b
	ret
	END

	/* Counts by four for each byte. */
	CASE	range_of_few_bytes
	shlq	$3, %rdx
	xorl	%eax, %eax
1:	movb	%al, (%rsi)
	leaq	1(%rsi), %rsi
	addq	$4, %rax
	cmpq	%rdx, %rax
	jne	1b
	ret
	END

	/* One round more than the distance says. */
	CASE	range_compared_early
	xorl	%eax, %eax
1:	movups	(%rdi,%rax), %xmm0
	movups	%xmm0, 32(%rsi,%rax)
	cmpq	%rax, %r8
	leaq	16(%rax), %rax
	jne	2f
2:	movq	%rdx, %r8
	shlq	$4, %r8
	xorl	%eax, %eax
1:	movups	(%rdi,%rax), %xmm0
	movups	%xmm0, 32(%rsi,%rax)
	cmpq	%rax, %r8
	leaq	16(%rax), %rax
	jne	1b
	ret
	END

	CASE	range_without_registers
	pushq	%rbp
	movq	%rsp, %rbp
	leaq	(%rdi,%rdx,4), %rcx
1:	movl	(%rdi), %eax
	addq	$4, %rdi
	cmpq	%rcx, %rdi
	jne	1b
	addq	%rax, %r8
	addq	%r9, %r10
	addq	%r11, %r12
	popq	%rbp
	ret
	END

	CASE	range_of_half_a_counter
	movl	$0xffff, %eax
	shlq	$32, %rax
1:	movq	(%rdi), %rcx
	addq	$8, %rdi
	addq	$1, %rax
	cmpl	%edx, %eax
	jne	1b
	ret
	END

	CASE	range_while_below
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %rcx
	addq	$1, %rax
	cmpq	%rdx, %rax
	jb	1b
	ret
	END

	CASE	range_while_more_is_left
	leaq	-1(%rdx), %rcx
	negq	%rcx
1:	movq	(%rdi), %r8
	addq	$8, %rdi
	subl	$1, %edx
	cmpl	%ecx, %edx
	jg	1b
	ret
	END

	CASE	range_up_to_the_bound
	xorl	%eax, %eax
1:	movq	%rax, (%rsi,%rax,8)
	leal	1(%rax), %ecx
	addq	$1, %rax
	cmpq	%rax, %rdx
	jae	1b
	ret
	END

	CASE	range_of_pieces
	leaq	64(%rdi,%rdx,8), %rcx
1:	movups	(%rsi), %xmm0
	movups	%xmm0, (%rdi)
	movups	16(%rsi), %xmm1
	addq	$32, %rsi
	addq	$32, %rdi
	movups	%xmm1, -16(%rdi)
	cmpq	%rcx, %rdi
	jb	1b
	ret
	END

	CASE	range_of_an_update
	leaq	(%rdi,%rdx,8), %rcx
1:	movq	(%rsi), %r8
	addq	$8, %rdi
	addq	$8, %rsi
	addq	-8(%rdi), %r8
	movq	%r8, -8(%rdi)
	cmpq	%rdi, %rcx
	jne	1b
	ret
	END

	CASE	range_of_neighbours
	shlq	$2, %rdx
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %r8
	addq	16(%rdi,%rax,8), %r8
	addq	-8(%rdi,%rax,8), %r8
	movq	%r8, 8(%rsi,%rax,8)
	addq	$1, %rax
	cmpq	%rdx, %rax
	jb	1b
	ret
	END

	/* One round more than the steps in the distance. */
	CASE	range_with_an_uneven_end
	leaq	5(%rdi,%rdx,8), %rcx
1:	movq	(%rdi), %r8
	addq	$8, %rdi
	cmpq	%rcx, %rdi
	jb	1b
	ret
	END

	/* None of these is known to touch one range. */
	CASE	no_range_but_gaps
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %rcx
	addq	$2, %rax
	decq	%rdx
	jne	1b
	ret
	END

	CASE	no_range_if_left
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %rcx
	testb	$3, %cl
	je	2f
	addq	$1, %rax
	cmpq	%rdx, %rax
	jne	1b
2:	ret
	END

	CASE	no_range_if_the_bound_moves
	shlq	$1, %rdx
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %rcx
	subq	$1, %rdx
	addq	$1, %rax
	cmpq	%rdx, %rax
	jne	1b
	ret
	END

	CASE	no_range_for_steps_that_vary
	movq	%rdi, %rax
	leaq	(%rdi,%rdx,8), %rcx
1:	movq	(%rsi), %r8
	andl	$8, %r8d
	addq	%r8, %rsi
	addq	$8, %rax
	cmpq	%rcx, %rax
	jne	1b
	ret
	END

	CASE	no_range_downwards
	leaq	(%rdi,%rdx,8), %rax
1:	movq	-8(%rax), %rcx
	subq	$8, %rax
	cmpq	%rdi, %rax
	jne	1b
	ret
	END

	/* Past its bound already: it ends after one round. */
	CASE	no_range_past_the_bound
	leaq	(%rdi,%rdx,8), %rax
1:	movq	(%rax), %rcx
	addq	$8, %rax
	cmpq	%rdi, %rax
	jb	1b
	ret
	END

	CASE	no_range_past_a_signed_bound
	movq	$-100, %rcx
	xorl	%eax, %eax
1:	movq	(%rdi), %r8
	addq	$8, %rdi
	addl	$1, %eax
	cmpl	%ecx, %eax
	jl	1b
	ret
	END

	CASE	no_range_if_past_the_bound_ends
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %rcx
	addq	$1, %rax
	cmpq	%rdx, %rax
	ja	1b
	ret
	END

	CASE	no_range_of_some_pieces
	xorl	%eax, %eax
1:	movl	(%rdi,%rax), %ecx
	movl	%ecx, 4(%rdi,%rax)
	movl	%ecx, 12(%rdi,%rax)
	addq	$8, %rax
	decq	%rdx
	jne	1b
	ret
	END

	CASE	no_range_around_a_lock
	xorl	%eax, %eax
1:	movq	(%rdi,%rax,8), %rcx
	lock incl (%rsi)
	addq	$1, %rax
	cmpq	%rdx, %rax
	jne	1b
	ret
	END

	CASE	range_with_prefetches
	leaq	(%rdi,%rdx,8), %rcx
	movq	%rdi, %rax
1:	prefetcht0 256(%rax)
	movq	(%rax), %r8
	addq	$8, %rax
	addq	%r8, %r9
	cmpq	%rax, %rcx
	jne	1b
	ret
	END

	.section .note.GNU-stack, "", @progbits

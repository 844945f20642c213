/*
 * Small functions for the laboratory: addressing modes, flags alive, few dead
 * registers, the red zone, strings, locked instructions, vectors.
 *
 * They find memory at rdi, rsi and rbx, and a small number in rdx.
 */
#include "code_case.h"

	CASE	load
	movl	(%rdi), %eax
	ret
	END

	CASE	store
	movl	%ecx, 8(%rdi)
	ret
	END

	CASE	sizes
	movb	(%rdi), %al
	movw	2(%rdi), %cx
	movl	4(%rdi), %r8d
	movq	8(%rdi), %r9
	movb	%al, 16(%rsi)
	movw	%cx, 18(%rsi)
	movl	%r8d, 20(%rsi)
	movq	%r9, 24(%rsi)
	ret
	END

	CASE	unaligned
	movq	3(%rdi), %rax
	movl	6(%rdi), %ecx
	movw	15(%rdi), %r8w
	movq	%rax, 5(%rsi)
	movl	%ecx, 21(%rsi)
	movw	%r8w, 31(%rsi)
	ret
	END

	CASE	flags_alive
	cmpq	%rsi, %rcx
	movl	%r8d, 8(%rdi)
	setb	%al
	movl	16(%rdi), %r9d
	sete	%ah
	movq	%r10, (%rsi)
	adcq	$3, %rcx
	pushfq
	popq	%r11
	andq	$0x8d5, %r11
	ret
	END

	CASE	flags_and_rax
	pxor	%xmm0, %xmm0
	movq	%rdi, %rax
	addq	%rcx, %r8
	movl	%ecx, 4(%rax)
	adcq	$0, %r9
	seto	%r10b
	addq	%rcx, %r8
	movb	%cl, 9(%rax,%rdx)
	movups	%xmm0, 48(%rax)
	movups	64(%rax), %xmm1
	adcq	$0, %r9
	movq	%r11, 16(%rdi)
	movw	%cx, 18(%rax,%rdx,2)
	seto	%r10b
	ret
	END

	CASE	addressing
	movq	%rdi, %r12
	movq	%rsi, %r13
	movl	(%rdi,%rdx,8), %eax
	movl	%eax, 0x1000(%rdi)
	movl	(%r12), %eax
	movl	(%r13), %ecx
	movl	%eax, (%r12,%rdx)
	movl	%ecx, 64(%r13,%rdx,4)
	movl	(%rdi,%rdx), %r8d
	movl	LAB_ABSOLUTE(,%rdx,8), %r9d
	movl	%r9d, LAB_ABSOLUTE + 0x800
	movq	lab_data(%rip), %r10
	movl	%r10d, lab_data + 12(%rip)
	movb	$7, lab_data + 21(%rip)
	movl	$0x1234567, lab_data + 30(%rip)
	movw	$7, -8(%rdi,%rdx,2)
	ret
	END
	CASE	no_dead_register
	movq	%rax, (%rdi)
	movq	%rcx, 8(%rdi)
	movq	%rdx, 16(%rdi)
	addq	%r8, %r9
	movq	%rbx, 24(%rdi)
	movups	%xmm3, 32(%rsi)
	movq	%r15, 40(%rdi)
	adcq	%r10, %r11
	ret
	END

	CASE	red_zone
	movq	%rcx, -8(%rsp)
	movq	%rax, -24(%rsp)
	cmpq	%r8, %r9
	movq	%r10, (%rdi)
	movq	%r11, 8(%rsi)
	adcq	-8(%rsp), %rax
	movq	-24(%rsp), %r12
	ret
	END

	CASE	frame_in_red_zone
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdi, -24(%rbp)
	movq	%rsi, -120(%rbp)
	cmpq	%r8, %r9
	movq	%r10, (%rdi)
	movq	%r11, 8(%rsi)
	sbbq	-24(%rbp), %rax
	movq	-120(%rbp), %r12
	movq	(%r12), %r13
	popq	%rbp
	ret
	END

	CASE	update_in_place
	addl	$1, (%rdi)
	incq	8(%rdi)
	subb	%cl, 3(%rsi)
	sbbq	$0, 16(%rsi)
	notl	24(%rsi)
	ret
	END

	CASE	update_in_register
	movl	(%rdi), %eax
	addl	$1, %eax
	movl	%eax, (%rdi)
	movq	8(%rsi), %rcx
	leaq	5(%rcx), %rcx
	movq	%rcx, 8(%rsi)
	ret
	END

	CASE	update_around_push
	movzwl	(%rdi), %eax
	pushq	%rcx
	addl	$1, %eax
	movw	%ax, (%rdi)
	popq	%rcx
	ret
	END

	CASE	stores_around_frame
	cmpl	%ecx, %edx
	pushq	%rbp
	movl	%ecx, (%rdi)
	movq	%rsp, %rbp
	movl	%edx, 16(%rdi)
	sete	%al
	popq	%rbp
	ret
	END

	CASE	halves
	movl	(%rdi), %eax
	movl	4(%rdi), %ecx
	movl	%eax, 16(%rsi)
	movl	%ecx, 20(%rsi)
	movb	8(%rdi), %r8b
	movb	9(%rdi), %r9b
	movw	%ax, 34(%rsi)
	movw	%cx, 36(%rsi)
	ret
	END

	CASE	halves_in_turn
	movl	16(%rsi), %eax
	movl	24(%rsi), %ecx
	movl	20(%rsi), %edx
	movl	8(%rsi), %edi
	movl	%eax, 24(%rsi)
	movl	%eax, 8(%rsi)
	ret
	END

	CASE	halves_stored
	movl	%eax, 16(%rsi)
	movl	%ecx, 20(%rsi)
	ret
	END

	CASE	store_amid
	movl	16(%rsi), %eax
	movl	$0, 24(%rsi)
	incl	%eax
	movl	%eax, 16(%rsi)
	ret
	END

	CASE	base_overwritten
	movq	(%rdi), %rdi
	movq	LAB_ABSOLUTE, %rsi
	movq	8(%rbx), %rbx
	addq	16(%r14), %r14
	movl	(%r15), %r15d
	ret
	END

	CASE	loop_of_loads
	xorl	%eax, %eax
1:	addl	(%rdi,%rdx,4), %eax
	movl	%eax, (%rsi,%rdx,4)
	decq	%rdx
	jnz	1b
	ret
	END

	CASE	count_down
	movq	%rdx, %rcx
1:	movb	(%rdi,%rcx), %al
	movb	%al, (%rsi,%rcx)
	loop	1b
	jrcxz	2f
	movb	$1, (%rdi)
2:	ret
	END

	CASE	branches
	testl	$1, (%rdi)
	je	1f
	movl	$5, 4(%rdi)
	cmpl	%ecx, 8(%rdi)
	jl	2f
	movl	$6, 8(%rdi)
	jmp	3f
1:	movl	$7, 12(%rdi)
2:	addl	$1, (%rsi)
	.rept	8
	movq	%rcx, 64(%rsi)
	addq	$8, %rsi
	.endr
	.skip	200, 0x90
	cmpq	%r8, %r9
	ja	3f
	incq	%rcx
3:	movq	(%rdi), %rax
	ret
	END

	CASE	vectors
	movups	(%rdi), %xmm0
	movups	16(%rdi), %xmm1
	movups	%xmm0, 32(%rsi)
	movss	4(%rdi), %xmm2
	movsd	8(%rdi), %xmm3
	movss	%xmm2, 52(%rsi)
	movsd	%xmm3, 56(%rsi)
	movq	%xmm1, 72(%rsi)
	movups	%xmm1, 81(%rsi)
	ret
	END

	CASE	strings
	movq	%rdx, %rcx
	rep movsb
	movq	%rdx, %rcx
	rep stosq
	movsl
	stosw
	lodsb
	movq	%rdx, %rcx
	repne scasb
	movq	%rdx, %rcx
	repe cmpsl
	ret
	END

	CASE	locked
	lock addl $1, (%rdi)
	movq	%r9, %rax
	lock cmpxchgq %rcx, 8(%rdi)
	sete	%r10b
	xchgl	%r11d, 16(%rdi)
	lock xaddq %rdx, (%rsi)
	adcq	$0, %r12
	lock cmpxchg16b 32(%rdi)
	movq	24(%rdi), %r13
	ret
	END

	CASE	locked_bits
	lock btsl %edx, (%rdi)
	setb	%al
	lock btrq %rdx, 8(%rdi)
	adcq	$0, %r12
	lock btcl $3, 16(%rdi)
	movl	4(%rdi), %r13d
	ret
	END

	CASE	transaction
	movl	$-1, %eax
	xbegin	1f
1:	cmpl	$-1, %eax
	je	2f
	xbegin	3f
2:	movl	(%rsi), %ecx
	xabort	$1
	xend
3:	movl	4(%rdi), %ecx
	ret
	END

	CASE	odd_sizes
	fldt	(%rdi)
	fstpt	16(%rsi)
	fnstcw	40(%rsi)
	fldcw	40(%rsi)
	cmpq	%r8, %r9
	fildll	8(%rdi)
	fistpll	48(%rsi)
	adcq	%r10, %r11
	ret
	END

	/* Those of the program's are not known from small ones; but 0 is none, nor is half of one. */
	CASE	addresses
	leaq	lab_data(%rip), %rax
	movq	%rax, (%rdi)
	movq	$0x10002000, 8(%rdi)
	movq	$0, 16(%rdi)
	movl	$0x10002000, 24(%rdi)
	movq	%rdx, 32(%rdi)
	ret
	END

	/* At the same places, as distances from the thread pointer. */
	CASE	thread_local
	subq	%fs:0, %rdi
	movq	%fs:(%rdi), %rax
	cmpq	%rsi, %rcx
	movl	%r8d, %fs:8(%rdi)
	setb	%al
	adcl	$3, %fs:20(%rdi)
	movq	%fs:24(%rdi,%rdx,8), %r10
	movb	%r10b, %fs:3(%rdi,%rdx)
	movdqu	%fs:96(%rdi), %xmm1
	lock xaddq %rcx, %fs:32(%rdi)
	pxor	%xmm1, %xmm1
	addq	%fs:0, %rdi
	ret
	END

	CASE	memory_push_pop
	pushq	(%rdi)
	popq	8(%rdi)
	pushq	%rcx
	pushq	16(%rsp)
	popq	(%rsi)
	popq	%rax
	ret
	END

	CASE	calls
	movq	(%rdi), %rax
	pushq	%rdi
	call	called
	popq	%rdi
	movq	%rax, 8(%rdi)
	ret
	END

	CASE	is_called
called:
	addq	(%rsi), %rax
	ret
	END

	CASE	prefetches
	cmpq	%rsi, %rcx
	prefetcht0 (%rdi)
	movl	%r8d, 8(%rdi)
	setb	%al
	prefetchnta 3(%rsi,%rdx,8)
	sete	%ah
	movzwl	%ax, %eax
	prefetchw 1f(%rip)
	prefetcht2 LAB_ABSOLUTE
	prefetcht1 %fs:8
	addq	16(%rdi), %rax
1:	ret
	END

	CASE	jumps_away
	movq	(%rdi), %rax
	cmpq	%rcx, %rax
	jb	called
	movq	%rax, (%rdi)
	jmp	called
	END

	CASE	spin_alike
	movl	$3, %ecx
1:	movl	(%rdi), %eax
	pause
	testl	%eax, %eax
	je	2f
	decl	%ecx
	jne	1b
2:	ret
	END

	/* For tests of liveness alone: nobody knows it but is_caller. */
	CASE	is_known
known:	movl	(%rdi), %eax
	addq	%rcx, %rax
	ret
	END

	CASE	is_caller
	call	known
	movq	%rax, %rbx
	jc	1f
	movq	%r9, %rbx
1:	xorl	%eax, %eax
	ret
	END

	CASE	hands_carry
	addq	%rax, %rcx
	call	takes_carry
	ret
	END

	CASE	is_handed_carry
takes_carry:
	adcq	(%rdi), %rdx
	ret
	END

	CASE	makes_its_return
	pushq	(%rdi)
	ret
	END

	.p2align 5
	.globl	lab_data
	.hidden	lab_data
lab_data:
	.quad	0x1122334455667788, 0x99aabbccddeeff00, 3, 4, 5, 6
	.section .note.GNU-stack, "", @progbits

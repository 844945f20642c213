/*
 * Vector instructions that access some elements: by a mask, by indexes.
 */
#include "code_case.h"

	/* A byte of rcx for each element's mask, a byte of r8 for its index. */
	.macro	ELEMENTS
	vmovq	%rcx, %xmm3
	vmovq	%r8, %xmm2
	vpmovsxbq %xmm3, %ymm5
	vpmovsxbq %xmm2, %ymm6
	vpmovsxbd %xmm3, %ymm3
	vpmovsxbd %xmm2, %ymm2
	vpxor	%xmm1, %xmm1, %xmm1
	.endm

	CASE	masked_load
	ELEMENTS
	vmaskmovps 4(%rdi), %ymm3, %ymm1
	vmovdqu	%ymm1, (%rsi)
	ret
	END

	CASE	masked_moves
	ELEMENTS
	vmaskmovpd 64(%rdi), %ymm5, %ymm1
	vpmaskmovd 32(%rdi,%rdx,8), %xmm3, %xmm4
	cmpq	%r8, %r9
	vmaskmovps %ymm1, %ymm3, 128(%rsi,%rdx,4)
	vpmaskmovq %xmm4, %xmm5, 256(%rsi)
	adcq	$1, %r10
	vmovdqa	%ymm3, %ymm12
	vpmaskmovd %ymm1, %ymm12, (%r15)
	vmaskmovpd %xmm2, %xmm5, 7(%r14)
	vpmaskmovq lab_data(%rip), %ymm5, %ymm13
	vpmaskmovd LAB_ABSOLUTE, %ymm12, %ymm14
	movq	%rdi, %rax
	cmpq	%r8, %r9
	vmaskmovps %ymm13, %ymm12, 300(%rax,%rdx)
	vmaskmovps %xmm14, %xmm12, 400(%rax)
	vmaskmovdqu %xmm3, %xmm1
	vmaskmovdqu %xmm12, %xmm13
	adcq	$1, %r10
	vzeroupper
	ret
	END

	CASE	masked_bytes
	movq	%rcx, %xmm3
	movq	%r8, %xmm11
	movlhps	%xmm11, %xmm3
	movq	%r9, %xmm1
	maskmovdqu %xmm3, %xmm1
	cmpq	%r8, %r9
	maskmovdqu %xmm11, %xmm3
	adcq	$1, %r10
	ret
	END

	CASE	gather_load
	ELEMENTS
	vpgatherdd %ymm3, 4(%rdi,%ymm2,4), %ymm1
	vmovdqu	%ymm1, (%rsi)
	ret
	END

	CASE	gathers
	ELEMENTS
	vmovdqa	%ymm3, %ymm4
	vgatherdps %xmm4, (%rdi,%xmm2,8), %xmm1
	vmovdqa	%ymm3, %ymm12
	vpgatherqd %xmm12, -3(%rdi,%ymm6,4), %xmm1
	vmovdqu	%ymm1, (%rsi)
	vmovdqa	%ymm3, %ymm12
	vgatherqps %xmm12, 5(%rdi,%xmm6), %xmm1
	vmovdqu	%ymm1, 32(%rsi)
	movq	%rdi, %rax
	movq	%rsi, %r13
	cmpq	%r8, %r9
	vmovdqa	%ymm5, %ymm4
	vpgatherdq %ymm4, (%rax,%xmm2,2), %ymm1
	vmovdqa	%ymm6, %ymm15
	vmovdqa	%ymm5, %ymm4
	vpgatherqq %ymm4, (%r13,%ymm15), %ymm1
	vmovdqu	%ymm1, 64(%rsi)
	vmovdqa	%ymm5, %ymm14
	vgatherdpd %xmm14, 640(%r14,%xmm2,8), %xmm1
	vmovdqu	%ymm1, 96(%rsi)
	vmovdqa	%ymm5, %ymm14
	vgatherqpd %xmm14, LAB_ABSOLUTE(,%xmm15,8), %xmm1
	adcq	$1, %r10
	vmovdqu	%ymm1, 128(%rsi)
	vzeroupper
	ret
	END

	CASE	elements_in_red_zone
	ELEMENTS
	movq	%rcx, -8(%rsp)
	movq	%rax, -24(%rsp)
	cmpq	%r8, %r9
	vpgatherdd %ymm3, 4(%rdi,%ymm2,4), %ymm1
	vmaskmovpd %ymm1, %ymm5, (%rsi)
	adcq	-8(%rsp), %rax
	movq	-24(%rsp), %r12
	vzeroupper
	ret
	END

	CASE	elements_in_frame
	pushq	%rbp
	movq	%rsp, %rbp
	ELEMENTS
	movq	%rdi, -24(%rbp)
	movq	%rsi, -120(%rbp)
	cmpq	%r8, %r9
	vpgatherdd %ymm3, 4(%rdi,%ymm2,4), %ymm1
	vmaskmovpd %ymm1, %ymm5, (%rsi)
	sbbq	-24(%rbp), %rax
	movq	-120(%rbp), %r12
	vzeroupper
	popq	%rbp
	ret
	END

	.section .note.GNU-stack, "", @progbits

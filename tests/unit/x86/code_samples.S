/*
 * Small functions for the laboratory: addressing modes, flags alive, few dead
 * registers, the red zone, strings, locked instructions, vectors.
 *
 * They find memory at rdi, rsi and rbx, and a small number in rdx.
 */
	.macro	CASE name
	.section lab_names, "aw"
	.quad	9f, 8f, 7f
	.section .rodata.str, "aMS", @progbits, 1
9:	.string	"\name"
	.section lab_text, "ax"
	.p2align 4
8:
	.endm

	.macro	END
7:
	.endm

	.set	LAB_ABSOLUTE, 0x10002000 /* in the code's memory */

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
lab_data:
	.quad	0x1122334455667788, 0x99aabbccddeeff00, 3, 4, 5, 6
	.section .note.GNU-stack, "", @progbits

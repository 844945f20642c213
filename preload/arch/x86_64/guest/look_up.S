/*
 * dlsym(3): what is looked up in one library goes on in real.c.
 *
 * In assembly because the loader searches RTLD_NEXT, and the scope of RTLD_DEFAULT, by who
 * called it, which must stay the program.
 */
	.text
	.globl	dlsym
	.type	dlsym, @function
	.p2align 4
dlsym:
	.cfi_startproc
	leaq	1(%rdi), %rax	/* RTLD_NEXT is -1, RTLD_DEFAULT 0 */
	cmpq	$1, %rax
	jbe	1f
	jmp	real_look_up_in
1:	movq	real_dlsym_found(%rip), %rax
	testq	%rax, %rax
	je	2f
	jmp	*%rax
2:	/* Not looked up yet. */
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	real_dlsym_resolve
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	jmp	1b
	.cfi_endproc
	.size	dlsym, .-dlsym

	.section .note.GNU-stack,"",@progbits

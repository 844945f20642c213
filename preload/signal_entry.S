/*
 * Where the kernel enters a handler of the program's: what the sender handed over
 * is taken, then the handler runs as if it had been entered at once, with
 * the kernel's own return address.
 */
	.text
	.globl	signal_entry
	.hidden	signal_entry
	.type	signal_entry, @function
	.p2align 4
signal_entry:
	.cfi_startproc
	endbr64
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	call	signal_entered	/* returns the handler */
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	movq	%rax, %r11
	xorl	%eax, %eax
	jmp	*%r11
	.cfi_endproc
	.size	signal_entry, .-signal_entry

	.section .note.GNU-stack,"",@progbits

/*
 * Where the kernel enters a handler of the program's: what the sender handed over
 * is taken, then the handler runs as if it had been entered at once.  If the
 * context has to be set right after it, it returns to handlers_return, else to
 * where the kernel said.
 */

#include <asm/unistd.h>

#include "preload/arch/x86_64/offsets.h"

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
	leaq	24(%rsp), %rcx
	call	signal_entered	/* returns the handler, or 0 */
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	testq	%rax, %rax
	je	1f
	movq	%rax, %r11
	xorl	%eax, %eax
	jmp	*%r11
1:	ret
	.cfi_endproc
	.size	signal_entry, .-signal_entry

/*
 * In the place of the C library's return from a handler, and to unwinders the
 * same: a signal frame, whose context lies at the stack pointer.
 */
#define OP_BREG_RSP 0x77
#define OP_DEREF 0x06
#define SLEB2(n) ((n) & 0x7f) | 0x80, ((n) >> 7) & 0x7f
#define CFA_DEF_EXPRESSION 0x0f
#define CFA_EXPRESSION 0x10

	.macro	IN_CONTEXT register, offset
	.cfi_escape CFA_EXPRESSION, \register, 3, OP_BREG_RSP, SLEB2(\offset)
	.endm

	.globl	handlers_return
	.hidden	handlers_return
	.type	handlers_return, @function
	.p2align 4
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape CFA_DEF_EXPRESSION, 4, OP_BREG_RSP, SLEB2(CONTEXT_RSP), OP_DEREF
	IN_CONTEXT 8, CONTEXT_R8
	IN_CONTEXT 9, CONTEXT_R9
	IN_CONTEXT 10, CONTEXT_R10
	IN_CONTEXT 11, CONTEXT_R11
	IN_CONTEXT 12, CONTEXT_R12
	IN_CONTEXT 13, CONTEXT_R13
	IN_CONTEXT 14, CONTEXT_R14
	IN_CONTEXT 15, CONTEXT_R15
	IN_CONTEXT 5, CONTEXT_RDI
	IN_CONTEXT 4, CONTEXT_RSI
	IN_CONTEXT 6, CONTEXT_RBP
	IN_CONTEXT 3, CONTEXT_RBX
	IN_CONTEXT 1, CONTEXT_RDX
	IN_CONTEXT 0, CONTEXT_RAX
	IN_CONTEXT 2, CONTEXT_RCX
	IN_CONTEXT 7, CONTEXT_RSP
	IN_CONTEXT 16, CONTEXT_RIP
	nop		/* for those who look before a return address */
handlers_return:
	movq	%rsp, %rdi
	call	handlers_returned	/* returns the C library's own, or 0 */
	testq	%rax, %rax
	je	1f
	jmp	*%rax
1:	movl	$__NR_rt_sigreturn, %eax
	syscall
	.cfi_endproc
	.size	handlers_return, .-handlers_return

	.section .note.GNU-stack,"",@progbits

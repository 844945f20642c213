/*
 * The functions of late/functions.def: each jumps to where its slot says.  An empty slot is
 * filled first, with all that arguments may be in kept meanwhile.
 */
	.text
	.hidden	late_slots
	.hidden	late_find

	.set	late_index, 0

	.macro	late_function name
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 4
\name:
	movq	late_slots + 8 * late_index(%rip), %r11
	testq	%r11, %r11
	je	1f
	jmp	*%r11
1:	movl	$late_index, %r11d
	jmp	late_enter
	.size	\name, . - \name
	.set	late_index, late_index + 1
	.endm

#define LIBRARY(name, file)
#define FUNCTION(library, function) late_function function
#include "late/functions.def"

#define WORDS 7
#define VECTORS 8
#define VECTOR_BYTES (16 * VECTORS)

	.type	late_enter, @function
	.p2align 4
late_enter:
	.cfi_startproc
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	pushq	%rax
	.cfi_adjust_cfa_offset 8 * WORDS
	subq	$VECTOR_BYTES, %rsp
	.cfi_adjust_cfa_offset VECTOR_BYTES
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7
	movaps	%xmm\number, 16 * \number(%rsp)
	.endr
	movl	%r11d, %edi
	call	late_find
	movq	%rax, %r11
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7
	movaps	16 * \number(%rsp), %xmm\number
	.endr
	addq	$VECTOR_BYTES, %rsp
	.cfi_adjust_cfa_offset -VECTOR_BYTES
	popq	%rax
	popq	%r9
	popq	%r8
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	.cfi_adjust_cfa_offset -8 * WORDS
	jmp	*%r11
	.cfi_endproc
	.size	late_enter, . - late_enter

	.section .note.GNU-stack, "", @progbits

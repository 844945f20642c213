/* Ways into and out of code under test: code_lab.c. */

#include "preload/arch/x86_64/offsets.h"

	.bss
	.globl	lab_state
	.p2align 4
lab_state:
	.skip	8 * 17
host_rsp:
	.skip	8
target:
	.skip	8

	.macro	REGISTERS instruction
	\instruction 0, rax
	\instruction 1, rcx
	\instruction 2, rdx
	\instruction 3, rbx
	\instruction 5, rbp
	\instruction 6, rsi
	\instruction 7, rdi
	.irp	number, 8, 9, 10, 11, 12, 13, 14, 15
	\instruction \number, r\number
	.endr
	.endm

	.macro	FILL number, register
	movq	lab_state + 8 * \number(%rip), %\register
	.endm

	.macro	KEEP number, register
	movq	%\register, lab_state + 8 * \number(%rip)
	.endm

	.text
/* void lab_enter(uint64_t code): from and to lab_state, on the lab's stack. */
	.globl	lab_enter
lab_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rdi, target(%rip)
	movq	%rsp, host_rsp(%rip)
	movq	lab_state + 8 * 4(%rip), %rsp
	pushq	lab_state + 8 * 16(%rip)
	REGISTERS FILL
	popfq
	call	*target(%rip)
	pushfq
	popq	lab_state + 8 * 16(%rip)
	REGISTERS KEEP
	movq	%rsp, lab_state + 8 * 4(%rip)
	movq	host_rsp(%rip), %rsp
	pushq	$0x202
	popfq
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* Thunks: lab_note(number, frame), then flags are spoilt where that is allowed. */
	.macro	THUNK number
	.p2align 4
lab_thunk_\number:
	pushq	$\number
	.if	\number < THUNK_MASKED || \number >= THUNK_STRING
	jmp	lab_common
	.else
	jmp	lab_masked_common
	.endif
	.endm

	.altmacro
	.macro	ALL_THUNKS
	.set	number, 0
	.rept	THUNK_COUNT
	THUNK	%number
	.set	number, number + 1
	.endr
	.endm
	ALL_THUNKS

	.macro	COMMON size
	pushfq
	/* No steps in here. */
	pushfq
	andq	$~0x100, (%rsp)
	popfq
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbp
	movq	%rsp, %rbp
	cld
	movq	%rbp, %rdi
	andq	$-16, %rsp
	call	lab_note
	movq	%rbp, %rsp
	popq	%rbp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	popfq
	leaq	8(%rsp), %rsp
	ret	$\size
	.endm

lab_common:
	COMMON	THUNK_WORDS_BYTES
/* Masked moves and gathers: with a third word. */
lab_masked_common:
	COMMON	THUNK_MASKED_WORDS_BYTES

	.section .data.rel.ro, "aw"
	.globl	lab_thunks
	.p2align 3
lab_thunks:
	.macro	THUNK_ADDRESS number
	.quad	lab_thunk_\number
	.endm
	.set	number, 0
	.rept	THUNK_COUNT
	THUNK_ADDRESS %number
	.set	number, number + 1
	.endr
	.section .note.GNU-stack, "", @progbits

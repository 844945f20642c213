/* A function for the laboratory: CASE, its code, END. */
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

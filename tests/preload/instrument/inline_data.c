/*
 * Data among code: arguments behind a call, which the callee skips or which have the form
 * of a nop; a call over data; segmented stacks, where a callee returns behind the return
 * that follows its call; constants that look like padding behind functions, and behind a
 * return.  All of it stays readable and unpatched.
 */
#include "../guest.h"

#include <stdint.h>

long skipped_arguments(long *), marked_nop(long *), behind_call(long *), segmented(long *);
long tiny_nops(long *), tiny_stops(long *), tiny_pool(long *);

#define BEGIN(name) ".globl " #name "\n .type " #name ", @function\n" #name ":\n .cfi_startproc\n"
#define END(name) ".cfi_endproc\n .size " #name ", .-" #name "\n"
#define PLACE(name)                                                                                \
	".pushsection .rodata\n .globl " name "\n" name ": .long 77b - " name "\n .popsection\n"

__asm__(".text\n .p2align 4\n"

	/* No padding near: a jump finds room only in the function itself. */
	".fill 160, 1, 0x06\n"
	BEGIN(do_nothing) "ret\n" END(do_nothing)
	BEGIN(make_segment)
	"movq (%rsp), %rax\n incq %rax\n call *%rax\n ret\n"
	END(make_segment)
	BEGIN(segmented)
	"testq %rsp, %rsp\n js 1f\n call make_segment\n ret\n"
	"1: movq (%rdi), %rcx\n incq (%rdi)\n call do_nothing\n movq (%rdi), %rax\n"
	"call do_nothing\n addq %rcx, %rax\n ret\n"
	END(segmented)
	".fill 160, 1, 0x06\n"

	BEGIN(skip_arguments)
	"movq (%rsp), %rdx\n movslq (%rdx), %rax\n addq $4, %rdx\n movq %rdx, (%rsp)\n ret\n"
	END(skip_arguments)
	BEGIN(skipped_arguments)
	"call skip_arguments\n .long 1234567\n addq (%rdi), %rax\n ret\n"
	END(skipped_arguments)

	BEGIN(read_nop)
	"pushq %rbp\n .cfi_adjust_cfa_offset 8\n movq %rsp, %rbp\n movq 8(%rbp), %rdx\n"
	"movslq 3(%rdx), %rax\n popq %rbp\n .cfi_adjust_cfa_offset -8\n ret\n"
	END(read_nop)
	BEGIN(marked_nop)
	"call read_nop\n .byte 0x0f, 0x1f, 0x80\n .long 7654321\n addq (%rdi), %rax\n ret\n"
	END(marked_nop)

	BEGIN(behind_call)
	"call 1f\n .byte 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8\n"
	"1: popq %rdx\n movq (%rdx), %rax\n addq (%rdi), %rax\n ret\n"
	END(behind_call)

	/* Three bytes of code, and up to a multiple of 16. */
	".p2align 4\n"
	BEGIN(tiny_nops) "movl (%rdi), %eax\n ret\n" END(tiny_nops)
	"77: .fill 13, 1, 0x90\n" PLACE("nops")
	BEGIN(tiny_stops) "movl (%rdi), %eax\n ret\n" END(tiny_stops)
	"77: .fill 13, 1, 0xcc\n" PLACE("stops")
	BEGIN(tiny_pool) "movl (%rdi), %eax\n ret\n 77: .fill 13, 1, 0x50\n" END(tiny_pool)
	PLACE("pool"));

extern const int32_t nops, stops, pool;

static uint64_t sum(const int32_t *place)
{
	const unsigned char *bytes = (const unsigned char *)place + *place;
	uint64_t sum = 0;

	for (int i = 0; i < 13; i++)
		sum = sum * 131 + bytes[i];
	return sum;
}

static void call_all(void)
{
	long value = 3;

	CHECK_IS(skipped_arguments(&value), 1234567 + 3);
	CHECK_IS(marked_nop(&value), 7654321 + 3);
	CHECK_IS(behind_call(&value), 0x060504030201b848 + 3);
	CHECK_IS(segmented(&value), 3 + 4);
	CHECK_IS(value, 4);
	CHECK_IS(tiny_nops(&value) + tiny_stops(&value) + tiny_pool(&value), 12);
}

static void *call_often(void *unused)
{
	for (int i = 0; i < 100; i++)
		call_all();
	return unused;
}

int main(void)
{
	uint64_t before[] = {sum(&nops), sum(&stops), sum(&pool)};

	call_all();
	guest_run_in_thread(call_often, NULL);
	call_often(NULL);
	CHECK(sum(&nops) == before[0]);
	CHECK(sum(&stops) == before[1]);
	CHECK(sum(&pool) == before[2]);
	puts("passed");
	return EXIT_SUCCESS;
}

/*
 * syscall(2) with fewer arguments than it may have: where the last one would be lies a
 * variable of the caller, which another thread is changing meanwhile.
 */
#include <linux/futex.h>
#include <sys/syscall.h>

#include "../guest.h"

#define WAKES 100000
#define FORKS 20

static int word;
static _Atomic int is_over;
static pthread_t counter;
static volatile long counted;

static void *count_up(void *variable)
{
	volatile long *slot = variable;

	while (!is_over) {
		*slot = *slot + 1;
		counted = counted + 1;
	}
	return NULL;
}

void begin(long *variable)
{
	*variable = 0;
	counter = guest_start(count_up, variable);
}

void end(void)
{
	is_over = 1;
	guest_join(counter);
	is_over = 0;
}

void fork_and_wait(long child)
{
	if (child == 0)
		_exit(0);
	CHECK_IS(guest_wait_for((pid_t)child), 0);
}

/* The variable is at the top of the stack at each call. */
long wake_often(int *word, long rounds);
long fork_often(long rounds);

__asm__("	.text\n"
	"	.type	wake_often, @function\n"
	"wake_often:\n"
	"	.cfi_startproc\n"
	"	pushq	%rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbx, -16\n"
	"	pushq	%r12\n"
	"	.cfi_def_cfa_offset 24\n"
	"	.cfi_offset %r12, -24\n"
	"	subq	$24, %rsp\n"
	"	.cfi_def_cfa_offset 48\n"
	"	movq	%rdi, %r12\n"
	"	movq	%rsi, %rbx\n"
	"	movq	%rsp, %rdi\n"
	"	call	begin@PLT\n"
	"1:	movl	$202, %edi\n"
	"	movq	%r12, %rsi\n"
	"	movl	$129, %edx\n"
	"	movl	$1, %ecx\n"
	"	xorl	%eax, %eax\n"
	"	call	syscall@PLT\n"
	"	decq	%rbx\n"
	"	jne	1b\n"
	"	call	end@PLT\n"
	"	movq	(%rsp), %rax\n"
	"	addq	$24, %rsp\n"
	"	.cfi_def_cfa_offset 24\n"
	"	popq	%r12\n"
	"	.cfi_def_cfa_offset 16\n"
	"	popq	%rbx\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size	wake_often, . - wake_often\n"
	"	.type	fork_often, @function\n"
	"fork_often:\n"
	"	.cfi_startproc\n"
	"	pushq	%rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbx, -16\n"
	"	subq	$16, %rsp\n"
	"	.cfi_def_cfa_offset 32\n"
	"	movq	%rdi, %rbx\n"
	"	movq	%rsp, %rdi\n"
	"	call	begin@PLT\n"
	"1:	movl	$57, %edi\n"
	"	xorl	%eax, %eax\n"
	"	call	syscall@PLT\n"
	"	movq	%rax, %rdi\n"
	"	call	fork_and_wait@PLT\n"
	"	decq	%rbx\n"
	"	jne	1b\n"
	"	call	end@PLT\n"
	"	movq	(%rsp), %rax\n"
	"	addq	$16, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	popq	%rbx\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size	fork_often, . - fork_often\n");

int main(void)
{
	long found;

	_Static_assert(SYS_futex == 202 && SYS_fork == 57, "as the assembly has them");
	_Static_assert((FUTEX_WAKE | FUTEX_PRIVATE_FLAG) == 129, "as the assembly has it");
	found = wake_often(&word, WAKES);
	CHECK(found == counted);
	counted = 0;
	found = fork_often(FORKS);
	CHECK(found == counted);
	return guest_passed();
}

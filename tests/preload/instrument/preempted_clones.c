/*
 * Threads preempted as runtimes do it: a handler leads the interrupted thread to a stub,
 * which goes back to where the thread was, with all registers as they were.  The address
 * is handed over on the stack, on the stack below another word, or in a register that
 * the code does not use.
 */
#include "../guest.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#define WORDS 256
#define STEPS 20000
#define PREEMPTIONS 60

#define RED_ZONE 128

atomic_int preemption_count;
static atomic_int next_way;
static atomic_bool is_over;

void return_by_stack(void), return_over_word(void), return_by_register(void);
uint64_t work(uint64_t *words, uint64_t steps);
extern const char work_end[];

#define STUB(name, leave)                                                                          \
	".globl " #name "\n .type " #name ", @function\n" #name ":\n"                              \
	".cfi_startproc\n .cfi_signal_frame\n"                                                     \
	"pushfq\n push %rax\n push %rcx\n push %rdx\n push %rsi\n push %rdi\n push %r8\n"          \
	"push %r9\n push %r10\n push %r11\n push %rbp\n mov %rsp, %rbp\n"                          \
	"and $-64, %rsp\n sub $512, %rsp\n fxsave (%rsp)\n call count_preemption\n"                \
	"fxrstor (%rsp)\n mov %rbp, %rsp\n pop %rbp\n pop %r11\n pop %r10\n pop %r9\n"             \
	"pop %r8\n pop %rdi\n pop %rsi\n pop %rdx\n pop %rcx\n pop %rax\n popfq\n" leave "\n"      \
	".cfi_endproc\n .size " #name ", .-" #name "\n"

/* The loop's head lies in the bytes of the entry's jump.  Nothing stands between the
 * functions, whose clones are aligned. */
__asm__(".globl work\n .type work, @function\nwork:\n .cfi_startproc\n"
	"xor %eax, %eax\n"
	"1: mov %rsi, %rcx\n and $255, %rcx\n add (%rdi,%rcx,8), %rax\n mov %rax, -8(%rsp)\n"
	"addq $3, (%rdi,%rcx,8)\n mov -8(%rsp), %rax\n rol $1, %rax\n dec %rsi\n jnz 1b\n ret\n"
	".cfi_endproc\n .size work, .-work\n .globl work_end\nwork_end:\n"

	".type count_preemption, @function\ncount_preemption:\n .cfi_startproc\n"
	"push %rbp\n .cfi_adjust_cfa_offset 8\n mov %rsp, %rbp\n"
	"lock incl preemption_count(%rip)\n nop\n pop %rbp\n .cfi_adjust_cfa_offset -8\n ret\n"
	".cfi_endproc\n .size count_preemption, .-count_preemption\n"

	STUB(return_by_stack, "ret $128")
	STUB(return_over_word, "lea 8(%rsp), %rsp\n ret $128")
	STUB(return_by_register, "lea 128(%rsp), %rsp\n jmp *%r11"));

static void preempt_thread(int number, siginfo_t *told, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	greg_t place = registers[REG_RIP];
	greg_t *top = (greg_t *)(registers[REG_RSP] - RED_ZONE);

	(void)number;
	(void)told;
	if (place < (greg_t)work || place >= (greg_t)work_end)
		return;
	switch (atomic_fetch_add(&next_way, 1) % 3) {
	case 0:
		*--top = place;
		registers[REG_RIP] = (greg_t)return_by_stack;
		break;
	case 1:
		*--top = place;
		*--top = 0;
		registers[REG_RIP] = (greg_t)return_over_word;
		break;
	default:
		registers[REG_R11] = place;
		registers[REG_RIP] = (greg_t)return_by_register;
	}
	registers[REG_RSP] = (greg_t)top;
}

static uint64_t work_anew(void)
{
	uint64_t words[WORDS] = {0};

	return work(words, STEPS);
}

static void *work_until_over(void *expected)
{
	while (!atomic_load(&is_over))
		CHECK(work_anew() == *(const uint64_t *)expected);
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = preempt_thread,
				   .sa_flags = SA_SIGINFO | SA_RESTART};
	uint64_t expected = work_anew();
	pthread_t threads[2];

	CHECK_IS(sigaction(SIGURG, &action, NULL), 0);
	for (int i = 0; i < 2; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, work_until_over, &expected), 0);
	for (int i = 0; atomic_load(&preemption_count) < PREEMPTIONS; i++) {
		CHECK_IS(pthread_kill(threads[i % 2], SIGURG), 0);
		sched_yield();
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < 2; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
	puts("passed");
	return EXIT_SUCCESS;
}

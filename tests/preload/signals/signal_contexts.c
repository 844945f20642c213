/*
 * Handlers that interrupt observed code see the original code: the address of an
 * instruction of the function, its registers and flags, and its callers, by each
 * unwinder there is.  And the code goes on as if nothing had happened.
 *
 * The function is in assembly, so that the value of each register is known at each of
 * its instructions: n plus a number of its own, unless the register is dead.
 *
 * guest-forgetful: yes
 */
// guest-timeout: 60
#include "../guest.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unwind.h>

#define SIGNALS 3000
#define THREADS 2

/* One element per instruction: its address, which registers are as told, and
 * whether ZF must be set. */
struct place {
	const unsigned char *address;
	unsigned int known; /* bit 0: rax + 1, rcx + 2, rdx + 3, rbx + 4, rsi, rdi ... */
	unsigned int zero_flag;
};

extern const struct place places_start[], places_end[];
extern const unsigned char mix[], mix_end[];
unsigned long mix_memory(unsigned long first, unsigned long count, unsigned long *memory);

/*
 * rax rcx rdx rbx rsi rdi r9 r10 r11 r12 r13 r14: n + 1 .. n + 12, and read once more
 * at the end of a round; r15: n, r8: memory, rbp: the last n.
 */
__asm__(".section .data.rel.ro.places, \"aw\"\n"
	".globl places_start\n"
	"places_start:\n"
	".text\n"
	".macro ON known, flag, instruction:vararg\n"
	"77:	\\instruction\n"
	"	.pushsection .data.rel.ro.places, \"aw\"\n"
	"	.quad	77b\n"
	"	.long	\\known, \\flag\n"
	"	.popsection\n"
	".endm\n"
	".globl	mix\n"
	".globl	mix_memory\n"
	".type	mix_memory, @function\n"
	".p2align 4\n"
	"mix:\n"
	"mix_memory:\n"
	".cfi_startproc\n"
	"ON 0, 0, pushq %rbx\n	.cfi_adjust_cfa_offset 8\n	.cfi_rel_offset rbx, 0\n"
	"ON 0, 0, pushq %rbp\n	.cfi_adjust_cfa_offset 8\n	.cfi_rel_offset rbp, 0\n"
	"ON 0, 0, pushq %r12\n	.cfi_adjust_cfa_offset 8\n	.cfi_rel_offset r12, 0\n"
	"ON 0, 0, pushq %r13\n	.cfi_adjust_cfa_offset 8\n	.cfi_rel_offset r13, 0\n"
	"ON 0, 0, pushq %r14\n	.cfi_adjust_cfa_offset 8\n	.cfi_rel_offset r14, 0\n"
	"ON 0, 0, pushq %r15\n	.cfi_adjust_cfa_offset 8\n	.cfi_rel_offset r15, 0\n"
	"ON 0, 0, movq %rdi, %r15\n"
	"ON 0, 0, leaq (%rdi,%rsi), %rbp\n"
	"ON 0, 0, movq %rdx, %r8\n"
	"1:\n"
	"ON 0, 0, leaq 1(%r15), %rax\n"
	"ON 0x1, 0, leaq 2(%r15), %rcx\n"
	"ON 0x3, 0, leaq 3(%r15), %rdx\n"
	"ON 0x7, 0, leaq 4(%r15), %rbx\n"
	"ON 0xf, 0, leaq 5(%r15), %rsi\n"
	"ON 0x1f, 0, leaq 6(%r15), %rdi\n"
	"ON 0x3f, 0, leaq 7(%r15), %r9\n"
	"ON 0x7f, 0, leaq 8(%r15), %r10\n"
	"ON 0xff, 0, leaq 9(%r15), %r11\n"
	"ON 0x1ff, 0, leaq 10(%r15), %r12\n"
	"ON 0x3ff, 0, leaq 11(%r15), %r13\n"
	"ON 0x7ff, 0, leaq 12(%r15), %r14\n"
	/* Plain moves of all sizes, nothing dead. */
	"ON 0xfff, 0, movq %rax, (%r8)\n"
	"ON 0xfff, 0, movl %ecx, 8(%r8)\n"
	"ON 0xfff, 0, movw %dx, 12(%r8)\n"
	"ON 0xfff, 0, movb %bl, 15(%r8)\n"
	"ON 0xfff, 0, movw (%r8), %ax\n"
	"ON 0xfff, 0, movq %rsi, 19(%r8)\n"
	/* Flags alive across accesses. */
	"ON 0xfff, 0, cmpq (%r8), %rax\n"
	"ON 0xfff, 1, movq %rdi, 32(%r8)\n"
	"ON 0xfff, 1, movb 15(%r8), %cl\n"
	"ON 0xffd, 1, leaq 2(%r15), %rcx\n"
	"ON 0xfff, 1, movl %r9d, 40(%r8)\n"
	"ON 0xfff, 1, movdqu (%r8), %xmm0\n"
	"ON 0xfff, 1, movdqu %xmm0, 48(%r8)\n"
	"ON 0xfff, 1, jne 2f\n"
	/* Updates, locked ones, strings. */
	"ON 0xfff, 0, addq %r10, 64(%r8)\n"
	"ON 0xfff, 0, lock addq %r11, 72(%r8)\n"
	"ON 0xfff, 0, lock xaddq %r12, 80(%r8)\n"
	"ON 0xdff, 0, leaq 10(%r15), %r12\n"
	"ON 0xfff, 0, xchgq %r13, 88(%r8)\n"
	"ON 0xbff, 0, leaq 11(%r15), %r13\n"
	"ON 0xfff, 0, testq %rcx, %rdi\n"
	"ON 0xfdd, 0, leaq 96(%r8), %rdi\n"
	"ON 0xfdd, 0, movl $24, %ecx\n"
	"ON 0xfdd, 0, rep stosb\n"
	"ON 0xfdd, 0, leaq 2(%r15), %rcx\n"
	"ON 0xfdf, 0, leaq 6(%r15), %rdi\n"
	"ON 0xfff, 0, testq %rax, %rcx\n"
	"ON 0xffc, 0, testq %rdx, %rbx\n"
	"ON 0xff0, 0, testq %rsi, %rdi\n"
	"ON 0xfc0, 0, testq %r9, %r10\n"
	"ON 0xf00, 0, testq %r11, %r12\n"
	"ON 0xc00, 0, testq %r13, %r14\n"
	"ON 0, 0, incq %r15\n"
	"ON 0, 0, cmpq %rbp, %r15\n"
	"ON 0, 0, jne 1b\n"
	"ON 0, 0, xorl %eax, %eax\n"
	"3:\n"
	"ON 0, 0, popq %r15\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore r15\n"
	"ON 0, 0, popq %r14\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore r14\n"
	"ON 0, 0, popq %r13\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore r13\n"
	"ON 0, 0, popq %r12\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore r12\n"
	"ON 0, 0, popq %rbp\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore rbp\n"
	"ON 0, 0, popq %rbx\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore rbx\n"
	"ON 0, 0, ret\n"
	".cfi_adjust_cfa_offset 48\n"
	".cfi_rel_offset r15, 0\n	.cfi_rel_offset r14, 8\n	.cfi_rel_offset r13, 16\n"
	".cfi_rel_offset r12, 24\n	.cfi_rel_offset rbp, 32\n	.cfi_rel_offset rbx, 40\n"
	"2:\n"
	"ON 0, 0, movl $1, %eax\n"
	"ON 0, 0, jmp 3b\n"
	".cfi_endproc\n"
	"mix_end:\n"
	".size mix_memory, . - mix_memory\n"
	".globl	mix_end\n"
	".section .data.rel.ro.places, \"aw\"\n"
	".globl	places_end\n"
	"places_end:\n"
	".text\n");

static const unsigned char registers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSI, REG_RDI,
					  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14};

static __thread unsigned long handled __attribute__((tls_model("initial-exec")));
static __thread unsigned long in_function __attribute__((tls_model("initial-exec")));
static __thread unsigned long this_call __attribute__((tls_model("initial-exec")));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int (*unwind_by_library)(void **, int);

/* --- Unwinders ------------------------------------------------------------------- */

struct frames {
	void *at[32];
	int count;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *argument)
{
	struct frames *frames = argument;

	if (frames->count < 32)
		frames->at[frames->count++] = (void *)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

/* The interrupted instruction is among the frames, and then its caller. */
static int passes_through(const struct frames *frames, const unsigned char *interrupted)
{
	for (int i = 0; i + 1 < frames->count; i++)
		if (frames->at[i] == interrupted)
			return (unsigned char *)frames->at[i + 1] < mix ||
			       (unsigned char *)frames->at[i + 1] >= mix_end;
	return 0;
}

static void check_unwinders(const unsigned char *interrupted)
{
	struct frames frames = {.count = 0};

	_Unwind_Backtrace(note_frame, &frames);
	CHECK(passes_through(&frames, interrupted));
	frames.count = backtrace(frames.at, 32);
	CHECK(passes_through(&frames, interrupted));
	/* Where it stops is its affair, if it comes that far. */
	if (unwind_by_library) {
		frames.count = unwind_by_library(frames.at, 32);
		CHECK(frames.count < 5 || passes_through(&frames, interrupted));
	}
}

/* --- The handler -------------------------------------------------------------------- */

static const struct place *find_place(const unsigned char *address)
{
	for (const struct place *place = places_start; place < places_end; place++)
		if (place->address == address)
			return place;
	return NULL;
}

static void check_registers(const struct place *place, const greg_t *found)
{
	for (unsigned int i = 0; i < sizeof(registers); i++)
		if (place->known & 1u << i && found[registers[i]] != found[REG_R15] + i + 1) {
			dprintf(1, "at %ld: register %u is %#llx, n is %#llx\n",
				(long)(place->address - mix), i,
				(unsigned long long)found[registers[i]],
				(unsigned long long)found[REG_R15]);
			CHECK_NOT_REACHED("a register");
		}
	if (place->zero_flag)
		CHECK(found[REG_EFL] & 0x40);
	if (place->known)
		CHECK(found[REG_R15] - (greg_t)this_call < 64 &&
		      found[REG_RBP] == (greg_t)this_call + 64);
}

static void handle_signal(int number, siginfo_t *told, void *context)
{
	const greg_t *found = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *interrupted = (const unsigned char *)found[REG_RIP];
	int saved = errno;

	CHECK_IS(number, told->si_signo);
	handled++;
	if (interrupted >= mix && interrupted < mix_end) {
		const struct place *place = find_place(interrupted);

		if (!place) {
			dprintf(1, "not an instruction: mix + %ld\n", (long)(interrupted - mix));
			CHECK_NOT_REACHED("no instruction");
		}
		check_registers(place, found);
		if (++in_function % 4 == 0)
			check_unwinders(interrupted);
	}
	errno = saved;
}

static void handle_plainly(int number)
{
	CHECK_IS(number, SIGUSR2);
	handled++;
}

/* --- Threads ------------------------------------------------------------------------- */

static void count_tick(int signal_number, long nanoseconds, timer_t *timer)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number};
	struct itimerspec often = {{0, nanoseconds}, {0, nanoseconds}};

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	CHECK_IS(timer_create(CLOCK_MONOTONIC, &event, timer), 0);
	CHECK_IS(timer_settime(*timer, 0, &often, NULL), 0);
}

static void *run_case(void *on_alternate_stack)
{
	static char stacks[THREADS][65536];
	static int number;
	unsigned long memory[16];
	timer_t first, second;

	if (on_alternate_stack) {
		stack_t stack = {.ss_size = sizeof(stacks[0])};

		CHECK_IS(pthread_mutex_lock(&lock), 0);
		stack.ss_sp = stacks[number++];
		CHECK_IS(pthread_mutex_unlock(&lock), 0);
		CHECK_IS(sigaltstack(&stack, NULL), 0);
	}
	count_tick(SIGUSR1, 100000, &first);
	count_tick(SIGUSR2, 310000, &second);
	while (handled < SIGNALS) {
		this_call = handled << 8;
		CHECK_IS(mix_memory(this_call, 64, memory), 0);
		CHECK_IS(memory[0], this_call + 64);
		/* What is known of the memory is out of date. */
		CHECK_IS(pthread_mutex_lock(&lock), 0);
		CHECK_IS(pthread_mutex_unlock(&lock), 0);
	}
	CHECK_IS(timer_delete(first), 0);
	CHECK_IS(timer_delete(second), 0);
	CHECK(in_function > 0);
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handle_signal,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	void *library = dlopen("libunwind.so.8", RTLD_NOW);
	pthread_t threads[THREADS];
	void *frames[8];

	/* Before a handler needs it. */
	backtrace(frames, 8);
	if (library)
		unwind_by_library = (int (*)(void **, int))dlsym(library, "unw_backtrace");
	if (unwind_by_library)
		unwind_by_library(frames, 8);
	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK(signal(SIGUSR2, handle_plainly) != SIG_ERR);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < THREADS; i++)
			threads[i] = guest_start(run_case, turn ? threads : NULL);
		for (int i = 0; i < THREADS; i++)
			guest_join(threads[i]);
	}
	return guest_passed();
}

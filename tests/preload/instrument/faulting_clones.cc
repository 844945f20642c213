/*
 * Faults in observed code: the handler gets the same address and instruction as
 * natively, and may remove the cause, jump away, throw, or set where to go on.  The
 * first thread and another one do all this while memory is observed; what handlers got
 * is printed, to be compared with a native run.
 *
 * guest-forgetful: yes
 */
// guest-timeout: 60
#include <csetjmp>
#include <csignal>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "../guest.h"

#define NOINLINE __attribute__((noinline))
#define PAGE 4096

extern "C" const char __executable_start[], etext[];
extern "C" const unsigned char skipped_store[], told_load[], divide_here[];
extern "C" long skip_store(long *to, long value);
extern "C" long load_told(const long *from);
extern "C" long divide(long dividend, long divisor);
extern "C" void fill_bytes(void *to, long count, int value);
extern "C" void move_bytes(void *to, const void *from, long count);
extern "C" long add_locked(long *to, long value);
extern "C" int load_wide(const void *from, void *to);

__asm__(".text\n"
	".macro FUNCTION name\n"
	"	.globl \\name\n	.type \\name, @function\n	.p2align 4\n"
	"\\name: .cfi_startproc\n"
	".endm\n"
	".macro END name\n"
	"	.cfi_endproc\n	.size \\name, . - \\name\n"
	".endm\n"
	/* Three bytes, that a handler leaves out. */
	"FUNCTION skip_store\n"
	"	leaq	1(%rsi), %rax\n"
	"	.globl	skipped_store\n"
	"skipped_store:\n"
	"	movq	%rax, (%rdi)\n"
	"	addq	$2, %rax\n"
	"	ret\n"
	"END skip_store\n"
	/* The same, and it says what was loaded. */
	"FUNCTION load_told\n"
	"	xorl	%eax, %eax\n"
	"	.globl	told_load\n"
	"told_load:\n"
	"	movq	(%rdi), %rax\n"
	"	addq	$2, %rax\n"
	"	ret\n"
	"END load_told\n"
	"FUNCTION divide\n"
	"	movq	%rdi, -8(%rsp)\n"
	"	movq	-8(%rsp), %rax\n"
	"	cqo\n"
	"	.globl	divide_here\n"
	"divide_here:\n"
	"	idivq	%rsi\n"
	"	ret\n"
	"END divide\n"
	"FUNCTION fill_bytes\n"
	"	movq	%rsi, %rcx\n"
	"	movl	%edx, %eax\n"
	"	rep stosb\n"
	"	ret\n"
	"END fill_bytes\n"
	"FUNCTION move_bytes\n"
	"	movq	%rdx, %rcx\n"
	"	rep movsb\n"
	"	ret\n"
	"END move_bytes\n"
	"FUNCTION add_locked\n"
	"	movq	%rsi, %rax\n"
	"	lock xaddq %rax, (%rdi)\n"
	"	ret\n"
	"END add_locked\n"
	"FUNCTION load_wide\n"
	"	movdqu	(%rdi), %xmm0\n"
	"	movdqu	%xmm0, (%rsi)\n"
	"	movl	$1, %eax\n"
	"	ret\n"
	"END load_wide\n");

enum answer { MEND, JUMP, SKIP, TELL, THROW };

/* Of the thread that is at work; threads take turns. */
static enum answer answer;
static unsigned char *page;
static sigjmp_buf target;
static int told;

/* --- The handler ------------------------------------------------------------------- */

static void print_fault(const siginfo_t *info, const ucontext_t *context)
{
	const char *pc = (const char *)context->uc_mcontext.gregs[REG_RIP];
	unsigned char *at = (unsigned char *)info->si_addr;
	char where[64] = "elsewhere";

	if (at >= page - PAGE && at < page + 2 * PAGE)
		snprintf(where, sizeof(where), "page%+ld", (long)(at - page));
	else if ((uintptr_t)at < PAGE || (uintptr_t)at >> 47)
		snprintf(where, sizeof(where), "%p", (void *)at);
	else if ((const char *)at == pc)
		snprintf(where, sizeof(where), "the instruction");
	printf("signal %d, code %d, at %s%s\n", info->si_signo, info->si_code, where,
	       pc >= __executable_start && pc < etext ? "" : ", outside of the program");
}

static void handle_signal(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	told++;
	print_fault(info, (ucontext_t *)context);
	switch (answer) {
	case MEND:
		CHECK_IS(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
		break;
	case JUMP:
		siglongjmp(target, 7);
	case SKIP:
		CHECK(registers[REG_RIP] == (greg_t)skipped_store ||
		      registers[REG_RIP] == (greg_t)divide_here);
		registers[REG_RIP] += 3;
		break;
	case TELL:
		CHECK_IS(registers[REG_RIP], (greg_t)told_load);
		registers[REG_RIP] += 3;
		registers[REG_RAX] = 40;
		break;
	case THROW:
		throw std::runtime_error("fault");
	}
}

/* --- Functions that fault ------------------------------------------------------------ */

static NOINLINE long sum_and_store(long *values, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++) {
		values[i] = sum + i;
		sum += values[i] * 3;
	}
	return sum;
}

static NOINLINE long read_number(const long *from) { return *from + 1; }
static NOINLINE void write_byte(long *to) { *(volatile char *)to = 1; }
static NOINLINE void write_number(long *to) { *to = 1; }
static NOINLINE void update_number(long *to) { *(volatile long *)to = *(volatile long *)to + 3; }
static NOINLINE void stop_here() { __asm__ volatile("ud2"); }
static NOINLINE void count_up(long *to) { __atomic_fetch_add(to, 1, __ATOMIC_SEQ_CST); }

static void protect_page(int protection) { CHECK_IS(mprotect(page, PAGE, protection), 0); }

/* --- What handlers do ------------------------------------------------------------------ */

static void mend_page()
{
	long *values = (long *)(page - 64);
	long expected;

	answer = MEND;
	protect_page(PROT_READ | PROT_WRITE);
	expected = sum_and_store(values, 100);
	for (int protection : {PROT_NONE, PROT_READ}) {
		protect_page(protection);
		CHECK_IS(sum_and_store(values, 100), expected);
		protect_page(protection);
		fill_bytes(page - 100, 300, 'x');
		CHECK(page[-100] == 'x' && page[0] == 'x' && page[199] == 'x');
		protect_page(protection);
		update_number((long *)page);
		protect_page(protection);
		add_locked((long *)(page + 8), 5);
		protect_page(protection);
		CHECK_IS(load_wide(page - 8, page + 4), 1);
	}
	protect_page(PROT_NONE);
	move_bytes(page - 2000, page - 50, 60);
	CHECK_IS(page[-2000], 'x');
}

static void jump_back()
{
	static int step;

	answer = JUMP;
	for (step = 0; step < 12; step++) {
		long *wild[] = {NULL, (long *)8, (long *)(page + 16), (long *)0xdeadbeef00000000,
				(long *)-4096, (long *)(page + 3)};

		protect_page(step % 2 ? PROT_READ : PROT_NONE);
		if (sigsetjmp(target, 1))
			continue;
		write_byte(wild[step / 2]);
		CHECK_NOT_REACHED("it wrote a byte");
	}
	for (step = 0; step < 7; step++) {
		long *volatile wild = step == 6	 ? (long *)0xdeadbeef00000008
				      : step < 3 ? NULL
						 : (long *)(page + 32);

		protect_page(PROT_NONE);
		if (sigsetjmp(target, 1))
			continue;
		switch (step) {
		case 0: case 3: write_number(wild); break;
		case 1: case 4: update_number(wild); break;
		case 2: case 5: add_locked(wild, 1); break;
		default: load_wide(wild, page);
		}
		CHECK_NOT_REACHED("it wrote a number");
	}
	if (!sigsetjmp(target, 1))
		stop_here();
	if (!sigsetjmp(target, 1))
		divide(1, 0);
}

static void go_elsewhere()
{
	protect_page(PROT_NONE);
	answer = SKIP;
	CHECK_IS(skip_store((long *)page, 10), 13);
	CHECK_IS(divide(12, 0), 12);
	answer = TELL;
	CHECK_IS(load_told((long *)page), 42);
	CHECK_IS(load_told(NULL), 42);
}

struct counted {
	int *count;
	explicit counted(int *at) : count(at) {}
	~counted() { ++*count; }
};

/* Not known to throw nothing. */
static void (*volatile write_somehow)(long *) = write_number;
static void (*volatile count_somehow)(long *) = count_up;

static NOINLINE void write_within(long *to, int depth, int *count)
{
	counted guard(count);

	if (depth == 0)
		write_somehow(to);
	else
		write_within(to, depth - 1, count);
	++*to;
}

static void throw_out()
{
	int count = 0;

	answer = THROW;
	protect_page(PROT_NONE);
	for (int depth = 0; depth < 5; depth++) {
		try {
			write_within((long *)page, depth, &count);
			CHECK_NOT_REACHED("it wrote");
		} catch (const std::exception &error) {
			CHECK_IS(strcmp(error.what(), "fault"), 0);
		}
	}
	CHECK_IS(count, 15);
	try {
		count_somehow((long *)page);
		CHECK_NOT_REACHED("it counted");
	} catch (const std::exception &error) {
		count++;
	}
	CHECK_IS(count, 16);
	/* Nothing is left taken. */
	protect_page(PROT_READ | PROT_WRITE);
	for (int i = 0; i < 10; i++)
		count_up((long *)page);
	CHECK(read_number((long *)page) >= 10);
}

/* --- Deep stacks ------------------------------------------------------------------------ */

static NOINLINE long call_itself(long depth, const volatile long *limit)
{
	volatile long kept[16];

	for (int i = 0; i < 16; i++)
		kept[i] = depth + i;
	if (depth == *limit)
		return kept[3];
	return call_itself(depth + 1, limit) + kept[depth & 15];
}

static void overflow_handled(int number, siginfo_t *info, void *context)
{
	const char *pc = (const char *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const char *sp = (const char *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];

	CHECK_IS(number, SIGSEGV);
	CHECK((char *)info->si_addr < sp + 64 && (char *)info->si_addr > sp - 65536);
	CHECK(pc >= __executable_start && pc < etext);
	siglongjmp(target, 1);
}

static void overflow_stack()
{
	struct sigaction action = {}, before;
	const volatile long never = -1, few = 10;
	static char stack[65536];
	stack_t alternate = {}, none = {};
	static int count;

	alternate.ss_sp = stack;
	alternate.ss_size = sizeof(stack);
	none.ss_flags = SS_DISABLE;
	CHECK_IS(sigaltstack(&alternate, NULL), 0);
	action.sa_sigaction = overflow_handled;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	CHECK_IS(sigaction(SIGSEGV, &action, &before), 0);
	for (count = 0; count < 5; count++) {
		if (sigsetjmp(target, 1))
			continue;
		call_itself(0, &never);
		CHECK_NOT_REACHED("no end");
	}
	CHECK(call_itself(0, &few) > 0);
	CHECK_IS(sigaction(SIGSEGV, &before, NULL), 0);
	CHECK_IS(sigaltstack(&none, NULL), 0);
}

/* --- Together ----------------------------------------------------------------------------- */

static void *run_case(void *unused)
{
	told = 0;
	mend_page();
	printf("mended %d\n", told);
	jump_back();
	printf("jumped %d\n", told);
	go_elsewhere();
	printf("went elsewhere %d\n", told);
	throw_out();
	printf("thrown %d\n", told);
	overflow_stack();
	return unused;
}

int main()
{
	struct sigaction action = {}, now;

	page = (unsigned char *)mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + PAGE;
	action.sa_sigaction = handle_signal;
	action.sa_flags = SA_SIGINFO | SA_NODEFER;
	for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
		CHECK_IS(sigaction(number, &action, NULL), 0);
		CHECK_IS(sigaction(number, NULL, &now), 0);
		CHECK(now.sa_sigaction == handle_signal);
		CHECK(now.sa_flags & SA_SIGINFO);
	}
	guest_run_in_thread(run_case, NULL);
	run_case(NULL);
	guest_run_in_thread(run_case, NULL);
	return guest_passed();
}

/*
 * Restartable sequences: counters of processors, counted up by plain moves.  The kernel
 * knows a sequence by its addresses, and leads who is interrupted in it to its abort
 * handler; a copy elsewhere would lose counts.  One is described by data, one by what is
 * written when it runs.
 */
#include "../guest.h"

#include <stdbool.h>
#include <stdint.h>

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>

#define THREADS 4
#define ROUNDS 60000
#define PROCESSORS 1024

/* Most of the time is spent within, so that many are interrupted. */
#define LINGER "movl $1000, %%edx\n 7: decl %%edx\n jnz 7b\n"

#define SEQUENCE                                                                                   \
	"1: cmpl %[number], %[current]\n jnz 4f\n"                                                 \
	"movq (%[place]), %%rcx\n" LINGER "incq %%rcx\n movq %%rcx, (%[place])\n"                  \
	"2:\n"                                                                                     \
	".pushsection .text.unlikely, \"ax\"\n"                                                    \
	".byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n"                                              \
	"4: jmp %l[aborted]\n"                                                                     \
	".popsection\n"

struct counter {
	int64_t count;
	char padding[120];
};

static struct counter described[PROCESSORS], composed[PROCESSORS];

static struct rseq *area(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

static void leave_sequence(struct rseq *area)
{
	__asm__ volatile("movq $0, %0" : "=m"(area->rseq_cs));
}

/* False: it was interrupted. */
static __attribute__((noinline)) bool count_described(struct rseq *area)
{
	uint32_t number = *(volatile uint32_t *)&area->cpu_id_start;

	__asm__ goto(".pushsection __rseq_cs, \"aw\"\n .balign 32\n"
		     "3: .long 0, 0\n .quad 1f, 2f - 1f, 4f\n"
		     ".popsection\n"
		     "leaq 3b(%%rip), %%rax\n movq %%rax, %[sequence]\n" SEQUENCE
		     :
		     : [number] "r"(number), [current] "m"(area->cpu_id),
		       [sequence] "m"(area->rseq_cs), [place] "r"(&described[number].count)
		     : "rax", "rcx", "rdx", "memory", "cc"
		     : aborted);
	return true;
aborted:
	return false;
}

static __attribute__((noinline)) bool count_composed(struct rseq *area)
{
	uint32_t number = *(volatile uint32_t *)&area->cpu_id_start;
	struct rseq_cs sequence = {0};

	__asm__ goto("leaq 1f(%%rip), %%rax\n movq %%rax, 8(%[sequence])\n"
		     "movq $(2f - 1f), 16(%[sequence])\n"
		     "leaq 4f(%%rip), %%rax\n movq %%rax, 24(%[sequence])\n"
		     "movq %[sequence], %[registered]\n" SEQUENCE
		     :
		     : [number] "r"(number), [current] "m"(area->cpu_id),
		       [registered] "m"(area->rseq_cs), [sequence] "r"(&sequence),
		       [place] "r"(&composed[number].count)
		     : "rax", "rcx", "rdx", "memory", "cc"
		     : aborted);
	leave_sequence(area);
	return true;
aborted:
	leave_sequence(area);
	return false;
}

static void *count(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		while (!count_described(area()))
			;
		while (!count_composed(area()))
			;
	}
	return unused;
}

static int64_t sum(const struct counter *counters)
{
	int64_t all = 0;

	for (int i = 0; i < PROCESSORS; i++)
		all += counters[i].count;
	return all;
}

int main(void)
{
	pthread_t threads[THREADS];

	if (!__rseq_size)
		return guest_skip("has no restartable sequences");
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, count, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
	printf("%lld of %d, %lld of %d\n", (long long)sum(described), THREADS * ROUNDS,
	       (long long)sum(composed), THREADS * ROUNDS);
	return EXIT_SUCCESS;
}
#else
int main(void)
{
	return guest_skip("has no restartable sequences");
}
#endif

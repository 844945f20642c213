/*
 * Updates, decisions and loops that wait, as compilers make them.  Planned but never
 * run; built several times like code_kernels.c.
 */
#include <stdint.h>

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define TEXT2(a) #a
#define TEXT(a) TEXT2(a)

struct account {
	long balance;
	int stock, limit;
	double rate;
	uint8_t bits;
	volatile int flag;
	struct account *next;
	volatile int *shared;
};

struct lab_kernel {
	const char *name;
	void (*start)(struct account *a, struct account *b, long amount);
};

#define KERNEL(name)                                                                               \
	__attribute__((section("lab_text"), noinline, used)) void JOIN(KERNEL_NAME, name)(         \
		struct account * a, struct account * b, long amount);                              \
	static const struct lab_kernel JOIN(row, name)                                             \
		__attribute__((section("lab_kernels"), used, aligned(8))) = {                      \
			TEXT(JOIN(KERNEL_NAME, name)), JOIN(KERNEL_NAME, name)};                   \
	void JOIN(KERNEL_NAME, name)(struct account * a, struct account * b, long amount)
#define UNUSED (void)a, (void)b, (void)amount

__attribute__((weak)) long code_counter;
__attribute__((weak)) volatile int code_flag;
void lab_lock(void);
void lab_unlock(void);
void lab_yield(void);
long lab_compute(long value);

KERNEL(increment)
{
	UNUSED;
	code_counter++;
}

KERNEL(add_to_field)
{
	UNUSED;
	a->balance = a->balance * 3 + amount;
}

KERNEL(add_to_double)
{
	UNUSED;
	a->rate = a->rate * 2.0 + b->rate;
}

KERNEL(set_bit)
{
	UNUSED;
	a->bits = (uint8_t)(a->bits | 4);
}

KERNEL(split)
{
	long balance;

	UNUSED;
	lab_lock();
	balance = a->balance;
	lab_unlock();
	balance = lab_compute(balance) ? balance - amount : balance;
	lab_lock();
	a->balance = balance;
	lab_unlock();
}

KERNEL(split_seldom)
{
	long balance = a->balance;

	UNUSED;
	if (__builtin_expect(balance == 7, 0)) {
		lab_unlock();
		lab_lock();
	}
	a->balance = balance - amount;
}

KERNEL(whole_in_loop)
{
	UNUSED;
	for (long i = 0; i < amount; i++) {
		long balance;

		lab_lock();
		balance = a->balance;
		if (balance > i)
			a->balance = balance - i;
		lab_unlock();
	}
}

KERNEL(decide)
{
	int is_left;

	UNUSED;
	lab_lock();
	is_left = a->stock > 0;
	lab_unlock();
	if (is_left) {
		lab_lock();
		a->stock = (int)lab_compute(amount);
		lab_unlock();
	}
}

/* As clang does: the constant goes to the byte that was looked at. */
KERNEL(store_byte)
{
	UNUSED;
	__asm__ volatile("movzbl %0, %%edx\n\t"
			 "testb $1, %%dl\n\t"
			 "jne 1f\n\t"
			 "movb $1, %%dl\n\t"
			 "xchgb %%dl, %0\n"
			 "1:"
			 : "+m"(a->bits)
			 :
			 : "edx", "memory");
}

/* As clang does without optimisation: the constant comes from a slot. */
KERNEL(store_byte_of_slot)
{
	UNUSED;
	__asm__ volatile("movb %0, %%dl\n\t"
			 "testb $1, %%dl\n\t"
			 "jne 1f\n\t"
			 "movb $1, -1(%%rsp)\n\t"
			 "movb -1(%%rsp), %%dl\n\t"
			 "xchgb %%dl, %0\n"
			 "1:"
			 : "+m"(a->bits)
			 :
			 : "edx", "memory");
}

KERNEL(decide_or_go_on)
{
	UNUSED;
	for (long i = 0; i < amount; i++) {
		int stock;

		lab_lock();
		stock = a->stock;
		lab_unlock();
		if (stock < 10)
			continue;
		lab_lock();
		a->stock -= 10;
		lab_unlock();
	}
}

KERNEL(poll)
{
	UNUSED;
	for (long i = 0; i < amount; i++) {
		int stock;

		for (int spins = 0; spins < 100; spins++) {
			lab_lock();
			stock = a->stock;
			lab_unlock();
			if (stock >= 10)
				break;
			lab_yield();
		}
		lab_lock();
		a->stock -= 10;
		lab_unlock();
	}
}

KERNEL(poll_for_ever)
{
	UNUSED;
	for (long i = 0; i < amount; i++) {
		int stock;

		do {
			lab_lock();
			stock = a->stock;
			lab_unlock();
		} while (stock < 10);
		lab_lock();
		a->stock -= 10;
		lab_unlock();
	}
}

KERNEL(assert_and_act)
{
	int stock;

	UNUSED;
	lab_lock();
	stock = a->stock;
	lab_unlock();
	if (stock < 10) {
		lab_compute(stock);
		__builtin_trap();
	}
	lab_lock();
	a->stock -= 10;
	lab_unlock();
}

KERNEL(advance)
{
	long balance = a->balance;

	UNUSED;
	if (balance != amount)
		a->balance = balance + 2;
}

KERNEL(read_again)
{
	UNUSED;
	lab_lock();
	amount += a->limit;
	lab_unlock();
	lab_lock();
	a->balance = a->balance + amount;
	lab_unlock();
}

KERNEL(store_constant)
{
	UNUSED;
	a->stock = 5;
}

KERNEL(copy)
{
	UNUSED;
	a->stock = b->stock;
}

KERNEL(swap)
{
	int kept = a->limit;

	UNUSED;
	a->limit = b->limit;
	b->limit = kept;
}

KERNEL(after_decision)
{
	UNUSED;
	if (a->stock > 3)
		lab_yield();
	lab_lock();
	a->stock = (int)amount;
	lab_unlock();
}

KERNEL(spin)
{
	UNUSED;
	while (!code_flag)
		;
}

KERNEL(spin_field)
{
	UNUSED;
	while (a->flag != 3)
		__builtin_ia32_pause();
}

KERNEL(spin_yield)
{
	UNUSED;
	while (!a->flag)
		lab_yield();
	a->stock = 1;
}

KERNEL(spin_pointer)
{
	UNUSED;
	while (!*a->shared)
		__builtin_ia32_pause();
}

KERNEL(spin_bounded)
{
	UNUSED;
	for (long i = 0; i < amount && !a->flag; i++)
		__builtin_ia32_pause();
}

/* A round that is peeled off, with what the loop needs set up behind it. */
KERNEL(spin_peeled)
{
	int seen, turns;

	UNUSED;
	__asm__ volatile("movl (%2), %0\n\t"
			 "testl %0, %0\n\t"
			 "jne 3f\n\t"
			 "movl $1, %1\n\t"
			 "jmp 2f\n\t"
			 ".fill 9, 1, 0x90\n"
			 "1:	addl %1, %1\n\t"
			 "movl (%2), %0\n\t"
			 "testl %0, %0\n\t"
			 "jne 3f\n"
			 "2:	cmpl $16, %1\n\t"
			 "jl 1b\n"
			 "3:"
			 : "=&r"(seen), "=&r"(turns)
			 : "r"(&a->flag)
			 : "memory", "cc");
}

/* What a setcc leaves in its register is not in what follows from the flag. */
KERNEL(store_sense)
{
	UNUSED;
	__asm__ volatile("movl (%0), %%eax\n\t"
			 "cmpl $0, (%1)\n\t"
			 "sete %%al\n\t"
			 "movzbl %%al, %%eax\n\t"
			 "movl %%eax, (%0)"
			 :
			 : "r"(&a->flag), "r"(&b->flag)
			 : "eax", "memory", "cc");
}

/* ... but what the flag tells is. */
KERNEL(turn_sense)
{
	UNUSED;
	a->flag = !a->flag;
}

/* The first round tests what the others do, by as many instructions. */
KERNEL(spin_turn)
{
	int seen, rest;

	UNUSED;
	__asm__ volatile("movl (%2), %0\n\t"
			 "imull $0x5556, %0, %1\n\t"
			 "shrl $16, %1\n\t"
			 "leal (%1, %1, 2), %1\n\t"
			 "negl %1\n\t"
			 "addl %0, %1\n\t"
			 "movslq %1, %q1\n\t"
			 "cmpq %3, %q1\n\t"
			 "je 2f\n\t"
			 "1:	pause\n\t"
			 "movl (%2), %0\n\t"
			 "imull $0x5556, %0, %1\n\t"
			 "shrl $16, %1\n\t"
			 "leal (%1, %1, 2), %1\n\t"
			 "negl %1\n\t"
			 "addl %0, %1\n\t"
			 "movslq %1, %q1\n\t"
			 "cmpq %3, %q1\n\t"
			 "jne 1b\n"
			 "2:"
			 : "=&r"(seen), "=&r"(rest)
			 : "r"(&a->flag), "r"(amount)
			 : "memory", "cc");
}

KERNEL(count_to_limit)
{
	long sum = 0;

	UNUSED;
	for (int i = 0; i < a->flag; i++)
		sum += i;
	lab_compute(sum);
}

KERNEL(walk_list)
{
	UNUSED;
	while (a->next)
		a = a->next;
	lab_compute(a->balance);
}

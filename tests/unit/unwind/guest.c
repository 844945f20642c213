#include "guest.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_TOKENS(a, b) a##b
#define JOIN(a, b) JOIN_TOKENS(a, b)
#define GUEST_SHIFT JOIN(GUEST_NAME, _shift)

#define KEEP __attribute__((noinline, noclone))
#ifdef __clang__
#undef KEEP
#define KEEP __attribute__((noinline))
#endif

/* The function's own frame must outlive its callee: no tail calls. */
#define STAY() __asm__ volatile("" : : : "memory")

static void go_on(const struct guest_walk *walk);
static void (*volatile next)(const struct guest_walk *walk) = go_on;
static void (*volatile use)(void *bytes);

static KEEP void plain_frame(const struct guest_walk *walk)
{
	next(walk);
	STAY();
}

static KEEP void with_alloca(const struct guest_walk *walk)
{
	size_t size = 16 * (1 + (walk->choices & 3));
	char *block = alloca(size);

	memset(block, 1, size);
	next(walk);
	if (use)
		use(block);
}

static KEEP void with_array(const struct guest_walk *walk)
{
	size_t size = 8 + 24 * (walk->choices & 3);
	volatile char block[size];

	for (size_t i = 0; i < size; i++)
		block[i] = (char)i;
	next(walk);
	block[0] = block[size - 1];
}

static KEEP void realigned_frame(const struct guest_walk *walk)
{
	_Alignas(64) volatile char block[64];

	block[0] = 1;
	next(walk);
	block[1] = block[0];
}

static KEEP void realigned_alloca(const struct guest_walk *walk)
{
	_Alignas(128) volatile char block[128];
	volatile char *more = alloca(16 * (1 + (walk->choices & 7)));

	block[0] = 1;
	more[0] = block[0];
	next(walk);
	block[1] = more[0];
}

static KEEP void large_frame(const struct guest_walk *walk)
{
	volatile char block[20000];

	block[0] = 1;
	next(walk);
	block[19999] = block[0];
}

/* Uses all registers that a callee must preserve. */
static KEEP uint64_t busy_frame(const struct guest_walk *walk)
{
	uint64_t a = walk->choices, b = a * 3, c = b ^ 5, d = c + a, e = d * b, f = e ^ c;

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			next(walk);
		a += b * f;
		b ^= c + e;
		c -= d;
		d ^= e * a;
		e += f;
		f ^= a;
	}
	STAY();
	return a ^ b ^ c ^ d ^ e ^ f;
}

static KEEP uint64_t many_arguments(const struct guest_walk *walk, uint64_t a, uint64_t b,
				    uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g)
{
	next(walk);
	STAY();
	return a + b + c + d + e + f + g;
}

static KEEP void pushes_arguments(const struct guest_walk *walk)
{
	uint64_t n = walk->choices;

	use = many_arguments(walk, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6) == 12345
		      ? (void (*)(void *))abort
		      : NULL;
}

static const struct guest_walk *in_callback;

static int go_on_once(const void *left, const void *right)
{
	const struct guest_walk *walk = in_callback;

	in_callback = NULL;
	if (walk)
		next(walk);
	return *(const int *)left - *(const int *)right;
}

static KEEP void through_qsort(const struct guest_walk *walk)
{
	int numbers[5] = {3, 1, 2, 5, 4};

	in_callback = walk;
	qsort(numbers, 5, sizeof(int), go_on_once);
}

static KEEP void through_bsearch(const struct guest_walk *walk)
{
	int numbers[3] = {1, 2, 3};
	int key = 3;

	in_callback = walk;
	if (!bsearch(&key, numbers, 3, sizeof(int), go_on_once))
		abort();
}

static KEEP void call_twice(const struct guest_walk *walk)
{
	struct guest_walk less = *walk;

	less.depth = less.depth > 3 ? 3 : less.depth;
	next(&less);
	next(walk);
	STAY();
}

static KEEP void through_signal(const struct guest_walk *walk, int number)
{
	in_callback = walk;
	raise(number);
	STAY();
}

static void handle_signal(int number)
{
	const struct guest_walk *walk = in_callback;

	(void)number;
	in_callback = NULL;
	if (walk)
		next(walk);
	STAY();
}

static KEEP void handled_frame(const struct guest_walk *walk, int number, int flags)
{
	struct sigaction action = {.sa_handler = handle_signal, .sa_flags = flags | SA_NODEFER};
	struct sigaction old;

	sigaction(number, &action, &old);
	through_signal(walk, number);
	sigaction(number, &old, NULL);
}

static KEEP void jump_back(const struct guest_walk *walk, jmp_buf *place)
{
	struct guest_walk less = *walk;
	volatile char block[100];

	less.depth = less.depth > 2 ? 2 : less.depth;
	block[0] = 1;
	next(&less);
	longjmp(*place, block[0]);
}

static KEEP void with_longjmp(const struct guest_walk *walk)
{
	jmp_buf place;

	if (setjmp(place) == 0)
		jump_back(walk, &place);
	next(walk);
	STAY();
}

static KEEP void go_on(const struct guest_walk *walk)
{
	struct guest_walk rest = {walk->choices >> 4, walk->depth - 1, walk->leaf};

	if (walk->depth == 0) {
		walk->leaf();
		STAY();
		return;
	}
	switch (walk->choices & 15) {
	case 0: case 1: case 2: with_alloca(&rest); break;
	case 3: case 4: with_array(&rest); break;
	case 5: realigned_frame(&rest); break;
	case 6: realigned_alloca(&rest); break;
	case 7: large_frame(&rest); break;
	case 8: busy_frame(&rest); break;
	case 9: pushes_arguments(&rest); break;
	case 10: through_qsort(&rest); break;
	case 11: through_bsearch(&rest); break;
	case 12: call_twice(&rest); break;
	case 13: handled_frame(&rest, SIGUSR1, 0); break;
	case 14: handled_frame(&rest, SIGUSR2, SA_ONSTACK); break;
	default: with_longjmp(&rest); plain_frame(&rest); break;
	}
	STAY();
}

static void shift_frame(const struct guest_walk *walk);
static void (*volatile next_shift)(const struct guest_walk *walk) = shift_frame;

/* The block is not written: it keeps the words of an earlier walk. */
static KEEP void shift_left(const struct guest_walk *walk)
{
	void *block = alloca(8 * (walk->choices & 15));

	next_shift(walk);
	if (use)
		use(block);
}

static KEEP void shift_right(const struct guest_walk *walk)
{
	void *block = alloca(8 * (walk->choices & 15));

	next_shift(walk);
	if (use)
		use(block);
}

static KEEP void shift_frame(const struct guest_walk *walk)
{
	struct guest_walk rest = {walk->choices >> 4, walk->depth - 1, walk->leaf};

	if (walk->depth == 0)
		walk->leaf();
	else if (walk->choices & 1)
		shift_left(&rest);
	else
		shift_right(&rest);
	STAY();
}

void GUEST_SHIFT(const struct guest_walk *walk)
{
	next_shift(walk);
	STAY();
}

void GUEST_NAME(const struct guest_walk *walk)
{
	next(walk);
	STAY();
}

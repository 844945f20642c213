/*
 * Memory of a file that is mapped at two addresses: atomics, locks of the program's own and
 * futexes in it order what they order at one, and what is plain races.
 */
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.h"

#define ITEMS 2000
#define SLOTS 16

struct ring {
	_Alignas(64) atomic_uint head;
	_Alignas(64) atomic_uint tail;
	int slots[SLOTS];
};

struct shared {
	_Alignas(64) atomic_int released;
	_Alignas(64) atomic_int exchanged;
	_Alignas(64) atomic_int warmed;
	_Alignas(64) atomic_int told, other;
	_Alignas(64) atomic_flag lock, other_lock;
	_Alignas(64) int word;
	_Alignas(64) atomic_int copied;
	char text[256], plain_text[256];
	long count;
	struct ring ring;
	_Alignas(4096) atomic_int parted;
	_Alignas(64) atomic_int again;
};

static int file;
static struct shared *here, *there;

static void release(atomic_int *flag)
{
	atomic_store_explicit(flag, 1, memory_order_release);
}

static void await(atomic_int *flag)
{
	while (!atomic_load_explicit(flag, memory_order_acquire))
		sched_yield();
}

HAND_OVER(released, release(&here->released), await(&there->released))
HAND_OVER(exchanged, atomic_exchange(&there->exchanged, 1), await(&here->exchanged))
/* Main has told of the other. */
HAND_OVER(other, release(&here->told), await(&there->other))
HAND_OVER(other_exchanged, atomic_exchange(&here->told, 1), await(&there->other))

static void lock(atomic_flag *flag)
{
	while (atomic_flag_test_and_set_explicit(flag, memory_order_acquire))
		sched_yield();
}

static void unlock(atomic_flag *flag)
{
	atomic_flag_clear_explicit(flag, memory_order_release);
}

/* By code that has looked at other memory until now. */
static NOINLINE int look(atomic_int *flag)
{
	return atomic_load_explicit(flag, memory_order_acquire);
}

static void await_warmed(atomic_int *flag)
{
	static atomic_int others[1024];

	for (int i = 0; i < 100000; i++)
		look(&others[i % 1024]);
	while (!look(flag))
		sched_yield();
}

HAND_OVER(warmed, release(&here->warmed), await_warmed(&there->warmed))

EXCLUDE(locked, lock(&here->lock), unlock(&here->lock), lock(&there->lock), unlock(&there->lock))
EXCLUDE(two_locks, lock(&here->lock), unlock(&here->lock), lock(&there->other_lock),
	unlock(&there->other_lock))

/* The kernel alone orders: the word says nothing but 'not yet'. */
static void wake_there(void)
{
	while (syscall(SYS_futex, &here->word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
		sched_yield();
}

static void wait_there(void)
{
	while (syscall(SYS_futex, &there->word, FUTEX_WAIT, 0, NULL, NULL, 0) != 0)
		continue;
}

HAND_OVER(woken, wake_there(), wait_there())

/* --- What is in the memory itself ----------------------------------------------------- */

static void *text_write(void *unused)
{
	memset(here->text, 'x', sizeof here->text);
	release(&here->copied);
	return unused;
}

static void *text_read(void *unused)
{
	static char copy[sizeof here->text];

	await(&there->copied);
	memcpy(copy, there->text, sizeof copy);
	KEEP(copy);
	return unused;
}

RACE(text)

/* Pointers that no atomic operation names. */
static struct shared *plain_here, *plain_there;

static void *plain_text_write(void *unused)
{
	memset(plain_here->plain_text, 'x', sizeof plain_here->plain_text);
	return unused;
}

static void *plain_text_read(void *unused)
{
	static char copy[sizeof plain_there->plain_text];

	memcpy(copy, plain_there->plain_text, sizeof copy);
	KEEP(copy);
	return unused;
}

RACE(plain_text)

static void *count_first(void *unused)
{
	plain_here->count++;
	return unused;
}

static void *count_second(void *unused)
{
	plain_there->count++;
	return unused;
}

static void count_case(void)
{
	run_both(count_first, count_second, NULL);
}

/* --- A ring ----------------------------------------------------------------------------- */

static long ring_values[ITEMS];

static void *ring_put(void *unused)
{
	struct ring *ring = &here->ring;

	for (int i = 0; i < ITEMS; i++) {
		unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

		while (tail - atomic_load_explicit(&ring->head, memory_order_acquire) == SLOTS)
			sched_yield();
		ring_values[i] = i;
		ring->slots[tail % SLOTS] = i;
		atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	}
	return unused;
}

static void *ring_take(void *unused)
{
	struct ring *ring = &there->ring;

	for (int i = 0; i < ITEMS; i++) {
		unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);

		while (head == atomic_load_explicit(&ring->tail, memory_order_acquire))
			sched_yield();
		ring_values[ring->slots[head % SLOTS]]++;
		atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	}
	return unused;
}

static void ring_case(void)
{
	run_both(ring_put, ring_take, NULL);
	KEEP(ring_values);
}

/* --- Mapped in part, and anew ---------------------------------------------------------------- */

static atomic_int *parted_there;

HAND_OVER(parted, release(&here->parted), await(parted_there))
HAND_OVER(again, release(&here->again), await(&there->again))

static struct shared *map_shared(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
				     file, 0);

	MUST(shared != MAP_FAILED);
	return shared;
}

/* The older goes: the other has its home itself, and the new one there. */
static void again_both_case(void)
{
	MUST(munmap(here, sizeof(*here)) == 0);
	here = map_shared();
	again_case();
}

/* The home goes, and the C library puts a block there; they have nothing in common. */
#define LEFT_BYTES (64 * 4096)

static char *left_block, *left_there;

static void *left_first(void *unused)
{
	for (int i = 0; i < LEFT_BYTES / 2; i++)
		left_block[i]++;
	return unused;
}

static void *left_second(void *unused)
{
	for (int i = 0; i < LEFT_BYTES; i++)
		left_there[i]++;
	return unused;
}

static void left_case(void)
{
	int big = memfd_create("left", MFD_CLOEXEC);
	char *left_here;

	MUST(big >= 0 && ftruncate(big, LEFT_BYTES) == 0);
	left_here = mmap(NULL, LEFT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, big, 0);
	left_there = mmap(NULL, LEFT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, big, 0);
	MUST(left_here != MAP_FAILED && left_there != MAP_FAILED);
	MUST(munmap(left_here, LEFT_BYTES) == 0);
	left_block = malloc(LEFT_BYTES - 4096);
	run_both(left_first, left_second, NULL);
	KEEP(*left_block);
}

static const struct race_case cases[] = {
	CASE(released, "silent"),
	CASE(exchanged, "silent"),
	CASE(warmed, "silent"),
	CASE(other, "lost-update:error"),
	CASE(other_exchanged, "lost-update:error"),
	CASE(locked, "silent"),
	CASE(two_locks, "lost-update:error"),
	CASE(woken, "silent"),
	CASE(text, "silent"),
	CASE(plain_text, "data-race"),
	CASE(count, "lost-update:error"),
	CASE(ring, "silent"),
	CASE(parted, "silent"),
	{"again", "silent", again_both_case},
	CASE(left, "silent"),
};

int main(int argc, char **argv)
{
	file = memfd_create("shared", MFD_CLOEXEC);
	MUST(file >= 0);
	MUST(ftruncate(file, sizeof(struct shared)) == 0);
	here = map_shared();
	there = map_shared();
	parted_there = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file,
			    offsetof(struct shared, parted));
	MUST(parted_there != MAP_FAILED);
	plain_here = here;
	plain_there = there;
	release(&here->other);
	return RUN_CASES(cases, argc, argv);
}

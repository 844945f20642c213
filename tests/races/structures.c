/*
 * RULES, 'Happens-before': structures without locks, done right and done wrong.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "items.h"

#define CAPACITY 4

/* --- A ring for one producer and one consumer ------------------------------------ */

static struct item spsc_ring_items[CAPACITY];
static atomic_uint spsc_ring_head, spsc_ring_tail;

static void *spsc_ring_produce(void *unused)
{
	(void)unused;
	for (unsigned tail = 0; tail < ITEM_COUNT; tail++) {
		while (tail - LOAD(spsc_ring_head, acquire) == CAPACITY)
			sched_yield();
		spsc_ring_items[tail % CAPACITY] = make_item(tail);
		STORE(spsc_ring_tail, tail + 1, release);
	}
	return NULL;
}

static void *spsc_ring_consume(void *unused)
{
	(void)unused;
	for (unsigned head = 0; head < ITEM_COUNT; head++) {
		while (LOAD(spsc_ring_tail, acquire) == head)
			sched_yield();
		check_item(&spsc_ring_items[head % CAPACITY]);
		STORE(spsc_ring_head, head + 1, release);
	}
	return NULL;
}

static void spsc_ring_case(void)
{
	run_both(spsc_ring_produce, spsc_ring_consume, NULL);
	KEEP(spsc_ring_items);
	KEEP(spsc_ring_tail);
}

/* Two producers of a ring that is made for one, and has no atomics either. */
static struct item two_producers_items[2 * ITEM_COUNT];
static unsigned two_producers_tail;

/* Both have looked where to put their first one before either has put it: a look at
 * what the other has counted before might be an acquire. */
static pthread_barrier_t two_producers_looked;

static NOINLINE void two_producers_put(struct item item, bool is_first)
{
	unsigned place = two_producers_tail % (2 * ITEM_COUNT);

	if (is_first)
		pthread_barrier_wait(&two_producers_looked);
	two_producers_items[place] = item;
	two_producers_tail++;
}

static void *two_producers_produce(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ITEM_COUNT; i++)
		two_producers_put(make_item(i), i == 0);
	return NULL;
}

static void two_producers_case(void)
{
	MUST(pthread_barrier_init(&two_producers_looked, NULL, 2) == 0);
	run_both(two_producers_produce, two_producers_produce, NULL);
	KEEP(two_producers_items);
	KEEP(two_producers_tail);
}

/* --- A ring for many (D. Vyukov): each cell has a turn of its own ----------------- */

struct cell {
	atomic_uint turn;
	struct item item;
};

static struct cell mpmc_ring_cells[CAPACITY];
static atomic_uint mpmc_ring_head, mpmc_ring_tail;

static bool mpmc_ring_put(struct item item)
{
	unsigned tail = LOAD(mpmc_ring_tail, relaxed);

	for (;;) {
		struct cell *cell = &mpmc_ring_cells[tail % CAPACITY];
		int ahead = (int)(LOAD(cell->turn, acquire) - tail);

		if (ahead < 0)
			return false;
		if (ahead > 0) {
			tail = LOAD(mpmc_ring_tail, relaxed);
		} else if (atomic_compare_exchange_weak(&mpmc_ring_tail, &tail, tail + 1)) {
			cell->item = item;
			STORE(cell->turn, tail + 1, release);
			return true;
		}
	}
}

static bool mpmc_ring_take(struct item *item)
{
	unsigned head = LOAD(mpmc_ring_head, relaxed);

	for (;;) {
		struct cell *cell = &mpmc_ring_cells[head % CAPACITY];
		int ahead = (int)(LOAD(cell->turn, acquire) - (head + 1));

		if (ahead < 0)
			return false;
		if (ahead > 0) {
			head = LOAD(mpmc_ring_head, relaxed);
		} else if (atomic_compare_exchange_weak(&mpmc_ring_head, &head, head + 1)) {
			*item = cell->item;
			STORE(cell->turn, head + CAPACITY, release);
			return true;
		}
	}
}

/* Both produce and consume. */
static void *mpmc_ring_work(void *unused)
{
	struct item item;

	(void)unused;
	for (int i = 0; i < ITEM_COUNT; i++) {
		while (!mpmc_ring_put(make_item(i)))
			sched_yield();
		while (!mpmc_ring_take(&item))
			sched_yield();
		check_item(&item);
	}
	return NULL;
}

static void mpmc_ring_case(void)
{
	for (unsigned i = 0; i < CAPACITY; i++)
		atomic_init(&mpmc_ring_cells[i].turn, i);
	run_both(mpmc_ring_work, mpmc_ring_work, NULL);
	KEEP(mpmc_ring_tail);
}

/* --- Treiber's stack ------------------------------------------------------------------ */

struct node {
	struct node *next;
	struct item item;
};

static _Atomic(struct node *) treiber_stack_top;

static void treiber_stack_push(struct node *node)
{
	node->next = LOAD(treiber_stack_top, relaxed);
	while (!atomic_compare_exchange_weak_explicit(&treiber_stack_top, &node->next, node,
						      memory_order_release, memory_order_relaxed))
		continue;
}

static void *treiber_stack_pushes(void *unused)
{
	(void)unused;
	for (int i = 0; i < ITEM_COUNT; i++) {
		struct node *node = malloc(sizeof *node);

		MUST(node);
		node->item = make_item(i);
		treiber_stack_push(node);
	}
	return NULL;
}

/* Takes the whole stack at once, which needs no care for nodes that come back. */
static void *treiber_stack_pops(void *unused)
{
	(void)unused;
	for (int count = 0; count < ITEM_COUNT;) {
		struct node *node =
			atomic_exchange_explicit(&treiber_stack_top, NULL, memory_order_acquire);

		while (node) {
			struct node *next = node->next;

			check_item(&node->item);
			free(node);
			node = next;
			count++;
		}
		sched_yield();
	}
	return NULL;
}

static void treiber_stack_case(void)
{
	run_both(treiber_stack_pushes, treiber_stack_pops, NULL);
}

/* Without compare and exchange: two writes of the top that nothing orders. */
static struct node *plain_stack_top;

static void *plain_stack_push(void *unused)
{
	static struct node nodes[2];
	static atomic_int count;
	struct node *node = &nodes[atomic_fetch_add_explicit(&count, 1, memory_order_relaxed)];

	(void)unused;
	node->next = plain_stack_top;
	plain_stack_top = node;
	return NULL;
}

static void plain_stack_case(void)
{
	run_both(plain_stack_push, plain_stack_push, NULL);
	KEEP(plain_stack_top);
}

/* --- Reference counts ------------------------------------------------------------------- */

struct counted {
	atomic_int references;
	struct item item;
};

static void *reference_count_drop(void *argument)
{
	struct counted *counted = argument;

	check_item(&counted->item);
	if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) == 1) {
		counted->item = make_item(0);
		free(counted);
	}
	return NULL;
}

static void reference_count_case(void)
{
	struct counted *counted = malloc(sizeof *counted);

	MUST(counted);
	atomic_init(&counted->references, 2);
	counted->item = make_item(1);
	run_both(reference_count_drop, reference_count_drop, counted);
}

struct plainly_counted {
	int references;
	struct item item;
};

static void *plain_count_drop(void *argument)
{
	struct plainly_counted *counted = argument;

	counted->references--;
	return NULL;
}

static void plain_count_case(void)
{
	static struct plainly_counted counted = { .references = 2 };

	run_both(plain_count_drop, plain_count_drop, &counted);
}

/* --- Sequence locks ----------------------------------------------------------------------- */

static atomic_uint sequence_lock_sequence;
static atomic_long sequence_lock_first, sequence_lock_second;

static void *sequence_lock_write(void *unused)
{
	(void)unused;
	for (int i = 1; i <= ITEM_COUNT; i++) {
		unsigned sequence = LOAD(sequence_lock_sequence, relaxed);

		STORE(sequence_lock_sequence, sequence + 1, relaxed);
		atomic_thread_fence(memory_order_release);
		STORE(sequence_lock_first, i, relaxed);
		STORE(sequence_lock_second, i, relaxed);
		STORE(sequence_lock_sequence, sequence + 2, release);
	}
	return NULL;
}

static void *sequence_lock_read(void *unused)
{
	long first, second;

	(void)unused;
	do {
		unsigned before = LOAD(sequence_lock_sequence, acquire);

		first = LOAD(sequence_lock_first, relaxed);
		second = LOAD(sequence_lock_second, relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 && before == LOAD(sequence_lock_sequence, relaxed))
			MUST(first == second);
		sched_yield();
	} while (first < ITEM_COUNT);
	return NULL;
}

RACE(sequence_lock)

/* More than a machine word, and no sequence: what is read may be of two items. */
static struct item torn_copy_item;
static volatile size_t item_bytes = sizeof torn_copy_item;

static void *torn_copy_write(void *item)
{
	memcpy(&torn_copy_item, item, item_bytes);
	return NULL;
}

static void *torn_copy_read(void *unused)
{
	struct item item = { 0, 0 };

	(void)unused;
	memcpy(&item, &torn_copy_item, item_bytes);
	if (item.first == 12345)
		sched_yield();
	return NULL;
}

static void torn_copy_case(void)
{
	struct item item = make_item(1);

	run_both(torn_copy_write, torn_copy_read, &item);
}

/* --- A barrier: who comes last turns the sense, the others wait for it ------------------ */

#define PARTIES 3
#define ROUNDS 80
#define ROW 200

typedef struct {
	atomic_int come;
	_Alignas(64) atomic_int sense;
} far_barrier;

#define AWAIT_ALL(barrier, mine)                                                                   \
	do {                                                                                       \
		(mine) = !(mine);                                                                  \
		if (atomic_fetch_add(&(barrier).come, 1) == PARTIES - 1) {                         \
			atomic_store_explicit(&(barrier).come, 0, memory_order_relaxed);           \
			atomic_store_explicit(&(barrier).sense, mine, memory_order_release);       \
		} else                                                                             \
			while (atomic_load_explicit(&(barrier).sense, memory_order_acquire) !=     \
			       (mine))                                                             \
				sched_yield();                                                     \
	} while (0)

static void run_parties(thread_body *body)
{
	pthread_t threads[PARTIES];

	for (intptr_t i = 0; i < PARTIES; i++)
		MUST(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
	for (int i = 0; i < PARTIES; i++)
		pthread_join(threads[i], NULL);
}

static far_barrier sense_barrier_all;
static long sense_barrier_rows[PARTIES][ROW];

static void *sense_barrier_work(void *party)
{
	int sense = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < ROW; i++)
			sense_barrier_rows[((intptr_t)party + round) % PARTIES][i]++;
		AWAIT_ALL(sense_barrier_all, sense);
	}
	return NULL;
}

static void sense_barrier_case(void)
{
	run_parties(sense_barrier_work);
}

/* The phase that is stored follows from the one that was waited for. */
static far_barrier phase_barrier_all;
static long phase_barrier_rows[PARTIES][ROW];

static void *phase_barrier_work(void *party)
{
	atomic_int *phase = &phase_barrier_all.sense;
	int seen = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int before = seen;

		for (int i = 0; i < ROW; i++)
			phase_barrier_rows[((intptr_t)party + round) % PARTIES][i]++;
		if (atomic_fetch_add(&phase_barrier_all.come, 1) == PARTIES - 1) {
			atomic_store_explicit(&phase_barrier_all.come, 0, memory_order_relaxed);
			atomic_store_explicit(phase, ++seen, memory_order_release);
			continue;
		}
		while ((seen = atomic_load_explicit(phase, memory_order_acquire)) == before)
			sched_yield();
	}
	return NULL;
}

static void phase_barrier_case(void)
{
	run_parties(phase_barrier_work);
}

/* Who has waited for its turn passes it on. */
static atomic_int ring_of_turns_turn;
static long ring_of_turns_row[ROW];

static void *ring_of_turns_work(void *party)
{
	for (int round = 0; round < ROUNDS; round++) {
		int turn;

		while ((turn = atomic_load_explicit(&ring_of_turns_turn, memory_order_acquire)) %
			       PARTIES !=
		       (intptr_t)party)
			sched_yield();
		for (int i = 0; i < ROW; i++)
			ring_of_turns_row[i]++;
		atomic_store_explicit(&ring_of_turns_turn, turn + 1, memory_order_release);
	}
	return NULL;
}

static void ring_of_turns_case(void)
{
	run_parties(ring_of_turns_work);
}

/* The next party's row is touched ahead of the barrier. */
static far_barrier early_row_all;
static long early_row_rows[PARTIES][ROW];

static void *early_row_work(void *party)
{
	int sense = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < ROW; i++)
			early_row_rows[((intptr_t)party + round) % PARTIES][i]++;
		early_row_rows[((intptr_t)party + round + 1) % PARTIES][7]++;
		AWAIT_ALL(early_row_all, sense);
	}
	return NULL;
}

static void early_row_case(void)
{
	run_parties(early_row_work);
}

static const struct race_case cases[] = {
	CASE(spsc_ring, "silent"),
	CASE(two_producers, "lost-update:error data-race?"),
	CASE(mpmc_ring, "silent"),
	CASE(treiber_stack, "silent"),
	CASE(plain_stack, "data-race:error|data-race:warning"),
	CASE(reference_count, "silent"),
	CASE(plain_count, "lost-update:error"),
	CASE(sequence_lock, "silent"),
	CASE(torn_copy, "data-race:error"),
	CASE(sense_barrier, "silent"),
	CASE(phase_barrier, "silent"),
	CASE(ring_of_turns, "silent"),
	CASE(early_row, "lost-update:error|data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

/*
 * Concurrency Kit's locks, each around a sum of its own; a sequence lock around
 * two words that are always each other's negative.
 *
 * needs: /usr/include/ck_spinlock.h
 * build: -lck
 */
#include <ck_brlock.h>
#include <ck_bytelock.h>
#include <ck_rwlock.h>
#include <ck_sequence.h>
#include <ck_spinlock.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKERS 3
#define TURNS 400

static ck_spinlock_fas_t fas = CK_SPINLOCK_FAS_INITIALIZER;
static ck_spinlock_cas_t cas = CK_SPINLOCK_CAS_INITIALIZER;
static ck_spinlock_dec_t dec = CK_SPINLOCK_DEC_INITIALIZER;
static ck_spinlock_ticket_t ticket = CK_SPINLOCK_TICKET_INITIALIZER;
static ck_spinlock_clh_t first_clh, *clh;
static ck_spinlock_anderson_t anderson;
static ck_spinlock_anderson_thread_t slots[4];
static ck_rwlock_t rwlock = CK_RWLOCK_INITIALIZER;
static ck_bytelock_t bytelock = CK_BYTELOCK_INITIALIZER;
static ck_sequence_t sequence = CK_SEQUENCE_INITIALIZER;
static long by_fas, by_cas, by_dec, by_ticket, by_clh, by_anderson, by_rwlock, by_bytelock;
static uint64_t left, right;

static void lock_in_turn(void)
{
	ck_spinlock_anderson_thread_t *slot;

	ck_spinlock_fas_lock(&fas);
	by_fas++;
	ck_spinlock_fas_unlock(&fas);
	ck_spinlock_cas_lock(&cas);
	by_cas++;
	ck_spinlock_cas_unlock(&cas);
	ck_spinlock_dec_lock(&dec);
	by_dec++;
	ck_spinlock_dec_unlock(&dec);
	ck_spinlock_ticket_lock(&ticket);
	by_ticket++;
	ck_spinlock_ticket_unlock(&ticket);
	ck_spinlock_anderson_lock(&anderson, &slot);
	by_anderson++;
	ck_spinlock_anderson_unlock(&anderson, slot);
}

static void read_or_write(unsigned int number, int turn)
{
	if (turn % 8 == 0) {
		ck_rwlock_write_lock(&rwlock);
		by_rwlock++;
		ck_rwlock_write_unlock(&rwlock);
		ck_bytelock_write_lock(&bytelock, number);
		by_bytelock++;
		ck_bytelock_write_unlock(&bytelock);
		return;
	}
	ck_rwlock_read_lock(&rwlock);
	if (by_rwlock < 0)
		abort();
	ck_rwlock_read_unlock(&rwlock);
	ck_bytelock_read_lock(&bytelock, number);
	if (by_bytelock < 0)
		abort();
	ck_bytelock_read_unlock(&bytelock, number);
}

static void *work(void *number)
{
	ck_spinlock_clh_t *node = calloc(1, sizeof(*node));

	for (int turn = 0; turn < TURNS; turn++) {
		lock_in_turn();
		ck_spinlock_clh_lock(&clh, node);
		by_clh++;
		ck_spinlock_clh_unlock(&node);
		read_or_write((unsigned int)(long)number, turn);
	}
	return NULL;
}

static void *write_pairs(void *unused)
{
	for (uint64_t turn = 1; turn <= TURNS; turn++) {
		ck_sequence_write_begin(&sequence);
		ck_pr_store_64(&left, turn);
		ck_pr_store_64(&right, -turn);
		ck_sequence_write_end(&sequence);
	}
	return unused;
}

static void *read_pairs(void *unused)
{
	for (int turn = 0; turn < TURNS; turn++) {
		unsigned int version;
		uint64_t seen_left, seen_right;

		do {
			version = ck_sequence_read_begin(&sequence);
			seen_left = ck_pr_load_64(&left);
			seen_right = ck_pr_load_64(&right);
		} while (ck_sequence_read_retry(&sequence, version));
		if (seen_left + seen_right)
			abort();
	}
	return unused;
}

int main(void)
{
	pthread_t threads[WORKERS + 2];

	clh = &first_clh;
	ck_spinlock_clh_init(&clh, &first_clh);
	ck_spinlock_anderson_init(&anderson, slots, 4);
	for (long i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	pthread_create(&threads[WORKERS], NULL, write_pairs, NULL);
	pthread_create(&threads[WORKERS + 1], NULL, read_pairs, NULL);
	for (int i = 0; i < WORKERS + 2; i++)
		pthread_join(threads[i], NULL);
	printf("%ld %ld %ld %ld %ld %ld %ld %ld\n", by_fas, by_cas, by_dec, by_ticket, by_clh,
	       by_anderson, by_rwlock, by_bytelock);
	return 0;
}

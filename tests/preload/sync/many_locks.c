/*
 * Many locks: 2 000 held at once, 100 000 alive, and locks in memory that is
 * freed, unmapped, remapped and used again, where one lock's life ends with
 * its memory and the next one's order is its own.
 *
 * guest-timeout: 120
 */
#include "../guest.h"

#include <sys/mman.h>

#define LIVE_COUNT 100000
#define HELD_COUNT 2000

static pthread_mutex_t *live;

static void *lock_upwards(void *unused)
{
	int i;

	for (i = 0; i < HELD_COUNT; i++)
		CHECK_IS(pthread_mutex_lock(&live[i]), 0);
	for (i = 0; i < HELD_COUNT; i++)
		CHECK_IS(pthread_mutex_unlock(&live[i]), 0);
	for (i = 0; i + 1 < LIVE_COUNT; i += 100) {
		CHECK_IS(pthread_mutex_lock(&live[i]), 0);
		CHECK_IS(pthread_mutex_lock(&live[i + 1]), 0);
		CHECK_IS(pthread_mutex_unlock(&live[i]), 0);
		CHECK_IS(pthread_mutex_unlock(&live[i + 1]), 0);
	}
	return unused;
}

struct pair {
	pthread_mutex_t first, second;
};

/* Both orders, but each in a life of its own at the same addresses. */
static void lock_pair(struct pair *pair, int is_reversed)
{
	pthread_mutex_t *outer = is_reversed ? &pair->second : &pair->first;
	pthread_mutex_t *inner = is_reversed ? &pair->first : &pair->second;
	struct pair fresh = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

	*pair = fresh;
	CHECK_IS(pthread_mutex_lock(outer), 0);
	CHECK_IS(pthread_mutex_lock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(inner), 0);
	CHECK_IS(pthread_mutex_unlock(outer), 0);
}

static void *lock_in_fresh_memory(void *is_reversed)
{
	struct pair *pair;
	int i;

	for (i = 0; i < 500; i++) {
		pair = malloc(sizeof(*pair));
		CHECK(pair != NULL);
		lock_pair(pair, is_reversed != NULL);
		free(pair);
		pair = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(pair != MAP_FAILED);
		lock_pair(pair, is_reversed != NULL);
		pair = mremap(pair, 4096, 8192, MREMAP_MAYMOVE);
		CHECK(pair != MAP_FAILED);
		CHECK_IS(munmap(pair, 8192), 0);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[2];
	int i;

	live = calloc(LIVE_COUNT, sizeof(*live));
	CHECK(live != NULL);
	for (i = 0; i < LIVE_COUNT; i++) {
		CHECK_IS(pthread_mutex_init(&live[i], NULL), 0);
		CHECK_IS(pthread_mutex_lock(&live[i]), 0);
		CHECK_IS(pthread_mutex_unlock(&live[i]), 0);
	}
	for (i = 0; i < 2; i++)
		threads[i] = guest_start(lock_upwards, NULL);
	for (i = 0; i < 2; i++)
		guest_join(threads[i]);
	for (i = 0; i < LIVE_COUNT; i++)
		CHECK_IS(pthread_mutex_destroy(&live[i]), 0);
	free(live);
	for (i = 0; i < 2; i++)
		threads[i] = guest_start(lock_in_fresh_memory, i ? &live : NULL);
	for (i = 0; i < 2; i++)
		guest_join(threads[i]);
	return guest_passed();
}

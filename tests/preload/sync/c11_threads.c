/*
 * C11 threads: glibc does not go through the pthread_ symbols for them.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <threads.h>

static mtx_t lock, timed, recursive;
static cnd_t changed;
static tss_t key;
static once_flag once = ONCE_FLAG_INIT;
static int counter, once_count, destroyed_count, may_start;

static void count_once(void)
{
	once_count++;
}

static void count_destroyed(void *unused)
{
	(void)unused;
	CHECK_IS(mtx_lock(&lock), thrd_success);
	destroyed_count++;
	CHECK_IS(mtx_unlock(&lock), thrd_success);
}

static int do_work(void *rounds)
{
	int i;

	call_once(&once, count_once);
	CHECK_IS(tss_set(key, rounds), thrd_success);
	CHECK(tss_get(key) == rounds);
	CHECK_IS(mtx_lock(&lock), thrd_success);
	while (!may_start)
		CHECK_IS(cnd_wait(&changed, &lock), thrd_success);
	CHECK_IS(mtx_unlock(&lock), thrd_success);
	for (i = 0; i < *(int *)rounds; i++) {
		CHECK_IS(mtx_lock(&lock), thrd_success);
		counter++;
		CHECK_IS(mtx_unlock(&lock), thrd_success);
		thrd_yield();
	}
	if (*(int *)rounds % 2)
		thrd_exit(5);
	return 6;
}

static int find_locked(void *unused)
{
	struct timespec past = {1, 0};

	(void)unused;
	CHECK_IS(mtx_trylock(&timed), thrd_busy);
	CHECK_IS(mtx_timedlock(&timed, &past), thrd_timedout);
	return 0;
}

static void run_workers(void)
{
	int rounds[4] = {100, 101, 102, 103}, i, result;
	thrd_t threads[4];

	for (i = 0; i < 4; i++)
		CHECK_IS(thrd_create(&threads[i], do_work, &rounds[i]), thrd_success);
	CHECK_IS(mtx_lock(&lock), thrd_success);
	may_start = 1;
	CHECK_IS(cnd_broadcast(&changed), thrd_success);
	CHECK_IS(mtx_unlock(&lock), thrd_success);
	for (i = 0; i < 4; i++) {
		CHECK_IS(thrd_join(threads[i], &result), thrd_success);
		CHECK_IS(result, i % 2 ? 5 : 6);
	}
	CHECK_IS(counter, 406);
	CHECK_IS(once_count, 1);
	CHECK_IS(destroyed_count, 4);
}

static void check_refusals(void)
{
	struct timespec past = {1, 0};
	thrd_t thread;
	int result;

	CHECK_IS(mtx_lock(&lock), thrd_success);
	CHECK_IS(cnd_timedwait(&changed, &lock, &past), thrd_timedout);
	CHECK_IS(cnd_signal(&changed), thrd_success);
	CHECK_IS(mtx_unlock(&lock), thrd_success);
	CHECK_IS(mtx_lock(&recursive), thrd_success);
	CHECK_IS(mtx_trylock(&recursive), thrd_success);
	CHECK_IS(mtx_unlock(&recursive), thrd_success);
	CHECK_IS(mtx_unlock(&recursive), thrd_success);

	CHECK_IS(mtx_lock(&timed), thrd_success);
	CHECK_IS(thrd_create(&thread, find_locked, NULL), thrd_success);
	CHECK(thrd_equal(thrd_current(), thread) == 0);
	CHECK_IS(thrd_join(thread, &result), thrd_success);
	CHECK_IS(mtx_unlock(&timed), thrd_success);
}

int main(void)
{
	CHECK_IS(mtx_init(&lock, mtx_plain), thrd_success);
	CHECK_IS(mtx_init(&timed, mtx_timed), thrd_success);
	CHECK_IS(mtx_init(&recursive, mtx_plain | mtx_recursive), thrd_success);
	CHECK_IS(cnd_init(&changed), thrd_success);
	CHECK_IS(tss_create(&key, count_destroyed), thrd_success);
	run_workers();
	check_refusals();
	tss_delete(key);
	cnd_destroy(&changed);
	mtx_destroy(&recursive);
	return guest_passed();
}

/*
 * RULES, 'Happens-before': what pthread and C11 objects order, call by call, and
 * next to it a use of the same objects that orders nothing.
 */
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <threads.h>
#include <time.h>

#include "cases.h"

/* Never reached: the waits of this file end otherwise. */
static struct timespec in_an_hour(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_sec += 3600;
	return time;
}

#define DEADLINE(clock) (&(struct timespec[]){ in_an_hour(clock) }[0])

/* --- Mutexes, read-write and spin locks ----------------------------------------- */

#define MUTEX(name) static pthread_mutex_t name = PTHREAD_MUTEX_INITIALIZER
#define UNLOCK(name) pthread_mutex_unlock(&name)

MUTEX(mutex_lock);
EXCLUDE(mutex, pthread_mutex_lock(&mutex_lock), UNLOCK(mutex_lock), pthread_mutex_lock(&mutex_lock),
	UNLOCK(mutex_lock))

static void try_until_locked(pthread_mutex_t *lock)
{
	while (pthread_mutex_trylock(lock) != 0)
		sched_yield();
}

MUTEX(mutex_try_lock);
EXCLUDE(mutex_try, try_until_locked(&mutex_try_lock), UNLOCK(mutex_try_lock),
	pthread_mutex_lock(&mutex_try_lock), UNLOCK(mutex_try_lock))

MUTEX(mutex_timed_lock);
EXCLUDE(mutex_timed, pthread_mutex_timedlock(&mutex_timed_lock, DEADLINE(CLOCK_REALTIME)),
	UNLOCK(mutex_timed_lock),
	pthread_mutex_clocklock(&mutex_timed_lock, CLOCK_MONOTONIC, DEADLINE(CLOCK_MONOTONIC)),
	UNLOCK(mutex_timed_lock))

MUTEX(mutex_other_first_lock);
MUTEX(mutex_other_second_lock);
EXCLUDE(mutex_other, pthread_mutex_lock(&mutex_other_first_lock), UNLOCK(mutex_other_first_lock),
	pthread_mutex_lock(&mutex_other_second_lock), UNLOCK(mutex_other_second_lock))

/* The holder ends; its lock is inherited with all that it did. */
static pthread_mutex_t mutex_robust_lock;

static int lock_robust(void)
{
	int result = pthread_mutex_lock(&mutex_robust_lock);

	if (result == EOWNERDEAD)
		pthread_mutex_consistent(&mutex_robust_lock);
	return result;
}

EXCLUDE(mutex_robust_both, lock_robust(), (void)0, lock_robust(), UNLOCK(mutex_robust_lock))

static void mutex_robust_case(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex_robust_lock, &attributes);
	mutex_robust_both_case();
	lock_robust();
	UNLOCK(mutex_robust_lock);
	pthread_mutex_destroy(&mutex_robust_lock);
}

#define RWLOCK(name) static pthread_rwlock_t name = PTHREAD_RWLOCK_INITIALIZER
#define UNLOCK_RW(name) pthread_rwlock_unlock(&name)

RWLOCK(rwlock_write_lock);
EXCLUDE(rwlock_write, pthread_rwlock_wrlock(&rwlock_write_lock), UNLOCK_RW(rwlock_write_lock),
	pthread_rwlock_timedwrlock(&rwlock_write_lock, DEADLINE(CLOCK_REALTIME)),
	UNLOCK_RW(rwlock_write_lock))

RWLOCK(rwlock_both_lock);
EXCLUDE(rwlock_both, pthread_rwlock_rdlock(&rwlock_both_lock), UNLOCK_RW(rwlock_both_lock),
	pthread_rwlock_wrlock(&rwlock_both_lock), UNLOCK_RW(rwlock_both_lock))

RWLOCK(rwlock_clock_lock);
EXCLUDE(rwlock_clock,
	pthread_rwlock_clockrdlock(&rwlock_clock_lock, CLOCK_MONOTONIC, DEADLINE(CLOCK_MONOTONIC)),
	UNLOCK_RW(rwlock_clock_lock),
	pthread_rwlock_clockwrlock(&rwlock_clock_lock, CLOCK_MONOTONIC, DEADLINE(CLOCK_MONOTONIC)),
	UNLOCK_RW(rwlock_clock_lock))

RWLOCK(rwlock_read_lock);
EXCLUDE(rwlock_read, pthread_rwlock_rdlock(&rwlock_read_lock), UNLOCK_RW(rwlock_read_lock),
	pthread_rwlock_tryrdlock(&rwlock_read_lock), UNLOCK_RW(rwlock_read_lock))

static pthread_spinlock_t spin_lock;
EXCLUDE(spin, pthread_spin_lock(&spin_lock), pthread_spin_unlock(&spin_lock),
	pthread_spin_lock(&spin_lock), pthread_spin_unlock(&spin_lock))

/* --- Semaphores, barriers, conditions, once -------------------------------------- */

static sem_t semaphores[6];

static void try_until_taken(sem_t *semaphore)
{
	while (sem_trywait(semaphore) != 0)
		sched_yield();
}

HAND_OVER(semaphore, sem_post(&semaphores[0]), sem_wait(&semaphores[0]))
HAND_OVER(semaphore_try, sem_post(&semaphores[1]), try_until_taken(&semaphores[1]))
HAND_OVER(semaphore_timed, sem_post(&semaphores[2]),
	  sem_timedwait(&semaphores[2], DEADLINE(CLOCK_REALTIME)))
HAND_OVER(semaphore_clock, sem_post(&semaphores[3]),
	  sem_clockwait(&semaphores[3], CLOCK_MONOTONIC, DEADLINE(CLOCK_MONOTONIC)))
/* Main has posted the other one. */
HAND_OVER(semaphore_other, sem_post(&semaphores[4]), sem_wait(&semaphores[5]))

static pthread_barrier_t barrier;
HAND_OVER(barrier, pthread_barrier_wait(&barrier), pthread_barrier_wait(&barrier))
/* Both meet first, then both update. */
EXCLUDE(barrier_before, pthread_barrier_wait(&barrier), , pthread_barrier_wait(&barrier), )

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_open;
};

#define GATE(name)                                                                                 \
	static struct gate name = { .lock = PTHREAD_MUTEX_INITIALIZER,                             \
				    .changed = PTHREAD_COND_INITIALIZER }

static void open_gate(struct gate *gate, int (*wake)(pthread_cond_t *))
{
	pthread_mutex_lock(&gate->lock);
	gate->is_open = true;
	wake(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static void pass_gate(struct gate *gate, bool is_timed)
{
	struct timespec deadline = in_an_hour(CLOCK_REALTIME);

	pthread_mutex_lock(&gate->lock);
	while (!gate->is_open) {
		if (is_timed)
			pthread_cond_timedwait(&gate->changed, &gate->lock, &deadline);
		else
			pthread_cond_wait(&gate->changed, &gate->lock);
	}
	pthread_mutex_unlock(&gate->lock);
}

GATE(condition_gate);
HAND_OVER(condition, open_gate(&condition_gate, pthread_cond_signal),
	  pass_gate(&condition_gate, false))
GATE(condition_timed_gate);
HAND_OVER(condition_timed, open_gate(&condition_timed_gate, pthread_cond_broadcast),
	  pass_gate(&condition_timed_gate, true))

static pthread_once_t once_control = PTHREAD_ONCE_INIT;
static long once_data;

static void once_init(void)
{
	once_data++;
}

static void *once_user(void *sum)
{
	(void)sum;
	pthread_once(&once_control, once_init);
	MUST(once_data == 1);
	return NULL;
}

static void once_case(void)
{
	run_both(once_user, once_user, NULL);
	KEEP(once_data);
}

static pthread_once_t once_then_update_control = PTHREAD_ONCE_INIT;
static void do_nothing(void)
{
}
EXCLUDE(once_then_update, pthread_once(&once_then_update_control, do_nothing), ,
	pthread_once(&once_then_update_control, do_nothing), )

/* --- The lives of threads ---------------------------------------------------------- */

static long thread_life_data;

static void *thread_life_update(void *unused)
{
	(void)unused;
	thread_life_data++;
	return NULL;
}

static void thread_life_case(void)
{
	pthread_t thread;

	for (int way = 0; way < 4; way++) {
		thread_life_data++;
		MUST(pthread_create(&thread, NULL, thread_life_update, NULL) == 0);
		switch (way) {
		case 0:
			pthread_join(thread, NULL);
			break;
		case 1:
			while (pthread_tryjoin_np(thread, NULL) == EBUSY)
				sched_yield();
			break;
		case 2:
			pthread_timedjoin_np(thread, NULL, DEADLINE(CLOCK_REALTIME));
			break;
		case 3:
			pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC,
					     DEADLINE(CLOCK_MONOTONIC));
			break;
		}
		thread_life_data++;
	}
	KEEP(thread_life_data);
}

static long create_then_update_data;

static void *create_then_update_thread(void *unused)
{
	(void)unused;
	create_then_update_data++;
	return NULL;
}

static void create_then_update_case(void)
{
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, create_then_update_thread, NULL) == 0);
	create_then_update_data++;
	pthread_join(thread, NULL);
	KEEP(create_then_update_data);
}

/* What a thread does on its way out comes before its end, too. */
static long way_out_data;
static pthread_key_t way_out_key;

static void way_out_destroy(void *value)
{
	(void)value;
	way_out_data++;
}

static void way_out_clean_up(void *unused)
{
	(void)unused;
	way_out_data++;
}

static void *way_out_thread(void *unused)
{
	pthread_setspecific(way_out_key, &way_out_key);
	pthread_cleanup_push(way_out_clean_up, unused);
	pthread_exit(NULL);
	pthread_cleanup_pop(0);
}

static void way_out_case(void)
{
	pthread_t thread;

	pthread_key_create(&way_out_key, way_out_destroy);
	MUST(pthread_create(&thread, NULL, way_out_thread, NULL) == 0);
	pthread_join(thread, NULL);
	way_out_data++;
	pthread_key_delete(way_out_key);
	KEEP(way_out_data);
}

/* --- C11 ------------------------------------------------------------------------------ */

static mtx_t c11_mutex;
EXCLUDE(c11_lock, mtx_lock(&c11_mutex), mtx_unlock(&c11_mutex),
	mtx_timedlock(&c11_mutex, DEADLINE(CLOCK_REALTIME)), mtx_unlock(&c11_mutex))

static cnd_t c11_changed;
static bool c11_is_ready;

static void c11_give(void)
{
	mtx_lock(&c11_mutex);
	c11_is_ready = true;
	cnd_signal(&c11_changed);
	mtx_unlock(&c11_mutex);
}

static void c11_take(void)
{
	mtx_lock(&c11_mutex);
	while (!c11_is_ready)
		cnd_wait(&c11_changed, &c11_mutex);
	mtx_unlock(&c11_mutex);
}

HAND_OVER(c11_condition, c11_give(), c11_take())

static long c11_thread_data;

static int c11_thread_update(void *unused)
{
	(void)unused;
	c11_thread_data++;
	return 0;
}

static void c11_thread_case(void)
{
	thrd_t thread;

	c11_thread_data++;
	MUST(thrd_create(&thread, c11_thread_update, NULL) == thrd_success);
	thrd_join(thread, NULL);
	c11_thread_data++;
	KEEP(c11_thread_data);
}

static long c11_unjoined_data;

static int c11_unjoined_update(void *unused)
{
	(void)unused;
	c11_unjoined_data++;
	return 0;
}

static void c11_unjoined_case(void)
{
	thrd_t thread;

	MUST(thrd_create(&thread, c11_unjoined_update, NULL) == thrd_success);
	c11_unjoined_data++;
	thrd_join(thread, NULL);
	KEEP(c11_unjoined_data);
}

static once_flag c11_once_flag = ONCE_FLAG_INIT;
static long c11_once_data;

static void c11_once_init(void)
{
	c11_once_data++;
}

static void *c11_once_user(void *unused)
{
	(void)unused;
	call_once(&c11_once_flag, c11_once_init);
	MUST(c11_once_data == 1);
	return NULL;
}

static void c11_once_case(void)
{
	run_both(c11_once_user, c11_once_user, NULL);
	KEEP(c11_once_data);
}

/* --- One bit of a word, by its number, as GLib has locks ------------------------------- */

static NOINLINE void lock_bit(unsigned *word, unsigned bit)
{
	bool was_locked;

	do
		__asm__ volatile("lock btsl %2, %0" : "+m"(*word), "=@ccc"(was_locked)
				 : "r"(bit) : "memory");
	while (was_locked && sched_yield() == 0);
}

static NOINLINE void unlock_bit(unsigned *word, unsigned bit)
{
	__asm__ volatile("lock btrl %1, %0" : "+m"(*word) : "r"(bit) : "memory", "cc");
}

static unsigned bit_word;
EXCLUDE(bit, lock_bit(&bit_word, 7), unlock_bit(&bit_word, 7), lock_bit(&bit_word, 7),
	unlock_bit(&bit_word, 7))

static unsigned bit_other_first_word, bit_other_second_word;
EXCLUDE(bit_other, lock_bit(&bit_other_first_word, 7), unlock_bit(&bit_other_first_word, 7),
	lock_bit(&bit_other_second_word, 7), unlock_bit(&bit_other_second_word, 7))

static const struct race_case cases[] = {
	CASE(mutex, "silent"),
	CASE(mutex_try, "silent"),
	CASE(mutex_timed, "silent"),
	CASE(mutex_other, "lost-update:error"),
	CASE(mutex_robust, "silent"),
	CASE(rwlock_write, "silent"),
	CASE(rwlock_both, "silent"),
	CASE(rwlock_clock, "silent"),
	CASE(rwlock_read, "lost-update:error"),
	CASE(spin, "silent"),
	CASE(bit, "silent"),
	CASE(bit_other, "lost-update:error"),
	CASE(semaphore, "silent"),
	CASE(semaphore_try, "silent"),
	CASE(semaphore_timed, "silent"),
	CASE(semaphore_clock, "silent"),
	CASE(semaphore_other, "lost-update:error"),
	CASE(barrier, "silent"),
	CASE(barrier_before, "lost-update:error"),
	CASE(condition, "silent"),
	CASE(condition_timed, "silent"),
	CASE(once, "silent"),
	CASE(once_then_update, "lost-update:error"),
	CASE(thread_life, "silent"),
	CASE(create_then_update, "lost-update:error"),
	CASE(way_out, "silent"),
	CASE(c11_lock, "silent"),
	CASE(c11_condition, "silent"),
	CASE(c11_thread, "silent"),
	CASE(c11_unjoined, "lost-update:error"),
	CASE(c11_once, "silent"),
};

int main(int argc, char **argv)
{
	for (int i = 0; i < 6; i++)
		sem_init(&semaphores[i], 0, i == 5);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_spin_init(&spin_lock, PTHREAD_PROCESS_PRIVATE);
	mtx_init(&c11_mutex, mtx_timed);
	cnd_init(&c11_changed);
	return RUN_CASES(cases, argc, argv);
}

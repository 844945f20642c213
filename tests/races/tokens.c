/*
 * Semaphores that let several in: a wait comes after the post whose token it takes, the oldest
 * one, and not after all posts that were made by then.
 */
#include <semaphore.h>

#include "cases.h"

static void take(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		MUST(errno == EINTR);
}

static void give(sem_t *semaphore)
{
	MUST(sem_post(semaphore) == 0);
}

/* Two are let in, who each take it for a lock. */
static sem_t permits;
static long permits_count;

static void *permits_first(void *unused)
{
	take(&permits);
	permits_count++;
	give(&permits);
	return unused;
}

static void *permits_second(void *unused)
{
	await_first();
	return permits_first(unused);
}

static void permits_case(void)
{
	MUST(sem_init(&permits, 0, 2) == 0);
	run_both(permits_first, permits_second, NULL);
}

/* Readers take one of three, the writer takes all. */
static sem_t gathered;
static long gathered_data;

static void *gathered_write(void *unused)
{
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 3; i++)
			take(&gathered);
		gathered_data++;
		for (int i = 0; i < 3; i++)
			give(&gathered);
	}
	return unused;
}

static void *gathered_read(void *unused)
{
	long sum = 0;

	for (int round = 0; round < 50; round++) {
		take(&gathered);
		sum += gathered_data;
		give(&gathered);
	}
	KEEP(sum);
	return unused;
}

static void gathered_case(void)
{
	pthread_t threads[4];

	MUST(sem_init(&gathered, 0, 3) == 0);
	for (int i = 0; i < 4; i++)
		MUST(pthread_create(&threads[i], NULL, i ? gathered_read : gathered_write,
				    NULL) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* A buffer of three slots, two who fill them and two who empty them. */
enum { SLOTS = 3, ITEMS = 200 };

struct buffer {
	sem_t empty, full;
	pthread_mutex_t first, last;
	unsigned from, to;
	long slots[SLOTS];
};

static struct buffer slots_buffer = {.first = PTHREAD_MUTEX_INITIALIZER,
				     .last = PTHREAD_MUTEX_INITIALIZER};

static void *slots_fill(void *unused)
{
	for (int i = 0; i < ITEMS; i++) {
		take(&slots_buffer.empty);
		pthread_mutex_lock(&slots_buffer.last);
		slots_buffer.slots[slots_buffer.to++ % SLOTS] = i;
		pthread_mutex_unlock(&slots_buffer.last);
		give(&slots_buffer.full);
	}
	return unused;
}

static void *slots_empty(void *unused)
{
	long sum = 0;

	for (int i = 0; i < ITEMS; i++) {
		take(&slots_buffer.full);
		pthread_mutex_lock(&slots_buffer.first);
		sum += slots_buffer.slots[slots_buffer.from++ % SLOTS];
		pthread_mutex_unlock(&slots_buffer.first);
		give(&slots_buffer.empty);
	}
	KEEP(sum);
	return unused;
}

static void slots_case(void)
{
	pthread_t threads[4];

	MUST(sem_init(&slots_buffer.empty, 0, SLOTS) == 0);
	MUST(sem_init(&slots_buffer.full, 0, 0) == 0);
	for (int i = 0; i < 4; i++)
		MUST(pthread_create(&threads[i], NULL, i % 2 ? slots_empty : slots_fill, NULL) ==
		     0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* Objects that are nobody's stand in a stack: who puts one back where it stood changes nothing that
 * it has read there, but the place that is on top by then. */
enum { OBJECTS = 4, USERS = 7 };

static sem_t pool;
static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static int pool_stack[OBJECTS], pool_top;
static long pool_objects[OBJECTS];

static void *pool_use(void *unused)
{
	for (int round = 0; round < 80; round++) {
		int object;

		take(&pool);
		pthread_mutex_lock(&pool_mutex);
		object = pool_stack[--pool_top];
		pthread_mutex_unlock(&pool_mutex);
		pool_objects[object]++;
		sched_yield();
		pthread_mutex_lock(&pool_mutex);
		pool_stack[pool_top++] = object;
		pthread_mutex_unlock(&pool_mutex);
		give(&pool);
	}
	return unused;
}

static void pool_case(void)
{
	pthread_t threads[USERS];

	MUST(sem_init(&pool, 0, OBJECTS) == 0);
	while (pool_top < OBJECTS) {
		pool_stack[pool_top] = pool_top;
		pool_top++;
	}
	for (int i = 0; i < USERS; i++)
		MUST(pthread_create(&threads[i], NULL, pool_use, NULL) == 0);
	for (int i = 0; i < USERS; i++)
		pthread_join(threads[i], NULL);
}

/* One waits for the work of three; and for that of two, after which all have ended. */
struct work {
	sem_t done;
	long sums[3];
};

static struct work workers_all, few_workers;

static void *workers_add(void *sum)
{
	long *mine = sum;

	for (int i = 0; i < 100; i++)
		*mine += i;
	give(&workers_all.done);
	return NULL;
}

static void *few_add(void *sum)
{
	*(long *)sum += 1;
	give(&few_workers.done);
	return NULL;
}

static void begin(struct work *work, thread_body *body, pthread_t *threads)
{
	MUST(sem_init(&work->done, 0, 0) == 0);
	for (int i = 0; i < 3; i++)
		MUST(pthread_create(&threads[i], NULL, body, &work->sums[i]) == 0);
}

static void workers_case(void)
{
	pthread_t threads[3];
	long total = 0;

	begin(&workers_all, workers_add, threads);
	for (int i = 0; i < 3; i++)
		take(&workers_all.done);
	for (int i = 0; i < 3; i++)
		total += workers_all.sums[i];
	KEEP(total);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void few_case(void)
{
	pthread_t threads[3];
	struct stat tasks;
	long total = 0;

	begin(&few_workers, few_add, threads);
	do {
		sched_yield();
		MUST(stat("/proc/self/task", &tasks) == 0);
	} while (tasks.st_nlink > 2 + 1);
	take(&few_workers.done);
	take(&few_workers.done);
	for (int i = 0; i < 3; i++)
		total += few_workers.sums[i];
	KEEP(total);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* The first reader locks the writer out, the last one lets it in; a turnstile before the room. */
static sem_t room_free, room_lock, room_turn;
static int room_readers;
static long room_data;

static void *room_read(void *unused)
{
	long total = 0;

	for (int round = 0; round < 20; round++) {
		take(&room_turn);
		give(&room_turn);
		take(&room_lock);
		if (++room_readers == 1)
			take(&room_free);
		give(&room_lock);
		total += room_data;
		for (int i = 0; i < 10; i++)
			sched_yield();
		take(&room_lock);
		if (--room_readers == 0)
			give(&room_free);
		give(&room_lock);
	}
	KEEP(total);
	return unused;
}

static void *room_write(void *unused)
{
	for (int round = 0; round < 20; round++) {
		take(&room_turn);
		take(&room_free);
		room_data++;
		sched_yield();
		give(&room_turn);
		give(&room_free);
	}
	return unused;
}

static void room_case(void)
{
	thread_body *const bodies[] = {room_read, room_read, room_write, room_read};
	pthread_t threads[4];

	MUST(sem_init(&room_free, 0, 1) == 0);
	MUST(sem_init(&room_lock, 0, 1) == 0);
	MUST(sem_init(&room_turn, 0, 1) == 0);
	for (int i = 0; i < 4; i++)
		MUST(pthread_create(&threads[i], NULL, bodies[i], NULL) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static const struct race_case cases[] = {
	CASE(room, "silent"),
	CASE(permits, "data-race:error|lost-update:error"),
	CASE(gathered, "silent"),
	CASE(slots, "silent"),
	CASE(pool, "silent"),
	CASE(workers, "silent"),
	CASE(few, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}

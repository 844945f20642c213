/*
 * RULES, Happens-before: the same by functions that a program looks up in libpthread by itself.
 */
#include <dlfcn.h>

#include "cases.h"

static struct {
	__typeof__(&pthread_create) create;
	__typeof__(&pthread_join) join;
	__typeof__(&pthread_mutex_lock) lock;
	__typeof__(&pthread_mutex_unlock) unlock;
} calls;

static void look_up(void)
{
	void *library = dlopen("libpthread.so.0", RTLD_NOW);

	MUST(library);
	calls.create = (__typeof__(calls.create))dlsym(library, "pthread_create");
	calls.join = (__typeof__(calls.join))dlsym(library, "pthread_join");
	calls.lock = (__typeof__(calls.lock))dlsym(library, "pthread_mutex_lock");
	calls.unlock = (__typeof__(calls.unlock))dlsym(library, "pthread_mutex_unlock");
	MUST(calls.create && calls.join && calls.lock && calls.unlock && !dlerror());
}

static void run_two(thread_body *body)
{
	pthread_t threads[2];

	look_up();
	for (int i = 0; i < 2; i++)
		MUST(calls.create(&threads[i], NULL, body, NULL) == 0);
	for (int i = 0; i < 2; i++)
		MUST(calls.join(threads[i], NULL) == 0);
}

static long alone_count;

static void *alone_add(void *unused)
{
	for (int i = 0; i < 100; i++) {
		alone_count++;
		KEEP(alone_count);
		if (i % 8 == 0)
			sched_yield();
	}
	return unused;
}

static void alone_case(void)
{
	run_two(alone_add);
}

static pthread_mutex_t locked_mutex = PTHREAD_MUTEX_INITIALIZER;
static long locked_count;

static void *locked_add(void *unused)
{
	for (int i = 0; i < 100; i++) {
		calls.lock(&locked_mutex);
		locked_count++;
		calls.unlock(&locked_mutex);
		if (i % 8 == 0)
			sched_yield();
	}
	return unused;
}

static void locked_case(void)
{
	run_two(locked_add);
	MUST(locked_count == 200);
	locked_count++;
}

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(alone, "lost-update:error"),
		CASE(locked, "silent"),
	};

	return RUN_CASES(cases, argc, argv);
}

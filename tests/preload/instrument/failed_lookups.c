/*
 * After dlsym or dlopen failed, dlerror says why, even if nothing was freed or locked
 * before; the next lookup frees the text.
 */
#include <dlfcn.h>
#include <semaphore.h>

#include "../guest.h"

#define MISSING "there_is_no_such_function"

static void *do_nothing(void *unused)
{
	return unused;
}

/* Calls functions that may be looked up at their first use. */
static void use_much(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
	pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
	char text[16];
	int ends[2];
	sem_t semaphore;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(pthread_cond_signal(&condition), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	CHECK_IS(pthread_rwlock_rdlock(&rwlock), 0);
	CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
	CHECK_IS(sem_init(&semaphore, 0, 1), 0);
	CHECK_IS(sem_wait(&semaphore), 0);
	CHECK_IS(pipe(ends), 0);
	CHECK_IS(write(ends[1], "text", 4), 4);
	CHECK_IS(read(ends[0], text, 4), 4);
	CHECK_IS(close(ends[0]), 0);
	CHECK_IS(close(ends[1]), 0);
	free(calloc(3, 5));
}

static void fail_and_use(void)
{
	const char *told;

	CHECK(dlsym(RTLD_DEFAULT, MISSING) == NULL);
	use_much();
	told = dlerror();
	CHECK(told != NULL);
	CHECK(strstr(told, MISSING) != NULL);
	CHECK(dlerror() == NULL);
}

/* The second failure frees the first's text. */
static void fail_twice(void)
{
	CHECK(dlsym(RTLD_DEFAULT, MISSING) == NULL);
	CHECK(dlopen("/no/such/library.so", RTLD_NOW) == NULL);
	CHECK(dlsym(RTLD_DEFAULT, "free") != NULL);
	CHECK(dlerror() == NULL);
}

int main(void)
{
	pthread_t thread;

	fail_and_use();
	fail_twice();
	CHECK_IS(pthread_create(&thread, NULL, do_nothing, NULL), 0);
	CHECK_IS(pthread_join(thread, NULL), 0);
	fail_and_use();
	fail_twice();
	puts("told");
	return 0;
}

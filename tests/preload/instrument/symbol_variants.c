/*
 * The same functions by other names: the condition variables of glibc 2.2.5,
 * whose objects are mere pointers, the __pthread_ aliases, pointers by dlsym,
 * and a program that interposes a function itself and calls the next one.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <dlfcn.h>
#include <stdatomic.h>

struct old_condition {
	void *allocated;
};

int old_init(struct old_condition *condition, const pthread_condattr_t *attributes);
int old_wait(struct old_condition *condition, pthread_mutex_t *mutex);
int old_timedwait(struct old_condition *condition, pthread_mutex_t *mutex,
		  const struct timespec *deadline);
int old_signal(struct old_condition *condition);
int old_broadcast(struct old_condition *condition);
int old_destroy(struct old_condition *condition);

__asm__(".symver old_init, pthread_cond_init@GLIBC_2.2.5");
__asm__(".symver old_wait, pthread_cond_wait@GLIBC_2.2.5");
__asm__(".symver old_timedwait, pthread_cond_timedwait@GLIBC_2.2.5");
__asm__(".symver old_signal, pthread_cond_signal@GLIBC_2.2.5");
__asm__(".symver old_broadcast, pthread_cond_broadcast@GLIBC_2.2.5");
__asm__(".symver old_destroy, pthread_cond_destroy@GLIBC_2.2.5");

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* What lies behind an old object is not its own. */
static struct {
	struct old_condition condition;
	char after[64];
} old;
static int turn;
static atomic_int interposed_count;

/* Interposed by the program: whoever comes first, the next one is called. */
int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	int (*next)(pthread_rwlock_t *);
	void *found = dlsym(RTLD_NEXT, "pthread_rwlock_rdlock");

	CHECK(found != NULL);
	memcpy(&next, &found, sizeof(next));
	atomic_fetch_add(&interposed_count, 1);
	return next(lock);
}

static void *take_turns(void *unused)
{
	int i;

	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	for (i = 0; i < 100; i++) {
		while (turn % 2 == 0)
			CHECK_IS(old_wait(&old.condition, &mutex), 0);
		turn++;
		CHECK_IS(old_broadcast(&old.condition), 0);
	}
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void use_old_conditions(void)
{
	struct timespec past = {1, 0};
	pthread_t thread;
	size_t i;

	memset(old.after, 0x5a, sizeof(old.after));
	CHECK_IS(old_init(&old.condition, NULL), 0);
	thread = guest_start(take_turns, NULL);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	CHECK_IS(old_timedwait(&old.condition, &mutex, &past), ETIMEDOUT);
	while (turn < 200) {
		while (turn % 2)
			CHECK_IS(old_wait(&old.condition, &mutex), 0);
		if (turn < 200)
			turn++;
		CHECK_IS(old_signal(&old.condition), 0);
	}
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(thread);
	CHECK_IS(old_destroy(&old.condition), 0);
	for (i = 0; i < sizeof(old.after); i++)
		CHECK_IS(old.after[i], 0x5a);
}

static int call_function(const char *name, void *lock)
{
	int (*function)(void *);
	void *found = dlsym(RTLD_DEFAULT, name);

	/* The aliases are there for old programs only. */
	if (!found)
		found = dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");
	CHECK(found != NULL);
	memcpy(&function, &found, sizeof(function));
	return function(lock);
}

/* An alias takes what the usual name gives back, and the other way round. */
static void use_aliases(void)
{
	pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
	int i;

	for (i = 0; i < 10; i++) {
		CHECK_IS(call_function("__pthread_mutex_lock", &mutex), 0);
		CHECK_IS(call_function("pthread_mutex_unlock", &mutex), 0);
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK_IS(call_function("__pthread_mutex_trylock", &mutex), EBUSY);
		CHECK_IS(call_function("__pthread_mutex_unlock", &mutex), 0);
		CHECK_IS(call_function("__pthread_rwlock_wrlock", &rwlock), 0);
		CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
		CHECK_IS(call_function("__pthread_rwlock_rdlock", &rwlock), 0);
		CHECK_IS(call_function("__pthread_rwlock_unlock", &rwlock), 0);
	}
	for (i = 0; i < 10; i++) {
		CHECK_IS(pthread_rwlock_rdlock(&rwlock), 0);
		CHECK_IS(call_function("__pthread_rwlock_tryrdlock", &rwlock), 0);
		CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
		CHECK_IS(pthread_rwlock_unlock(&rwlock), 0);
	}
	CHECK_IS(atomic_load(&interposed_count), 10);
}

int main(void)
{
	use_old_conditions();
	use_aliases();
	return guest_passed();
}

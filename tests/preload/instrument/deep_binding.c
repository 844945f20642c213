/*
 * A library opened with RTLD_DEEPBIND finds libc before anything preloaded,
 * as does one in a namespace of its own: half of a program's calls on one
 * lock may pass unseen, which must not look like misuse.
 *
 * guest-bare: yes
 * guest-run: deepbind
 * guest-run: namespace
 */
#include "opened_library.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int (*count)(void);
static int (*lock)(pthread_mutex_t *), (*unlock)(pthread_mutex_t *);
static int (*wait_for)(pthread_cond_t *, pthread_mutex_t *);
static void (*run_thread)(void);
static int turn;

static void *take_turn(void *unused)
{
	CHECK_IS(lock(&mutex), 0);
	turn = 1;
	CHECK_IS(pthread_cond_signal(&condition), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

/* Each half of each pair of calls by the library, the other by the program. */
static void mix_calls(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 10; i++) {
		CHECK_IS(lock(&mutex), 0);
		CHECK_IS(pthread_mutex_trylock(&mutex), EBUSY);
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		CHECK_IS(unlock(&mutex), 0);
		CHECK_IS(count(), 101 + i);
	}
	CHECK_IS(lock(&mutex), 0);
	thread = guest_start(take_turn, NULL);
	while (!turn)
		CHECK_IS(wait_for(&condition, &mutex), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(thread);
	CHECK_IS(pthread_mutex_destroy(&mutex), 0);
}

/* dlmopen gives a second libc: it may lock, but threads are the first's. */
static void *open_in_namespace(void)
{
	Dl_info where;
	void *library;

	CHECK(dladdr((void *)count, &where) != 0);
	library = dlmopen(LM_ID_NEWLM, where.dli_fname, RTLD_NOW);
	if (!library)
		guest_fail(__FILE__, __LINE__, dlerror());
	return library;
}

int main(int argument_count, char **arguments)
{
	int is_deepbind = argument_count == 2 && !strcmp(arguments[1], "deepbind");
	void *library = open_library("liblocking.so", RTLD_NOW | RTLD_LOCAL |
					     (is_deepbind ? RTLD_DEEPBIND : 0));
	void *second;

	find_function(library, "locking_library_count", &count);
	find_function(library, "locking_library_lock", &lock);
	find_function(library, "locking_library_unlock", &unlock);
	find_function(library, "locking_library_wait", &wait_for);
	find_function(library, "locking_library_run_thread", &run_thread);
	if (!is_deepbind) {
		second = open_in_namespace();
		find_function(second, "locking_library_count", &count);
		CHECK_IS(count(), 101);
		CHECK_IS(count(), 102);
		CHECK_IS(dlclose(second), 0);
		CHECK_IS(dlclose(library), 0);
		return guest_passed();
	}
	mix_calls();
	run_thread();
	return guest_passed();
}

/*
 * Lock calls of a program of one thread that has locked very often are known by their call
 * sites.  A signal handler that comes between any two instructions takes and gives its own
 * mutex; one that is taken again, tried, or initialised anew is what it is.
 *
 * guest-run: handlers
 * guest-run: kinds
 * guest-timeout: 120
 */
#include <signal.h>

#include "../guest.h"

#define MANY 30000
#define ROUNDS 20
#define TRAP_FLAG 0x100ul

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t of_handler = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t handled;

/* One place for all calls. */
static __attribute__((noinline)) void take(pthread_mutex_t *mutex)
{
	CHECK_IS(pthread_mutex_lock(mutex), 0);
}

static __attribute__((noinline)) void give(pthread_mutex_t *mutex)
{
	CHECK_IS(pthread_mutex_unlock(mutex), 0);
}

static void take_both(void)
{
	take(&outer);
	take(&inner);
	give(&inner);
	give(&outer);
}

/* Between any two instructions. */
static void on_step(int signal)
{
	(void)signal;
	take(&of_handler);
	give(&of_handler);
	handled++;
}

static void step(int is_on)
{
	unsigned long flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(is_on ? flags | TRAP_FLAG : flags & ~TRAP_FLAG);
}

static void with_handlers(void)
{
	CHECK(signal(SIGTRAP, on_step) != SIG_ERR);
	/* The handler's own calls become known, too. */
	for (int i = 0; i < ROUNDS; i++) {
		step(1);
		take_both();
		step(0);
	}
	CHECK(handled > ROUNDS);
	take_both();
}

static void of_all_kinds(void)
{
	pthread_mutexattr_t attributes;

	CHECK_IS(pthread_mutexattr_init(&attributes), 0);
	for (int kind = 0; kind < 3 * MANY; kind++) {
		int type = kind % 3 == 0   ? PTHREAD_MUTEX_NORMAL
			   : kind % 3 == 1 ? PTHREAD_MUTEX_RECURSIVE
					   : PTHREAD_MUTEX_ADAPTIVE_NP;

		CHECK_IS(pthread_mutexattr_settype(&attributes, type), 0);
		CHECK_IS(pthread_mutex_init(&inner, &attributes), 0);
		for (int i = 0; i < 3; i++)
			take_both();
		take(&inner);
		CHECK_IS(pthread_mutex_trylock(&inner),
			 type == PTHREAD_MUTEX_RECURSIVE ? 0 : EBUSY);
		if (type == PTHREAD_MUTEX_RECURSIVE)
			give(&inner);
		give(&inner);
		CHECK_IS(pthread_mutex_destroy(&inner), 0);
	}
}

int main(int argc, char **argv)
{
	CHECK_IS(argc, 2);
	for (int i = 0; i < MANY; i++)
		take_both();
	if (strcmp(argv[1], "handlers") == 0)
		with_handlers();
	else
		of_all_kinds();
	return guest_passed();
}

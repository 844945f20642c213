/*
 * Calls that misuse a mutex fail as they do natively, and are findings.
 *
 * guest-bare: yes
 * snarl-expect: status=66 kinds=unlock-not-owner,unlock-unlocked,destroy-locked
 */
#include "../guest.h"

static pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void *unlock_what_main_holds(void *unused)
{
	CHECK_IS(pthread_mutex_unlock(&checked), EPERM);
	CHECK_IS(pthread_mutex_unlock(&recursive), EPERM);
	return unused;
}

int main(void)
{
	pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;

	CHECK_IS(pthread_mutex_unlock(&checked), EPERM);
	CHECK_IS(pthread_mutex_unlock(&recursive), EPERM);

	CHECK_IS(pthread_mutex_lock(&checked), 0);
	CHECK_IS(pthread_mutex_lock(&recursive), 0);
	guest_run_in_thread(unlock_what_main_holds, NULL);
	CHECK_IS(pthread_mutex_unlock(&recursive), 0);
	CHECK_IS(pthread_mutex_unlock(&checked), 0);

	CHECK_IS(pthread_mutex_lock(&plain), 0);
	CHECK_IS(pthread_mutex_destroy(&plain), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&plain), 0);
	CHECK_IS(pthread_mutex_destroy(&plain), 0);
	return guest_passed();
}

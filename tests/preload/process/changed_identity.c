/*
 * A server that gives up its privileges: chroot to an empty directory, then
 * setgid and setuid; or seteuid to and fro.  Then threads and children are
 * started, and there is a finding while nothing can be opened.
 *
 * guest-bare: yes
 * guest-run: chroot
 * guest-run: setuid
 * guest-run: seteuid
 * guest-leaves: chroot setuid seteuid
 * snarl-expect: status=66 kinds=destroy-locked?
 */
#include "../guest.h"

#define NOBODY 65534

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_changed;

/* glibc makes every thread change its user: all must be able to. */
static void *expect_change(void *unused)
{
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	while (!is_changed)
		CHECK_IS(pthread_cond_wait(&changed, &mutex), 0);
	CHECK_IS(geteuid(), NOBODY);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	return unused;
}

static void *lock_and_misuse(void *unused)
{
	pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

	CHECK_IS(pthread_mutex_lock(&own), 0);
	CHECK_IS(pthread_mutex_destroy(&own), EBUSY);
	CHECK_IS(pthread_mutex_unlock(&own), 0);
	return unused;
}

static void change_root(void)
{
	char directory[] = "rootXXXXXX";

	CHECK(mkdtemp(directory) != NULL);
	if (chroot(directory))
		exit(guest_skip("may not chroot"));
	CHECK_IS(chdir("/"), 0);
	CHECK_FAILS(open("/proc/self/maps", O_RDONLY), ENOENT);
	CHECK_IS(setgid(NOBODY), 0);
	CHECK_IS(setuid(NOBODY), 0);
}

static void change_identity(const char *how)
{
	if (geteuid())
		exit(guest_skip("needs the superuser"));
	if (!strcmp(how, "chroot")) {
		change_root();
	} else if (!strcmp(how, "setuid")) {
		CHECK_IS(setgid(NOBODY), 0);
		CHECK_IS(setuid(NOBODY), 0);
		CHECK_FAILS(setuid(0), EPERM);
	} else {
		CHECK_IS(seteuid(NOBODY), 0);
		CHECK_IS(seteuid(0), 0);
		CHECK_IS(seteuid(NOBODY), 0);
	}
}

int main(int count, char **arguments)
{
	pthread_t thread = guest_start(expect_change, NULL);
	pid_t child;

	CHECK_IS(count, 2);
	change_identity(arguments[1]);
	CHECK_IS(pthread_mutex_lock(&mutex), 0);
	is_changed = 1;
	CHECK_IS(pthread_cond_broadcast(&changed), 0);
	CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	guest_join(thread);
	lock_and_misuse(NULL);
	guest_run_in_thread(lock_and_misuse, NULL);
	child = fork();
	if (!child) {
		lock_and_misuse(NULL);
		_exit(5);
	}
	CHECK_IS(guest_wait_for(child), 5);
	return guest_passed();
}

/*
 * A process that may have no more memory, threads or room in files: calls fail as
 * natively, locks go on working, and no signal is raised but natively.
 *
 * guest-bare: yes
 * guest-run: address_space
 * guest-run: threads
 * guest-run: file_size
 * guest-run: descriptors
 * guest-run: locked_memory
 * guest-leaves: threads locked_memory
 */
#include "../guest.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define UNUSED_USER 54321

static pthread_mutex_t mutexes[1000];
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static atomic_int signal_count;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signal_count, 1);
}

static void use_locks(void)
{
	struct timespec past = {1, 0};
	int i;

	for (i = 0; i < 1000; i++) {
		CHECK_IS(pthread_mutex_init(&mutexes[i], NULL), 0);
		CHECK_IS(pthread_mutex_lock(&mutexes[i]), 0);
	}
	CHECK_IS(pthread_cond_timedwait(&condition, &mutexes[999], &past), ETIMEDOUT);
	for (i = 999; i >= 0; i--) {
		CHECK_IS(pthread_mutex_unlock(&mutexes[i]), 0);
		CHECK_IS(pthread_mutex_destroy(&mutexes[i]), 0);
	}
}

static void *use_locks_in_thread(void *unused)
{
	use_locks();
	return unused;
}

static void limit_resource(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit both = {value, value};

	CHECK_IS(setrlimit(resource, &both), 0);
}

/* Uses up what there is: from here on nothing can be mapped. */
static void without_memory(void)
{
	size_t size = (size_t)64 << 20;
	pthread_t thread;
	void **chain = NULL, **block;

	limit_resource(RLIMIT_AS, 256 << 20);
	while (size > 64) {
		block = malloc(size);
		if (!block) {
			CHECK_IS(errno, ENOMEM);
			size /= 2;
			continue;
		}
		*block = chain;
		chain = block;
	}
	CHECK(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK_IS(pthread_create(&thread, NULL, use_locks_in_thread, NULL), EAGAIN);
	use_locks();
	while (chain) {
		block = *chain;
		free(chain);
		chain = block;
	}
	use_locks();
}

/* The superuser has no such limit, so the process becomes somebody else. */
static void without_threads(void)
{
	pthread_t thread;

	if (!geteuid() && setresuid(UNUSED_USER, UNUSED_USER, UNUSED_USER))
		exit(guest_skip("may not change the user"));
	limit_resource(RLIMIT_NPROC, 1);
	CHECK_IS(pthread_create(&thread, NULL, use_locks_in_thread, NULL), EAGAIN);
	CHECK_FAILS(fork(), EAGAIN);
	use_locks();
}

static void without_file_size(void)
{
	FILE *file;

	CHECK(signal(SIGXFSZ, count_signal) != SIG_ERR);
	limit_resource(RLIMIT_FSIZE, 0);
	use_locks();
	guest_run_in_thread(use_locks_in_thread, NULL);
	CHECK_IS(atomic_load(&signal_count), 0);
	/* The program's own write earns the signal. */
	file = tmpfile();
	CHECK(file != NULL);
	CHECK_FAILS(write(fileno(file), "x", 1), EFBIG);
	CHECK_IS(atomic_load(&signal_count), 1);
	fclose(file);
}

/* Only the soft limit: a reporter may raise it again for itself. */
static void without_descriptors(void)
{
	struct rlimit files;

	CHECK_IS(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = 3;
	CHECK_IS(setrlimit(RLIMIT_NOFILE, &files), 0);
	CHECK_FAILS(open("/dev/null", O_RDONLY), EMFILE);
	use_locks();
	guest_run_in_thread(use_locks_in_thread, NULL);
	CHECK_IS(close(0), 0);
	CHECK_IS(open("/dev/null", O_RDONLY), 0);
	use_locks();
}

static void with_locked_memory(void)
{
	if (!geteuid() && setresuid(UNUSED_USER, UNUSED_USER, UNUSED_USER))
		exit(guest_skip("may not change the user"));
	/* Whether it may is a matter of its size, which need not be the same. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		CHECK(errno == ENOMEM || errno == EAGAIN || errno == EPERM);
	use_locks();
	CHECK_IS(munlockall(), 0);
}

int main(int count, char **arguments)
{
	struct {
		const char *name;
		void (*run)(void);
	} cases[] = {
		{"address_space", without_memory}, {"threads", without_threads},
		{"file_size", without_file_size},  {"descriptors", without_descriptors},
		{"locked_memory", with_locked_memory},
	};
	size_t i;

	CHECK_IS(count, 2);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(arguments[1], cases[i].name))
			cases[i].run();
	/* Nothing is printed: one case may not write to a file any more. */
	return 42;
}

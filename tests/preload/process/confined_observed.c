/*
 * Programs that confine themselves and go on being observed: what they do wrong after
 * that is found, and no call of ours is killed, trapped or sent to their handler.
 *
 *   before    before the first thread: what would be new code is refused, files and other
 *             processes kill
 *   later     with threads running, for all of them: hardly a call is allowed
 *   trap      files, and who runs here, raise SIGSYS
 *   dispatch  calls from outside the C library are sent to a handler, while other
 *             signals come
 *
 * guest-run: before
 * guest-run: later
 * guest-run: trap
 * guest-run: dispatch
 * snarl-expect: status=66 kinds=lost-update
 */
#include "confinement.h"

#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#define ROUNDS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static long guarded, unguarded;
static volatile sig_atomic_t trap_count;

static void count_both(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_IS(pthread_mutex_lock(&mutex), 0);
		guarded++;
		CHECK_IS(pthread_mutex_unlock(&mutex), 0);
	}
	unguarded++;
}

static void *count_in_thread(void *unused)
{
	count_both();
	return unused;
}

static void run_threads(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		threads[i] = guest_start(count_in_thread, NULL);
	for (int i = 0; i < 2; i++)
		guest_join(threads[i]);
}

/* --- before ---------------------------------------------------------------------- */

#define DIE(number) ANSWER_TO(number, SECCOMP_RET_KILL_PROCESS)

static struct sock_filter without_files[] = {
	LOAD_NUMBER,
	DIE(SYS_open), DIE(SYS_openat), DIE(SYS_readlink), DIE(SYS_readlinkat),
	DIE(SYS_getdents64), DIE(SYS_process_vm_readv), DIE(SYS_tgkill), DIE(SYS_kill),
	DIE(SYS_membarrier), DIE(SYS_execve), DIE(SYS_socket), DIE(SYS_getpid), DIE(SYS_gettid),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
	ANSWER(SECCOMP_RET_ERRNO | EACCES),
	ANSWER(SECCOMP_RET_ALLOW),
};

static bool confine_before(void)
{
	struct sock_fprog nowhere = {1, (struct sock_filter *)8};

	CHECK_IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8), EFAULT);
	CHECK_FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &nowhere), EFAULT);
	if (!CONFINE(without_files, 0))
		return false;
	run_threads();
	return true;
}

/* --- later ------------------------------------------------------------------------ */

static struct sock_filter with_few_calls[] = {
	LOAD_NUMBER,
	ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_exit), ALLOW(SYS_exit_group),
	ALLOW(SYS_futex), ALLOW(SYS_rt_sigreturn), ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_munmap),
	ALLOW(SYS_madvise), ALLOW(SYS_rseq), ALLOW(SYS_set_robust_list), ALLOW(SYS_newfstatat),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
};

static void *count_confined(void *unused)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	count_both();
	return unused;
}

static bool confine_later(void)
{
	pthread_t threads[2];
	bool is_done;

	CHECK_IS(pthread_barrier_init(&barrier, NULL, 3), 0);
	for (int i = 0; i < 2; i++)
		threads[i] = guest_start(count_confined, NULL);
	pthread_barrier_wait(&barrier);
	is_done = CONFINE(with_few_calls, SECCOMP_FILTER_FLAG_TSYNC);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 2; i++)
		guest_join(threads[i]);
	return is_done;
}

/* --- trap -------------------------------------------------------------------------- */

#define TRAP(number) ANSWER_TO(number, SECCOMP_RET_TRAP)

static struct sock_filter with_traps[] = {
	LOAD_NUMBER,
	TRAP(SYS_open), TRAP(SYS_openat), TRAP(SYS_readlink), TRAP(SYS_readlinkat),
	TRAP(SYS_getdents64), TRAP(SYS_memfd_create), TRAP(SYS_tgkill), TRAP(SYS_getpid),
	TRAP(SYS_gettid), TRAP(SYS_process_vm_readv),
	ANSWER(SECCOMP_RET_ALLOW),
};

static void count_trap(int number, siginfo_t *told, void *context)
{
	(void)number;
	(void)told;
	(void)context;
	trap_count++;
}

static void handle_traps(void)
{
	struct sigaction action = {.sa_sigaction = count_trap, .sa_flags = SA_SIGINFO};

	CHECK_IS(sigaction(SIGSYS, &action, NULL), 0);
}

static bool confine_by_traps(void)
{
	handle_traps();
	if (!CONFINE(with_traps, 0))
		return false;
	run_threads();
	(void)getpid();
	CHECK_IS(trap_count, 1);
	return true;
}

/* --- dispatch ---------------------------------------------------------------------- */

#define SET_DISPATCH 59 /* PR_SET_SYSCALL_USER_DISPATCH */

static volatile char selector; /* 0: calls are made, 1: they are sent to the handler */
static atomic_bool is_over;
static atomic_int signal_count;
static pthread_t confined;

struct range {
	uintptr_t start, size_bytes;
};

static int find_libc(struct dl_phdr_info *info, size_t size, void *context)
{
	struct range *range = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (uintptr_t)getppid - start < info->dlpi_phdr[i].p_memsz)
			*range = (struct range){start, info->dlpi_phdr[i].p_memsz};
	}
	return 0;
}

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signal_count, 1);
}

static void *send_signals(void *unused)
{
	while (!atomic_load(&is_over)) {
		CHECK_IS(pthread_kill(confined, SIGUSR1), 0);
		unguarded++;
		sched_yield();
	}
	return unused;
}

static bool confine_by_dispatch(void)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
	struct range libc = {0};
	pthread_t sender;

	dl_iterate_phdr(find_libc, &libc);
	handle_traps();
	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	if (prctl(SET_DISPATCH, 1, libc.start, libc.size_bytes, &selector))
		return false;
	confined = pthread_self();
	sender = guest_start(send_signals, NULL);
	selector = 1;
	do
		count_both();
	while (atomic_load(&signal_count) < 200);
	selector = 0;
	CHECK_IS(prctl(SET_DISPATCH, 0, 0, 0, 0), 0);
	atomic_store(&is_over, true);
	guest_join(sender);
	CHECK_IS(trap_count, 0);
	return true;
}

int main(int count, char **arguments)
{
	const char *how = count > 1 ? arguments[1] : "";
	bool is_done = !strcmp(how, "later")	  ? confine_later()
		       : !strcmp(how, "trap")	  ? confine_by_traps()
		       : !strcmp(how, "dispatch") ? confine_by_dispatch()
						  : confine_before();

	if (!is_done)
		return guest_skip("may not be confined so");
	CHECK_IS(write(STDOUT_FILENO, "passed\n", 7), 7);
	return EXIT_SUCCESS;
}

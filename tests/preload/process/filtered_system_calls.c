/*
 * A sandbox: after its start the program may open nothing and map nothing
 * executable, by a seccomp filter; a second filter refuses all new memory, a third
 * that its own code be made writable.
 *
 * guest-bare: yes
 * guest-run: files
 * guest-run: memory
 * guest-run: code
 */
#include "../guest.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define REFUSE(number, error)                                                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

static pthread_mutex_t mutexes[2000];

static struct sock_filter without_files[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	REFUSE(SYS_open, EACCES),
	REFUSE(SYS_openat, EACCES),
	REFUSE(SYS_socket, EACCES),
	REFUSE(SYS_memfd_create, EACCES),
	REFUSE(SYS_execve, EACCES),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static struct sock_filter without_memory[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	REFUSE(SYS_mmap, ENOMEM),
	REFUSE(SYS_mremap, ENOMEM),
	REFUSE(SYS_mprotect, EACCES),
	REFUSE(SYS_brk, ENOMEM),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Only the low halves of addresses are looked at: others may be refused as well. */
static struct sock_filter without_code[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 4),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 0, 2),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void fill_in_code(void)
{
	extern const char __executable_start[], etext[];

	without_code[3].k = (unsigned)(uintptr_t)__executable_start;
	without_code[4].k = (unsigned)(uintptr_t)etext;
}

static int install_filter(struct sock_filter *filter, size_t length)
{
	struct sock_fprog program = {(unsigned short)length, filter};

	CHECK_IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#define INSTALL(filter) install_filter(filter, sizeof(filter) / sizeof(*(filter)))

static void use_locks(void)
{
	int i;

	for (i = 0; i < 2000; i++)
		CHECK_IS(pthread_mutex_lock(&mutexes[i]), 0);
	for (i = 0; i < 2000; i++)
		CHECK_IS(pthread_mutex_unlock(&mutexes[i]), 0);
}

static void *use_locks_in_thread(void *unused)
{
	use_locks();
	return unused;
}

int main(int count, char **arguments)
{
	int i, is_memory = count == 2 && !strcmp(arguments[1], "memory");
	int is_code = count == 2 && !strcmp(arguments[1], "code");
	pthread_t thread;

	for (i = 0; i < 2000; i++)
		CHECK_IS(pthread_mutex_init(&mutexes[i], NULL), 0);
	fill_in_code();
	if (is_memory ? INSTALL(without_memory)
	    : is_code ? INSTALL(without_code)
		      : INSTALL(without_files))
		return guest_skip("may not install a filter");
	use_locks();
	if (is_memory) {
		CHECK_IS(pthread_create(&thread, NULL, use_locks_in_thread, NULL), EAGAIN);
	} else if (is_code) {
		guest_run_in_thread(use_locks_in_thread, NULL);
	} else {
		CHECK_FAILS(open("/dev/null", O_RDONLY), EACCES);
		guest_run_in_thread(use_locks_in_thread, NULL);
	}
	/* By write(2), as stdio would want memory. */
	CHECK_IS(write(STDOUT_FILENO, "passed\n", 7), 7);
	return EXIT_SUCCESS;
}

#define _GNU_SOURCE
#include "preload/confinement/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "base/kernel.h"
#include "preload/confinement/filter.h"
#include "preload/guest/perturb.h"
#include "preload/instrument/races.h"
#include "preload/results/bare.h"
#include "preload/results/sink.h"

#define ASIDE_BYTES (64ul << 20)
#define ASIDE_LEAST_BYTES (4ul << 20)

/* SYSCALL_DISPATCH_FILTER_... of <linux/prctl.h> */
#define DISPATCH_ALLOWS 0

/* A filter that was set, or is about to be. */
struct filter {
	const struct filter *older;
	uint32_t length;
	struct sock_filter code[];
};

/* The newest one.  The filters of any thread count for all: a thread inherits those of its
 * creator. */
static const struct filter *filters;

/* --- What becomes of a call ------------------------------------------------------- */

enum verdict { VERDICT_MADE, VERDICT_REFUSED, VERDICT_PUNISHED };

static enum verdict verdict_of(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return VERDICT_MADE;
	case SECCOMP_RET_ERRNO:
		return VERDICT_REFUSED;
	default:
		return VERDICT_PUNISHED;
	}
}

/* Of @filter and those set before it the strictest decides. */
static enum verdict decide_call(const struct filter *filter, const struct seccomp_data *call)
{
	enum verdict strictest = VERDICT_MADE;

	for (; filter; filter = filter->older) {
		enum verdict verdict = verdict_of(filter_run(filter->code, filter->length, call));

		if (verdict > strictest)
			strictest = verdict;
	}
	return strictest;
}

static struct seccomp_data describe_call(long number, const long arguments[6])
{
	struct seccomp_data call = {
		.nr = (int)number,
		.arch = ARCH_FILTERED,
		.instruction_pointer = (uintptr_t)__builtin_return_address(0),
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(call.args); i++)
		call.args[i] = (uint64_t)arguments[i];
	return call;
}

/* With user dispatch the thread may call the kernel from some code only, and ours is not
 * there: switches the dispatch off for this call. */
static long call_kernel(long number, const long a[6])
{
	volatile char *selector = guest_self ? guest_self->selector : NULL;
	char before = selector ? *selector : 0;
	long result;

	if (selector)
		*selector = DISPATCH_ALLOWS;
	result = arch_call_kernel(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (selector)
		*selector = before;
	return result;
}

static long pass_gate(bool is_ours, long number, const long arguments[6])
{
	struct seccomp_data call = describe_call(number, arguments);

	/* acquire: pairs with confinement_filter_comes(). */
	if (is_ours && decide_call(load_acquire(&filters), &call) == VERDICT_PUNISHED)
		return -EPERM;
	return call_kernel(number, arguments);
}

/* --- Preparing -------------------------------------------------------------------- */

/* Our locks need these. */
static const long needed_calls[][7] = {
	{SYS_rt_sigprocmask, SIG_SETMASK, 0, 0, sizeof(uint64_t)},
	{SYS_futex, 0, FUTEX_WAIT_PRIVATE},
	{SYS_futex, 0, FUTEX_WAKE_PRIVATE, 1},
};

/* Needed to copy and patch code, and to find the library that decodes it. */
static const long beginning_calls[][7] = {
	{SYS_openat, AT_FDCWD, 0, O_RDONLY | O_CLOEXEC},
	{SYS_read},
	{SYS_close},
	{SYS_readlinkat, AT_FDCWD},
	{SYS_getdents64},
	{SYS_newfstatat},
	{SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3},
	{SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1},
	{SYS_mprotect, 0, 4096, PROT_READ | PROT_WRITE},
	{SYS_mprotect, 0, 4096, PROT_READ | PROT_EXEC},
	{SYS_munmap, 0, 4096},
	{SYS_madvise, 0, 4096, MADV_DONTNEED},
};

static const long memory_calls[][7] = {
	{SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	 -1},
};

/* All calls that we make, when a program begins and later.  A program that is executed
 * inherits the filters, but cannot read them. */
static const uint16_t all_calls[] = {
	SYS_chdir,	 SYS_clock_gettime, SYS_clone,	      SYS_close,
	SYS_dup3,	 SYS_execve,	    SYS_exit_group,   SYS_faccessat,
	SYS_fallocate,	 SYS_fcntl,	    SYS_fstat,	      SYS_ftruncate,
	SYS_futex,	 SYS_getcwd,	    SYS_getdents64,   SYS_getgid,
	SYS_getitimer,	 SYS_getpid,	    SYS_getppid,      SYS_getrandom,
	SYS_getsockopt,	 SYS_gettid,	    SYS_getuid,	      SYS_getxattr,
	SYS_madvise,	 SYS_mincore,	    SYS_mmap,	      SYS_mprotect,
	SYS_mremap,	 SYS_munmap,	    SYS_nanosleep,    SYS_newfstatat,
	SYS_openat,	 SYS_pidfd_open,    SYS_ppoll,	      SYS_pread64,
	SYS_prlimit64,	 SYS_process_vm_readv, SYS_read,      SYS_readlinkat,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_tgsigqueueinfo,
	SYS_tgkill,	 SYS_unlinkat,	    SYS_wait4,	      SYS_write,
};

static bool are_made(const struct filter *filter, const long (*calls)[7], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct seccomp_data call = describe_call(calls[i][0], calls[i] + 1);

		if (decide_call(filter, &call) != VERDICT_MADE)
			return false;
	}
	return true;
}

#define ARE_MADE(filter, calls) are_made(filter, calls, ARRAY_LENGTH(calls))

static void switch_off(const char *why)
{
	if (guest_state != GUEST_ON)
		return;
	sink_text(why);
	sink_update_counters(&guest_detector);
	if (bare_is_reporter())
		bare_report_early();
	guest_set_state(GUEST_OFF);
}

static void set_memory_aside(void)
{
	for (size_t size = ASIDE_BYTES; size >= ASIDE_LEAST_BYTES; size /= 2)
		pages_set_aside(size);
	sink_set_room_aside();
}

/* Copies from the program's memory.  False: there is none, and the program's call will
 * fail. */
static bool read_memory(void *to, const void *from, size_t size_bytes)
{
	struct iovec into = {to, size_bytes};
	struct iovec out_of = {(void *)(uintptr_t)from, size_bytes};
	long result = kernel_call6(SYS_process_vm_readv, kernel_call0(SYS_getpid), (long)&into, 1,
				   (long)&out_of, 1, 0);

	if (result >= 0 || result == -EFAULT)
		return result == (long)size_bytes;
	arch_copy(to, from, size_bytes);
	return true;
}

static const struct filter *copy_filter(const struct sock_fprog *given)
{
	struct sock_fprog program;
	struct filter *copy;

	if (!read_memory(&program, given, sizeof(program)) || !program.len)
		return NULL;
	copy = pages_from_kernel(sizeof(*copy) + program.len * sizeof(*program.filter));
	if (!copy || !read_memory(copy->code, program.filter, program.len * sizeof(*copy->code)))
		return NULL;
	copy->older = filters;
	copy->length = program.len;
	return copy;
}

bool confinement_filter_comes(struct guest_thread *self, const struct sock_fprog *program,
			      const struct unwind_start *start)
{
	const struct filter *filter = copy_filter(program);

	if (!filter)
		return false;
	if (!ARE_MADE(filter, needed_calls))
		switch_off("the program filters system calls that detection needs: it is "
			   "observed no more");
	else if (!ARE_MADE(filter, beginning_calls))
		races_begin(self, start);
	if (!ARE_MADE(filter, memory_calls))
		set_memory_aside();
	store_release(&filters, filter); /* pairs with pass_gate() */
	kernel_gate = pass_gate;
	return true;
}

void confinement_filter_failed(void)
{
	store_release(&filters, filters->older);
}

void confinement_strict_comes(void)
{
	switch_off("the program leaves itself hardly a system call: it is observed no more");
}

void confinement_dispatch_comes(struct guest_thread *self, bool is_on, volatile char *selector)
{
	if (is_on && !selector)
		switch_off("the program handles system calls itself: it is observed no more");
	self->selector = selector;
	kernel_gate = pass_gate;
}

static bool would_be_punished(uint16_t number)
{
	static const long no_arguments[6];
	struct seccomp_data call = describe_call(number, no_arguments);

	return decide_call(filters, &call) == VERDICT_PUNISHED;
}

const char *confinement_obstacle(void)
{
	if (!load_acquire(&filters))
		return NULL;
	for (unsigned i = 0; i < ARRAY_LENGTH(all_calls); i++)
		if (would_be_punished(all_calls[i]))
			return "filters for system calls are set";
	if (perturb_is_wanted() && would_be_punished(SYS_sched_getscheduler))
		return "filters for system calls are set";
	return ARE_MADE(filters, needed_calls) && ARE_MADE(filters, beginning_calls)
		       ? NULL
		       : "filters for system calls are set";
}

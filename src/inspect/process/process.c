#include "inspect/process/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inspect/process/maps.h"
#include "inspect/process/procfs.h"
#include "inspect/process/registers.h"
#include "inspect/process/thread_files.h"
#include "inspect/stack/unwind.h"

#define STATUS_BYTES 4096u

static bool read_memory(struct target *target, uint64_t address, void *to, size_t size_bytes)
{
	struct iovec local = {to, size_bytes};
	struct iovec remote = {(void *)(uintptr_t)address, size_bytes};

	return process_vm_readv(target->pid, &local, 1, &remote, 1, 0) == (ssize_t)size_bytes;
}

static bool refuse(char why[TARGET_MESSAGE_BYTES], pid_t pid, const char *what)
{
	(void)snprintf(why, TARGET_MESSAGE_BYTES, "process %d %s", (int)pid, what);
	return false;
}

static bool refuse_permission(char why[TARGET_MESSAGE_BYTES], pid_t pid, const char *status)
{
	uint64_t user = 0;

	(void)procfs_number(status, "Uid:", 10, &user);
	if (user != geteuid())
		(void)snprintf(
			why, TARGET_MESSAGE_BYTES,
			"process %d belongs to user %u: no permission to look at it; be that "
			"user, or root (sudo)",
			(int)pid, (unsigned)user);
	else
		(void)snprintf(
			why, TARGET_MESSAGE_BYTES,
			"no permission to look at process %d: it has more rights than we, or "
			"the kernel allows it to parents alone (sysctl "
			"kernel.yama.ptrace_scope=0); be root, or give a container "
			"--cap-add=SYS_PTRACE",
			(int)pid);
	return false;
}

/* The process whose thread may be @pid; 0 after setting @why. */
static pid_t check_process(pid_t pid, char status[STATUS_BYTES], char why[TARGET_MESSAGE_BYTES])
{
	uint64_t leader = (uint64_t)pid;
	uint64_t parent = 0;

	if (procfs_read(pid, "status", status, STATUS_BYTES) < 0) {
		(void)snprintf(why, TARGET_MESSAGE_BYTES, "there is no process %d", (int)pid);
		return 0;
	}
	(void)procfs_number(status, "Tgid:", 10, &leader);
	if ((pid_t)leader != pid && procfs_read((pid_t)leader, "status", status, STATUS_BYTES) < 0)
		leader = (uint64_t)pid;
	if (strstr(status, "\nState:\tZ") && !strstr(status, "\nThreads:\t1\n"))
		return (pid_t)leader; /* its main thread alone has ended */
	if (strstr(status, "\nState:\tZ") || strstr(status, "\nState:\tX"))
		return refuse(why, pid, "has ended; its parent has not asked for its status yet");
	if (strstr(status, "\nVmSize:"))
		return (pid_t)leader;
	/* Those of the kernel are made by its thread 2. */
	(void)procfs_number(status, "PPid:", 10, &parent);
	return refuse(why, pid,
		      pid == 2 || parent == 2 ? "is a thread of the kernel" : "has ended");
}

static bool is_other_machine(struct target *target)
{
	unsigned char identity[5];

	return target->module_count &&
	       target_read(target, target->modules[0].start, identity, sizeof(identity)) &&
	       identity[4] != 2;
}

static const char *program_path(const struct target *target)
{
	static char path[4096];

	procfs_link(target->pid, "exe", path, sizeof(path));
	return pool_copy(target->pool, path, strlen(path));
}

bool process_open(struct target *target, struct pool *pool, pid_t pid,
		  char why[TARGET_MESSAGE_BYTES])
{
	static char status[STATUS_BYTES];
	char text[256];
	ssize_t result;

	*target = (struct target){.pool = pool, .read = read_memory};
	target->pid = check_process(pid, status, why);
	if (!target->pid)
		return false;
	target->program = program_path(target);
	/* Both ask for the rights of a debugger. */
	result = maps_read(target);
	if (result == 0)
		result = procfs_read(target->pid, "syscall", text, sizeof(text));
	if (result == -EACCES || result == -EPERM)
		return refuse_permission(why, pid, status);
	/* What has ended meanwhile, as zombies have, has no modules either. */
	if (!target->module_count || !thread_files_list(target))
		return check_process(pid, status, why) &&
		       refuse(why, pid, "is no 64-bit program for x86");
	if (is_other_machine(target))
		return refuse(why, pid, "is no 64-bit program for x86");
	return true;
}

void process_walk(struct target *target, struct unwinder *unwinder, struct target_thread *thread)
{
	bool is_whole = thread->known && unwinder_walk(unwinder, thread);

	if (!is_whole && registers_may_stop(thread))
		registers_walk_stopped(target, unwinder, thread);
}

bool process_is_still(struct target *target, const struct target_thread *thread)
{
	struct target_thread now = {.id = thread->id};

	return thread_files_read_call(target, &now) && now.call == thread->call &&
	       now.registers[REGISTER_RSP] == thread->registers[REGISTER_RSP] &&
	       memcmp(now.arguments, thread->arguments, sizeof(now.arguments)) == 0;
}

uint64_t process_switches(const struct target *target, const struct target_thread *thread)
{
	static char status[STATUS_BYTES];
	char name[64];
	uint64_t voluntary = 0;
	uint64_t other = 0;

	(void)snprintf(name, sizeof(name), "task/%u/status", thread->id);
	if (procfs_read(target->pid, name, status, sizeof(status)) < 0)
		return 0;
	(void)procfs_number(status, "voluntary_ctxt_switches:", 10, &voluntary);
	(void)procfs_number(status, "nonvoluntary_ctxt_switches:", 10, &other);
	return voluntary + other;
}

size_t process_thread_count(const struct target *target)
{
	static char status[STATUS_BYTES];
	uint64_t count = 0;

	if (procfs_read(target->pid, "status", status, sizeof(status)) > 0)
		(void)procfs_number(status, "Threads:", 10, &count);
	return (size_t)count;
}

/* Of signals 32 and 33 the C library's own. */
#define LIBRARY_SIGNALS (3ull << 31)

bool process_has_handler(const struct target *target)
{
	static char status[STATUS_BYTES];
	uint64_t caught = 0;

	return procfs_read(target->pid, "status", status, sizeof(status)) <= 0 ||
	       !procfs_number(status, "SigCgt:", 16, &caught) || (caught & ~LIBRARY_SIGNALS);
}

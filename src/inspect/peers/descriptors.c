#include "inspect/peers/descriptors.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/hash.h"
#include "inspect/peers/file_locks.h"
#include "inspect/peers/holders.h"
#include "inspect/peers/sockets.h"
#include "inspect/process/procfs.h"

#define ENDS_MAX 64u

static bool is_one_of(uint32_t call, const uint32_t *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] == call)
			return true;
	return false;
}

static bool reads(const struct target_thread *thread)
{
	static const uint32_t calls[] = {SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg,
					 SYS_recvmmsg};

	return is_one_of(thread->call, calls, ARRAY_LENGTH(calls));
}

static bool writes(const struct target_thread *thread)
{
	static const uint32_t calls[] = {SYS_write, SYS_writev, SYS_sendto, SYS_sendmsg,
					 SYS_sendmmsg};

	return is_one_of(thread->call, calls, ARRAY_LENGTH(calls));
}

static bool waits_for_file_lock(const struct target_thread *thread)
{
	return thread->call == SYS_flock ||
	       (thread->call == SYS_fcntl &&
		(thread->arguments[1] == F_SETLKW || thread->arguments[1] == F_OFD_SETLKW));
}

static void descriptor_link(const struct target *target, const struct target_thread *thread,
			    char *path, size_t size_bytes)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "fd/%d", (int)thread->arguments[0]);
	procfs_link(target->pid, name, path, size_bytes);
}

/* --- File locks ---------------------------------------------------------------- */

/* A process of one thread holds its locks in that one. */
static uint32_t only_thread(pid_t pid)
{
	static char status[4096];
	uint64_t count = 0;

	if (procfs_read(pid, "status", status, sizeof(status)) > 0)
		(void)procfs_number(status, "Threads:", 10, &count);
	return count == 1 ? (uint32_t)pid : 0;
}

static void note_process(struct wait *wait, pid_t pid)
{
	char name[32];

	(void)procfs_read(pid, "comm", name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	(void)snprintf(wait->note, sizeof(wait->note), "held by process %d (%s)", (int)pid, name);
}

static void find_file_lock(const struct target *target, const struct target_thread *thread,
			   struct wait *wait)
{
	static char path[4096];
	char name[64];
	struct stat status;
	pid_t holder;

	(void)snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)target->pid,
		       (int)thread->arguments[0]);
	if (stat(name, &status) != 0)
		return;
	descriptor_link(target, thread, path, sizeof(path));
	wait->kind = OBJECT_FILE_LOCK;
	wait->is_shared = true;
	wait->object = hash_append(hash_append(1, status.st_dev), status.st_ino) | 1;
	wait->name = pool_format(target->pool, "file lock of %s", path);
	holder = file_lock_holder(target->pid, status.st_dev, status.st_ino);
	if (!holder)
		return;
	wait->state.is_held = true;
	wait->state.holder = only_thread(holder);
	note_process(wait, holder);
}

/* --- Pipes and sockets ---------------------------------------------------------- */

/* The end that the wait of @thread is for; false: none that can be looked for. */
static bool find_end(const struct target *target, const struct target_thread *thread,
		     struct wanted_end *end, struct wait *wait)
{
	char link[64];
	char remote[SOCKET_ADDRESS_BYTES];
	unsigned long long inode;

	*end = (struct wanted_end){0};
	descriptor_link(target, thread, link, sizeof(link));
	if (sscanf(link, "pipe:[%llu]", &inode) == 1) {
		end->inode = inode;
		end->is_pipe = true;
		end->is_written = reads(thread);
	} else if (sscanf(link, "socket:[%llu]", &inode) == 1) {
		end->inode = socket_peer(inode, remote);
		if (remote[0])
			(void)snprintf(wait->note, sizeof(wait->note), "a socket to %s", remote);
	}
	return end->inode != 0;
}

/* "process 12 (cat), process 13 (sh) and 4 more" */
static void write_others(const struct wanted_end *end, char *text, size_t size_bytes)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < end->other_count && i < HOLDERS_SHOWN && length < size_bytes; i++)
		length += (size_t)snprintf(text + length, size_bytes - length, "%sprocess %d (%s)",
					   i ? ", " : "", (int)end->others[i], end->names[i]);
	if (end->other_count > HOLDERS_SHOWN && length < size_bytes)
		(void)snprintf(text + length, size_bytes - length, " and %u more",
			       end->other_count - HOLDERS_SHOWN);
}

static void tell_end(const struct wanted_end *end, struct wait *wait)
{
	const char *what = end->is_pipe ? "a pipe" : "a socket";
	char others[112];

	write_others(end, others, sizeof(others));
	if (end->other_count)
		(void)snprintf(wait->note, sizeof(wait->note), "%s whose other end %s%s has", what,
			       others, end->is_own ? ", and this process," : "");
	else if (end->is_own)
		(void)snprintf(wait->note, sizeof(wait->note),
			       "%s whose other end %s this process has", what,
			       end->has_unknown ? "also" : "only");
	else if (!end->has_unknown)
		(void)snprintf(wait->note, sizeof(wait->note), "%s whose other end nobody has",
			       what);
	/* Then only a thread of this process can end the wait. */
	wait->kind = OBJECT_CHANNEL;
	wait->object = end->inode;
	wait->is_shared = !end->is_own || end->other_count || end->has_unknown;
}

static void find_ends(struct target *target, struct wait *waits)
{
	static struct wanted_end ends[ENDS_MAX];
	struct wait *of[ENDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < target->thread_count && count < ENDS_MAX; i++) {
		const struct target_thread *thread = &target->threads[i];

		of[count] = &waits[i];
		if ((reads(thread) || writes(thread)) &&
		    find_end(target, thread, &ends[count], &waits[i]))
			count++;
	}
	holders_find(target->pid, ends, count);
	for (size_t i = 0; i < count; i++)
		tell_end(&ends[i], of[i]);
}

void descriptors_find(struct target *target, struct wait *waits)
{
	for (size_t i = 0; i < target->thread_count; i++)
		if (waits_for_file_lock(&target->threads[i]))
			find_file_lock(target, &target->threads[i], &waits[i]);
	find_ends(target, waits);
}

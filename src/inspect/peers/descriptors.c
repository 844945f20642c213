#include "inspect/peers/descriptors.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/hash.h"
#include "inspect/peers/file_locks.h"
#include "inspect/peers/holders.h"
#include "inspect/peers/polled.h"
#include "inspect/peers/sockets.h"
#include "inspect/process/procfs.h"

#define ENDS_MAX 256u
/* Of a thread that polls. */
#define POLLED_SHOWN 4u

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

static void descriptor_link(const struct target *target, int descriptor, char *path,
			    size_t size_bytes)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "fd/%d", descriptor);
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
	descriptor_link(target, (int)thread->arguments[0], path, sizeof(path));
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

/* A descriptor that a thread waits for. */
struct waited {
	struct wanted_end end;
	struct socket_end socket;
	struct wait *wait;
	int descriptor;
	bool is_polled;
	size_t more; /* that it waits for, too, and that are not shown */
	const char *other; /* it is no pipe or socket, but this; NULL: not known */
};

/* Of another file than a pipe or socket: "eventfd" for anon_inode:[eventfd], else its path. */
static const char *name_file(struct pool *pool, const char *link)
{
	const char *bracket = strchr(link, '[');

	if (strncmp(link, "anon_inode:", 11) != 0)
		return pool_copy(pool, link, strlen(link));
	return bracket ? pool_copy(pool, bracket + 1, strcspn(bracket + 1, "]"))
		       : pool_copy(pool, link + 11, strlen(link + 11));
}

static void find_end(const struct target *target, const struct polled *polled,
		     struct waited *waited)
{
	char link[256];
	unsigned long long inode;

	waited->end = (struct wanted_end){0};
	waited->socket = (struct socket_end){.peer = 0};
	waited->descriptor = polled->descriptor;
	waited->other = NULL;
	descriptor_link(target, polled->descriptor, link, sizeof(link));
	if (sscanf(link, "pipe:[%llu]", &inode) == 1) {
		waited->end.inode = inode;
		waited->end.is_pipe = true;
		waited->end.is_written = polled->is_read;
	} else if (sscanf(link, "socket:[%llu]", &inode) == 1) {
		waited->socket = socket_find(inode);
		waited->end.inode = waited->socket.peer;
	} else if (link[0]) {
		waited->other = name_file(target->pool, link);
	}
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

/* "a pipe whose other end process 12 (cat) has"; "" if nothing is known. */
static const char *end_words(struct pool *pool, const struct waited *waited)
{
	const struct wanted_end *end = &waited->end;
	const struct socket_end *socket = &waited->socket;
	const char *what = end->is_pipe ? "a pipe" : "a socket";
	char others[112];

	if (!end->inode && socket->listens)
		return pool_format(pool, "a socket that listens%s%s",
				   socket->local[0] ? " at " : "", socket->local);
	if (!end->inode && socket->remote[0])
		return pool_format(pool, "a socket to %s", socket->remote);
	if (!end->inode)
		return waited->other && waited->is_polled ? waited->other : "";
	write_others(end, others, sizeof(others));
	if (end->other_count)
		return pool_format(pool, "%s whose other end %s%s has", what, others,
				   end->is_own ? ", and this process," : "");
	if (end->is_own)
		return pool_format(pool, "%s whose other end %s this process has", what,
				   end->has_unknown ? "also" : "only");
	return end->has_unknown ? "" : pool_format(pool, "%s whose other end nobody has", what);
}

static void tell_end(struct pool *pool, const struct waited *waited)
{
	const struct wanted_end *end = &waited->end;
	struct wait *wait = waited->wait;
	size_t length = strlen(wait->note);
	const char *words = end_words(pool, waited);

	if (waited->is_polled && words[0])
		length += (size_t)snprintf(wait->note + length, sizeof(wait->note) - length,
					   "%s%d: %s", length ? "; " : "", waited->descriptor,
					   words);
	if (waited->more && length && length < sizeof(wait->note))
		(void)snprintf(wait->note + length, sizeof(wait->note) - length, "; %zu more",
			       waited->more);
	if (!waited->is_polled)
		(void)snprintf(wait->note, sizeof(wait->note), "%s", words);
	if (waited->is_polled || !end->inode)
		return;
	/* Then only a thread of this process can end the wait. */
	wait->kind = OBJECT_CHANNEL;
	wait->object = end->inode;
	wait->is_shared = !end->is_own || end->other_count || end->has_unknown;
}

/* The descriptors that @thread waits for, as far as they are shown. */
static size_t list_waited(struct target *target, const struct target_thread *thread,
			  struct wait *wait, struct polled_list *list)
{
	if (polled_find(target, thread, list)) {
		wait->is_timed = list->is_timed;
		return list->count < POLLED_SHOWN ? list->count : POLLED_SHOWN;
	}
	wait->is_for_room = writes(thread);
	if (!reads(thread) && !writes(thread) && thread->call != SYS_accept &&
	    thread->call != SYS_accept4)
		return 0;
	list->rows[0] = (struct polled){(int)thread->arguments[0], !writes(thread)};
	return 1;
}

static void find_ends(struct target *target, struct wait *waits)
{
	static struct wanted_end ends[ENDS_MAX];
	static struct waited waited[ENDS_MAX];
	static struct polled_list list;
	size_t count = 0;

	for (size_t i = 0; i < target->thread_count && count + POLLED_SHOWN <= ENDS_MAX; i++) {
		size_t shown;

		list.count = 0;
		shown = list_waited(target, &target->threads[i], &waits[i], &list);
		for (size_t j = 0; j < shown; j++, count++) {
			waited[count].wait = &waits[i];
			waited[count].is_polled = list.count != 0;
			waited[count].more = j + 1 == shown && list.count ? list.count - shown : 0;
			find_end(target, &list.rows[j], &waited[count]);
			ends[count] = waited[count].end;
		}
	}
	holders_find(target->pid, ends, count);
	for (size_t i = 0; i < count; i++) {
		waited[i].end = ends[i];
		tell_end(target->pool, &waited[i]);
	}
}

void descriptors_find(struct target *target, struct wait *waits)
{
	for (size_t i = 0; i < target->thread_count; i++)
		if (waits_for_file_lock(&target->threads[i]))
			find_file_lock(target, &target->threads[i], &waits[i]);
	find_ends(target, waits);
}

#define _GNU_SOURCE
#include "x86/cache/plan_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/kernel.h"
#include "base/strings.h"
#include "x86/cache/known_whole.h"
#include "x86/cache/plan_file.h"

#define KEY_DIGITS 32u
#define SUFFIX ".plan"
#define NEW_SUFFIX ".new"
#define NAME_BYTES (KEY_DIGITS + sizeof(SUFFIX))
#define NEW_NAME_BYTES (KEY_DIGITS + sizeof(NEW_SUFFIX))
#define LIST_BYTES 1024u
#define OTHERS_MAY_WRITE 022u
#define ROOT 0u

/* --- Names ------------------------------------------------------------------------------ */

static bool join_path(char *to, size_t room, const char *folder, const char *name)
{
	size_t folder_bytes = strlen(folder), name_bytes = strlen(name) + 1;

	if (folder_bytes + name_bytes > room)
		return false;
	memcpy(to, folder, folder_bytes);
	memcpy(to + folder_bytes, name, name_bytes);
	return true;
}

bool plan_cache_init(struct plan_cache *cache, const char *wanted, const char *cache_home,
		     const char *home)
{
	const char *base = wanted, *below = "";

	if (!wanted && cache_home && *cache_home == '/') {
		base = cache_home;
		below = "/snarl";
	} else if (!wanted) {
		base = home;
		below = "/.cache/snarl";
	}
	cache->most_bytes = PLAN_CACHE_BYTES;
	cache->boot = known_whole_boot();
	return base && *base == '/' && join_path(cache->folder, sizeof(cache->folder), base, below);
}

static void write_digits(char *to, const uint64_t words[2])
{
	for (unsigned i = 0; i < KEY_DIGITS; i++)
		to[i] = "0123456789abcdef"[words[i / 16] >> (60 - 4 * (i % 16)) & 15];
}

static void write_name(char to[NAME_BYTES], const struct plan_key *key)
{
	write_digits(to, key->words);
	memcpy(to + KEY_DIGITS, SUFFIX, sizeof(SUFFIX));
}

/* A name that nobody else uses: no process does anything twice in a nanosecond. */
static void write_new_name(char to[NEW_NAME_BYTES])
{
	struct timespec now = {0, 0};
	uint64_t words[2];

	kernel_call2(SYS_clock_gettime, CLOCK_REALTIME, &now);
	words[0] = (uint64_t)kernel_call0(SYS_getpid);
	words[1] = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	write_digits(to, words);
	memcpy(to + KEY_DIGITS, NEW_SUFFIX, sizeof(NEW_SUFFIX));
}

static bool is_our_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == KEY_DIGITS &&
	       (strcmp(name + KEY_DIGITS, SUFFIX) == 0 ||
		strcmp(name + KEY_DIGITS, NEW_SUFFIX) == 0);
}

/* --- The folder --------------------------------------------------------------------------- */

/* Who runs with another's rights neither trusts a user's files nor writes any. */
static bool has_own_rights(void)
{
	return kernel_call0(SYS_getuid) == kernel_call0(SYS_geteuid) &&
	       kernel_call0(SYS_getgid) == kernel_call0(SYS_getegid);
}

/* Ours, or the system's. */
static bool is_trusted(const struct stat *status, mode_t kind)
{
	return (status->st_mode & S_IFMT) == kind && !(status->st_mode & OTHERS_MAY_WRITE) &&
	       (status->st_uid == ROOT || status->st_uid == (uid_t)kernel_call0(SYS_geteuid));
}

/* @descriptor if it is of something that is trusted, else it is closed and -1. */
static int check_trusted(long descriptor, mode_t kind, struct stat *status)
{
	if (descriptor < 0)
		return -1;
	if (kernel_call2(SYS_fstat, descriptor, status) == 0 && is_trusted(status, kind))
		return (int)descriptor;
	kernel_call1(SYS_close, descriptor);
	return -1;
}

static int open_folder(const struct plan_cache *cache)
{
	struct stat status;

	if (!has_own_rights())
		return -1;
	return check_trusted(kernel_call4(SYS_openat, AT_FDCWD, cache->folder,
					  O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
			     S_IFDIR, &status);
}

/* Makes the folder and the one it is in. */
static void make_folder(const struct plan_cache *cache)
{
	char *last = strrchr(cache->folder, '/');
	char parent[PLAN_CACHE_PATH_BYTES / 4];
	size_t length = (size_t)(last - cache->folder);

	if (length < sizeof(parent)) {
		memcpy(parent, cache->folder, length);
		parent[length] = '\0';
		kernel_call3(SYS_mkdirat, AT_FDCWD, parent, 0700);
	}
	kernel_call3(SYS_mkdirat, AT_FDCWD, cache->folder, 0700);
}

/* --- Reading ------------------------------------------------------------------------------ */

/* File systems of this machine alone (magic.h of the kernel).  A file elsewhere may be taken
 * away while it is mapped. */
static const uint32_t local_systems[] = {
	0xef53 /* ext2 to ext4 */, 0x58465342 /* XFS */,   0x9123683e /* Btrfs */,
	0xf2f52010 /* F2FS */,	   0x2fc12fc1 /* ZFS */,   0xca451a4e /* bcachefs */,
	0x01021994 /* tmpfs */,	   0x794c7630 /* overlay */,
};

static bool may_be_mapped(int file)
{
	struct statfs status;

	if (kernel_call2(SYS_fstatfs, file, &status) != 0 || status.f_flags & ST_NOEXEC)
		return false;
	for (unsigned i = 0; i < ARRAY_LENGTH(local_systems); i++)
		if ((uint32_t)status.f_type == local_systems[i])
			return true;
	return false;
}

/* A file that is used counts as new. */
static void note_use(const struct plan_cache *cache, const struct plan_key *key, int file,
		     const struct plan_source *source, int64_t changed_seconds)
{
	struct timespec now = {0, 0};

	kernel_call2(SYS_clock_gettime, CLOCK_REALTIME, &now);
	if (!source->is_known || now.tv_sec != changed_seconds)
		known_whole_note(cache->boot, key, file, source->size_bytes);
}

static enum plan_cache_answer read_from(const struct plan_cache *cache, int folder,
					const struct plan_key *key, const struct image *image,
					const struct plan_options *options, struct arena *arena,
					struct plan **plan)
{
	struct plan_source source;
	char name[NAME_BYTES];
	struct stat status;
	long opened;
	int file;

	write_name(name, key);
	opened = kernel_call4(SYS_openat, folder, name,
			      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (opened == -ENOENT)
		return PLAN_CACHE_HAS_NOT;
	file = check_trusted(opened, S_IFREG, &status);
	if (file < 0)
		return PLAN_CACHE_REFUSED;
	source = (struct plan_source){file, (uint64_t)status.st_size, may_be_mapped(file),
				      known_whole(cache->boot, key, &status)};
	*plan = plan_file_read(&source, key, image, options, arena);
	if (*plan)
		note_use(cache, key, file, &source, status.st_mtim.tv_sec);
	kernel_call1(SYS_close, file);
	return *plan ? PLAN_CACHE_HAS : PLAN_CACHE_REFUSED;
}

enum plan_cache_answer plan_cache_read(const struct plan_cache *cache, const struct plan_key *key,
				       const struct image *image,
				       const struct plan_options *options, struct arena *arena,
				       struct plan **plan)
{
	int folder = open_folder(cache);
	enum plan_cache_answer answer;

	*plan = NULL;
	if (folder < 0)
		return PLAN_CACHE_HAS_NOT;
	answer = read_from(cache, folder, key, image, options, arena, plan);
	kernel_call1(SYS_close, folder);
	return answer;
}

/* --- Room ------------------------------------------------------------------------------- */

/* The kernel's struct linux_dirent64. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t size_bytes;
	uint8_t kind;
	char name[];
};

struct contents {
	uint64_t size_bytes; /* of our files */
	int64_t oldest_seconds, oldest_nanoseconds;
	char oldest[NAME_BYTES + 1];
};

static void note_entry(int folder, const char *name, struct contents *contents)
{
	struct stat status;
	bool is_older;

	if (!is_our_name(name) ||
	    kernel_call4(SYS_newfstatat, folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode))
		return;
	contents->size_bytes += (uint64_t)status.st_size;
	is_older = status.st_mtim.tv_sec < contents->oldest_seconds ||
		   (status.st_mtim.tv_sec == contents->oldest_seconds &&
		    status.st_mtim.tv_nsec < contents->oldest_nanoseconds);
	if (*contents->oldest && !is_older)
		return;
	contents->oldest_seconds = status.st_mtim.tv_sec;
	contents->oldest_nanoseconds = status.st_mtim.tv_nsec;
	memcpy(contents->oldest, name, strlen(name) + 1);
}

static struct contents list_contents(int folder)
{
	struct contents contents = {0};
	_Alignas(struct entry) char list[LIST_BYTES];
	long length;

	kernel_call3(SYS_lseek, folder, 0, 0 /* SEEK_SET */);
	while ((length = kernel_call3(SYS_getdents64, folder, list, sizeof(list))) > 0) {
		const struct entry *entry;

		for (long at = 0; at < length; at += entry->size_bytes) {
			entry = (const void *)(list + at);
			note_entry(folder, entry->name, &contents);
		}
	}
	return contents;
}

/* Removes the oldest until @new_bytes more fit.  False: they do not. */
static bool free_room(int folder, uint64_t new_bytes, uint64_t most_bytes)
{
	if (new_bytes > most_bytes)
		return false;
	for (;;) {
		struct contents contents = list_contents(folder);

		if (contents.size_bytes + new_bytes <= most_bytes)
			return true;
		if (kernel_call3(SYS_unlinkat, folder, contents.oldest, 0) != 0)
			return false;
	}
}

/* --- Writing ------------------------------------------------------------------------------ */

/* A larger file would bring the program a signal. */
static bool is_within_limit(uint64_t file_bytes)
{
	struct rlimit limit;

	return kernel_call4(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, &limit) == 0 &&
	       file_bytes <= limit.rlim_cur;
}

static bool write_to(const struct plan_cache *cache, int folder, const struct plan_key *key,
		     const struct plan *plan, const struct image *image,
		     const struct plan_options *options)
{
	char name[NAME_BYTES], new_name[NEW_NAME_BYTES];
	bool is_written;
	long file;

	write_name(name, key);
	write_new_name(new_name);
	file = kernel_call4(SYS_openat, folder, new_name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (file < 0)
		return false;
	is_written = plan_file_write((int)file, key, plan, image, options);
	known_whole_note(cache->boot, key, (int)file, plan_file_bytes(plan));
	/* Some file systems tell only here that the disk is full. */
	is_written &= kernel_call1(SYS_close, file) == 0;
	is_written = is_written && kernel_call4(SYS_renameat, folder, new_name, folder, name) == 0;
	if (!is_written)
		kernel_call3(SYS_unlinkat, folder, new_name, 0);
	return is_written;
}

bool plan_cache_write(const struct plan_cache *cache, const struct plan_key *key,
		      const struct plan *plan, const struct image *image,
		      const struct plan_options *options)
{
	uint64_t file_bytes = plan_file_bytes(plan);
	int folder = open_folder(cache);
	bool is_kept;

	if (folder < 0 && has_own_rights()) {
		make_folder(cache);
		folder = open_folder(cache);
	}
	if (folder < 0)
		return false;
	is_kept = is_within_limit(file_bytes) && free_room(folder, file_bytes, cache->most_bytes) &&
		  write_to(cache, folder, key, plan, image, options);
	kernel_call1(SYS_close, folder);
	return is_kept;
}

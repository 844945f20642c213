#include "command/base/results_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/atomic.h"
#include "command/base/message.h"
#include "finding/timeline.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* by which guests ask for more */
#endif

#define CAPACITY_BYTES (32u << 20)
/* Fail rather than start with less. */
#define CAPACITY_MIN_BYTES (1u << 20)

/* As much of @wanted_bytes as the limit on file sizes (ulimit -f) allows. */
static uint64_t find_capacity(uint64_t wanted_bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur >= wanted_bytes)
		return wanted_bytes;
	return limit.rlim_cur & ~(uint64_t)8191;
}

/* The file is open to all users: a guest that gives up privileges and then executes a
 * program must still be able to open it.  Its name is secret, as its directory can
 * be entered but not listed. */
static int open_temporary(struct results_file *results)
{
	const char *parent = getenv("TMPDIR");
	uint64_t secret[2];

	if (!parent || parent[0] != '/')
		parent = "/tmp";
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret) ||
	    asprintf(&results->directory, "%s/snarl-XXXXXX", parent) < 0) {
		results->directory = NULL;
		return -1;
	}
	if (!mkdtemp(results->directory)) {
		results->path = results->directory;
		results->directory = NULL;
		return -1;
	}
	if (asprintf(&results->path, "%s/%016llx%016llx", results->directory,
		     (unsigned long long)secret[0], (unsigned long long)secret[1]) < 0 ||
	    chmod(results->directory, 0711))
		return -1;
	results->file = open(results->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return results->file < 0 ? -1 : fchmod(results->file, 0666);
}

/* A file of that name is replaced, not emptied: processes of an earlier run may still
 * have it mapped. */
static int open_saved(struct results_file *results, const char *save)
{
	struct stat status;
	char *real;

	if (stat(save, &status) == 0) {
		if (!S_ISREG(status.st_mode)) {
			errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
			return -1;
		}
		real = access(save, W_OK) ? NULL : realpath(save, NULL);
		if (!real)
			return -1;
		(void)unlink(real);
		results->file = open(real, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		free(real);
	} else {
		results->file = open(save, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	if (results->file < 0)
		return -1;
	real = realpath(save, NULL);
	if (!real)
		return -1;
	results->path = real;
	return 0;
}

/* Blocks of such a file are memory, which the kernel clears. */
static bool is_in_memory(int file)
{
	struct statfs status;

	return fstatfs(file, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

/* Not posix_fallocate(): it writes all blocks if the file system cannot allocate. */
static int allocate_blocks(const struct results_file *results, uint64_t size_bytes)
{
	return fallocate(results->file, 0, 0, (off_t)size_bytes) && errno != EOPNOTSUPP ? -1 : 0;
}

/* 0, or -1 and errno. */
static int allocate_file(struct results_file *results, uint64_t wanted_bytes, bool is_for_guests)
{
	uint64_t first_bytes = RESULTS_FIRST_BYTES;

	results->size_bytes = find_capacity(wanted_bytes);
	if (results->size_bytes < CAPACITY_MIN_BYTES) {
		errno = EFBIG;
		return -1;
	}
	if (!is_for_guests || first_bytes > results->size_bytes || !is_in_memory(results->file))
		first_bytes = results->size_bytes;
	if (allocate_blocks(results, first_bytes) ||
	    ftruncate(results->file, (off_t)results->size_bytes))
		return -1;
	results->image = mmap(NULL, results->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			      results->file, 0);
	if (results->image == MAP_FAILED)
		return -1;
	/* Nothing of an empty file need be read ahead. */
	(void)madvise(results->image, results->size_bytes, MADV_RANDOM);
	if (first_bytes == results->size_bytes)
		return 0;
	results->ready_bytes = first_bytes;
	if (madvise(results->image, 1, MADV_POPULATE_WRITE) == 0)
		return 0;
	results->ready_bytes = 0;
	return allocate_blocks(results, results->size_bytes);
}

static void delete_file(struct results_file *results)
{
	if (results->path && results->file >= 0)
		(void)unlink(results->path);
	if (results->directory)
		(void)rmdir(results->directory);
}

/* Of a small file the events get a half. */
static void format_file(struct results_file *results, uint64_t timeline_bytes)
{
	if (timeline_bytes > results->size_bytes / 2)
		timeline_bytes = results->size_bytes / 2;
	results_format(results->image, results->size_bytes - timeline_bytes);
	((struct results_header *)(void *)results->image)->ready_bytes = results->ready_bytes;
	if (timeline_bytes)
		timeline_format(results->image, timeline_bytes);
}

int results_file_create(struct results_file *results, const char *save, bool is_for_guests,
			bool keeps_events)
{
	uint64_t timeline_bytes = keeps_events ? TIMELINE_BYTES : 0;
	int problem;

	*results = (struct results_file){.file = -1};
	if ((save ? open_saved(results, save) : open_temporary(results)) == 0 &&
	    allocate_file(results, CAPACITY_BYTES + timeline_bytes,
			  is_for_guests && !keeps_events) == 0) {
		format_file(results, timeline_bytes);
		return 0;
	}
	problem = errno;
	delete_file(results);
	return command_fail("cannot write the results file %s: %s",
			    save	    ? save
			    : results->path ? results->path
					    : "(temporary)",
			    strerror(problem));
}

void results_file_make_whole(struct results_file *results)
{
	struct results_header *header = (void *)results->image;

	/* release: pairs with record_reserve(). */
	if (load_relaxed(&header->ready_bytes) &&
	    allocate_blocks(results, results->size_bytes) == 0)
		store_release(&header->ready_bytes, UINT64_C(0));
}

void results_file_hide(struct results_file *results)
{
	char *path;

	if (!results->directory || asprintf(&path, "/proc/self/fd/%d", results->file) < 0)
		return;
	/* Without /proc the name is still needed. */
	if (access(path, R_OK)) {
		free(path);
		return;
	}
	delete_file(results);
	free(results->path);
	results->path = path;
}

/* True if a process still has the file open or mapped for writing.  The kernel grants
 * a read lease only if none has; where it grants no leases, returns @is_likely. */
static bool has_writers(const struct results_file *results, bool is_likely)
{
	int file = open(results->path, O_RDONLY | O_CLOEXEC);
	bool is_free = file >= 0 && fcntl(file, F_SETLEASE, F_RDLCK) == 0;
	bool is_held = errno == EAGAIN;

	if (file >= 0)
		(void)close(file);
	return is_free ? false : is_held || is_likely;
}

/* Cuts off what follows the last record, or event, and seals it. */
static void cut_to_size(const struct results_file *results)
{
	struct results_header *header;
	uint64_t size_bytes;
	int file = open(results->path, O_RDWR | O_CLOEXEC);
	void *image = file < 0 ? MAP_FAILED
			       : mmap(NULL, results->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
				      file, 0);

	/* The capacity is set first: a late writer then finds the file full. */
	if (image != MAP_FAILED) {
		header = image;
		size_bytes = timeline_pack(image);
		if (ftruncate(file, (off_t)size_bytes) == 0)
			header->seal = results_seal(image, size_bytes);
		(void)munmap(image, results->size_bytes);
	}
	if (file >= 0)
		(void)close(file);
}

void results_file_finish(struct results_file *results, bool is_likely_in_use)
{
	const struct results_header *header = (const void *)results->image;
	bool has_room = header->tail < header->capacity_bytes;

	(void)munmap(results->image, results->size_bytes);
	(void)close(results->file);
	if (results->directory)
		delete_file(results);
	else if (has_room && !has_writers(results, is_likely_in_use))
		cut_to_size(results);
}

bool results_file_is_mapped_by(const struct results_file *results, pid_t pid)
{
	char name[32];
	char *line = NULL;
	size_t room = 0;
	bool is_mapped = false;
	FILE *maps;

	(void)snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "re");
	while (maps && !is_mapped && getline(&line, &room, maps) > 0)
		is_mapped = strstr(line, results->path) != NULL;
	free(line);
	if (maps)
		(void)fclose(maps);
	return is_mapped;
}

#define _GNU_SOURCE
#include "preload/outside/twins.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "detect/race/access.h"
#include "preload/guest/access_words.h"
#include "preload/guest/guest.h"

#define MAPPINGS_MOST 128u
#define TWINS_MOST 64u
#define LOOKS_MOST 1000u

struct mapping {
	uintptr_t start, end;
	uint64_t file;	 /* a hash of its device and inode */
	uint64_t offset; /* of 'start' in it */
	bool is_writable;
};

struct twin {
	uintptr_t start, end;
	uintptr_t home; /* of 'start' */
};

struct runtime_lock twins_lock LOCKED_AROUND_FORKS;
uint32_t twins_count;

/* The oldest first.  What finds no room has no twin. */
static struct mapping mappings[MAPPINGS_MOST];
static uint32_t mapping_count;

/* Read without the lock: 'change' is odd while they change. */
static struct twin twins[TWINS_MOST];
static uint32_t change;

/* --- Looking ----------------------------------------------------------------- */

static bool look(uintptr_t address, size_t *bytes, uintptr_t *home)
{
	uint32_t before = load_acquire(&change); /* pairs with find_twins() */
	uint32_t count = load_relaxed(&twins_count);

	*home = address;
	for (uint32_t i = 0; i < count && i < TWINS_MOST; i++) {
		/* relaxed: whether all belong together is asked below. */
		uintptr_t start = load_relaxed(&twins[i].start);
		uintptr_t end = load_relaxed(&twins[i].end);

		if (address < start && start - address < *bytes)
			*bytes = start - address;
		if (address < start || address >= end)
			continue;
		*home = load_relaxed(&twins[i].home) + (address - start);
		if (*bytes > end - address)
			*bytes = end - address;
		break;
	}
	fence_acquire();
	return !(before & 1) && load_relaxed(&change) == before;
}

uintptr_t twins_home_slowly(uintptr_t address, size_t *bytes)
{
	size_t wanted = *bytes;
	uintptr_t home;

	/* Who changes them may have lost its processor. */
	for (uint32_t i = 0; i < LOOKS_MOST; i++) {
		*bytes = wanted;
		if (look(address, bytes, &home))
			return home;
	}
	*bytes = wanted;
	return address;
}

void twins_check(struct thread *thread, const struct access *access)
{
	uintptr_t end = access->address + access->size_bytes;
	struct access part = *access;

	for (uintptr_t at = access->address; at < end; at += part.size_bytes) {
		part.size_bytes = end - at;
		part.address = twins_home_slowly(at, &part.size_bytes);
		access_check(&guest_detector, thread, &part);
	}
}

/* --- Changing ---------------------------------------------------------------- */

static void add_twin(uint32_t *count, const struct mapping *mapping, const struct mapping *older)
{
	uint64_t from = mapping->offset > older->offset ? mapping->offset : older->offset;
	uint64_t to = mapping->offset + (mapping->end - mapping->start);
	uint64_t older_to = older->offset + (older->end - older->start);
	struct twin *twin = &twins[*count];

	if (to > older_to)
		to = older_to;
	if (from >= to || *count == TWINS_MOST)
		return;
	store_relaxed(&twin->start, mapping->start + (from - mapping->offset));
	store_relaxed(&twin->end, mapping->start + (to - mapping->offset));
	store_relaxed(&twin->home, older->start + (from - older->offset));
	++*count;
}

/* The oldest mapping of each place is its home, so that a home has none itself: look() takes the
 * first that it finds. */
static void find_twins(void)
{
	uint32_t count = 0;

	store_relaxed(&change, change + 1);
	fence_release();
	for (uint32_t i = 1; i < mapping_count; i++)
		for (uint32_t older = 0; older < i; older++)
			if (mappings[older].file == mappings[i].file &&
			    (mappings[older].is_writable || mappings[i].is_writable))
				add_twin(&count, &mappings[i], &mappings[older]);
	store_relaxed(&twins_count, count);
	store_release(&change, change + 1); /* pairs with look() */
}

static void add_mapping(const struct mapping *mapping)
{
	if (mapping->start < mapping->end && mapping_count < MAPPINGS_MOST)
		mappings[mapping_count++] = *mapping;
}

/* What is left of them, on both sides. */
static void remove_mappings(uintptr_t start, uintptr_t end)
{
	uint32_t before = mapping_count;
	struct mapping behind[MAPPINGS_MOST / 4];
	uint32_t behind_count = 0;

	mapping_count = 0;
	for (uint32_t i = 0; i < before; i++) {
		struct mapping left = mappings[i];
		struct mapping right = mappings[i];

		if (left.start >= end || left.end <= start) {
			mappings[mapping_count++] = left;
			continue;
		}
		left.end = start;
		right.start = end;
		right.offset += end - mappings[i].start;
		if (left.start < left.end)
			mappings[mapping_count++] = left;
		if (right.start < right.end && behind_count < ARRAY_LENGTH(behind))
			behind[behind_count++] = right;
	}
	for (uint32_t i = 0; i < behind_count; i++)
		add_mapping(&behind[i]);
}

static void allow_writes(uintptr_t start, uintptr_t end)
{
	for (uint32_t i = 0; i < mapping_count; i++)
		if (mappings[i].start < end && mappings[i].end > start)
			mappings[i].is_writable = true;
}

static bool is_any_in(uintptr_t start, uintptr_t end)
{
	for (uint32_t i = 0; i < mapping_count; i++)
		if (mappings[i].start < end && mappings[i].end > start)
			return true;
	return false;
}

/* If there are twins, the calling thread leaves its thunks to C; not if a handler may have come
 * amid one. */
static void leave_thunks(void)
{
	const struct guest_thread *self = guest_self;

	if (!twins_exist())
		return;
	/* relaxed: threads that begin come after it. */
	store_relaxed(&access_leaves_thunks, true);
	for (uint32_t i = 0; self && i < GUEST_KEPT_CONTEXTS; i++)
		if (self->kept[i].context)
			return;
	access_thread = NULL;
}

void twins_mapped(uintptr_t start, uintptr_t end, int protection, int flags, int descriptor,
		  uint64_t offset)
{
	struct mapping mapping = {start, end, 0, offset, protection & PROT_WRITE};
	struct stat status;

	if ((flags & (MAP_SHARED | MAP_ANONYMOUS)) != MAP_SHARED || protection & PROT_EXEC ||
	    protection == PROT_NONE || kernel_call2(SYS_fstat, descriptor, &status) != 0 ||
	    !S_ISREG(status.st_mode))
		return;
	mapping.file = hash_append(hash_append(1, status.st_dev), status.st_ino);
	runtime_lock(&twins_lock);
	add_mapping(&mapping);
	find_twins();
	runtime_unlock(&twins_lock);
	leave_thunks();
}

void twins_unmapped(uintptr_t start, uintptr_t end)
{
	/* relaxed: who unmaps what another has mapped comes after that. */
	if (LIKELY(!load_relaxed(&mapping_count)))
		return;
	runtime_lock(&twins_lock);
	if (is_any_in(start, end)) {
		remove_mappings(start, end);
		find_twins();
	}
	runtime_unlock(&twins_lock);
}

void twins_protected(uintptr_t start, uintptr_t end, int protection)
{
	/* relaxed: see twins_unmapped(). */
	if (LIKELY(!load_relaxed(&mapping_count)))
		return;
	/* What cannot be read is no home. */
	if (protection == PROT_NONE)
		twins_unmapped(start, end);
	if (!(protection & PROT_WRITE))
		return;
	runtime_lock(&twins_lock);
	if (is_any_in(start, end)) {
		allow_writes(start, end);
		find_twins();
	}
	runtime_unlock(&twins_lock);
	leave_thunks();
}

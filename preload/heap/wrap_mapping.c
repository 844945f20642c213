/* Mappings: memory that the program gets from the kernel and gives back. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/guest/export.h"
#include "preload/heap/heap.h"
#include "preload/guest/real.h"
#include "preload/heap/reserved.h"
#include "preload/heap/wrap_memory.h"
#include "preload/outside/shared_homes.h"
#include "preload/outside/twins.h"

#define PAGE_BYTES 4096u

/* The kernel maps whole pages, whatever was asked for. */
static size_t in_pages(size_t size_bytes)
{
	return (size_bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

static void mapping_ends(uintptr_t start, size_t size_bytes, const struct unwind_start *at)
{
	reserved_ends(&start, &size_bytes);
	heap_mapping_ends(start, size_bytes, at);
}

/* The real call, after which nothing that was known of the place holds. */
static void *map_really(void *wanted, size_t size, int protection, int flags, int file,
			off_t offset)
{
	void *mapped = REAL(mmap)(wanted, size, protection, flags, file, offset);

	if (mapped == MAP_FAILED)
		return mapped;
	shared_homes_forget((uintptr_t)mapped, (uintptr_t)mapped + in_pages(size));
	twins_unmapped((uintptr_t)mapped, (uintptr_t)mapped + in_pages(size));
	if (heap_mode != HEAP_OFF)
		twins_mapped((uintptr_t)mapped, (uintptr_t)mapped + in_pages(size), protection,
			     flags, file, (uint64_t)offset);
	return mapped;
}

EXPORT void *mmap(void *wanted, size_t size, int protection, int flags, int file, off_t offset)
{
	struct unwind_start start = unwind_start_here();
	bool is_over = (flags & MAP_FIXED) && !(flags & MAP_FIXED_NOREPLACE);
	void *mapped;

	if (heap_mode == HEAP_OFF)
		return map_really(wanted, size, protection, flags, file, offset);
	/* It replaces what was mapped there. */
	if (is_over) {
		heap_mapping_ends((uintptr_t)wanted, in_pages(size), &start);
		reserved_opened((uintptr_t)wanted, size);
	}
	mapped = map_really(wanted, size, protection, flags, file, offset);
	if (mapped == MAP_FAILED || is_over)
		return mapped;
	/* Memory that was here before may have been unmapped without our notice. */
	heap_mapping_begins((uintptr_t)mapped, in_pages(size));
	if (protection == PROT_NONE)
		reserved_begins((uintptr_t)mapped, size);
	else
		reserved_opened((uintptr_t)mapped, size);
	return mapped;
}

EXPORT_ALIAS(mmap64, mmap)

EXPORT int munmap(void *begin, size_t size)
{
	struct unwind_start start = unwind_start_here();
	size_t bytes = in_pages(size);
	int result;

	shared_homes_leave((uintptr_t)begin, (uintptr_t)begin + bytes);
	memory_locks_end((uintptr_t)begin, (uintptr_t)begin + bytes, &start);
	mapping_ends((uintptr_t)begin, bytes, &start);
	twins_unmapped((uintptr_t)begin, (uintptr_t)begin + bytes);
	result = REAL(munmap)(begin, size);
	shared_homes_forget((uintptr_t)begin, (uintptr_t)begin + bytes);
	return result;
}

EXPORT int mprotect(void *begin, size_t size, int protection)
{
	if (protection != PROT_NONE)
		reserved_opened((uintptr_t)begin, size);
	twins_protected((uintptr_t)begin, (uintptr_t)begin + in_pages(size), protection);
	return REAL(mprotect)(begin, size, protection);
}

EXPORT void *mremap(void *old, size_t old_size, size_t new_size, int flags, ...)
{
	struct unwind_start start = unwind_start_here();
	size_t old_bytes = in_pages(old_size);
	size_t new_bytes = in_pages(new_size);
	size_t kept_bytes = old_bytes < new_bytes ? old_bytes : new_bytes;
	va_list rest;
	void *wanted;
	void *moved;

	va_start(rest, flags);
	wanted = va_arg(rest, void *);
	va_end(rest);
	if (flags & MREMAP_MAYMOVE) {
		memory_locks_may_end((uintptr_t)old, (uintptr_t)old + old_bytes, &start);
		mapping_ends((uintptr_t)old, old_bytes, &start);
	} else {
		mapping_ends((uintptr_t)old + kept_bytes, old_bytes - kept_bytes, &start);
	}
	twins_unmapped((uintptr_t)old, (uintptr_t)old + old_bytes);
	moved = REAL(mremap)(old, old_size, new_size, flags, wanted);
	if (moved == MAP_FAILED)
		return moved;
	shared_homes_forget((uintptr_t)old, (uintptr_t)old + old_bytes);
	shared_homes_forget((uintptr_t)moved, (uintptr_t)moved + new_bytes);
	reserved_opened((uintptr_t)moved, new_bytes);
	if (moved != old)
		heap_mapping_begins((uintptr_t)moved, new_bytes);
	else
		heap_mapping_begins((uintptr_t)moved + kept_bytes, new_bytes - kept_bytes);
	return moved;
}

/* Does the memory lose its content, now or later?  Then it begins a new life. */
static bool loses_content(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE;
}

EXPORT int madvise(void *begin, size_t size, int advice)
{
	if (loses_content(advice))
		heap_mapping_begins((uintptr_t)begin, in_pages(size));
	return REAL(madvise)(begin, size, advice);
}

/* Allocators of programs may take memory by moving the break. */
static void break_moved(uintptr_t from, uintptr_t to)
{
	if (from < to)
		heap_mapping_begins(from, to - from);
}

EXPORT void *sbrk(intptr_t increment)
{
	struct unwind_start start = unwind_start_here();
	uintptr_t now;
	void *old;

	if (heap_mode == HEAP_CHECKED && increment < 0) {
		now = (uintptr_t)REAL(sbrk)(0);
		heap_mapping_ends(now + (uintptr_t)increment, (size_t)-increment, &start);
	}
	old = REAL(sbrk)(increment);
	if (heap_mode == HEAP_CHECKED && increment > 0 && old != (void *)-1)
		break_moved((uintptr_t)old, (uintptr_t)old + (uintptr_t)increment);
	return old;
}

EXPORT int brk(void *wanted)
{
	struct unwind_start start = unwind_start_here();
	uintptr_t to = (uintptr_t)wanted;
	uintptr_t now = heap_mode == HEAP_CHECKED ? (uintptr_t)REAL(sbrk)(0) : to;
	int result;

	if (to < now)
		heap_mapping_ends(to, now - to, &start);
	result = REAL(brk)(wanted);
	if (result == 0)
		break_moved(now, to);
	return result;
}

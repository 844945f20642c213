#include "detect/shadow/shadow.h"

#include <sys/mman.h>

#include "base/kernel.h"
#include "detect/shadow/runs.h"
#include "detect/shadow/summary.h"

#define PAGE_BYTES 4096u
#define FEW_BYTES 65536u        /* below this, stores are cheaper than the kernel */
#define MANY_BYTES (256u << 10) /* from here on, pages are given back to it */
#define SMALL_PAGED_BYTES (2u << 20) /* of records: 65 536 narrow ones, 16 384 wide ones */

static const struct shadow_region regions[SHADOW_REGION_COUNT] = {
	{0, SHADOW_LOW_END},
	{SHADOW_MIDDLE_START, SHADOW_MIDDLE_END},
	{SHADOW_HIGH_START, SHADOW_HIGH_END},
};

#define PLANE_COUNT 3u
#define ORIGINS 2u /* the plane that has no runs */

/* Where the words of @granule are, or where those of a region begin, in plane @k. */
static uintptr_t place_in(unsigned int k, uintptr_t granule)
{
	return k == 0	? SHADOW_WRITE_PLACE(granule)
	       : k == 1 ? SHADOW_READ_PLACE(granule)
			: SHADOW_ORIGIN_PLACE(granule);
}

static bool map_range(uintptr_t start, size_t size_bytes, int protection)
{
	long mapped = kernel_call6(SYS_mmap, start, size_bytes, protection,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
					   MAP_FIXED_NOREPLACE,
				   -1, 0);

	if (mapped == (long)start) {
		kernel_call3(SYS_madvise, start, size_bytes, MADV_DONTDUMP);
		return true;
	}
	if (mapped > 0)
		kernel_call2(SYS_munmap, mapped, size_bytes);
	return false;
}

/*
 * Words, of which a fork's child begins with none: whatever its parent did came before.  To
 * copy their pages, which lie far apart, and the tables that lead there took most of a fork.
 */
static bool map_words(uintptr_t start, size_t size_bytes)
{
	if (!map_range(start, size_bytes, PROT_READ | PROT_WRITE))
		return false;
	kernel_call3(SYS_madvise, start, size_bytes, MADV_WIPEONFORK);
	return true;
}

/* What is neither a region nor a plane, and not the heap's (preload/heap/block_facts.c). */
static const struct shadow_region holes[] = {
	{0x170000010000, 0x1e0000000000}, {0x310000000000, SHADOW_RUNS},
	{SHADOW_RUNS + SHADOW_RUNS_BYTES, 0x350000000000},
	{0x370000010000, 0x3e0000000000}, {0x500000010000, 0x550000000000},
	{0x570000000000, 0x5e0000000000}, {0x700000010000, 0x750000000000},
	{0x770000010000, 0x7e0000000000},
};

#define HOLE_LEAST 0x40000000ul

/* Checks read the shadow of any address, so that of addresses in a hole must be
 * readable too.  Existing mappings stay; new ones of the program go elsewhere. */
static void fill_hole(uintptr_t start, size_t size_bytes)
{
	if (map_range(start, size_bytes, PROT_READ) || size_bytes <= HOLE_LEAST)
		return;
	fill_hole(start, size_bytes / 2);
	fill_hole(start + size_bytes / 2, size_bytes - size_bytes / 2);
}

/* From where the region's words would be without a displacement. */
static bool map_planes(struct shadow_region region)
{
	for (unsigned int k = 0; k < PLANE_COUNT; k++)
		if (!map_words(place_in(k, region.start) & ~(SHADOW_AT_END - 1ul),
			       region.end - region.start))
			return false;
	return true;
}

/*
 * What the displacement puts behind that.  Where another plane begins there, these are
 * its words for addresses below SHADOW_AT_END, which no program has (vm.mmap_min_addr).
 */
static void map_ends(struct shadow_region region)
{
	for (unsigned int k = 0; k < PLANE_COUNT; k++)
		map_words(place_in(k, region.end - SHADOW_GRANULE) & ~(SHADOW_AT_END - 1ul),
			  SHADOW_AT_END);
}

static bool map_summaries(void)
{
	return map_words(SHADOW_SUMMARIES, SHADOW_SUMMARIES_END - SHADOW_SUMMARIES);
}

/* Records lie close together and are met at random: huge pages for them, but for the first
 * ones.  Most programs have few, and to clear a huge page takes as long as a hundred small ones. */
static bool map_dense(uintptr_t start, size_t size_bytes)
{
	if (!map_range(start, size_bytes, PROT_READ | PROT_WRITE))
		return false;
	kernel_call3(SYS_madvise, start + SMALL_PAGED_BYTES, size_bytes - SMALL_PAGED_BYTES,
		     MADV_HUGEPAGE);
	return true;
}

static bool map_records(void)
{
	return map_words(SHADOW_CLAIMS, SHADOW_CLAIMS_BYTES) &&
	       map_words(SHADOW_RUNS, SHADOW_RUNS_BYTES) &&
	       map_range(SHADOW_READ_LINES, SHADOW_READ_LINES_BYTES, PROT_READ | PROT_WRITE) &&
	       map_dense(SHADOW_NARROW_CELLS, SHADOW_CELL_BYTES) &&
	       map_dense(SHADOW_WIDE_CELLS, SHADOW_CELL_BYTES) &&
	       map_range(SHADOW_CELL_MARKS, SHADOW_HIGH_END >> SHADOW_MARK_SHIFT,
			 PROT_READ | PROT_WRITE);
}

bool shadow_reserve(bool low_only)
{
	struct shadow_region low = {SHADOW_REPLAY_START, SHADOW_REPLAY_END};

	if (low_only) {
		if (!map_planes(low) || !map_records() || !map_summaries())
			return false;
		map_ends(low);
		return true;
	}
	for (unsigned int i = 0; i < SHADOW_REGION_COUNT; i++)
		if (!map_planes(regions[i]))
			return false;
	if (!map_records() || !map_summaries())
		return false;
	for (unsigned int i = 0; i < SHADOW_REGION_COUNT; i++)
		map_ends(regions[i]);
	for (unsigned int i = 0; i < ARRAY_LENGTH(holes); i++)
		fill_hole(holes[i].start, holes[i].end - holes[i].start);
	return true;
}

static void clear_words(uintptr_t start, uintptr_t end)
{
	for (; start < end; start += sizeof(uint64_t))
		store_relaxed((uint64_t *)start, 0);
}

static bool has_words(uintptr_t start, uintptr_t end)
{
	uint64_t some = 0;

	/* relaxed: nobody else may access the memory. */
	for (; start < end; start += sizeof(uint64_t))
		some |= load_relaxed((const uint64_t *)start);
	return some;
}

/* Clears the pages that were touched, which will be wanted again: faults cost the kernel more
 * than the stores. */
static void clear_touched(uintptr_t start, uintptr_t end)
{
	unsigned char resident[MANY_BYTES / PAGE_BYTES + 2];
	uintptr_t page = start & ~(uintptr_t)(PAGE_BYTES - 1);
	size_t count = (end - page + PAGE_BYTES - 1) / PAGE_BYTES;

	if (start >= end)
		return;
	if (kernel_call3(SYS_mincore, page, count * PAGE_BYTES, resident) != 0) {
		clear_words(start, end);
		return;
	}
	for (size_t i = 0; i < count; i++, page += PAGE_BYTES) {
		uintptr_t from = page < start ? start : page;
		uintptr_t to = page + PAGE_BYTES < end ? page + PAGE_BYTES : end;

		if (resident[i] & 1 && has_words(from, to))
			clear_words(from, to);
	}
}

static void drop_words(uintptr_t start, uintptr_t end)
{
	uintptr_t first_page = (start + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
	uintptr_t last_page = end & ~(uintptr_t)(PAGE_BYTES - 1);

	if (first_page >= last_page) {
		clear_words(start, end);
		return;
	}
	clear_touched(start, first_page);
	kernel_call3(SYS_madvise, first_page, last_page - first_page, MADV_DONTNEED);
	clear_touched(last_page, end);
}

static void clear_plane(uintptr_t start, uintptr_t end)
{
	if (end - start < FEW_BYTES)
		clear_words(start, end);
	else if (end - start < MANY_BYTES)
		clear_touched(start, end);
	else
		drop_words(start, end);
}

/* Of so many bytes all turns are forgotten: there may be terabytes that nobody has touched. */
#define TURNS_FORGOTTEN (64ul << 20)

static void clear_runs(uintptr_t start, uintptr_t end)
{
	uintptr_t first_page = (start + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
	uintptr_t last_page = end & ~(uintptr_t)(PAGE_BYTES - 1);

	if (end - start < TURNS_FORGOTTEN) {
		runs_clear(start, end);
		return;
	}
	runs_clear(start, first_page);
	drop_words((uintptr_t)claim_turn_of((const uint64_t *)first_page),
		   (uintptr_t)claim_turn_of((const uint64_t *)last_page));
	runs_clear(last_page, end);
}

static void clear_planes(uintptr_t start, size_t size_bytes,
			 void (*clear)(uintptr_t start, uintptr_t end))
{
	uintptr_t first = start & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t end = (start + size_bytes + SHADOW_GRANULE - 1) &
			~(uintptr_t)(SHADOW_GRANULE - 1);

	if (size_bytes == 0 || !shadow_covers(start) || !shadow_covers(start + size_bytes - 1))
		return;
	for (unsigned int k = 0; k < ORIGINS; k++)
		clear_runs(place_in(k, first), place_in(k, first) + (end - first));
	for (unsigned int k = 0; k < PLANE_COUNT; k++)
		clear(place_in(k, first), place_in(k, first) + (end - first));
	if (end - first < MANY_BYTES)
		summary_clear(first, end);
	else
		clear((uintptr_t)(summary_of(first) - 1), (uintptr_t)(summary_of(end) + 1));
}

void shadow_clear(uintptr_t start, size_t size_bytes)
{
	clear_planes(start, size_bytes, clear_plane);
}

void shadow_drop(uintptr_t start, size_t size_bytes)
{
	clear_planes(start, size_bytes, drop_words);
}

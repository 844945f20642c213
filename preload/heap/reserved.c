#include "preload/heap/reserved.h"

#include "base/atomic.h"

#define LEAST_BYTES (1ul << 30)
#define AREA_COUNT 16u

/* [start, end), of which [opened, opened_end) may have been accessed. */
struct area {
	uintptr_t start, end; /* both 0: free */
	uintptr_t opened, opened_end;
};

struct runtime_lock reserved_lock LOCKED_AROUND_FORKS;
static struct area areas[AREA_COUNT];
static uint32_t area_count;

static bool overlaps(const struct area *area, uintptr_t start, uintptr_t end)
{
	return start < area->end && end > area->start;
}

void reserved_begins(uintptr_t start, size_t size_bytes)
{
	uint32_t i = 0;

	if (size_bytes < LEAST_BYTES)
		return;
	runtime_lock(&reserved_lock);
	while (i < AREA_COUNT && areas[i].end)
		i++;
	if (i < AREA_COUNT) {
		areas[i] = (struct area){start, start + size_bytes, start + size_bytes, start};
		store_relaxed(&area_count, area_count + 1);
	}
	runtime_unlock(&reserved_lock);
}

void reserved_opened(uintptr_t start, size_t size_bytes)
{
	uintptr_t end = start + size_bytes;

	/* relaxed: who may name addresses of an area comes after whoever has mapped it. */
	if (!load_relaxed(&area_count))
		return;
	runtime_lock(&reserved_lock);
	for (uint32_t i = 0; i < AREA_COUNT; i++) {
		struct area *area = &areas[i];

		if (!overlaps(area, start, end))
			continue;
		if (start < area->opened)
			area->opened = start;
		if (end > area->opened_end)
			area->opened_end = end;
	}
	runtime_unlock(&reserved_lock);
}

/* Of an area that loses a part no more is known, as others may be given its place. */
void reserved_ends(uintptr_t *start, size_t *size_bytes)
{
	uintptr_t from = *start, to = from + *size_bytes;

	if (!load_relaxed(&area_count)) /* relaxed: as above */
		return;
	runtime_lock(&reserved_lock);
	for (uint32_t i = 0; i < AREA_COUNT; i++) {
		struct area *area = &areas[i];

		if (!overlaps(area, from, to))
			continue;
		if (from == area->start && to == area->end) {
			*start = area->opened;
			*size_bytes = area->opened < area->opened_end
					      ? area->opened_end - area->opened
					      : 0;
		}
		*area = (struct area){0};
		store_relaxed(&area_count, area_count - 1);
	}
	runtime_unlock(&reserved_lock);
}

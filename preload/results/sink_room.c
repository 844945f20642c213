#include "preload/results/sink_room.h"

#include <sys/resource.h>

#include "base/atomic.h"
#include "base/kernel.h"
#include "finding/timeline.h"

#define STEP_BYTES (1ull << 20)
#define ASIDE_BYTES (4ull << 20)
/* What other threads may take between our check and our own record. */
#define MARGIN_BYTES (128ull << 10)

#define POPULATE_WRITE 23 /* an madvise() of Linux 5.14 */

/* Makes the kernel allocate blocks for these pages.  Returns a negative errno
 * if it cannot. */
static long make_ready(void *base, uint64_t from, uint64_t to)
{
	return kernel_call3(SYS_madvise, (char *)base + from, to - from, POPULATE_WRITE);
}

/* The same for the first part.  Blocks on a disk cost a tenth of pages. */
static long begin_ready(void *base, long descriptor)
{
	if (kernel_call4(SYS_fallocate, descriptor, 0, 0, RESULTS_FIRST_BYTES) == 0)
		return 0;
	return make_ready(base, 0, RESULTS_FIRST_BYTES);
}

bool sink_room_size(long descriptor, uint64_t size_bytes)
{
	struct rlimit limit;

	/* A larger size would raise SIGXFSZ. */
	if (kernel_call4(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 &&
	    limit.rlim_cur < size_bytes)
		return false;
	return kernel_call2(SYS_ftruncate, descriptor, size_bytes) == 0;
}

bool sink_room_begin(void *base, long descriptor, uint64_t size_bytes, uint64_t timeline_bytes,
		     const char **why)
{
	struct results_header *header = base;
	uint64_t total_bytes = size_bytes + timeline_bytes;
	bool is_stepwise = begin_ready(base, descriptor) == 0 &&
			   (!timeline_bytes || make_ready(base, size_bytes, total_bytes) == 0);

	*why = "there is no room for the results file";
	if (!is_stepwise && kernel_call4(SYS_fallocate, descriptor, 0, 0, total_bytes) != 0)
		return false;
	results_format(base, size_bytes);
	if (timeline_bytes)
		timeline_format(base, timeline_bytes);
	header->ready_bytes = is_stepwise ? RESULTS_FIRST_BYTES : 0;
	return true;
}

bool sink_room_is_short(const void *base, size_t size_bytes)
{
	const struct results_header *header = base;
	uint64_t ready = load_relaxed(&header->ready_bytes); /* relaxed: checked again later */

	/* relaxed: the margin covers what others take meanwhile. */
	return ready && ready < header->capacity_bytes &&
	       load_relaxed(&header->tail) + size_bytes + MARGIN_BYTES > ready;
}

static void extend_by(void *base, uint64_t more_bytes)
{
	struct results_header *header = base;
	uint64_t ready = load_acquire(&header->ready_bytes);
	uint64_t next = ready + more_bytes;

	/* Somebody has made all of it ready meanwhile. */
	if (!ready)
		return;
	if (next > header->capacity_bytes)
		next = header->capacity_bytes;
	/* If the disk is full, so is the file: records that do not fit are counted.
	 * release: pairs with record_reserve(). */
	if (make_ready(base, ready, next) == 0)
		compare_exchange_acq_rel(&header->ready_bytes, &ready, next);
}

void sink_room_extend(void *base)
{
	extend_by(base, STEP_BYTES);
}

void sink_room_set_aside(void *base)
{
	extend_by(base, ASIDE_BYTES);
}

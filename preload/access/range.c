/* Ranges that a loop is about to touch: x86/emit/range.h. */
#include "detect/range/record_range.h"
#include "preload/access/thunk_access.h"

#define RANGE_BYTES_MOST (1ull << 32)

/* Has it been recorded that this thread touches @granule? */
static bool is_recorded(uintptr_t granule, bool is_write)
{
	struct shadow shadow = shadow_of(granule);
	uint64_t word = load_acquire(is_write ? shadow.write : shadow.read);

	return word == access_current || (!is_write && word == access_shared);
}

void access_range(struct access_frame *frame);

/* What is left out here the checks in the loop do, so nothing is counted as lost. */
void access_range(struct access_frame *frame)
{
	struct guest_thread *self = guest_self;
	uint64_t size_bytes = frame->words[0];
	bool is_write = access_site(frame->words[1])->flags & SITE_WRITE;
	uintptr_t start = (frame->words[2] + SHADOW_GRANULE - 1) & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uintptr_t end = (frame->words[2] + size_bytes) & ~(uintptr_t)(SHADOW_GRANULE - 1);

	if (size_bytes > RANGE_BYTES_MOST || start >= end || !shadow_covers(start) ||
	    !shadow_covers(end - 1) || is_recorded(start, is_write) || !self || self->guard ||
	    guest_state != GUEST_ON)
		return;
	self->guard = (uintptr_t)frame;
	fence_signal();
	record_range(&guest_detector, self->thread, start, end, is_write,
		     (site_id)(frame->words[1] >> THUNK_SITE_SHIFT));
	guest_leave_access(self);
}

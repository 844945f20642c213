/* Ranges that a loop is about to touch: x86/emit/range.h. */
#include "detect/range/record_range.h"
#include "preload/access/thunk_access.h"

#define RANGE_BYTES_MOST (1ull << 32)

static bool has_twin(uintptr_t address, size_t size_bytes)
{
	size_t bytes = size_bytes;

	return twins_exist() &&
	       (twins_home_slowly(address, &bytes) != address || bytes != size_bytes);
}

static bool record(struct access_frame *frame, struct guest_thread *self)
{
	struct site *site = access_site(frame->words[1]);
	uint64_t size_bytes = frame->words[0];
	struct access_context where;
	struct access access;
	bool is_done;

	if (size_bytes > RANGE_BYTES_MOST || !shadow_covers(frame->words[2]) ||
	    !shadow_covers(frame->words[2] + size_bytes - 1) ||
	    has_twin(frame->words[2], size_bytes) || !self || self->guard ||
	    guest_state != GUEST_ON)
		return false;
	self->guard = (uintptr_t)frame;
	fence_signal();
	access = access_describe(frame, frame->words + 1, site, &where);
	is_done = record_range(&guest_detector, self->thread, &access, size_bytes);
	guest_leave_access(self);
	return is_done;
}

void access_range(struct access_frame *frame);

/* What is left out here the checks in the loop do, so nothing is counted as lost. */
void access_range(struct access_frame *frame)
{
	if (!record(frame, guest_self))
		access_ahead = 0;
}

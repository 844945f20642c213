/*
 * Annotations of order and of benign races: order is of hand-overs that nobody can see. Those
 * of <snarl.h>, and what programs annotated for ThreadSanitizer call.  An address is a name
 * for the hand-over.  And regions whose accesses, or whose order, are not to be observed.
 */
#include "detect/base/clock.h"
#include "detect/race/memory.h"
#include "detect/shadow/benign.h"
#include "preload/channels/descriptors.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"

static void give_through(uintptr_t address)
{
	struct guest_thread *self = guest_enter();
	struct channel *channel;

	if (!self)
		return;
	channel = channel_get(&guest_channels, self->thread, CHANNEL_KEY(KEY_ANNOTATED, address));
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
	guest_leave(self);
}

static void take_from(uintptr_t address)
{
	struct guest_thread *self = guest_enter();
	struct channel *channel;

	if (!self)
		return;
	channel = channel_find(&guest_channels, CHANNEL_KEY(KEY_ANNOTATED, address));
	if (channel)
		channel_take(&guest_detector, self->thread, channel);
	guest_leave(self);
}

static void call_benign(uintptr_t address, size_t size_bytes)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	benign_add(&guest_detector, address, size_bytes);
	guest_leave(self);
}

/* What follows is recorded in an epoch of its own. */
static void ignore(bool is_write, bool is_begin)
{
	struct guest_thread *self = guest_enter();
	struct clock_releaser by;

	if (!self)
		return;
	by = memory_before_release(&guest_detector, self->thread);
	if (is_begin)
		benign_begin(&guest_detector, by, is_write);
	else
		benign_end(&guest_detector, by, is_write);
	guest_leave(self);
}

/* What is pending is settled as it would have been without the region. */
static void ignore_sync(bool is_begin)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	memory_before_release(&guest_detector, self->thread);
	if (is_begin)
		self->thread->ignoring_sync++;
	else if (self->thread->ignoring_sync)
		self->thread->ignoring_sync--;
	guest_leave(self);
}

EXPORT void snarl_happens_before(const volatile void *address);
EXPORT void snarl_happens_after(const volatile void *address);
EXPORT void AnnotateHappensBefore(const char *file, int line, const volatile void *address);
EXPORT void AnnotateHappensAfter(const char *file, int line, const volatile void *address);
EXPORT void snarl_benign_race(const volatile void *address, size_t size_bytes, const char *why);
EXPORT void AnnotateBenignRace(const char *file, int line, const volatile void *address,
			       const char *why);
EXPORT void AnnotateBenignRaceSized(const char *file, int line, const volatile void *address,
				    size_t size_bytes, const char *why);
EXPORT void WTFAnnotateHappensBefore(const char *file, int line, uintptr_t address);
EXPORT void WTFAnnotateHappensAfter(const char *file, int line, uintptr_t address);
EXPORT void WTFAnnotateBenignRaceSized(const char *file, int line, uintptr_t address,
				       size_t size_bytes, const char *why);
EXPORT void AnnotateIgnoreReadsBegin(const char *file, int line);
EXPORT void AnnotateIgnoreReadsEnd(const char *file, int line);
EXPORT void AnnotateIgnoreWritesBegin(const char *file, int line);
EXPORT void AnnotateIgnoreWritesEnd(const char *file, int line);
EXPORT void AnnotateIgnoreSyncBegin(const char *file, int line);
EXPORT void AnnotateIgnoreSyncEnd(const char *file, int line);
EXPORT void __tsan_release(void *address);
EXPORT void __tsan_acquire(void *address);

EXPORT void snarl_happens_before(const volatile void *address)
{
	give_through((uintptr_t)address);
}

EXPORT void snarl_happens_after(const volatile void *address)
{
	take_from((uintptr_t)address);
}

EXPORT void AnnotateHappensBefore(const char *file, int line, const volatile void *address)
{
	(void)file;
	(void)line;
	give_through((uintptr_t)address);
}

EXPORT void AnnotateHappensAfter(const char *file, int line, const volatile void *address)
{
	(void)file;
	(void)line;
	take_from((uintptr_t)address);
}

EXPORT void snarl_benign_race(const volatile void *address, size_t size_bytes, const char *why)
{
	(void)why;
	call_benign((uintptr_t)address, size_bytes);
}

EXPORT void AnnotateBenignRace(const char *file, int line, const volatile void *address,
			       const char *why)
{
	(void)file;
	(void)line;
	(void)why;
	call_benign((uintptr_t)address, 1);
}

EXPORT void AnnotateBenignRaceSized(const char *file, int line, const volatile void *address,
				    size_t size_bytes, const char *why)
{
	(void)file;
	(void)line;
	(void)why;
	call_benign((uintptr_t)address, size_bytes);
}

/* Other names of these. */
EXPORT void WTFAnnotateHappensBefore(const char *file, int line, uintptr_t address)
{
	(void)file;
	(void)line;
	give_through(address);
}

EXPORT void WTFAnnotateHappensAfter(const char *file, int line, uintptr_t address)
{
	(void)file;
	(void)line;
	take_from(address);
}

EXPORT void WTFAnnotateBenignRaceSized(const char *file, int line, uintptr_t address,
				       size_t size_bytes, const char *why)
{
	(void)file;
	(void)line;
	(void)why;
	call_benign(address, size_bytes);
}

EXPORT void AnnotateIgnoreReadsBegin(const char *file, int line)
{
	(void)file;
	(void)line;
	ignore(false, true);
}

EXPORT void AnnotateIgnoreReadsEnd(const char *file, int line)
{
	(void)file;
	(void)line;
	ignore(false, false);
}

EXPORT void AnnotateIgnoreWritesBegin(const char *file, int line)
{
	(void)file;
	(void)line;
	ignore(true, true);
}

EXPORT void AnnotateIgnoreWritesEnd(const char *file, int line)
{
	(void)file;
	(void)line;
	ignore(true, false);
}

EXPORT void AnnotateIgnoreSyncBegin(const char *file, int line)
{
	(void)file;
	(void)line;
	ignore_sync(true);
}

EXPORT void AnnotateIgnoreSyncEnd(const char *file, int line)
{
	(void)file;
	(void)line;
	ignore_sync(false);
}

EXPORT void __tsan_release(void *address)
{
	give_through((uintptr_t)address);
}

EXPORT void __tsan_acquire(void *address)
{
	take_from((uintptr_t)address);
}

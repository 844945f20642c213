#define _GNU_SOURCE
#include "preload/ranges/ranges.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "detect/race/access.h"
#include "detect/range/record_range.h"
#include "preload/guest/access_words.h"
#include "preload/guest/access_context.h"
#include "preload/code/call_site.h"
#include "preload/guest/guest.h"
#include "preload/heap/heap.h"
#include "preload/guest/modules.h"
#include "preload/ranges/tables.h"
#include "preload/guest/real.h"
#include "preload/outside/number.h"
#include "preload/outside/twins.h"

/* The bytes of the granule at @granule that [start, end) covers. */
static inline uint32_t bytes_of(uintptr_t granule, uintptr_t start, uintptr_t end)
{
	uint32_t bytes = SHADOW_ALL_BYTES;

	if (start > granule)
		bytes &= SHADOW_ALL_BYTES << (start - granule);
	if (end < granule + SHADOW_GRANULE)
		bytes &= SHADOW_ALL_BYTES >> (granule + SHADOW_GRANULE - end);
	return bytes;
}

/* Words by which this thread has recorded accesses of one kind in its present epoch. */
struct recorded {
	uint64_t current;
	uint64_t shared;  /* the same as 'current' if there is none */
	uint64_t written; /* what it has written, a read of it needs no word */
	uintptr_t start, end;
};

/* relaxed, here and below: other threads never store this thread's words. */
static inline uint64_t word_of(uintptr_t granule, bool is_write)
{
	struct shadow shadow = shadow_places(granule);

	return load_relaxed(is_write ? shadow.write : shadow.read);
}

/* Has the thread noted it as written, or is about to? */
static bool is_granule_written(const struct recorded *recorded, uintptr_t granule, uint32_t bytes)
{
	uint64_t word = word_of(granule, true);

	if (recorded->written == SHADOW_NO_EPOCH)
		return false;
	return (shadow_is_same_epoch(word, recorded->written) && !(bytes & ~(uint32_t)word)) ||
	       record_is_pending(access_thread, granule, bytes, true);
}

static bool is_granule_recorded(const struct recorded *recorded, uintptr_t granule, bool is_write)
{
	uint64_t word = word_of(granule, is_write);
	uint32_t bytes;

	if (LIKELY(word == recorded->current || word == recorded->shared))
		return true;
	bytes = bytes_of(granule, recorded->start, recorded->end);
	return ((shadow_is_same_epoch(word, recorded->current) ||
		 shadow_is_same_epoch(word, recorded->shared)) &&
		!(bytes & ~(uint32_t)word)) ||
	       is_granule_written(recorded, granule, bytes);
}

#define GROUP 8u /* granules compared in one step */

/* Up to where the words from @granule on are @value, in groups. */
static inline uintptr_t skip_groups(uintptr_t granule, uintptr_t end, bool is_write, uint64_t value)
{
	for (; end - granule >= GROUP * SHADOW_GRANULE; granule += GROUP * SHADOW_GRANULE) {
		uint64_t difference = 0;

#pragma GCC unroll 8
		for (unsigned int i = 0; i < GROUP; i++)
			difference |= word_of(granule + i * SHADOW_GRANULE, is_write) ^ value;
		if (difference)
			break;
	}
	return granule;
}

/* Has this thread recorded the access in its present epoch, in all of [start, end)? */
static inline bool is_recorded(uintptr_t start, uintptr_t end, bool is_write)
{
	struct recorded recorded = {access_current, access_current, SHADOW_NO_EPOCH, start, end};
	uintptr_t granule = start & ~(uintptr_t)(SHADOW_GRANULE - 1);

	if (recorded.current == SHADOW_NO_EPOCH || !shadow_covers(start) || !shadow_covers(end - 1))
		return false;
	if (!is_write) {
		recorded.shared = access_shared;
		if (access_thread && record_covers_reads(access_thread))
			recorded.written = access_current;
	}
	while (granule < end) {
		uintptr_t group = granule;

		granule = skip_groups(granule, end, is_write, recorded.current);
		granule = skip_groups(granule, end, is_write, recorded.shared);
		if (!is_write)
			granule = skip_groups(granule, end, true, recorded.written);
		if (granule != group)
			continue;
		if (!is_granule_recorded(&recorded, granule, is_write))
			return false;
		granule += SHADOW_GRANULE;
	}
	return true;
}

static void check_range(const struct unwind_start *at, uintptr_t address, size_t size_bytes,
			uint32_t access)
{
	struct access_context context = {.start = *at};
	struct access range = {
		.address = address,
		.size_bytes = size_bytes,
		.flags = access | SITE_RANGE,
		.context = &context,
	};
	struct guest_thread *self;

	if (heap_mode != HEAP_CHECKED || guest_state != GUEST_ON || !guest_self)
		return;
	self = guest_enter();
	if (!self)
		return;
	range.site = call_site(at->return_address, access);
	if (twins_exist())
		twins_check(self->thread, &range);
	else if (!record_call(&guest_detector, self->thread, &range))
		access_check(&guest_detector, self->thread, &range);
	guest_leave(self);
}

void range_read(const struct unwind_start *at, const volatile void *from, size_t size_bytes)
{
	uintptr_t start = (uintptr_t)from;

	if (size_bytes && !is_recorded(start, start + size_bytes, false))
		check_range(at, start, size_bytes, SITE_READ);
}

void range_written(const struct unwind_start *at, const volatile void *to, size_t size_bytes)
{
	uintptr_t start = (uintptr_t)to;

	if (size_bytes && !is_recorded(start, start + size_bytes, true))
		check_range(at, start, size_bytes, SITE_WRITE);
}

void range_used(const struct unwind_start *at, uintptr_t address, uint32_t access)
{
	if (!is_recorded(address, address + 1, access & SITE_WRITE))
		check_range(at, address, 1, access);
}

void range_number(const struct unwind_start *at, int number, uint32_t access)
{
	uintptr_t place = heap_mode == HEAP_CHECKED ? number_place(number) : 0;

	if (!place)
		return;
	number_refresh(number);
	range_used(at, place, access | SITE_DESCRIPTOR);
}

void *range_originals[RANGE_COUNT];

static const char *const names[RANGE_COUNT] = {
#define RANGE(type, name, parameters, arguments, before) [RANGE_OF_##name] = #name,
#define RANGE_AFTER(type, name, parameters, arguments, before, after) [RANGE_OF_##name] = #name,
#define RANGE_WRITTEN(name) [RANGE_OF_##name] = #name,
#include "preload/ranges/ranges.def"
#undef RANGE
#undef RANGE_AFTER
#undef RANGE_WRITTEN
#define STATE_CALL(type, name, parameters, arguments, uses) [RANGE_OF_##name] = #name,
#include "preload/ranges/states.def"
};

static void *wrapper_of(enum range_function function)
{
	if (ranges_regular[function])
		return ranges_regular[function];
	if (ranges_states[function])
		return ranges_states[function];
	return ranges_vectors[function] ? ranges_vectors[function] : ranges_formatted[function];
}

/* Is @original a function of the C library, a wrapper that we export, or one of
 * the vDSO or of libcrypt?  Others may have the same name and do something else. */
static bool is_known_code(void *original)
{
	struct dl_find_object its, libc;

	if (modules_is_own((uintptr_t)original))
		return true;
	if (_dl_find_object(original, &its) != 0 ||
	    _dl_find_object((void *)REAL(strerror), &libc) != 0)
		return false;
	return its.dlfo_link_map == libc.dlfo_link_map ||
	       strstr(its.dlfo_link_map->l_name, "linux-vdso.so") ||
	       strstr(its.dlfo_link_map->l_name, "/libcrypt.so");
}

void *range_wrapper(const char *name, void *original)
{
	enum range_function i = 0;
	void *before = NULL;

	while (i < RANGE_COUNT && (names[i][0] != name[0] || strcmp(names[i], name) != 0))
		i++;
	if (i == RANGE_COUNT)
		return NULL;
	if (!original)
		return wrapper_of(i);
	if (!is_known_code(original))
		return NULL;
	/* A wrapper has one original: of several versions, the first one that is met. */
	if (!compare_exchange_acq_rel(&range_originals[i], &before, original) && before != original)
		return NULL;
	return wrapper_of(i);
}

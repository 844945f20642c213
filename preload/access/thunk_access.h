/* From a thunk's frame to an access: for access.c and accesses of several elements. */
#ifndef PRELOAD_ACCESS_THUNK_ACCESS_H
#define PRELOAD_ACCESS_THUNK_ACCESS_H

#include "detect/race/access.h"
#include "preload/access/access.h"
#include "preload/guest/access_context.h"
#include "preload/outside/twins.h"
#include "preload/ranges/imports.h"

/* For access_deeply(): redirects the imported functions that @site's module calls. */
void access_redirect_imports(void *site);

static inline uintptr_t access_site_sp(const uint64_t *words_end, uint64_t id)
{
	return (uintptr_t)words_end + (id & THUNK_IS_LOWERED ? THUNK_LOWERED : THUNK_RED_ZONE);
}

/* Fills in an access and its context *@where, as if the site had called the thunk. */
static inline __attribute__((always_inline)) struct access
access_describe(struct access_frame *frame, const uint64_t *words, struct site *site,
		struct access_context *where)
{
	if (imports_are_pending(site->address))
		access_deeply(guest_self, access_redirect_imports, site);
	frame->pc = site->address + 1;
	where->start.return_address = frame->pc;
	where->start.sp = access_site_sp(words + 2, words[0]);
	where->start.frame_pointer = frame->frame_pointer;
	where->is_exact = false;
	return (struct access){
		.address = words[1],
		.size_bytes = site->size_bytes,
		.site = (site_id)(words[0] >> THUNK_SITE_SHIFT),
		.flags = site->flags,
		.context = where,
	};
}

static inline struct site *access_site(uint64_t id)
{
	return site_row(&guest_detector.sites, (site_id)(id >> THUNK_SITE_SHIFT));
}

/* Raises the guard for a thunk's work.  NULL: the access is not observed. */
static inline __attribute__((always_inline)) struct guest_thread *
access_enter(const struct access_frame *frame)
{
	struct guest_thread *self = guest_self;

	if (UNLIKELY(!self || self->guard || guest_state != GUEST_ON)) {
		self = guest_enter_begun((uintptr_t)frame);
		if (!self)
			detector_count(&guest_detector, LOST_ACCESSES);
		return self;
	}
	self->guard = (uintptr_t)frame;
	fence_signal();
	return self;
}

/* access_check() of what may be a twin (outside/twins.h). */
static inline void access_check_at_home(struct guest_thread *self, const struct access *access)
{
	if (twins_exist())
		twins_check(self->thread, access);
	else
		access_check(&guest_detector, self->thread, access);
}

/* Elements need not be aligned. */
static inline uint64_t access_load_element(uintptr_t address, size_t element)
{
	union {
		uint16_t two;
		uint32_t four;
		uint64_t eight;
	} value;

	switch (element) {
	case 1:
		return *(const uint8_t *)address;
	case 2:
		__builtin_memcpy(&value.two, (const void *)address, 2);
		return value.two;
	case 4:
		__builtin_memcpy(&value.four, (const void *)address, 4);
		return value.four;
	default:
		__builtin_memcpy(&value.eight, (const void *)address, 8);
		return value.eight;
	}
}

#endif

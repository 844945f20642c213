#define _GNU_SOURCE
#include "range_lab.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "detect/race/access.h"
#include "detect/range/record_range.h"
#include "preload/access/access.h"
#include "preload/code/call_site.h"
#include "preload/guest/guest.h"
#include "preload/heap/heap.h"
#include "preload/guest/modules.h"
#include "preload/outside/number.h"
#include "preload/outside/twins.h"

__thread struct guest_thread *guest_self;
__thread uint64_t access_current = SHADOW_NO_EPOCH;
__thread uint64_t access_shared = SHADOW_NO_EPOCH;
__thread struct thread *access_thread;
struct detector guest_detector;
enum guest_state guest_state = GUEST_ON;
bool guest_is_quick = true;
enum heap_mode heap_mode = HEAP_CHECKED;
struct guest_thread range_thread;

uint32_t twins_count;

struct range_told told[64];
unsigned int told_count;
bool *was_tried;

void guest_send_deferred(struct guest_thread *self)
{
	(void)self;
}

void guest_leave_slowly(struct guest_thread *self)
{
	(void)self;
}

struct guest_thread *guest_enter_slowly(uintptr_t sp)
{
	(void)sp;
	ck_abort_msg("entered again");
	return NULL;
}

int ended_number;

uintptr_t number_place(int number)
{
	return (uintptr_t)number;
}

void number_refresh(int number)
{
	(void)number;
}

void number_is_known(int number)
{
	(void)number;
}

void twins_check(struct thread *thread, const struct access *access)
{
	access_check(&guest_detector, thread, access);
}

bool modules_is_own(uintptr_t address)
{
	(void)address;
	return false;
}

site_id call_site(uintptr_t return_address, uint32_t access)
{
	ck_assert(return_address != 0);
	access &= ~(uint32_t)(SITE_HIDDEN | SITE_DESCRIPTOR);
	ck_assert(access == SITE_READ || access == SITE_WRITE);
	return access;
}

void access_check(struct detector *detector, struct thread *thread, const struct access *access)
{
	ck_assert_ptr_eq(detector, &guest_detector);
	ck_assert_ptr_eq(thread, range_thread.thread);
	ck_assert(guest_self->guard != 0);
	if (access->flags & SITE_DESCRIPTOR) {
		if (access->flags & SITE_WRITE)
			ended_number = (int)access->address;
		return;
	}
	ck_assert_uint_eq(access->flags & ~(uint32_t)SITE_HIDDEN, access->site | SITE_RANGE);
	ck_assert_uint_lt(told_count, ARRAY_LENGTH(told));
	told[told_count++] =
		(struct range_told){(void *)access->address, access->size_bytes, access->site};
	errno = errno; /* it keeps it */
}

/* All is left to access_check(). */
bool record_call(struct detector *detector, struct thread *thread, struct access *access)
{
	(void)detector;
	(void)thread;
	(void)access;
	return false;
}

/* --- Calls and what they should tell ---------------------------------------- */

void *range_find(const char *name, enum range_function function)
{
	void *original = dlsym(RTLD_DEFAULT, name);
	void *found;

	was_tried[function] = true;
	guest_self = &range_thread;
	told_count = 0;
	ck_assert_msg(original != NULL, "%s is not there", name);
	ck_assert_msg(range_wrapper(name, NULL) != NULL, "%s has no wrapper", name);
	found = range_wrapper(name, original);
	ck_assert_msg(found != NULL, "%s is not the C library's", name);
	return found;
}

void range_compare(int line, const struct range_told *expected, size_t count)
{
	for (unsigned int i = 0; i < told_count && i < count; i++) {
		ck_assert_msg(told[i].address == expected[i].address, "line %d: address of %u: %p",
			      line, i, (void *)(uintptr_t)told[i].address);
		ck_assert_msg(told[i].size_bytes == expected[i].size_bytes,
			      "line %d: size of %u: %zu", line, i, told[i].size_bytes);
		ck_assert_msg(told[i].access == expected[i].access, "line %d: access %u", line, i);
	}
	ck_assert_msg(told_count == count, "line %d: told of %u accesses", line, told_count);
	told_count = 0;
}

char a[256], b[256];
wchar_t wa[64], wb[64];

void range_set_up(void)
{
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	wmemset(wa, 0, 64);
	wmemset(wb, 0, 64);
	strcpy(a, "one two three");
	wcscpy(wa, L"one two");
}

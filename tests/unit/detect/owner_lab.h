/* Threads that access an atomic location, for tests of who owns it. */
#ifndef TESTS_UNIT_OWNER_LAB_H
#define TESTS_UNIT_OWNER_LAB_H

#include <check.h>

#include "detect/shadow/atomic_table.h"
#include "racing.h"

static struct thread *a, *b, *c;

static inline void owner_set_up(void)
{
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
	c = racing_start(first);
}

/* @thread changes @size_bytes by a locked instruction. */
static inline void run_sized(struct thread *thread, uint32_t offset, uint32_t size_bytes,
			     uint32_t flags)
{
	struct access access = {
		.address = MEMORY_AT + offset,
		.size_bytes = size_bytes,
		.site = racing_site(flags, size_bytes),
		.flags = flags,
	};
	struct atomic_location *location = access_synchronise_begin(&judge, thread, &access);

	access_synchronise_end(&judge, thread, location, &access, LOCKED_STORED);
}

static inline void run(struct thread *thread, uint32_t offset, uint32_t flags)
{
	run_sized(thread, offset, 4, flags);
}

static inline void exchange(struct thread *thread, uint32_t offset)
{
	run(thread, offset, SITE_READ | SITE_WRITE | SITE_LOCKED);
}

/* By plain moves. */
static inline void load_at(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	accesses_at(thread, racing_site(SITE_READ | SITE_PLAIN_MOVE, size_bytes), offset,
		    size_bytes);
}

static inline void store_at(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	accesses_at(thread, racing_site(SITE_WRITE | SITE_PLAIN_MOVE, size_bytes), offset,
		    size_bytes);
}

/* What thread a writes before and after a store: does b know of these? */
#define BEFORE 64u
#define AFTER 72u

static inline void expect_known(bool is_before_known, bool is_after_known)
{
	reads(b, BEFORE, 8);
	ck_assert_uint_eq(finding_count, is_before_known ? 0 : 1);
	reads(b, AFTER, 8);
	ck_assert_uint_eq(finding_count, !is_before_known + !is_after_known);
}

/* Thread b stores @size_bytes to the location at @offset: does a, which has loaded from it or
 * not, know what b wrote before? */
static inline void expect_loaded(uint32_t offset, uint32_t size_bytes, bool is_loaded)
{
	if (is_loaded)
		load_at(a, offset, size_bytes);
	writes(b, 128, 8);
	store_at(b, offset, size_bytes);
	reads(a, 128, 8);
	ck_assert_uint_eq(finding_count, is_loaded ? 0 : 1);
}

static inline const struct atomic_location *location_at(uint32_t offset)
{
	return atomic_table_get(&judge, *shadow_of(MEMORY_AT + offset).write);
}

#endif

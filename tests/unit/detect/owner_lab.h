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

static inline const struct atomic_location *location_at(uint32_t offset)
{
	return atomic_table_get(&judge, *shadow_of(MEMORY_AT + offset).write);
}

#endif

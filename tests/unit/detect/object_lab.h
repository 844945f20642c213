/*
 * The side table of locks, for its tests.  Addresses are numbers to it: nothing here is
 * real memory, so that neighbours, pages and ranges can be chosen.
 */
#ifndef TESTS_UNIT_DETECT_OBJECT_LAB_H
#define TESTS_UNIT_DETECT_OBJECT_LAB_H

#include <check.h>
#include <stdlib.h>

#include "detect/data/object.h"

#define PAGE ((uintptr_t)1 << SYNC_PAGE_SHIFT)
#define PLACE ((uintptr_t)0x7f1234560000)
#define MANY 100000u
#define MUTEX_BYTES 40u
#define SPIN_LOCK_BYTES 4u
#define QUARANTINED 65536u /* QUARANTINE_COUNT of object.c */

static struct sync_table table;
static uint64_t pages_left;

static inline void *pages_while_any(size_t size_bytes)
{
	if (!pages_left)
		return NULL;
	pages_left--;
	return pages_from_kernel(size_bytes);
}

static inline void set_up(void)
{
	pages_left = UINT64_MAX;
	ck_assert(sync_table_init(&table, pages_while_any));
}

static inline struct sync_object *begin_object(uintptr_t address, enum object_kind kind)
{
	struct sync_object *object = sync_find_or_begin(&table, address, kind, 0, 1);

	ck_assert_ptr_nonnull(object);
	ck_assert_uint_eq(object->address, address);
	ck_assert_ptr_nonnull(object->info);
	ck_assert_uint_eq(object->info->address, address);
	ck_assert_uint_eq(object->info->kind, kind);
	ck_assert_ptr_eq(sync_info_by_id(&table, object->info->id), object->info);
	return object;
}

static inline struct sync_object *begin_mutex(uintptr_t address)
{
	return begin_object(address, OBJECT_MUTEX);
}

#endif

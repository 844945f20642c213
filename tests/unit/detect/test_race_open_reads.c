/* Parts of granules: what is kept open, where others have read, too, and what is not. */
#include <check.h>

#include "detect/race/memory.h"
#include "racing.h"

static struct thread *a, *b, *c;
static site_id sites[3];

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	a = racing_start(first);
	b = racing_start(first);
	c = racing_start(first);
	writes(b, 128, 8); /* begins an epoch */
	writes(c, 192, 8);
	for (uint32_t i = 0; i < 3; i++)
		sites[i] = racing_site(SITE_READ, 4);
	reads(a, 0, 8);
}

static void read_by_parts(void)
{
	accesses_at(b, sites[0], 0, 2);
	accesses_at(b, sites[1], 2, 4);
	accesses_at(b, sites[2], 6, 1);
	ck_assert_uint_eq(pending_count(b), 1);
}

START_TEST(all_parts_of_one_granule_join_the_readers_at_once)
{
	read_by_parts();
	accesses_at(b, sites[2], 7, 1);
	ck_assert_uint_eq(pending_count(b), 0);
	ck_assert_uint_eq(shadow_form(load_relaxed(shadow_of(MEMORY_AT).read)), SHADOW_SET);
	ck_assert_uint_eq(shadow_bytes(load_relaxed(shadow_of(MEMORY_AT).read)), SHADOW_ALL_BYTES);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(what_is_whole_is_recorded_with_all_its_sites)
{
	accesses_at(b, sites[0], 8, 4);
	ck_assert_uint_eq(load_relaxed(shadow_of(MEMORY_AT + 8).read), 0);
	accesses_at(b, sites[1], 12, 4);
	ck_assert_uint_eq(load_relaxed(shadow_of(MEMORY_AT + 8).read), *b->clocks.current);
	ck_assert_uint_eq(pending_count(b), 0);
	ck_assert_uint_eq(finding_count, 0);
	writes(c, 12, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

static unsigned met[3];

static void note_site(const struct finding_event *event)
{
	for (uint32_t i = 0; i < 3; i++)
		met[i] += racing_site_of(event->stack) == sites[i];
}

START_TEST(each_part_is_told_by_its_site)
{
	for (uint32_t i = 0; i < 3; i++)
		met[i] = 0;
	read_by_parts();
	memory_flush(&judge, b);
	racing_each = note_site;
	writes(c, 3, 1);
	ck_assert_uint_eq(finding_count, 2);
	ck_assert_uint_eq(met[0], 0);
	ck_assert_uint_ne(met[1], 0);
	ck_assert_uint_eq(met[2], 0);
}
END_TEST

START_TEST(a_write_that_comes_meanwhile_is_found)
{
	read_by_parts();
	writes(c, 3, 1);
	ck_assert_uint_eq(finding_count, 1); /* with what a has read */
	memory_flush(&judge, b);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

static void end_epoch(struct thread *thread)
{
	clock_end_epoch(memory_before_release(&judge, thread));
}

static void writes_field(struct thread *thread, uint32_t offset)
{
	accesses_at(thread, racing_site(SITE_WRITE, 4), offset, 4);
}

START_TEST(a_field_that_was_written_alone_is_replaced_at_once)
{
	writes_field(b, 256);
	end_epoch(b);
	writes_field(b, 256);
	ck_assert_uint_eq(pending_count(b), 0);
	ck_assert_uint_eq(load_relaxed(shadow_of(MEMORY_AT + 256).write),
			  (*b->clocks.current & ~(uint64_t)SHADOW_ALL_BYTES) | 0x0f);
	/* The other field is none of it. */
	writes_field(c, 260);
	memory_flush(&judge, c);
	ck_assert_uint_eq(finding_count, 0);
	reads(c, 256, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

START_TEST(two_fields_of_two_threads_are_replaced_each)
{
	writes_field(b, 256);
	end_epoch(b);
	writes_field(c, 260);
	end_epoch(c);
	ck_assert_uint_eq(shadow_form(load_relaxed(shadow_of(MEMORY_AT + 256).write)),
			  SHADOW_CELLS);
	for (unsigned i = 0; i < 3; i++) {
		writes_field(b, 256);
		writes_field(c, 260);
		ck_assert_uint_eq(pending_count(b) + pending_count(c), 0);
		end_epoch(b);
		end_epoch(c);
	}
	ck_assert_uint_eq(finding_count, 0);
	reads(c, 256, 4);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

static void c_reads_the_field(void)
{
	reads(c, 256, 4);
	memory_flush(&judge, c);
}

START_TEST(a_read_that_comes_before_a_field_is_replaced_is_found)
{
	writes_field(b, 256);
	end_epoch(b);
	c_reads_the_field();
	ck_assert_uint_eq(finding_count, 1);
	writes_field(b, 256);
	ck_assert_uint_eq(pending_count(b), 0);
	ck_assert_uint_eq(finding_count, 2);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race_open_reads");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, all_parts_of_one_granule_join_the_readers_at_once);
	tcase_add_test(tests, what_is_whole_is_recorded_with_all_its_sites);
	tcase_add_test(tests, each_part_is_told_by_its_site);
	tcase_add_test(tests, a_write_that_comes_meanwhile_is_found);
	tcase_add_test(tests, a_field_that_was_written_alone_is_replaced_at_once);
	tcase_add_test(tests, two_fields_of_two_threads_are_replaced_each);
	tcase_add_test(tests, a_read_that_comes_before_a_field_is_replaced_is_found);
	return racing_run(tests);
}

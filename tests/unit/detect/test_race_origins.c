/*
 * A word and its origin are two stores: after each instruction of an access, what is found as
 * the origin of the word that is there belongs to it.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "detect/race/memory.h"
#include "detect/race/race.h"
#include "detect/shadow/read_lines.h"
#include "racing.h"

#ifdef __x86_64__

#define TRAP_FLAG 0x100
#define RED_ZONE 128
#define SAME_TAG 16u /* epochs later */
#define MADE_MOST 512u

static struct thread *a, *b;
static struct thread *under_way; /* makes an access, step by step */

/* What was accessed by each site. */
static struct {
	uint32_t slot, bytes;
	uint64_t epoch; /* 0: it is under way */
} made[MADE_MOST];

static uint64_t before[2]; /* the granule's words, read and write, without bytes */
static uint32_t step_count, found_count, other_count;
static void (*at_step)(void);
static uint32_t stop_at; /* the step to call that at; 0: at each */

static struct race_place place_of(bool is_write)
{
	return race_place(shadow_places(MEMORY_AT), MEMORY_AT, is_write);
}

/* --- Accesses ----------------------------------------------------------------- */

static site_id new_site(const struct thread *thread, uint32_t flags, uint32_t offset,
			uint32_t size_bytes)
{
	site_id site = racing_site(flags, size_bytes);

	ck_assert_uint_lt(site, MADE_MOST);
	made[site].slot = thread->slot;
	made[site].bytes = race_bytes_in(0, offset, offset + size_bytes);
	made[site].epoch = 0;
	return site;
}

static void access_by(struct thread *thread, site_id site, uint32_t offset, uint32_t size_bytes)
{
	if (size_bytes > SHADOW_GRANULE)
		loops_over(thread, site, offset, size_bytes);
	else
		quick_access(thread, site, offset, size_bytes);
	memory_flush(&judge, thread);
}

static site_id touch(struct thread *thread, uint32_t flags, uint32_t offset, uint32_t size_bytes)
{
	site_id site = new_site(thread, flags, offset, size_bytes);

	access_by(thread, site, offset, size_bytes);
	made[site].epoch = shadow_epoch(*thread->clocks.current);
	return site;
}

static void end_epoch(struct thread *thread)
{
	clock_end_epoch(memory_before_release(&judge, thread));
	memory_before_record(&judge, thread);
}

/* As that of the word of the last access by @site. */
static void wait_for_same_tag(struct thread *thread, site_id site)
{
	do
		end_epoch(thread);
	while ((shadow_epoch(*thread->clocks.current) - made[site].epoch) % SAME_TAG);
}

/* --- After each instruction ------------------------------------------------------ */

/* Is @origin of an access by @slot that @word stands for? */
static bool is_of(origin_id origin, uint64_t word, uint32_t slot, bool is_write)
{
	struct origin_part part = origin_part_at(&judge, origin, slot, shadow_bytes(word));
	site_id site = origin_site(&judge, part.origin);

	if (!site || made[site].slot != slot || !(made[site].bytes & shadow_bytes(word)))
		return false;
	if (!made[site].epoch)
		return race_base(word) != before[is_write];
	return shadow_form(word) == SHADOW_SET || made[site].epoch == shadow_epoch(word);
}

/* The same of all that read what @word stands for. */
static bool is_of_set(origin_id origin, uint64_t word)
{
	return is_of(origin, word, a->slot, false) && is_of(origin, word, b->slot, false) &&
	       (race_base(word) == before[false] || is_of(origin, word, under_way->slot, false));
}

static void look_at(bool is_write)
{
	struct race_place place = place_of(is_write);
	uint64_t word = load_acquire(place.word);
	origin_id origin;

	if (!word || shadow_form(word) == SHADOW_LINES || shadow_form(word) == SHADOW_BUSY ||
	    !race_has_origin(place, word, &origin))
		return;
	found_count++;
	other_count += shadow_form(word) == SHADOW_SET
			       ? !is_of_set(origin, word)
			       : !is_of(origin, word, shadow_slot(word), is_write);
}

static void look(void)
{
	look_at(false);
	look_at(true);
}

static void on_step(int signal)
{
	(void)signal;
	if (++step_count == stop_at || !stop_at)
		at_step();
}

static void begin_steps(uint32_t stop, void (*function)(void))
{
	struct sigaction action = {.sa_handler = on_step};

	sigaction(SIGTRAP, &action, NULL);
	step_count = found_count = other_count = 0;
	before[false] = race_base(*place_of(false).word);
	before[true] = race_base(*place_of(true).word);
	at_step = function;
	stop_at = stop;
	__asm__ volatile("subq %0, %%rsp; pushfq; orq %1, (%%rsp); popfq; addq %0, %%rsp"
			 :
			 : "i"(RED_ZONE), "i"(TRAP_FLAG)
			 : "memory", "cc");
}

static void end_steps(void)
{
	__asm__ volatile("subq %0, %%rsp; pushfq; andq %1, (%%rsp); popfq; addq %0, %%rsp"
			 :
			 : "i"(RED_ZONE), "i"(~TRAP_FLAG)
			 : "memory", "cc");
}

static void check_steps(void)
{
	ck_assert_uint_gt(step_count, 20);
	ck_assert_uint_ne(found_count, 0);
	ck_assert_uint_eq(other_count, 0);
}

static void check_last(struct thread *thread, site_id site, bool is_write)
{
	struct race_place place = place_of(is_write);
	origin_id origin;

	ck_assert(race_has_origin(place, claim_look(place.word), &origin));
	origin = origin_part_at(&judge, origin, thread->slot, made[site].bytes).origin;
	ck_assert_uint_eq(origin_site(&judge, origin), site);
}

static void touch_in_steps(struct thread *thread, uint32_t flags, uint32_t offset,
			   uint32_t size_bytes)
{
	site_id site = new_site(thread, flags, offset, size_bytes);

	under_way = thread;
	begin_steps(0, look);
	access_by(thread, site, offset, size_bytes);
	end_steps();
	check_steps();
	check_last(thread, site, flags & SITE_WRITE);
}

static void set_up(bool are_old)
{
	set_up_racing();
	racing_sites_are_old(are_old);
	racing_has_stacks = false; /* they are found with signals blocked */
	memset(made, 0, sizeof(made));
	a = racing_start(first);
	b = racing_start(first);
	end_epoch(a);
	end_epoch(b);
}

/* --- Who stores ------------------------------------------------------------------ */

/* By the short way, and with callers. */
START_TEST(a_write_has_not_the_place_of_one_long_ago)
{
	uint32_t size_bytes = _i & 2 ? 4 : 8;

	set_up(_i & 1);
	wait_for_same_tag(a, touch(a, SITE_WRITE, 0, size_bytes));
	touch_in_steps(a, SITE_WRITE, 0, size_bytes);
}
END_TEST

/* A write takes the place of all reads: of the first one, or of cells. */
START_TEST(a_part_has_not_the_place_of_another_in_its_epoch)
{
	bool are_old = _i & 1, are_cells = _i & 2;

	set_up(are_old);
	touch(a, SITE_READ, 0, 2);
	if (are_cells)
		touch(b, SITE_READ, 2, 2);
	ck_assert(cells_are(*place_of(false).word) == are_cells);
	racing_sites_are_old(false);
	touch(racing_start(first), SITE_WRITE, 0, 4);
	racing_sites_are_old(are_old);
	ck_assert_uint_eq(*place_of(false).word, 0);
	touch_in_steps(a, SITE_READ, 4, 4);
}
END_TEST

START_TEST(readers_of_a_part_have_not_the_places_where_they_read_another)
{
	struct thread *c;

	set_up(_i);
	c = racing_start(first);
	touch(a, SITE_READ, 0, 4);
	touch(b, SITE_READ, 0, 4);
	ck_assert_uint_eq(shadow_form(*place_of(false).word), SHADOW_SET);
	racing_sites_are_old(false);
	touch(c, SITE_WRITE, 0, 4);
	racing_sites_are_old(_i);
	ck_assert_uint_eq(*place_of(false).word, 0);
	touch(a, SITE_READ, 4, 4);
	touch_in_steps(b, SITE_READ, 4, 4);
	ck_assert_uint_eq(shadow_form(*place_of(false).word), SHADOW_SET);
}
END_TEST

static void order(struct thread *from, struct thread *to)
{
	struct clock_releaser by = memory_before_release(&judge, from);

	clock_join(memory_before_join(&judge, to), clock_snapshot(by));
	clock_end_epoch(by);
}

/* A set is made for each epoch of @thread. */
static void make_sets(struct thread *thread, uint32_t count)
{
	judge.lines_after = UINT32_MAX;
	for (uint32_t i = 0; i < count; i++) {
		end_epoch(thread);
		touch(thread, SITE_READ, 64, 8);
		touch(b, SITE_READ, 64, 8);
	}
}

/* Their words' numbers end in the same bits. */
START_TEST(readers_have_not_the_places_of_fewer)
{
	struct thread *c, *d;
	uint64_t few;

	set_up(_i);
	c = racing_start(first);
	d = racing_start(first);
	touch(a, SITE_READ, 0, 8);
	touch(b, SITE_READ, 0, 8);
	few = *place_of(false).word;
	make_sets(d, SAME_TAG - 1);
	touch_in_steps(c, SITE_READ, 0, 8);
	ck_assert_uint_eq(shadow_epoch(*place_of(false).word ^ few) % SAME_TAG, 0);
}
END_TEST

/* Both halves become one thread's, and one word is enough. */
START_TEST(what_becomes_of_cells_has_not_the_place_of_a_read_long_ago)
{
	site_id site;

	set_up(true);
	site = touch(a, SITE_READ, 0, 4);
	touch(b, SITE_READ, 4, 4);
	order(b, a);
	wait_for_same_tag(a, site);
	touch(a, SITE_READ, 0, 4);
	ck_assert(cells_are(*place_of(false).word));
	racing_sites_are_old(_i);
	touch_in_steps(a, SITE_READ, 4, 4);
	ck_assert_uint_eq(*place_of(false).word, *a->clocks.current);
}
END_TEST

/* Words that are stored under a claim, or a run that is laid out. */
START_TEST(a_range_has_not_the_place_of_one_long_ago)
{
	set_up(true);
	judge.run_least = ~0u;
	wait_for_same_tag(a, touch(a, SITE_WRITE, 0, 64));
	touch_in_steps(a, SITE_WRITE, 0, 64);
}
END_TEST

START_TEST(a_run_is_laid_out_as_it_was_recorded)
{
	set_up(true);
	wait_for_same_tag(a, touch(a, SITE_WRITE, 0, 8));
	judge.run_least = 1;
	touch(a, SITE_WRITE, 0, 64);
	before[true] = 0;
	begin_steps(0, look);
	claim_look(place_of(true).word);
	end_steps();
	check_steps();
}
END_TEST

START_TEST(a_free_has_not_the_place_of_a_write_long_ago)
{
	struct access freeing;
	site_id site;

	set_up(true);
	wait_for_same_tag(a, touch(a, SITE_WRITE, 0, 8));
	site = new_site(a, SITE_WRITE, 0, 8);
	freeing = racing_access(site, 0, 8);
	begin_steps(0, look);
	access_memory_freed(&judge, a, &freeing);
	end_steps();
	check_steps();
	check_last(a, site, true);
}
END_TEST

/* --- Who looks ---------------------------------------------------------------------- */

static site_id first_site, late_site;

static void write_later(void)
{
	wait_for_same_tag(a, first_site);
	late_site = touch(a, SITE_WRITE, 0, 8);
}

/* Another word, with another origin of the same tag, comes amid the search. */
START_TEST(who_looks_for_an_origin_does_not_find_that_of_a_later_word)
{
	uint32_t stop = 0;
	bool is_found;

	do {
		origin_id origin = 0;
		struct race_place place = place_of(true);
		uint64_t word;

		set_up(true);
		first_site = touch(a, SITE_WRITE, 0, 8);
		word = *place.word;
		late_site = 0;
		begin_steps(++stop, write_later);
		is_found = race_find_origin(place, word, &origin);
		end_steps();
		ck_assert_uint_eq(origin_site(&judge, origin), is_found ? first_site : 0);
		check_last(a, late_site ? late_site : first_site, true);
	} while (late_site);
	ck_assert_uint_gt(stop, 10);
}
END_TEST

static site_id wide_site;
static bool has_waited;

static void read_again(void)
{
	struct race_place place = place_of(false);
	origin_id origin;

	has_waited = *place.word && !race_has_origin(place, *place.word, &origin);
	access_by(a, wide_site, 0, 8);
}

/* A read is forgotten while its thread makes it whole again. */
START_TEST(who_forgets_in_vain_leaves_the_origin)
{
	struct race_place place = place_of(false);
	uint32_t stop = 0, kept_count = 0;

	do {
		origin_id origin = 0;

		set_up(false);
		wide_site = touch(a, SITE_READ, 0, 8);
		race_take_bytes(&judge, b, place, 0x0f, 0);
		ck_assert_uint_eq(shadow_bytes(*place.word), 0xf0);
		begin_steps(++stop, read_again);
		race_take_bytes(&judge, b, place, 0xf0, 0);
		end_steps();
		if (!*place.word)
			continue;
		ck_assert(race_has_origin(place, *place.word, &origin));
		/* Who has waited for long does without. */
		ck_assert(origin || has_waited);
		kept_count++;
	} while (step_count >= stop);
	ck_assert_uint_gt(kept_count, 10);
}
END_TEST

/* --- Lines of readers --------------------------------------------------------------- */

static uint64_t first_read;
static bool is_known;

/* Makes it an ordinary word. */
static void fold(void)
{
	struct race_place place = place_of(false);
	uint64_t word = race_settle(&judge, b, place);
	origin_id origin = 0;

	ck_assert_uint_eq(shadow_form(word), SHADOW_PLAIN);
	ck_assert(race_find_origin(place, word, &origin));
	/* Two stores to a line: in between the place may be unknown. */
	is_known = origin;
	before[false] = first_read;
	if (origin)
		look_at(false);
}

START_TEST(a_line_has_not_the_place_of_a_later_read)
{
	uint32_t stop = 0, known_count = 0;
	struct cell_list none = {.count = 0};

	do {
		site_id site;

		set_up(true);
		ck_assert(read_lines_make(&judge, a, place_of(false).word, MEMORY_AT,
					  *place_of(false).word, &none));
		site = touch(a, SITE_READ, 0, 8);
		ck_assert(read_lines_are(*place_of(false).word));
		first_read = race_base(*a->clocks.current);
		wait_for_same_tag(a, site);
		site = new_site(a, SITE_READ, 0, 8);
		is_known = false;
		begin_steps(++stop, fold);
		access_by(a, site, 0, 8);
		end_steps();
		ck_assert_uint_eq(other_count, 0);
		known_count += is_known;
	} while (step_count >= stop);
	ck_assert_uint_gt(known_count, 10);
}
END_TEST

#endif

int main(void)
{
	TCase *tests = tcase_create("race_origins");

#ifndef __x86_64__
	return 77;
#else
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_write_has_not_the_place_of_one_long_ago, 0, 4);
	tcase_add_loop_test(tests, a_part_has_not_the_place_of_another_in_its_epoch, 0, 4);
	tcase_add_loop_test(tests, readers_of_a_part_have_not_the_places_where_they_read_another, 0,
			    2);
	tcase_add_loop_test(tests, readers_have_not_the_places_of_fewer, 0, 2);
	tcase_add_loop_test(tests, what_becomes_of_cells_has_not_the_place_of_a_read_long_ago, 0,
			    2);
	tcase_add_test(tests, a_range_has_not_the_place_of_one_long_ago);
	tcase_add_test(tests, a_run_is_laid_out_as_it_was_recorded);
	tcase_add_test(tests, a_free_has_not_the_place_of_a_write_long_ago);
	tcase_add_test(tests, who_looks_for_an_origin_does_not_find_that_of_a_later_word);
	tcase_add_test(tests, who_forgets_in_vain_leaves_the_origin);
	tcase_add_test(tests, a_line_has_not_the_place_of_a_later_read);
	return racing_run(tests);
#endif
}

/* Lines of readers: which words get them, what a write finds there, who folds them. */
#include <stdlib.h>
#include <string.h>

#include "detect/race/race.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/read_set.h"
#include "detect/sync/mutex.h"
#include "racing.h"

#define HOT 64u /* an offset */
#define OTHER 1024u
#define READERS 3u

static struct thread *readers[READERS];

static void set_up(void)
{
	set_up_racing();
	racing_sites_are_old(true);
	for (uint32_t i = 0; i < READERS; i++)
		readers[i] = racing_start(first);
}

/* By a lock that nobody else takes. */
static void end_epoch(struct thread *thread)
{
	struct sync_object *lock =
		lock_find(&judge, thread, 0x7f0000000000 + thread->slot * 64ul, OBJECT_MUTEX, 0, 1);

	mutex_acquired(&judge, thread, lock, 1);
	mutex_releasing(&judge, thread, lock);
}

/* Each reader reads @count granules from @offset on, in so many epochs. */
static void read_often(uint32_t offset, uint32_t count, uint32_t size_bytes, uint32_t epochs)
{
	for (uint32_t epoch = 0; epoch < epochs; epoch++)
		for (uint32_t i = 0; i < READERS; i++) {
			for (uint32_t n = 0; n < count; n++)
				reads(readers[i], offset + 8 * n, size_bytes);
			end_epoch(readers[i]);
		}
}

static uint64_t word_at(uint32_t offset)
{
	return *shadow_of(MEMORY_AT + offset).read;
}

static bool has_lines(uint32_t offset)
{
	return read_lines_are(word_at(offset));
}

static void make_hot(uint32_t offset, uint32_t size_bytes)
{
	read_often(offset, 1, size_bytes, 2 * READ_LINES_AFTER);
	ck_assert(has_lines(offset));
}

static uint32_t count_racing(uint32_t offset, uint32_t size_bytes)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < size_bytes; i++)
		count += racing[offset + i];
	return count;
}

START_TEST(word_read_in_each_epoch_gets_lines)
{
	read_often(HOT, 1, 8, READ_LINES_AFTER - 1);
	ck_assert(!has_lines(HOT));
	read_often(HOT, 1, 8, 2);
	ck_assert(has_lines(HOT));
	read_often(HOT, 1, 8, 20);
	ck_assert(has_lines(HOT));
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

START_TEST(words_of_an_array_keep_sets)
{
	read_often(0, 200, 8, 4 * READ_LINES_AFTER);
	for (uint32_t i = 0; i < 200; i++)
		ck_assert(!has_lines(8 * i));
}
END_TEST

START_TEST(some_words_that_are_read_in_turn_get_lines_each)
{
	for (uint32_t epoch = 0; epoch < 2 * READ_LINES_AFTER; epoch++)
		for (uint32_t i = 0; i < READERS; i++) {
			reads(readers[i], HOT, 8);
			end_epoch(readers[i]);
			reads(readers[i], HOT + 64, 8);
			end_epoch(readers[i]);
		}
	ck_assert(has_lines(HOT));
	ck_assert(has_lines(HOT + 64));
}
END_TEST

START_TEST(lines_make_no_sets)
{
	uint32_t count;

	make_hot(HOT, 8);
	count = judge.read_sets->by_members.count;
	read_often(HOT, 1, 8, 100);
	ck_assert_uint_eq(judge.read_sets->by_members.count, count);
}
END_TEST

START_TEST(what_a_thread_has_read_is_known)
{
	make_hot(HOT, 4);
	reads(readers[0], HOT, 4);
	ck_assert(read_line_has(word_at(HOT), *readers[0]->clocks.current, 0x0f));
	ck_assert(read_line_has(word_at(HOT), *readers[0]->clocks.current, 0x03));
	ck_assert(!read_line_has(word_at(HOT), *readers[0]->clocks.current, 0x10));
	ck_assert_uint_eq(*readers[0]->clocks.shared ^ word_at(HOT), 0xf0);
	reads(readers[0], HOT + 4, 4);
	ck_assert(read_line_has(word_at(HOT), *readers[0]->clocks.current, SHADOW_ALL_BYTES));
	ck_assert_uint_eq(*readers[0]->clocks.shared, word_at(HOT));
	end_epoch(readers[0]);
	reads(readers[0], OTHER, 8);
	ck_assert(!read_line_has(word_at(HOT), *readers[0]->clocks.current, 0x0f));
}
END_TEST

/* --- What a write finds --------------------------------------------------------------- */

static uint32_t readers_met;

static void note_reader(const struct finding_event *event)
{
	if (event->action == ACTION_READ)
		for (uint32_t i = 0; i < READERS; i++)
			readers_met |= (uint32_t)(event->thread == readers[i]->id) << i;
}

START_TEST(write_races_with_each_reader)
{
	make_hot(HOT, 8);
	readers_met = 0;
	racing_each = note_reader;
	writes(racing_start(first), HOT, 8);
	ck_assert_uint_eq(readers_met, (1u << READERS) - 1);
	ck_assert_uint_eq(word_at(HOT), 0);
}
END_TEST

START_TEST(write_races_with_readers_of_its_bytes_alone)
{
	make_hot(HOT, 8);
	writes(first, HOT, 8);
	read_often(HOT, 1, 4, 1);
	make_hot(HOT, 4);
	reads(readers[0], HOT + 4, 4);
	ck_assert(has_lines(HOT));
	readers_met = 0;
	racing_each = note_reader;
	writes(racing_start(first), HOT + 6, 2);
	ck_assert_uint_eq(readers_met, 1);
	readers_met = 0;
	writes(racing_start(first), HOT, 2);
	ck_assert_uint_eq(readers_met, (1u << READERS) - 1);
}
END_TEST

/* What a thread has read of other bytes in an earlier epoch is not forgotten. */
START_TEST(each_part_keeps_its_last_read)
{
	struct thread *late = racing_start(first);

	make_hot(HOT, 8);
	for (uint32_t size = 8; size; size /= 2) {
		reads(late, HOT, size);
		end_epoch(late);
	}
	ck_assert(has_lines(HOT));
	finding_count = 0;
	writes(racing_start(first), HOT + 7, 1);
	ck_assert_uint_eq(finding_count, READERS + 1);
}
END_TEST

/* A struct of two integers, both of which all threads read. */
START_TEST(parts_of_a_granule_get_lines_together)
{
	for (uint32_t i = 0; i < 2 * READ_LINES_AFTER; i++)
		for (uint32_t n = 0; n < READERS; n++) {
			reads(readers[n], HOT, 4);
			reads(readers[n], HOT + 4, 4);
			end_epoch(readers[n]);
		}
	ck_assert(has_lines(HOT));
	readers_met = 0;
	racing_each = note_reader;
	writes(racing_start(first), HOT + 4, 4);
	ck_assert_uint_eq(readers_met, (1u << READERS) - 1);
}
END_TEST

/* One has read before the word was hot, and not since. */
START_TEST(write_races_with_a_reader_from_before)
{
	struct thread *early = racing_start(first);

	reads(early, HOT, 8);
	make_hot(HOT, 8);
	for (uint32_t i = 0; i < READERS; i++) {
		struct sync_object *lock =
			lock_find(&judge, readers[i], 0x7f1000000000, OBJECT_MUTEX, 0, 1);

		mutex_acquired(&judge, readers[i], lock, 1);
		mutex_releasing(&judge, readers[i], lock);
		if (i == READERS - 1)
			writes(readers[i], HOT, 8);
	}
	ck_assert_uint_eq(finding_count, 1);
	ck_assert_uint_eq(count_racing(HOT, 8), 8);
}
END_TEST

START_TEST(write_after_all_readers_is_no_race)
{
	make_hot(HOT, 8);
	for (uint32_t i = 0; i < READERS; i++) {
		struct sync_object *lock =
			lock_find(&judge, readers[i], 0x7f1000000000, OBJECT_MUTEX, 0, 1);

		mutex_acquired(&judge, readers[i], lock, 1);
		if (i == READERS - 1)
			writes(readers[i], HOT, 8);
		mutex_releasing(&judge, readers[i], lock);
	}
	ck_assert_uint_eq(finding_count, 0);
	ck_assert(!has_lines(HOT));
}
END_TEST

START_TEST(read_races_with_the_write_before)
{
	make_hot(HOT, 8);
	finding_count = 0;
	writes(first, HOT, 8);
	finding_count = 0;
	reads(readers[1], HOT, 8);
	ck_assert_uint_eq(finding_count, 1);
}
END_TEST

/* --- What folds the lines ------------------------------------------------------------- */

static void read_part(void)
{
	reads(readers[0], HOT, 1);
	end_epoch(readers[0]);
	reads(readers[0], HOT, 2);
	end_epoch(readers[0]);
	reads(readers[0], HOT, 4);
	end_epoch(readers[0]);
	reads(readers[0], HOT + 1, 1);
}

static void write_part(void)
{
	writes(readers[0], HOT, 1);
}

static void begin_part(void)
{
	access_memory_begins(&judge, readers[0], MEMORY_AT + HOT, 1);
}

static void promote_part(void)
{
	struct access access = {.address = MEMORY_AT + HOT,
				.size_bytes = 1,
				.site = racing_site(SITE_READ | SITE_WRITE, 1),
				.flags = SITE_READ | SITE_WRITE | SITE_LOCKED};
	struct atomic_location *location = access_synchronise_begin(&judge, readers[0], &access);

	ck_assert(location);
	access_synchronise_end(&judge, readers[0], location, &access, LOCKED_STORED);
}

static void (*const folds[])(void) = {read_part, write_part, begin_part, promote_part};

START_TEST(reads_of_other_bytes_stay_known)
{
	make_hot(HOT, 8);
	folds[_i]();
	/* Who reads may be about to make it hot again. */
	ck_assert(folds[_i] == read_part || !has_lines(HOT));
	readers_met = 0;
	racing_each = note_reader;
	writes(racing_start(first), HOT + 4, 4);
	ck_assert_uint_eq(readers_met, (1u << READERS) - 1);
}
END_TEST

START_TEST(end_of_memory_races_with_each_reader)
{
	struct access access = {.address = MEMORY_AT + HOT,
				.size_bytes = 8,
				.site = racing_site(SITE_WRITE, 8),
				.flags = SITE_WRITE};

	make_hot(HOT, 8);
	readers_met = 0;
	racing_each = note_reader;
	access_memory_freed(&judge, racing_start(first), &access);
	ck_assert_uint_eq(readers_met, (1u << READERS) - 1);
}
END_TEST

/* --- Records ---------------------------------------------------------------------------- */

#define MORE_THAN_ALL (READ_LINES_RECORDS + 20u)

static uint32_t make_many_hot(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < MORE_THAN_ALL; i++) {
		read_often(OTHER + 8 * i, 1, 8, 2 * READ_LINES_AFTER);
		count += has_lines(OTHER + 8 * i);
	}
	return count;
}

START_TEST(words_without_a_record_keep_sets)
{
	uint32_t found = 0;

	ck_assert_uint_eq(make_many_hot(), READ_LINES_RECORDS);
	for (uint32_t i = 0; i < MORE_THAN_ALL; i++) {
		writes(first, OTHER + 8 * i, 8);
		found += count_racing(OTHER + 8 * i, 8) == 8;
	}
	ck_assert_uint_eq(found, MORE_THAN_ALL);
}
END_TEST

START_TEST(records_of_ended_memory_are_used_again)
{
	ck_assert_uint_eq(make_many_hot(), READ_LINES_RECORDS);
	access_memory_begins(&judge, first, MEMORY_AT, MEMORY_BYTES);
	ck_assert_uint_eq(make_many_hot(), READ_LINES_RECORDS);
	ck_assert_uint_eq(finding_count, 0);
}
END_TEST

static void use_records_again(void)
{
	access_memory_begins(&judge, first, MEMORY_AT, MEMORY_BYTES);
	make_many_hot();
}

/* A reader comes to its line when the record belongs to another word already. */
START_TEST(late_line_is_of_no_other_word)
{
	make_hot(HOT, 8);
	racing_sites_are_old(false);
	racing_meanwhile = use_records_again;
	reads(racing_start(first), HOT, 8);
	racing_sites_are_old(true);
	for (uint32_t i = 0; i < READERS; i++)
		end_epoch(readers[i]);
	readers_met = 0;
	racing_each = note_reader;
	for (uint32_t i = 0; i < MORE_THAN_ALL; i++) {
		finding_count = 0;
		writes(first, OTHER + 8 * i, 8);
		ck_assert_uint_eq(finding_count, READERS);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("read lines");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, word_read_in_each_epoch_gets_lines);
	tcase_add_test(tests, words_of_an_array_keep_sets);
	tcase_add_test(tests, some_words_that_are_read_in_turn_get_lines_each);
	tcase_add_test(tests, lines_make_no_sets);
	tcase_add_test(tests, what_a_thread_has_read_is_known);
	tcase_add_test(tests, write_races_with_each_reader);
	tcase_add_test(tests, write_races_with_readers_of_its_bytes_alone);
	tcase_add_test(tests, each_part_keeps_its_last_read);
	tcase_add_test(tests, parts_of_a_granule_get_lines_together);
	tcase_add_test(tests, write_races_with_a_reader_from_before);
	tcase_add_test(tests, write_after_all_readers_is_no_race);
	tcase_add_test(tests, read_races_with_the_write_before);
	tcase_add_loop_test(tests, reads_of_other_bytes_stay_known, 0, (int)ARRAY_LENGTH(folds));
	tcase_add_test(tests, end_of_memory_races_with_each_reader);
	tcase_add_test(tests, words_without_a_record_keep_sets);
	tcase_add_test(tests, records_of_ended_memory_are_used_again);
	tcase_add_test(tests, late_line_is_of_no_other_word);
	return racing_run(tests);
}

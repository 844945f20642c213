/* Origins of several sites: each byte of a granule keeps its own. */
#include <check.h>

#include "detect/base/detector.h"
#include "detect/base/thread.h"
#include "racing.h"

static struct thread *a, *b;

static void set_up(void)
{
	set_up_racing();
	a = racing_start(first);
	b = racing_start(first);
}

/* Granules on their way to shadow memory: each byte has one of three sites. */
static void look_at_sites(const site_id *three, uint32_t pattern, struct thread *thread)
{
	site_id sites[SHADOW_GRANULE];
	origin_id origin;

	for (uint32_t byte = 0; byte < SHADOW_GRANULE; byte++, pattern /= 3)
		sites[byte] = three[pattern % 3];
	origin = origin_of_sites(&judge, thread, sites, SHADOW_ALL_BYTES);
	for (uint32_t byte = 0; byte < SHADOW_GRANULE; byte++)
		ck_assert_uint_eq(origin_part_at(&judge, origin, thread->slot, 1u << byte).origin,
				  origin_of_site(sites[byte]));
}

START_TEST(each_byte_of_a_granule_has_its_own_site)
{
	site_id three[3];

	for (uint32_t i = 0; i < ARRAY_LENGTH(three); i++)
		three[i] = racing_site(SITE_WRITE, 1);
	b->memory->shadow = a->memory->shadow; /* as a later thread has it */
	for (uint32_t pattern = 0; pattern < 6561; pattern++)
		look_at_sites(three, pattern, a);
	for (uint32_t pattern = 0; pattern < 6561; pattern++) {
		look_at_sites(three, pattern, a);
		look_at_sites(three, pattern, b);
	}
}
END_TEST

/* Of a list that has given its place to others. */
START_TEST(the_sites_of_a_granule_are_looked_up_again_when_they_are_gone)
{
	site_id three[3];

	for (uint32_t i = 0; i < ARRAY_LENGTH(three); i++)
		three[i] = racing_site(SITE_WRITE, 1);
	judge.origins.most = 8;
	for (uint32_t i = 0; i < 60; i++)
		look_at_sites(three, i % 20, a);
}
END_TEST

static origin_id origin_at(origin_id origin, const struct thread *thread, uint32_t bytes)
{
	return origin_part_at(&judge, origin, thread->slot, bytes).origin;
}

START_TEST(words_that_become_one_keep_the_sites_of_their_own_bytes)
{
	origin_id sites[3], both;
	struct origin_part other, parts[2];

	for (uint32_t i = 0; i < ARRAY_LENGTH(sites); i++)
		sites[i] = origin_of_site(racing_site(SITE_READ, 4));
	other = (struct origin_part){(uint16_t)b->slot, 0xf0, sites[1]};
	both = origin_join(&judge, a, sites[0], a->slot, 0x0f, &other);
	parts[0] = (struct origin_part){(uint16_t)a->slot, 0x0f, both};
	parts[1] = (struct origin_part){(uint16_t)a->slot, 0xf0, sites[2]};
	for (uint32_t again = 0; again < 2; again++) {
		origin_id one = origin_unite(&judge, a, parts, 2);

		ck_assert_uint_eq(origin_at(one, a, 0x0f), sites[0]);
		ck_assert_uint_eq(origin_at(one, a, 0xf0), sites[2]);
		ck_assert_uint_eq(origin_at(one, b, 0xf0), 0);
		/* The same two are joined in another way. */
		one = origin_join(&judge, a, both, a->slot, 0x0f, &parts[1]);
		ck_assert_uint_eq(origin_at(one, b, 0xf0), sites[1]);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("origin_sites");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_byte_of_a_granule_has_its_own_site);
	tcase_add_test(tests, the_sites_of_a_granule_are_looked_up_again_when_they_are_gone);
	tcase_add_test(tests, words_that_become_one_keep_the_sites_of_their_own_bytes);
	return racing_run(tests);
}

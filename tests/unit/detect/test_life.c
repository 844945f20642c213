/*
 * Uses of an object at the very time when its life ends: whoever comes first, the pair is
 * reported, and once.  The hook that judges a first pair is where the other thread acts.
 */
#include <check.h>

#include "detect/life/life.h"
#include "detect/life/lock_lives.h"
#include "detect/sync/condition.h"
#include "knowledge.h"

enum { INIT = 101, SIGNAL, DESTROY }; /* stacks of calls */

static struct sync_object *condition;
static void (*meanwhile)(void); /* what another thread does in the middle; or NULL */
static unsigned ends_found, ends_repeated;
static uint32_t last_finding;

static bool acts_of(const struct finding *finding, enum finding_action action)
{
	for (unsigned i = 0; i < finding->event_count; i++)
		if (finding->events[i].action == action)
			return true;
	return false;
}

static void emit(struct detector *detector, const struct finding *finding)
{
	ck_assert_int_eq(finding->kind, FINDING_DATA_RACE);
	if (acts_of(finding, ACTION_DESTROY) && acts_of(finding, ACTION_SIGNAL)) {
		ends_found++;
		last_finding = detector->finding_count;
	}
}

static void repeat(struct detector *detector, uint32_t finding)
{
	(void)detector;
	ends_repeated += finding == last_finding;
}

static bool is_observed_call(struct detector *detector, stack_id stack)
{
	void (*now)(void) = meanwhile;

	(void)detector;
	(void)stack;
	meanwhile = NULL;
	if (now)
		now();
	return true;
}

static void signal_it(void)
{
	condition_signalled(&judge, b, condition, false, SIGNAL);
}

static void begin_to_destroy(void)
{
	life_ends(&judge, a, condition, ACTION_DESTROY, DESTROY);
}

static void destroy(void)
{
	begin_to_destroy();
	lock_ended(&judge, condition);
}

/* A condition that c has initialised, which orders nothing. */
static void set_up(void)
{
	static struct detector_hooks hooks;

	set_up_threads();
	hooks = *judge.hooks;
	hooks.emit = emit;
	hooks.count = repeat;
	hooks.is_observed_call = is_observed_call;
	judge.hooks = &hooks;
	judge.is_memory_observed = true;
	ends_found = ends_repeated = last_finding = 0;
	meanwhile = NULL;
	condition = object_of(OBJECT_CONDITION, 1);
	life_initialised(&judge, c, condition, INIT);
}

START_TEST(a_use_in_the_middle_of_an_end_is_reported_once)
{
	meanwhile = signal_it;
	destroy();
	ck_assert_uint_eq(ends_found, 1);
}
END_TEST

START_TEST(an_end_that_begins_in_the_middle_of_a_use_is_reported_once)
{
	meanwhile = begin_to_destroy;
	signal_it();
	ck_assert_uint_eq(ends_found, 1);
}
END_TEST

START_TEST(an_end_in_the_middle_of_a_use_is_reported_once)
{
	meanwhile = destroy;
	signal_it();
	ck_assert_uint_eq(ends_found, 1);
}
END_TEST

START_TEST(a_use_of_what_has_just_ended_is_reported_once)
{
	destroy();
	signal_it(); /* by a thread that had looked the object up before */
	ck_assert_uint_eq(ends_found, 1);
}
END_TEST

START_TEST(a_pair_that_is_met_from_both_sides_is_one_finding)
{
	life_initialised(&judge, a, condition, INIT);
	signal_it();
	begin_to_destroy();
	signal_it();
	ck_assert_uint_eq(ends_found, 1);
	ck_assert_uint_eq(ends_repeated, 1);
}
END_TEST

START_TEST(a_use_leaves_no_trace_in_what_has_ended)
{
	const struct sync_info *info = condition->info;

	meanwhile = destroy;
	signal_it();
	for (unsigned i = 0; i < SYNC_USES; i++)
		ck_assert_uint_eq(info->extra->uses[i].word, 0);
}
END_TEST

START_TEST(an_end_before_a_new_life_is_forgotten)
{
	destroy();
	life_forget_end(&judge, condition->address);
	condition = object_of(OBJECT_CONDITION, 1);
	life_initialised(&judge, c, condition, INIT);
	signal_it();
	ck_assert_uint_eq(ends_found, 0);
}
END_TEST

int main(void)
{
	TCase *life = tcase_create("life");
	Suite *suite = suite_create("life");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(life, set_up, NULL);
	tcase_add_test(life, a_use_in_the_middle_of_an_end_is_reported_once);
	tcase_add_test(life, an_end_that_begins_in_the_middle_of_a_use_is_reported_once);
	tcase_add_test(life, an_end_in_the_middle_of_a_use_is_reported_once);
	tcase_add_test(life, a_use_of_what_has_just_ended_is_reported_once);
	tcase_add_test(life, a_pair_that_is_met_from_both_sides_is_one_finding);
	tcase_add_test(life, a_use_leaves_no_trace_in_what_has_ended);
	tcase_add_test(life, an_end_before_a_new_life_is_forgotten);
	suite_add_tcase(suite, life);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

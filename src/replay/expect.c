/* snarl replay --expect: compares the findings with those that the script expects. */
#include <stdio.h>

#include "replay/replay.h"

static bool has_lock(const struct replay_finding *finding, uint32_t number)
{
	for (uint32_t i = 0; i < finding->lock_count; i++)
		if (finding->locks[i] == number)
			return true;
	return false;
}

static bool is_met_by(const struct script_expectation *expected,
		      const struct replay_finding *finding)
{
	if (finding->is_gone || finding->is_expected || finding->kind != expected->kind ||
	    finding->severity != expected->severity)
		return false;
	if (!expected->has_locks)
		return true;
	if (expected->lock_count != finding->lock_count)
		return false;
	for (uint32_t i = 0; i < expected->lock_count; i++)
		if (!has_lock(finding, expected->locks[i]))
			return false;
	return true;
}

static void print_names(const struct replay *replay, const uint32_t *locks, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		(void)fprintf(stderr, " %s",
			      locks[i] ? name_table_text(&replay->script.object_names, locks[i])
				 : "(another variable)");
	(void)fputc('\n', stderr);
}

static bool find_expected(struct replay *replay, const struct script_expectation *expected)
{
	for (uint32_t i = 1; i <= replay->detector.finding_count; i++) {
		if (i >= replay->finding_capacity || !is_met_by(expected, &replay->findings[i]))
			continue;
		replay->findings[i].is_expected = true;
		return true;
	}
	(void)fprintf(stderr, "%s:%u: expected but not found: %s %s", replay->path, expected->line,
		      finding_kind_name(expected->kind), severity_name(expected->severity));
	print_names(replay, expected->locks, expected->lock_count);
	return false;
}

static bool check_unexpected(const struct replay *replay)
{
	bool is_fine = true;

	for (uint32_t i = 1; i < replay->finding_capacity && i <= replay->detector.finding_count;
	     i++) {
		const struct replay_finding *finding = &replay->findings[i];

		if (finding->is_gone || finding->is_expected ||
		    finding->severity < SEVERITY_WARNING)
			continue;
		(void)fprintf(stderr, "%s: found but not expected: %s %s", replay->path,
			      finding_kind_name(finding->kind), severity_name(finding->severity));
		print_names(replay, finding->locks, finding->lock_count);
		is_fine = false;
	}
	return is_fine;
}

bool replay_meets_expectations(struct replay *replay)
{
	const struct script_expectation *expected = replay->script.expectations;
	bool is_fine = expected;

	if (!expected)
		(void)fprintf(stderr, "%s: has no line that says what to expect\n", replay->path);
	for (; expected; expected = expected->next)
		if (!expected->is_silent && !find_expected(replay, expected))
			is_fine = false;
	return check_unexpected(replay) && is_fine;
}

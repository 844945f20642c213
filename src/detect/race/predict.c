/*
 * Races that a run has hidden: RULES.md, 'Happens-before', last row.
 *
 * Two threads that meet at a lock are ordered by who came first, which another schedule
 * may turn round.  So accesses before and after may race then.  Where races are predicted
 * (--check=possible-race), clock_all() alone has the edges of locks, and a conflict that
 * nothing else orders comes here.
 *
 * If one lock excludes both accesses, they cannot race, and their sections cannot change
 * places but that one of them sees another value: what the lock has ordered is certain from
 * now on.  So what is handed over through a locked queue is in order, as its two sections
 * conflict over the queue.  Otherwise the pair is a finding.
 *
 * Missed are: pairs whose earlier access was sampled without its locks, if the thread holds
 * any; pairs behind a conflict of sections that has nothing to do with them.  Found in
 * vain are pairs that a value orders which no section reads, as where a thread takes a
 * lock only to wait until another has given it up.
 */
#include "detect/base/detector.h"
#include "detect/base/held_locks.h"
#include "detect/race/race.h"
#include "detect/race/verdict.h"
#include "detect/race/memory.h"

/* What @object, which @thread holds, has ordered so far is certain. */
static void order_sections(struct detector *detector, struct thread *thread,
			   struct sync_object *object)
{
	struct clock_joiner by = memory_before_join(detector, thread);
	struct sync_info *info = object->info;
	uint64_t stamp;

	if (!detector_lock_info(detector, info))
		return;
	/* acquire: pairs with lock_give_shared(). */
	stamp = load_acquire(&object->stamp);
	if (stamp == STAMP_MIXED)
		stamp = info->extra->write_stamp;
	if (stamp && stamp != STAMP_INITIALISED)
		clock_join_base(by, info->clock, (uint32_t)(stamp >> 48), info->clock_epoch, true);
	if (info->extra)
		clock_join_base(by, info->extra->readers, 0, 0, true);
	detector_unlock_info(info);
}

/* Does a lock exclude both?  Then it orders them. */
static bool is_excluded(struct race_step *step)
{
	const struct held_locks *held = &step->thread->held;
	bool is_excluded = false;

	for (uint32_t i = 0; i < held->count; i++) {
		if (!origin_excludes(step->detector, step->other_origin, &held->locks[i]))
			continue;
		order_sections(step->detector, step->thread, held->locks[i].object);
		is_excluded = true;
	}
	return is_excluded;
}

static bool is_of_silent(const struct detector *detector, site_id id)
{
	const struct site *site = site_get(&detector->sites, id);

	return site && site->flags & SITE_SILENT;
}

/* Does the pair's finding rest on others that may turn out to be none?  False: they have
 * too many already, so their order counts. */
static bool may_rest(const struct race_step *step, struct race_verdict *verdict)
{
	const struct assumed_acquire *assumed = assumed_find(step->thread, step->other);

	if (!assumed)
		return true;
	verdict->rests_on = assumed->pairs;
	return memory_holds_back(step->detector, &verdict->rests_on);
}

void race_predict(struct race_step *step)
{
	struct race_verdict verdict = verdict_of(step);
	bool is_flag = verdict.kind == FINDING_UNMARKED_SYNC;
	bool may_acquire = (is_flag || verdict.details & DETAIL_MAY_BE_ATOMIC) && !step->is_write &&
			   step->other_is_write;
	bool is_silent = is_of_silent(step->detector, step->site) ||
			 is_of_silent(step->detector, step->other_site);
	uint32_t number = 0;

	if (is_excluded(step))
		return;
	if (!is_flag && !is_silent && may_rest(step, &verdict)) {
		verdict.kind = FINDING_POSSIBLE_RACE;
		verdict.severity = SEVERITY_WARNING;
		number = race_report(step, &verdict);
	}
	/* The two may be an atomic's, as in race_classify(). */
	if (may_acquire)
		memory_assume_acquire(step->detector, step->thread, step->other, number);
}

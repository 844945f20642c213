#include "reports/words/verdict.h"

#include <string.h>

#include "base/strings.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"
#include "reports/words/side.h"

struct evidence verdict_of_access(struct view *view, const struct view_finding *finding,
				  const struct finding_event *event)
{
	struct side side = side_of_access(view, finding, event);

	return side_check(&side);
}

bool verdict_is_locked(struct view *view, const struct view_finding *finding,
		       const struct finding_event *event)
{
	struct side side = side_of_access(view, finding, event);

	return side.is_decoded && side.access.shape == SHAPE_LOCKED;
}

bool verdict_is_beside_atomic(const struct view_finding *finding)
{
	return finding->finding->kind == FINDING_DATA_RACE &&
	       finding->finding->severity == SEVERITY_NOTE;
}

/* --- Both sides together --------------------------------------------------------- */

/* The sides of a race, by their claims. */
struct sides {
	size_t count;
	size_t atomic_count;
	size_t write_count, same_count; /* of these, those that change nothing */
	const struct finding_event *plain, *is_volatile, *unknown, *published, *ahead, *beside;
	const char *plain_why, *unknown_why;
	bool are_decoded;
	bool is_compared; /* a plain one reads what is compared again */
};

static void add_side(struct sides *sides, const struct side *side)
{
	struct evidence evidence = side_check(side);

	sides->count++;
	sides->write_count += side->is_write;
	sides->same_count += evidence.is_same;
	sides->are_decoded &= side->is_decoded || side->event->action == ACTION_FREE;
	if (side_is_published(side))
		sides->published = side->event;
	if (side_is_ahead(side, &evidence))
		sides->ahead = side->event;
	if (side_is_beside(side))
		sides->beside = side->event;
	if (evidence.claim == CLAIM_ATOMIC) {
		sides->atomic_count++;
	} else if (evidence.claim == CLAIM_VOLATILE) {
		sides->is_volatile = side->event;
	} else if (evidence.claim == CLAIM_PLAIN) {
		sides->plain = side->event;
		sides->plain_why = evidence.why;
		sides->is_compared = side_is_compared(side);
	} else {
		sides->unknown = side->event;
		sides->unknown_why = evidence.why;
	}
}

static struct sides find_sides(struct view *view, const struct view_finding *finding)
{
	struct sides sides = {.are_decoded = true};

	for (size_t i = 0; i < finding->event_count; i++) {
		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		{
			struct side side = side_of_access(view, finding, finding->events[i]);

			add_side(&sides, &side);
		}
	}
	return sides;
}

/* "the write by T2 (left) at flag.c:12" */
static const char *side_words(struct view *view, const struct view_finding *finding,
			      const struct finding_event *event)
{
	const char *place = symbolize_place(view->symbolizer, finding->process, event->stack);
	const char *what = event->action == ACTION_READ ? "read" : "write";

	return pool_format(view->pool, "the %s by %s%s%s", what,
			   thread_name(view, finding, event->thread), place ? " at " : "",
			   place ? place : "");
}

static void set_kind(struct view *view, struct view_finding *finding, enum finding_kind kind)
{
	struct finding *changed;

	if (finding->finding->kind == kind)
		return;
	changed = pool_alloc(view->pool, finding_size_bytes(finding->finding));
	memcpy(changed, finding->finding, finding_size_bytes(finding->finding));
	changed->kind = kind;
	finding->finding = changed;
}

/* An order may exist that is not seen, or a read that is in the code alone. */
static void lower_if_doubtful(struct view *view, struct view_finding *finding,
			      const struct sides *sides)
{
	const struct finding_event *event = sides->published;
	const char *why = "goes through a pointer that an atomic operation may have loaded, which "
			  "may be part of an order that is not seen";

	if (!event && sides->ahead) {
		event = sides->ahead;
		why = "stands ahead of the branch that decides whether its value is needed: the "
		      "compiler has put it there, and the source may not make it";
	}
	if (!event && sides->beside) {
		event = sides->beside;
		why = "is wider than what its statement names: the compiler has made it so, and "
		      "the source may not read this member";
	}
	if (!event || finding->severity <= SEVERITY_WARNING)
		return;
	finding->severity = SEVERITY_WARNING;
	finding->atomics_note = pool_format(view->pool, "a warning only: %s %s",
					    side_words(view, finding, event), why);
}

/* One side is plain: it is a race, unless what is not seen may have ordered it. */
static void make_certain(struct view *view, struct view_finding *finding, const struct sides *sides)
{
	bool is_short = string_has_prefix(sides->plain_why, "by its");

	finding->details &= ~(uint32_t)(DETAIL_MAY_BE_ATOMIC | DETAIL_SPIN);
	set_kind(view, finding, FINDING_DATA_RACE);
	finding->severity =
		finding->details & DETAIL_UNSEEN_ORDER ? SEVERITY_WARNING : SEVERITY_ERROR;
	finding->plain = is_short ? sides->plain : NULL;
	finding->plain_words = pool_format(view->pool, "not atomic %s", sides->plain_why);
	finding->atomics_note =
		pool_format(view->pool, "%s is not atomic%s%s",
			    side_words(view, finding, sides->plain), is_short ? " " : ": ",
			    sides->plain_why);
	lower_if_doubtful(view, finding, sides);
}

/* Why no side is certainly plain; NULL: nothing more precise than the finding's
 * details. */
static const char *doubt_words(struct view *view, const struct view_finding *finding,
			       const struct sides *sides)
{
	const char *type = finding->memory->variable.part.type;

	if (sides->is_volatile)
		return pool_format(view->pool,
				   "%s is volatile: not an atomic, but perhaps meant as one",
				   side_words(view, finding, sides->is_volatile));
	if (sides->unknown && sides->unknown_why)
		return pool_format(view->pool, "%s may be an atomic access: %s",
				   side_words(view, finding, sides->unknown), sides->unknown_why);
	if (type)
		return pool_format(
			view->pool,
			"its type, %s, is not an atomic one, but compiler built-ins such "
			"as __atomic_load_n() would look the same",
			type);
	return NULL;
}

/* No side is plain. */
static void make_uncertain(struct view *view, struct view_finding *finding,
			   const struct sides *sides)
{
	const char *doubt = doubt_words(view, finding, sides);

	if (finding->severity > SEVERITY_WARNING ||
	    (sides->is_volatile && finding->finding->kind == FINDING_UNMARKED_SYNC))
		finding->severity = SEVERITY_WARNING;
	if (!doubt)
		return;
	finding->details &= ~(uint32_t)DETAIL_MAY_BE_ATOMIC;
	finding->atomics_note = pool_format(view->pool, "a warning only: %s", doubt);
}

static bool apply_to_race(struct view *view, struct view_finding *finding)
{
	struct sides sides;

	/* What a loop waits for may be ordered by what was not observed. */
	if (finding->finding->kind == FINDING_UNMARKED_SYNC &&
	    finding->details & DETAIL_UNSEEN_ORDER)
		return true;
	sides = find_sides(view, finding);
	if (sides.write_count && sides.same_count == sides.write_count)
		return false;
	if (verdict_is_beside_atomic(finding) && (!sides.plain || sides.is_compared))
		return false;
	if (sides.plain)
		make_certain(view, finding, &sides);
	else if (!sides.are_decoded && finding->severity > SEVERITY_WARNING)
		return true; /* the detector has seen the instructions */
	else if (sides.count && sides.atomic_count == sides.count)
		return false;
	else
		make_uncertain(view, finding, &sides);
	return true;
}

/* Of accesses that a lock ordered in this run: a warning, if not both are atomic. */
static bool apply_to_possible(struct view *view, struct view_finding *finding)
{
	struct sides sides = find_sides(view, finding);

	if (sides.write_count && sides.same_count == sides.write_count)
		return false;
	if (sides.plain)
		finding->details &= ~(uint32_t)DETAIL_MAY_BE_ATOMIC;
	return sides.plain || !sides.count || sides.atomic_count != sides.count;
}

/* True if all accesses are atomic by their types or functions.  The statement of an
 * update is not asked, as it may do more than update. */
static bool are_all_atomic(struct view *view, const struct view_finding *finding)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		struct evidence evidence = {.claim = CLAIM_UNKNOWN};
		struct side side;

		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		side = side_of_access(view, finding, finding->events[i]);
		if (!side_check_type(&side, &evidence) || evidence.claim != CLAIM_ATOMIC)
			return false;
		count++;
	}
	return count > 0;
}

/* What was looked at first: an error if one side is plain. */
static void apply_to_examined(struct view *view, struct view_finding *finding)
{
	if (!find_sides(view, finding).plain)
		finding->atomics_note =
			"a warning only: the value was looked at before it was updated, and these "
			"may be atomic accesses: perhaps all threads that find it store the same";
	else if (finding->details & DETAIL_VALUE_SEEN || !(finding->details & DETAIL_UNSEEN_ORDER))
		finding->severity = SEVERITY_ERROR;
}

/* An update of certain atomics stays an error only if its loss was seen. */
static void apply_to_update(struct view *view, struct view_finding *finding)
{
	if (finding->details & DETAIL_EXAMINED) {
		apply_to_examined(view, finding);
		return;
	}
	if (!are_all_atomic(view, finding))
		return;
	if (finding->severity > SEVERITY_WARNING && !(finding->details & DETAIL_VALUE_SEEN))
		finding->severity = SEVERITY_WARNING;
	finding->atomics_note = "each load and store of it is atomic, but the update that is made "
				"of them is not";
}

bool verdict_is_certain(struct view *view, const struct view_finding *finding)
{
	return finding->memory && !(finding->details & DETAIL_UNSEEN_ORDER) &&
	       find_sides(view, finding).plain;
}

bool verdict_apply(struct view *view, struct view_finding *finding)
{
	if (!finding->memory)
		return true;
	if (finding->details & DETAIL_FREED) {
		struct sides sides = find_sides(view, finding);

		lower_if_doubtful(view, finding, &sides);
		return true;
	}
	switch ((unsigned)finding->finding->kind) {
	case FINDING_DATA_RACE:
	case FINDING_UNMARKED_SYNC:
		return apply_to_race(view, finding);
	case FINDING_POSSIBLE_RACE:
		return apply_to_possible(view, finding);
	case FINDING_LOST_UPDATE:
		apply_to_update(view, finding);
		return true;
	default:
		return true;
	}
}

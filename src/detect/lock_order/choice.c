#include "detect/lock_order/choice.h"

/* May a thread that wants a lock have to wait for one that holds it? */
static bool is_blocked(enum lock_mode wanted, enum lock_mode held)
{
	/* LOCK_SHARED_QUEUED: a writer may be queued in between. */
	return wanted != LOCK_SHARED || held == LOCK_EXCLUSIVE;
}

static bool is_concurrent(const struct order_moment *a, const struct order_moment *b,
			  enum moment_clock clock)
{
	struct clock_stamp left = moment_stamp(a, clock);
	struct clock_stamp right = moment_stamp(b, clock);

	return stamps_concurrent(&left, &right);
}

/* Whom a semaphore lets in together with its holder is not known, so in this run it may have
 * ordered the two. */
static enum order_verdict compare_moments(const struct edge_witness *a,
					  const struct edge_witness *b, enum common_lock common)
{
	if (!is_concurrent(a->moment, b->moment, MOMENT_STRUCTURAL))
		return ORDER_BY_STRUCTURE;
	if (common == COMMON_PASSED_ON || !is_concurrent(a->moment, b->moment, MOMENT_HAND_OVER))
		return ORDER_BY_HAND_OVER;
	return ORDER_CONCURRENT;
}

static bool spend_steps(struct choice *choice, uint64_t steps)
{
	if (choice->steps_left == 0)
		return false;
	choice->steps_left -= steps < choice->steps_left ? steps : choice->steps_left;
	return true;
}

/* Large sets of locks take longer to compare. */
static uint64_t estimate_steps(const struct edge_witness *a, const struct edge_witness *b)
{
	const struct lock_set *left = a->moment->held;
	const struct lock_set *right = b->moment->held;

	return ((left ? left->count : 0) + (right ? right->count : 0)) / 8;
}

static bool is_blocked_along(const struct choice *choice, const struct choice_question *question,
			 uint32_t index)
{
	const struct edge_witness *witness = choice->at[index];

	if (index > 0 &&
	    !is_blocked((enum lock_mode)choice->at[index - 1]->moment->to_mode,
			(enum lock_mode)witness->from_mode))
		return false;
	return !question->is_closed || index + 1 < choice->length ||
	       is_blocked((enum lock_mode)witness->moment->to_mode,
			  (enum lock_mode)choice->at[0]->from_mode);
}

/* The strength of the choice up to @index; STRENGTH_NONE if it is not valid or
 * not above @floor. */
static uint8_t extend_choice(struct choice *choice, const struct choice_question *question,
		      uint32_t index, uint8_t floor)
{
	const struct edge_witness *witness = choice->at[index];
	uint8_t strength = index > 0 ? choice->strengths[index - 1] : STRENGTH_BEST;
	bool is_full = question->condition == CHOICE_THREADS_LOCKS_AND_MODES;
	bool is_weak = strength_is_weak(strength) ||
		       (is_full && (witness->moment->is_timed || witness->is_unpublished));
	enum order_verdict verdict = strength_verdict(strength);

	if (is_full && !is_blocked_along(choice, question, index))
		return STRENGTH_NONE;
	for (uint32_t i = 0; i < index; i++) {
		const struct edge_witness *other = choice->at[i];
		enum common_lock common = COMMON_NONE;

		if (!spend_steps(choice, 1) || other->moment->thread == witness->moment->thread)
			return STRENGTH_NONE;
		if (question->condition != CHOICE_THREADS) {
			if (!spend_steps(choice, estimate_steps(other, witness)))
				return STRENGTH_NONE;
			common = witness_common_lock(choice->edges[i], other, choice->edges[index],
						     witness);
		}
		if (common == COMMON_EXCLUDES)
			return STRENGTH_NONE;
		if (is_full) {
			enum order_verdict pair = compare_moments(other, witness, common);

			verdict = pair > verdict ? pair : verdict;
		}
		if (strength_of(verdict, is_weak) <= floor)
			return STRENGTH_NONE;
	}
	return strength_of(verdict, is_weak);
}

static void keep_choice(struct choice *choice)
{
	for (uint32_t i = 0; i < choice->length; i++)
		choice->best[i] = choice->at[i];
}

uint8_t choice_find(struct choice *choice, const struct choice_question *question)
{
	uint8_t best = question->floor;
	bool is_found = false;
	uint32_t index = 0;

	choice->at[0] = question->first ? question->first : choice->edges[0]->witnesses;
	while (best < question->enough && spend_steps(choice, 1)) {
		struct edge_witness *witness = choice->at[index];

		if (!witness) {
			if (index == 0)
				break;
			index--;
		} else {
			uint8_t strength = extend_choice(choice, question, index, best);

			if (strength > best && index + 1 < choice->length) {
				choice->strengths[index++] = strength;
				choice->at[index] = choice->edges[index]->witnesses;
				continue;
			}
			if (strength > best) {
				best = strength;
				is_found = true;
				keep_choice(choice);
			}
		}
		choice->at[index] = index == 0 && question->first ? NULL : choice->at[index]->next;
	}
	return is_found ? best : STRENGTH_NONE;
}

static bool is_among(lock_id lock, const struct gate *locks, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (locks[i].lock == lock)
			return locks[i].mode == LOCK_EXCLUSIVE;
	return false;
}

static void begin_gates(struct common_gates *gates, const struct gate *locks, uint32_t count)
{
	gates->is_any_seen = true;
	for (uint32_t i = 0; i < count && gates->count < COMMON_GATES_MAX; i++)
		if (locks[i].mode == LOCK_EXCLUSIVE)
			gates->locks[gates->count++] = locks[i].lock;
}

/* Leaves those that are among @locks, too. */
static void keep_gates(struct common_gates *gates, const struct gate *locks, uint32_t count)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < gates->count; i++)
		if (is_among(gates->locks[i], locks, count))
			gates->locks[kept++] = gates->locks[i];
	gates->count = kept;
}

static void narrow_gates(struct common_gates *gates, const struct gate *locks, uint32_t count)
{
	if (gates->is_any_seen)
		keep_gates(gates, locks, count);
	else
		begin_gates(gates, locks, count);
}

void choice_narrow_gates(struct common_gates *gates, const struct order_edge *edge,
			 const struct edge_witness *witness)
{
	for (; witness && (gates->count > 0 || !gates->is_any_seen); witness = witness->next) {
		struct gate single;
		uint32_t count;
		const struct gate *locks = witness_get_locks(edge, witness, &single, &count);

		narrow_gates(gates, locks, count);
	}
}

void choice_unite_gates(struct common_gates *into, const struct common_gates *from)
{
	struct gate locks[COMMON_GATES_MAX];

	if (!from->is_any_seen)
		return;
	for (uint8_t i = 0; i < from->count; i++)
		locks[i] = (struct gate){from->locks[i], LOCK_EXCLUSIVE};
	narrow_gates(into, locks, from->count);
}
